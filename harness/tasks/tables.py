"""Rows from Parquet, Arrow and the ``datasets`` library, whose class labels are stored as digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import InputError, MissingDependencyError, nearest
from harness.strict_json import read_json
from harness.tasks.apart import read_apart
from harness.tasks.readers import MOST_COLUMNS, Row, too_many_columns

_ROWS_AT_ONCE = 64
_LISTS = ("Sequence", "List", "LargeList")


def read_parquet(path: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file, which is read in parts; class labels come as their names.

    Raises:
        InputError: The file is missing, is not Parquet, or holds far more than its size says.
        MissingDependencyError: pyarrow is not installed.
    """
    return read_apart(parquet_rows, path)


def read_arrow(path: Path) -> Iterator[Row]:
    """Yield the rows of an Arrow file of either kind, stream or file; class labels come as their names.

    Raises:
        InputError: The file is missing, is not Arrow, or holds far more than its size says.
        MissingDependencyError: pyarrow is not installed.
    """
    return read_apart(arrow_rows, path)


def parquet_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file, without limits."""
    with _arrow(path, "a Parquet file"):
        from pyarrow import parquet

        file = parquet.ParquetFile(path)
        _check_columns(path, file.schema_arrow)
        batches = file.iter_batches(_ROWS_AT_ONCE, use_threads=False)
        yield from _rows(str(path), batches, _features(file.schema_arrow.metadata))


def arrow_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of an Arrow file, without limits."""
    with _arrow(path, "an Arrow file"):
        import pyarrow

        with pyarrow.memory_map(str(path)) as source:
            try:
                reader: Any = pyarrow.ipc.open_stream(source)
                batches: Iterable[Any] = reader
            except pyarrow.ArrowInvalid:
                reader = pyarrow.ipc.open_file(source)
                batches = map(reader.get_batch, range(reader.num_record_batches))
            _check_columns(path, reader.schema)
            yield from _rows(str(path), batches, _features(reader.schema.metadata))


def _check_columns(path: Path, schema: Any) -> None:
    if len(schema.names) > MOST_COLUMNS:
        raise too_many_columns(path, "", len(schema.names))


@contextmanager
def _arrow(path: Path, what: str) -> Iterator[None]:
    """Turn what pyarrow cannot read into a one-line error."""
    try:
        import pyarrow
    except ModuleNotFoundError:
        raise MissingDependencyError(str(path), "pyarrow", "metrics") from None
    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    try:
        yield
    except MemoryError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError(path, "", f"is not {what}: {error}", "check the file and its format") from None


def _rows(place: str, batches: Iterable[Any], features: Mapping[str, Any]) -> Iterator[Row]:
    number = 0
    for batch in batches:
        for start in range(0, batch.num_rows, _ROWS_AT_ONCE):
            for values in batch.slice(start, _ROWS_AT_ONCE).to_pylist():
                number += 1
                yield _named(Row(place, f"row {number}", values), features)


def _features(metadata: Mapping[bytes, bytes] | None) -> Mapping[str, Any]:
    """Return what the ``datasets`` library wrote about a file's columns; empty where it wrote nothing."""
    try:
        found = read_json((metadata or {}).get(b"huggingface", b"{}").decode("utf-8"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _named(row: Row, features: Mapping[str, Any]) -> Row:
    """Replace the numbers of class labels by their names, also inside lists and structs."""
    values, remarks = dict(row.values), []
    for column in values.keys() & features.keys():
        if _has_names(features[column]):
            values[column] = _with_names(row, column, features[column], values[column])
            remarks.append(f"column {column!r} is a class label: its numbers were turned into their names")
    return row.having(values, *sorted(remarks))


def _has_names(feature: Any) -> bool:
    if isinstance(feature, list):
        return any(map(_has_names, feature))
    if not isinstance(feature, dict):
        return False
    return feature.get("_type") == "ClassLabel" or any(map(_has_names, feature.values()))


def _with_names(row: Row, place: str, feature: Any, value: Any) -> Any:
    """Return a value with names, by the feature as the library writes it; -1 and null are not labels."""
    if value is None or not _has_names(feature):
        return value
    if isinstance(feature, list) or feature.get("_type") in _LISTS:
        inner = feature[0] if isinstance(feature, list) else feature.get("feature")
        if isinstance(value, dict):  # a list of structs is stored as a struct of lists
            return {key: _with_names(row, place, [inner.get(key)], entry) for key, entry in value.items()}
        return [_with_names(row, place, inner, entry) for entry in value]
    if feature.get("_type") != "ClassLabel":
        return {
            key: _with_names(row, f"{place}.{key}", feature.get(key), entry) for key, entry in value.items()
        }
    names = feature.get("names") or []
    if isinstance(value, str) or value < 0:
        return value if isinstance(value, str) else None
    if value >= len(names):
        problem = f"is a class label beyond the {len(names)} names that the file has"
        raise row.fault(place, problem, "correct the names or the label", value)
    return names[value]


def read_dataset(name: str, folder: Path, config: str | None, split: str, key: str) -> Iterator[Row]:
    """Yield the rows of a data set of the ``datasets`` library; class labels come as their names.

    Args:
        name: A local folder (saved by ``save_to_disk``, or holding data files), else a hub id.
        folder: What a local folder is relative to.
        config: The data set's configuration.
        split: The data set's split.
        key: The dotted path in ``task.yaml``, for errors.

    Raises:
        InputError: The data set or its split cannot be loaded.
        MissingDependencyError: ``datasets`` is not installed.
    """
    place = f"{folder / 'task.yaml'}: {key}"
    try:
        import datasets
    except ModuleNotFoundError:
        raise MissingDependencyError(place, "datasets", "metrics") from None
    local = folder / Path(name).expanduser()
    loaded: Any
    try:
        if local.is_dir() and any((local / file).is_file() for file in ("state.json", "dataset_dict.json")):
            loaded = datasets.load_from_disk(str(local))
        else:
            loaded = datasets.load_dataset(str(local) if local.is_dir() else name, name=config)
    except Exception as error:  # noqa: BLE001 - the library raises many kinds; each means the same here
        message = re.sub(r"\s+", " ", str(error))[:200]
        remedy = "give a local folder, or a hub id that can be reached from here"
        raise InputError(place, "dataset", f"cannot be loaded: {message}", remedy, name) from None
    if isinstance(loaded, dict):
        if split not in loaded:
            raise InputError(
                place, "split", "is not in the data set", nearest(split, map(str, loaded)), split
            )
        loaded = loaded[split]
    features = loaded.features.to_dict() if loaded.features else {}
    for number, values in enumerate(loaded, start=1):
        yield _named(Row(f"{name}[{split}]", f"row {number}", values), features)

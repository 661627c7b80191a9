"""Rows from files: JSONL, CSV, Parquet and ``datasets``, each row with the place it stands at."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import InputError, MissingDependencyError, nearest, shorten

SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
_LARGEST_CELL_CHARS = 2**31 - 1
_PARQUET_ROWS = 1024


@dataclass(frozen=True)
class Row:
    """One record of a file: ``file`` and ``where`` ("line 3") say in an error where it stands."""

    file: str
    where: str
    values: dict[str, Any]

    def fault(self, field: str, problem: str, remedy: str, value: Any = None) -> InputError:
        """Return the error that names this row and one of its fields."""
        key = f"{self.where}, field {shorten(field, 60)}" if field else self.where
        return InputError(self.file, key, problem, remedy, value)

    def column(self, name: str) -> Any:
        """Return the value of a column that must be there.

        Raises:
            InputError: There is no such column, with the nearest name.
        """
        if name not in self.values:
            raise self.fault(
                name, "is not there", nearest(name, [shorten(known, 40) for known in self.values])
            )
        return self.values[name]


@contextmanager
def _opened(path: Path) -> Iterator[None]:
    """Turn a file that cannot be read into one line."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(path, "", "there is no such file", "check the path") from None
    except OSError as error:
        raise InputError(path, "", f"cannot be read: {error.strerror}", "give a readable file") from None


def read_lines(path: Path, newline: str) -> Iterator[str]:
    """Yield the lines of a UTF-8 file with their ends, without a byte order mark; one is held at a time.

    Args:
        path: The file.
        newline: What ends a line, as `open` takes it.

    Raises:
        InputError: The file is missing, not UTF-8, or holds a NUL byte.
    """
    try:
        with _opened(path), path.open(encoding="utf-8-sig", newline=newline) as stream:
            for line in stream:
                if "\x00" in line:
                    break
                yield line
            else:
                return
    except UnicodeDecodeError:
        pass
    read_text(path)  # tells where


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, without a byte order mark.

    Raises:
        InputError: The file is missing, not UTF-8, or holds a NUL byte.
    """
    with _opened(path):
        data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(path, "", "is UTF-16, not UTF-8", "save the file as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise InputError(path, f"line {line}", problem, "save the file as UTF-8") from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise InputError(path, f"line {line}", "holds a NUL byte", "give a text file")
    return text


def read_jsonl(path: Path) -> Iterator[Row]:
    """Yield the objects of a JSON Lines file, or of a file that is one JSON list; blank lines are skipped.

    Lines are read one at a time; a list is read whole.

    Raises:
        InputError: A line is not JSON, or is not an object.
    """
    if path.suffix.lower() == ".json":
        yield from _json_list(path)
        return
    blank = True
    for number, line in enumerate(read_lines(path, "\n"), start=1):
        if not line.strip():
            continue
        if blank and line.lstrip().startswith("["):
            yield from _json_list(path)
            return
        blank = False
        where = f"line {number}"
        yield _object(path, where, _json(path, where, line))


def _json_list(path: Path) -> Iterator[Row]:
    values = _json(path, "", read_text(path))
    if not isinstance(values, list):
        raise InputError(path, "", "must be a list of objects", "write [...], or one object a line", values)
    for number, value in enumerate(values, start=1):
        yield _object(path, f"entry {number}", value)


def _json(path: Path, where: str, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = where or f"line {error.lineno}"
        problem = f"is not JSON: {error.msg} at column {error.colno}"
        raise InputError(path, where, problem, "mend the syntax at that place") from None
    except (ValueError, RecursionError) as error:
        raise InputError(path, where, f"is not usable JSON: {error}", "mend that value") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _object(path: Path, where: str, value: Any) -> Row:
    if not isinstance(value, dict):
        raise InputError(path, where, "must be a JSON object", 'write {"input": ..., "target": ...}', value)
    return Row(str(path), where, value)


def read_csv(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file (TSV when its suffix says so) with a header; every cell is text.

    Raises:
        InputError: The header names a column twice or not at all, a row has more or fewer cells than the
            header, or a quote is not closed.
    """
    records = _csv_records(path, "\t" if path.suffix.lower() == ".tsv" else ",")
    _, header = next(records, (0, []))
    for name in header:
        if not name or header.count(name) > 1:
            problem = "a column has no name" if not name else "a column name stands twice"
            raise InputError(path, "line 1", problem, "give every column its own name", name or None)
    for line, cells in records:
        if len(cells) != len(header):
            problem = f"has {len(cells)} cells where the header has {len(header)}"
            raise InputError(path, f"line {line}", problem, "quote cells that hold commas or line breaks")
        yield Row(str(path), f"line {line}", dict(zip(header, cells, strict=True)))


def _csv_records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line a record begins at and its cells; lines with nothing on them are skipped."""
    reader = csv.reader(read_lines(path, ""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        before = csv.field_size_limit(_LARGEST_CELL_CHARS)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"is not CSV: {error}"
            raise InputError(path, f"line {line}", problem, "mend the quotes of that row") from None
        finally:
            csv.field_size_limit(before)
        if cells:
            yield line, cells
        line = reader.line_num + 1


def read_parquet(path: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file, which is read in parts.

    Raises:
        InputError: The file is missing or is not Parquet.
        MissingDependencyError: pyarrow is not installed.
    """
    if not path.is_file():
        raise InputError(path, "", "there is no such file", "check the path")
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise MissingDependencyError(str(path), "pyarrow", "metrics") from None
    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches(_PARQUET_ROWS):
            for number, value in enumerate(batch.to_pylist(), start=number + 1):  # noqa: B020 - goes on counting
                yield Row(str(path), f"row {number}", value)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError(
            path, "", f"is not a Parquet file: {error}", "check the file and its format"
        ) from None


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
    yield from _dataset_rows(f"{name}[{split}]", loaded)


def _dataset_rows(place: str, table: Any) -> Iterator[Row]:
    names = {
        column: feature.names for column, feature in table.features.items() if hasattr(feature, "int2str")
    }
    for number, values in enumerate(table, start=1):
        for column, labels in names.items():
            index = values[column]
            values[column] = None if index is None or index < 0 else labels[index]
        yield Row(place, f"row {number}", values)

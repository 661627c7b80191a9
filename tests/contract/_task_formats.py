"""What every format of items keeps to: of files, and of the rows in them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from harness.errors import InputError
from harness.tasks.fields import FieldNames
from harness.tasks.formats import CONVERTERS, EXPANDERS
from harness.tasks.items import read_split
from harness.tasks.presets import PRESETS, with_preset
from harness.tasks.readers import SUFFIXES
from harness.tasks.spec import FileFormat, RowFormat, Source
from harness.types import TaskItem
from tests.contract._contracts import contract
from tests.unit.test_tasks_fields import LAYOUTS

Rows = list[dict[str, Any]]
NOTE = {"note": "a column of one's own"}
PLAIN: Rows = [{"id": f"q{n}", "input": f"What is {n}?", "target": f"It is {n}."} for n in range(3)]
SAMPLES: dict[str, Rows] = {
    **dict.fromkeys(get_args(FileFormat), PLAIN),
    **{name: rows for name, (_, rows, _) in LAYOUTS.items()},
    "alpaca": [{"instruction": "Translate.", "input": "Haus", "output": "house"}],
    "sharegpt": [{"conversations": [{"from": "human", "value": "Hi?"}, {"from": "gpt", "value": "Hello."}]}],
    "openai": [{"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Oh."}]}],
}
"""Rows as each format has them; one that is found and has none here is a failure."""


def _csv(rows: Rows, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*dict.fromkeys(name for row in rows for name in row)])
        writer.writeheader()
        writer.writerows(rows)


def _parquet(rows: Rows, path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def _arrow(rows: Rows, path: Path) -> None:
    import pyarrow

    table = pyarrow.Table.from_pylist(rows)
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)


def _jsonl(rows: Rows, path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


WRITERS: dict[str, Callable[[Rows, Path], None]] = {"csv": _csv, "parquet": _parquet, "arrow": _arrow}


def found() -> list[str]:
    """Return every format of rows and files that there is, from the places that know them."""
    stated = {*get_args(FileFormat), *get_args(RowFormat)}
    return sorted(stated | {*SUFFIXES.values()} | {*CONVERTERS} | {*EXPANDERS} | {*PRESETS})


@dataclass(frozen=True)
class Tried:
    """A format by its name, with rows that it reads."""

    name: str
    folder: Path
    rows: Rows

    @property
    def path(self) -> Path:
        """The file that is read."""
        of_files = self.name if self.name in get_args(FileFormat) else "jsonl"
        return self.folder / f"rows.{of_files}"

    def written(self, rows: Rows) -> Path:
        """Write rows as the format has them."""
        WRITERS.get(self.name, _jsonl)(rows, self.path)
        return self.path

    def read(self, rows: Rows | None = None) -> list[TaskItem]:
        """Return the items of rows that are written first, or of the file as it is."""
        if rows is not None:
            self.written(rows)
        source = Source.model_construct(path=self.path.name, format=cast(Any, self.name))
        fields = with_preset(self.name, FieldNames())
        return list(read_split(source, "train", fields, self.folder))

    def refused_or_read(self, what: str, rows: Rows | None = None) -> None:
        """Read what may be damaged: it gives items, or one line that names the file."""
        line = ""
        try:
            for item in self.read(rows):
                assert item.targets, f"{what}: an item without an answer"
        except InputError as error:
            line = str(error)
        assert "\n" not in line, f"{what}: told in several lines: {line}"
        assert not line or self.path.name in line, f"{what}: {line!r} does not name the file"


ODD: tuple[Any, ...] = ("", " ", None, 7, -1.5, [], {}, [None], [[]], {"a": []}, True)
formats = contract("task formats")


@formats
def rows_become_items_in_their_order(tried: Tried) -> None:
    items = tried.read(tried.rows)
    assert len(items) >= len(tried.rows)
    assert len({item.id for item in items}) == len(items)
    for item in items:
        assert item.split == "train"
        assert item.input.strip()
        assert all(target.strip() for target in item.targets)
    one_by_one = [item.model_copy(update={"id": ""}) for row in tried.rows for item in tried.read([row])]
    assert [item.model_copy(update={"id": ""}) for item in items] == one_by_one, "an item hangs on others"


@formats
def the_same_rows_are_the_same_items(tried: Tried) -> None:
    assert tried.read(tried.rows) == tried.read(tried.rows) == tried.read()


@formats
def other_columns_are_for_the_prompt(tried: Tried) -> None:
    for item in tried.read([row | NOTE for row in tried.rows]):
        assert item.metadata["note"] == NOTE["note"]


def _texts(value: Any) -> list[str]:
    """Return every text in a value."""
    if isinstance(value, dict | list):
        return [
            text for each in (value.values() if isinstance(value, dict) else value) for text in _texts(each)
        ]
    return [value] if isinstance(value, str) else []


@formats
def the_answer_is_no_column_of_the_prompt(tried: Tried) -> None:
    """A template could show it; one of several choices is shown with the others."""
    for item in tried.read(tried.rows):
        assert not ({*item.targets} - {*item.choices}) & {*_texts(item.metadata)}
        assert not {*item.targets} & {turn.content for turn in item.history}


@formats
def damaged_rows_and_files_are_told_in_one_line(tried: Tried) -> None:
    row, *others = tried.rows
    of_text = tried.name in get_args(FileFormat)  # of one type a column
    for key in row:
        tried.refused_or_read(f"without {key}", [{k: v for k, v in row.items() if k != key} | NOTE, *others])
        for value in ODD[:2] if of_text else ODD:
            tried.refused_or_read(f"{key}: {value!r}", [row | {key: value}, *others])
    data = tried.written(tried.rows).read_bytes()
    for share in (0, 0.3, 0.7, 0.95):
        tried.path.write_bytes(data[: int(share * len(data))])
        tried.refused_or_read(f"the first {share:.0%}")
        at = int(share * len(data))
        tried.path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        tried.refused_or_read(f"another byte at {share:.0%}")
    tried.path.unlink()
    tried.refused_or_read("no file")

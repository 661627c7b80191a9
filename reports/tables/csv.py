"""Tables as CSV: plain unrounded values for programs, headed by the columns' keys."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from reports.tables.model import Column, Row, Table, TableCell, Value, undrawn

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(table: Table) -> str:
    """Return a table as CSV; an interval is two columns, ``KEY_low`` and ``KEY_high``.

    A text that a spreadsheet would run as a formula begins with an apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    columns = undrawn(table)
    heads = [head for _, column in columns for head in _heads(column)]
    writer.writerow([table.grouped_by, *heads] if table.grouped_by else heads)
    for row in table.rows:
        values = [value for place, column in columns for value in _values(row, place, column)]
        writer.writerow(map(_tame, [row.group, *values] if table.grouped_by else values))
    return text.getvalue()


def _heads(column: Column) -> list[str]:
    ends = [f"{column.key}_low", f"{column.key}_high"]
    return {"none": [column.key], "only": ends, "beside": [column.key, *ends]}[column.interval]


def _values(row: Row, place: int, column: Column) -> Iterator[Any]:
    found = row.cells[place]
    cell = found if isinstance(found, TableCell) else TableCell(found)
    if column.interval != "only":
        yield cell.value if not isinstance(cell.value, tuple) else None
    if column.interval != "none":
        yield from cell.value if isinstance(cell.value, tuple) else cell.interval or (None, None)


def _tame(value: Value) -> Value:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

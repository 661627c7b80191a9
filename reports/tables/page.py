"""Tables on an HTML page: what the macro in ``templates/tables.html.jinja`` asks of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reports.numbers import exact
from reports.tables.model import COMMON, DRAWING, Column, Remark, Row, Table, TableCell, in_groups, shown

_CROWDED, _DENSE = 7, 12
"""Numbers of columns from which on a table is set in smaller type."""


@dataclass(frozen=True)
class Said:
    """A remark with its class."""

    text: str
    style: str


@dataclass(frozen=True)
class PageCell:
    """A cell as the macro writes it; ``exact`` is the unrounded figure for programs."""

    text: str
    exact: str
    interval: str
    remarks: tuple[Said, ...]
    sign: str
    sign_label: str
    link: str
    drawing: Any
    style: str


@dataclass(frozen=True)
class PageRow:
    """A row as the macro writes it, with the title of the group that it begins."""

    title: str
    style: str
    cells: tuple[PageCell, ...]
    remarks: tuple[str, ...]


def page_rows(table: Table) -> list[PageRow]:
    """Return the rows of a table."""
    return [
        PageRow(
            title,
            "foot" if row.foot else row.mark,
            tuple(_cell(row, place, column) for place, column in enumerate(table.columns)),
            row.remarks,
        )
        for title, row in in_groups(table)
    ]


def _cell(row: Row, place: int, column: Column) -> PageCell:
    found = shown(row.cells[place], column)
    cell, value = found.cell, found.cell.value
    labels = {"best": COMMON["best"], "better": COMMON["better"], "worse": COMMON["worse"]}
    return PageCell(
        text=found.text,
        exact=exact(value) if column.kind.exact and isinstance(value, int | float) else "",
        interval=found.interval,
        remarks=tuple(map(_said, found.remarks)),
        sign=found.sign,
        sign_label=labels.get(cell.mark, ""),
        link=cell.link,
        drawing=cell.drawing,
        style=" ".join(filter(None, (column_style(column), cell.mark, "none" * _is_absent(cell)))),
    )


def _is_absent(cell: TableCell) -> bool:
    return cell.value is None and bool(cell.said) and cell.drawing is None


def _said(remark: Remark) -> Said:
    style = {"bad": "errors", "better": "sign better", "worse": "sign worse"}.get(remark.mark, "sub")
    return Said(remark.text, style)


def column_style(column: Column) -> str:
    """Return the class of a column's cells."""
    return "drawn" if column.kind is DRAWING else "" if column.kind.numeric else "words"


def table_style(table: Table) -> str:
    """Return the classes of a table."""
    narrow = (("crowded", _CROWDED), ("dense", _DENSE))
    return " ".join([f"figures-{table.key}", *(style for style, n in narrow if len(table.columns) >= n)])


FILTERS: dict[str, Callable[..., Any]] = {
    "table_rows": page_rows,
    "table_style": table_style,
    "column_style": column_style,
}
"""What the template environment provides for tables."""

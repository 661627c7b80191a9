"""Tables as Markdown: for a pull request, a wiki, a mail."""

from __future__ import annotations

import re

from reports.tables.model import Column, Row, Table, in_groups, shown, undrawn

_LONGEST = 160
_LONGEST_TEXT = 2_000
"""What a verdict is based on is shown in full up to this length."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~&@]|(?<=:)//|^[-+.](?=\s))")


def table_lines(table: Table) -> list[str]:
    """Return the lines of a table, its notes after it; for a table without rows only why it is empty."""
    columns, lines = undrawn(table), []
    for title, row in in_groups(table):
        if title:
            lines.append(_line([f"**{plain(title)}**", *[""] * (len(columns) - 1)]))
        lines.append(_line([_cell(row, place, column) for place, column in columns]))
    if not lines:
        return [plain(table.empty, _LONGEST_TEXT)] if table.empty else []
    rule = "|" + "".join("---:|" if column.kind.numeric else "---|" for _, column in columns)
    remarks = [f"- {plain(text, _LONGEST_TEXT)}" for text in remarks_of(table)]
    notes = [line for note in table.notes for line in ("", plain(note, _LONGEST_TEXT))]
    return [
        _line([_head(column) for _, column in columns]),
        rule,
        *lines,
        *([""] * bool(remarks)),
        *remarks,
        *notes,
    ]


def remarks_of(table: Table) -> list[str]:
    """Return the remarks on whole rows, each with the row's name."""
    return [
        f"{shown(row.cells[0], table.columns[0]).text}: {text}" for row in table.rows for text in row.remarks
    ]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _head(column: Column) -> str:
    below = f" ({', '.join(map(plain, column.below))})" if column.below else ""
    return plain(column.name) + below


def _cell(row: Row, place: int, column: Column) -> str:
    found = shown(row.cells[place], column)
    text = plain(found.text, _LONGEST if column.kind.numeric else _LONGEST_TEXT)
    strong = found.cell.mark in ("best", "least") or (row.mark == "taken" and place == 0)
    text = f"**{text}**" if strong and text else text
    text += f" {found.sign}" if found.sign else ""
    text += f" ({found.interval})" if found.interval else ""
    for remark in found.remarks:
        text += f"{'; ' if text else ''}{plain(remark.text)}"
    return text


def plain(text: str, longest: int = _LONGEST) -> str:
    """Return text that Markdown and HTML show as it is, on one line and not too long."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return _SPECIAL.sub(r"\\\1", text)

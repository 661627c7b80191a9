"""Tables for a terminal or a log: wider ones are split between columns, and names are never folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import NoReturn

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from reports.tables.markdown import remarks_of
from reports.tables.model import NAME, TEXT, Column, Row, Table, in_groups, shown, undrawn

_LOG_WIDTH = 120
_LEAST_TEXT = 28
"""Least width of a text column, in characters, before the table is split."""
_LONGEST_NAME = 32
_Places = list[tuple[int, Column]]


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Pass on that the reader has gone; rich itself would exit with 1, the code of a verdict."""
        raise BrokenPipeError


def table_console() -> Console:
    """Return a console for tables; where the output is not a terminal, it has the width of a log."""
    console = _Console(highlight=False)
    return console if console.is_terminal else _Console(highlight=False, width=_LOG_WIDTH)


def print_table(table: Table, console: Console | None = None) -> None:
    """Print a table with its title, the remarks on rows, and its notes."""
    console = console or table_console()
    rows = [(title, row) for title, row in in_groups(table)]
    console.print()
    say(table.title, console, bold=True)
    if not rows:
        say(table.empty, console)
    for part in _parts(table, rows, console.width) if rows else ():
        console.print(_grid(part, rows))
    for text in (*remarks_of(table), *table.notes):
        say(text, console)


def say(text: str, console: Console | None = None, *, bold: bool = False) -> None:
    """Print one line or paragraph, wrapped between words; names in it are text, not markup."""
    console = console or table_console()
    if text:
        console.print(Text(text, style="bold" if bold else ""), soft_wrap=not console.is_terminal)


def _parts(table: Table, rows: Sequence[tuple[str, Row]], width: int) -> Iterator[_Places]:
    """Yield columns that fit side by side, each time after the names of the rows."""
    columns = undrawn(table)
    names = [each for each in columns if each[1].kind is NAME]
    rest = [each for each in columns if each[1].kind is not NAME]
    taken = 1 + sum(_width(each, rows) + 3 for each in names)
    part, used = list(names), taken
    for each in rest:
        needed = _width(each, rows) + 3
        if used + needed > width and len(part) > len(names):
            yield part
            part, used = list(names), taken
        part.append(each)
        used += needed
    yield part


def _width(each: tuple[int, Column], rows: Sequence[tuple[str, Row]]) -> int:
    place, column = each
    longest = max(len(line) for _, row in rows for line in _lines(row, place, column))
    heads = [column.name, *column.below] if column.kind is NAME else column.name.split()
    wide = max(longest, *map(len, heads), *(len(line) for line in column.below), 1)
    return min(wide, _LEAST_TEXT if column.kind is TEXT else _LONGEST_NAME)


def _lines(row: Row, place: int, column: Column) -> list[str]:
    found = shown(row.cells[place], column)
    first = f"{found.text} {found.sign}".strip()
    return [first, *([found.interval] if found.interval else []), *(each.text for each in found.remarks)]


def _head(column: Column, width: int) -> str:
    lines = wrap(column.name, width, break_long_words=False) if column.kind is not NAME else [column.name]
    return "\n".join([*lines, *column.below])


def _grid(part: _Places, rows: Sequence[tuple[str, Row]]) -> Grid:
    grid = Grid(show_edge=True)
    for place, column in part:
        wraps = column.kind is TEXT
        grid.add_column(
            Text(_head(column, _width((place, column), rows))),
            justify="right" if column.kind.numeric else "left",
            min_width=_width((place, column), rows),
            no_wrap=not wraps,
            overflow="fold",
        )
    for title, row in rows:
        if title:
            grid.add_section()
            grid.add_row(Text(title, style="italic"))
        if row.foot:
            grid.add_section()
        grid.add_row(*(_text(row, place, column) for place, column in part))
    return grid


def _text(row: Row, place: int, column: Column) -> Text:
    mark = shown(row.cells[place], column).cell.mark
    strong = mark in ("best", "least") or (row.mark == "taken" and column.kind is NAME)
    return Text("\n".join(_lines(row, place, column)), style="bold" if strong else "")

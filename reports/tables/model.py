"""A table as one record: columns, rows of plain values, notes; renderers decide only how it looks.

A builder gives values and never formats them: the kind of a column says how its values are written, the same
in every medium. Words come from ``text/tables.LANGUAGE.yaml``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.deciding.wording import money, p_value, percent, points
from reports._language import texts
from reports.numbers import count, duration, score, size

Value = str | int | float | tuple[float, float] | None
"""What a cell holds: a number, a text, both ends of an interval, or nothing."""
Mark = Literal["", "best", "least", "better", "worse", "taken", "bad", "quiet"]
SIGNS: dict[str, str] = {"best": "★", "better": "▲", "worse": "▼"}
"""A sign beside the colour, so that colour is never the only mark."""


@dataclass(frozen=True)
class Kind:
    """How the values of a column are written; ``numeric`` ones are right-aligned.

    ``exact`` says whether a page also gives programs the unrounded figure.
    """

    write: Callable[[Any], str]
    numeric: bool = True
    exact: bool = False


NAME, TEXT = Kind(str, numeric=False), Kind(str, numeric=False)
"""A name heads its row and is repeated where a table is split; a text may be wrapped."""
DRAWING = Kind(str, numeric=False)
"""Only pages draw; other media leave the column out."""
SCORE = Kind(score, exact=True)
"""A share in [0, 1], in percent."""
PERCENT = Kind(score)
"""Another share, in percent, that is not a result."""
POINTS = Kind(points, exact=True)
"""A difference of two shares, in percentage points with its sign."""
WIDTH = Kind(lambda value: points(value, sign=False))
"""A size in percentage points, without a sign."""
COUNT, MONEY, P_VALUE, DURATION, SIZE = (
    Kind(count), Kind(money), Kind(p_value), Kind(duration), Kind(size),
)  # fmt: skip
NATS, RATIO, CHANGE = (
    Kind(lambda value: f"{value:.2f}"), Kind(lambda value: f"{value:.3g}"),
    Kind(lambda value: f"{value:+.2f}"),
)  # fmt: skip
SHORT_NATS = Kind(lambda value: f"{value:.3f}")
SHARE = Kind(percent)


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        key: Its name for programs, its heading in CSV.
        name: Its heading for people.
        kind: How values are written.
        explanation: What it says, in one sentence.
        below: A short remark under the heading.
        interval: Whether its cells have an interval ``beside`` the value, or hold ``only`` one.
    """

    key: str
    name: str
    kind: Kind
    explanation: str = ""
    below: tuple[str, ...] = ()
    interval: Literal["none", "beside", "only"] = "none"


@dataclass(frozen=True)
class Remark:
    """A few words under a value."""

    text: str
    mark: Mark = ""


@dataclass(frozen=True)
class TableCell:
    """A value with what is shown beside it.

    Attributes:
        value: What programs read.
        said: Words in place of the value.
        interval: Both ends, written like the value.
        remarks: Short texts below.
        mark: Why it stands out.
        link: Where it leads on a page.
        drawing: What a page draws, a `Whisker` or a `Spark`.
    """

    value: Value = None
    said: str = ""
    interval: tuple[float, float] | None = None
    remarks: tuple[Remark, ...] = ()
    mark: Mark = ""
    link: str = ""
    drawing: Any = None


@dataclass(frozen=True)
class Row:
    """One row: a cell, or just its value, for every column.

    Attributes:
        cells: In the order of the columns.
        group: Title of the rows that belong together; consecutive rows of one group share a head.
        mark: Why the row stands out.
        remarks: Clauses about the whole row.
        foot: Whether it sums up the rows above.
    """

    cells: tuple[TableCell | Value, ...]
    group: str = ""
    mark: Mark = ""
    remarks: tuple[str, ...] = ()
    foot: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its words.

    Attributes:
        key: Its name for programs: style on a page, file name as CSV.
        title: One line.
        columns: Those of kind `NAME` come first.
        rows: May be read only once if it is not a sequence.
        notes: Sentences that a reader needs beside it.
        empty: What is said in place of a table without rows.
        grouped_by: Key of the rows' groups as a column of CSV.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    notes: tuple[str, ...] = ()
    empty: str = ""
    grouped_by: str = ""


# --- Words ---


class TableWords:
    """The words of one table: its title, its columns' heads and explanations, and more of its own."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._texts: dict[str, Any] = texts("tables")[key]

    def __call__(self, name: str, **values: Any) -> str:
        """Return a text with its placeholders filled in; one with ``n`` may have a form for one."""
        found: str | dict[str, str] = self._texts[name]
        if isinstance(found, dict):
            found = found["one" if str(values["n"]) == "1" else "other"]
        return found.format(**values).strip() if values else found.strip()

    def column(
        self,
        key: str,
        kind: Kind,
        interval: Literal["none", "beside", "only"] = "none",
        **values: Any,
    ) -> Column:
        """Return a column with its head and explanation."""
        found = self._texts["columns"][key]
        name, explanation = (found, "") if isinstance(found, str) else (found["name"], found.get("says", ""))
        if values:
            name, explanation = name.format(**values), explanation.format(**values)
        return Column(key, name, kind, explanation, interval=interval)

    def columns(self, kinds: Mapping[str, Kind]) -> tuple[Column, ...]:
        """Return columns without intervals, by their keys, in order."""
        return tuple(self.column(key, kind) for key, kind in kinds.items())


COMMON = texts("tables")["common"]
ABSENT = TableCell(said=COMMON["none"])
"""No figure where there could be one; an empty cell is one where none belongs."""


# --- Showing ---


@dataclass(frozen=True)
class Shown:
    """A cell as text: the same in every medium that people read."""

    text: str
    interval: str
    remarks: tuple[Remark, ...]
    cell: TableCell

    @property
    def sign(self) -> str:
        """The sign of its mark."""
        return SIGNS.get(self.cell.mark, "")


def shown(cell: TableCell | Value, column: Column) -> Shown:
    """Write a cell as the kind of its column says."""
    cell = cell if isinstance(cell, TableCell) else TableCell(cell)
    interval = _interval(cell.interval, column) if cell.interval and _is_wide(cell.interval, column) else ""
    if cell.said or cell.value is None:
        return Shown(cell.said, interval, cell.remarks, cell)
    if isinstance(cell.value, tuple):
        return Shown(_interval(cell.value, column), interval, cell.remarks, cell)
    return Shown(column.kind.write(cell.value), interval, cell.remarks, cell)


def _interval(ends: tuple[float, float], column: Column) -> str:
    low, high = map(column.kind.write, ends)
    return str(COMMON["interval"].format(low=low, high=high))


def _is_wide(ends: tuple[float, float], column: Column) -> bool:
    """Whether both ends are written differently; an interval narrower than the digits shown says nothing."""
    return column.kind.write(ends[0]) != column.kind.write(ends[1])


def in_groups(table: Table) -> Iterator[tuple[str, Row]]:
    """Yield every row with the title shown before it; "" for the further rows of its group."""
    last = ""
    for row in table.rows:
        yield ("" if row.group == last else row.group), row
        last = row.group


def undrawn(table: Table) -> list[tuple[int, Column]]:
    """Return place and column of everything that is not a drawing: what every medium shows."""
    return [(place, column) for place, column in enumerate(table.columns) if column.kind is not DRAWING]

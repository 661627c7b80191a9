"""Tables of texts that are already formatted: the numbers of a chart, the record of a preparation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.tables.model import NAME, Column, Kind, Row, Table

_WRITTEN = Kind(str)


def text_table(key: str, title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table of texts; the first of each row is its name."""
    columns = tuple(Column(head, head, _WRITTEN if place else NAME) for place, head in enumerate(heads))
    return Table(key, title, columns, tuple(Row(tuple(row)) for row in rows))

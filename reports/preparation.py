"""What a strategy recorded while it was prepared: figures and curves, whatever the strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.digests import digest_of_text
from harness.runs.reading import Preparation
from reports._language import words
from reports.drawing import Drawn, drawn, has_charts
from reports.numbers import figure
from reports.page_text import excerpt
from reports.tables.model import Table
from reports.tables.plain import text_table

_MOST_FIGURES = 40
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class PartRecord:
    """The record of one part of a strategy: named figures, tables, and a chart of losses, if any."""

    part: str
    figures: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    chart: Drawn | None
    n_left_out: int


@dataclass(frozen=True)
class PreparationRecord:
    """The records of all parts of one prepared strategy."""

    preparation: Preparation
    parts: tuple[PartRecord, ...]


def records_of(preparations: Sequence[Preparation]) -> list[PreparationRecord]:
    """Arrange the records of all preparations that have something to show."""
    found = []
    for preparation in preparations:
        parts = tuple(
            _part(f"{preparation.strategy}-{preparation.seed}-{name}", name, record)
            for name, record in preparation.record.items()
            if isinstance(record, dict)
        )
        shown = tuple(part for part in parts if part.figures or part.tables or part.chart)
        if shown:
            found.append(PreparationRecord(preparation, shown))
    return found


def _part(key: str, name: str, record: Mapping[str, Any]) -> PartRecord:
    tables = [_table(rows) for rows in (record, *record.values()) if _is_table(rows)]
    figures = [] if _is_table(record) else list(_figures(record))
    series = {label: points for label, points in _series(record) if "loss" in label.lower()}
    chart = _losses(f"losses-{digest_of_text(key)[:12]}", series)
    left_out = max(0, len(figures) - _MOST_FIGURES)
    return PartRecord(name, tuple(figures[:_MOST_FIGURES]), tuple(tables), chart, left_out)


def _losses(name: str, series: Mapping[str, Points]) -> Drawn | None:
    if not has_charts():
        return None
    from reports.charts import losses

    found = losses(name, series)
    return drawn(found) if found else None


def _is_table(value: Any) -> bool:
    """True for several flat records by name, such as one index for each task."""
    if not isinstance(value, dict) or not value:
        return False
    return all(
        isinstance(row, dict) and not any(isinstance(inner, dict) for inner in row.values())
        for row in value.values()
    )


def _table(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return records of the same kind side by side: one row of figures for each name."""
    flat = {name: dict(_figures(row)) for name, row in list(rows.items())[:_MOST_FIGURES]}
    columns = list(dict.fromkeys(column for row in flat.values() for column in row))
    lines = ([name, *(row.get(column, "") for column in columns)] for name, row in flat.items())
    return text_table("record", words("report").preparation.table, ["", *columns], lines)


def _figures(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        name = f"{prefix}{key if '.' in key else key.replace('_', ' ')}"  # a key with dots is a model's name
        if key == "notes":  # shown above, beside the verdict
            continue
        if isinstance(value, dict):
            yield from () if _is_table(value) else _figures(value, f"{name}: ")
        elif isinstance(value, list):
            if value and all(isinstance(entry, str | int | float) for entry in value):
                yield name, excerpt(", ".join(map(figure, value)), 300)
        elif value is not None:
            yield name, excerpt(figure(value), 300)


def _series(record: Mapping[str, Any]) -> Iterator[tuple[str, Points]]:
    """Yield every list of ``[x, y]`` pairs as a named series."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _series(value)
        elif isinstance(value, list) and value and all(_is_pair(row) for row in value):
            name = "training loss" if key == "loss" else key.replace("_", " ")
            yield name, [(float(x), float(y)) for x, y in value]


def _is_pair(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 2 and all(map(_is_number, row))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

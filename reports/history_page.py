"""The history as one self-contained HTML page: no script, no request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports._pages import page
from reports.history import History, Point, Series, TaskHistory
from reports.tables.sparkline import Stretch, Value, sparkline


@dataclass(frozen=True)
class Row:
    """A strategy's row: its drawing, and a point or None for every run."""

    strategy: str
    drawn: tuple[Stretch, ...]
    points: tuple[Point | None, ...]


@dataclass(frozen=True)
class Table:
    """A task with the rows of its table."""

    task: TaskHistory
    rows: tuple[Row, ...]


def render_history(history: History, back: str = "") -> str:
    """Return the page; equal histories give equal text.

    Args:
        history: What to show.
        back: Address of the page that led here, where there is one.
    """
    tables = tuple(_tables(history))
    roles = {role: [each for each in tables if each.task.role == role] for role in ("target", "retention")}
    return page("history.html.jinja", history=history, roles=roles, back=back)


def _tables(history: History) -> Iterator[Table]:
    n_runs = len(history.runs)
    for task in history.tasks:
        points = [point for series in task.series for point in series.points]
        if points:
            low, high = min(point.ci_low for point in points), max(point.ci_high for point in points)
            yield Table(task, tuple(_row(series, n_runs, low, high) for series in task.series))


def _row(series: Series, n_runs: int, low: float, high: float) -> Row:
    by_run = {point.run: point for point in series.points}
    return Row(
        strategy=series.strategy,
        drawn=sparkline(_values(series.points), n_runs, low, high),
        points=tuple(by_run.get(run) for run in range(n_runs)),
    )


def _values(points: Sequence[Point]) -> list[Value]:
    return [Value(p.run, p.mean, p.ci_low, p.ci_high, joined=p.change is not None) for p in points]

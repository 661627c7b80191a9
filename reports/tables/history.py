"""The tables of a history: the runs, and for each task every strategy over the runs."""

from __future__ import annotations

from collections.abc import Iterator

from harness.deciding.wording import points
from reports.history.records import Change, History, Obstacle, Point, RunFacts, Series, TaskHistory
from reports.numbers import count, score
from reports.page_text import excerpt
from reports.tables.model import (
    COMMON,
    DRAWING,
    NAME,
    SCORE,
    SIGNS,
    TEXT,
    Column,
    Mark,
    Remark,
    Row,
    Table,
    TableCell,
    TableWords,
)
from reports.tables.sparkline import Value, spark

_T = TableWords("history")
_LONGEST_VERDICT = 600
_DIGEST = 12


def runs_table(history: History) -> Table:
    """One row for each run, oldest first: where it is, what it was made from, its verdict."""
    t = TableWords("runs")
    kinds = {"run": NAME} | dict.fromkeys(("folder", "created", "revision", "models", "verdict"), TEXT)
    rows = tuple(_run(run, t) for run in history.runs)
    return Table(t.key, t("title"), t.columns(kinds), rows)


def _run(run: RunFacts, t: TableWords) -> Row:
    models = ", ".join(f"{name} {digest[:_DIGEST]}" for name, digest in run.models.items())
    changed = (Remark(t("changed", what=", ".join(run.changed))),) if run.changed else ()
    verdict = excerpt(run.verdict, _LONGEST_VERDICT) if run.verdict else t("no_verdict")
    created = run.created[:16].replace("T", " ")
    return Row(
        (
            run.name,
            run.folder,
            TableCell(run.created, said=created),
            run.git_revision or t("no_revision"),
            TableCell(models, remarks=changed),
            TableCell(run.verdict, said=verdict),
        )
    )


def task_table(history: History, task: TaskHistory) -> Table:
    """One row for each strategy, a column for each run: score, and the difference from the run before."""
    found = [point for series in task.series for point in series.points]
    low, high = min(point.ci_low for point in found), max(point.ci_high for point in found)
    columns = (
        _T.column("strategy", NAME),
        _T.column("trend", DRAWING),
        *(_column(run) for run in history.runs),
    )
    rows = tuple(_series(series, task.task, len(history.runs), (low, high)) for series in task.series)
    return Table(_T.key, _T("title", task=task.task), columns, rows)


def _column(run: RunFacts) -> Column:
    below = (run.folder,) if run.label != run.name else ()
    return Column(
        run.label, run.name, SCORE, below=(*below, run.created[:16].replace("T", " ")), interval="beside"
    )


def _series(series: Series, task: str, n_runs: int, bounds: tuple[float, float]) -> Row:
    by_run = {point.run: point for point in series.points}
    values = [Value(p.run, p.mean, p.ci_low, p.ci_high, joined=p.change is not None) for p in series.points]
    means = ", ".join(score(point.mean) for point in series.points)
    label = _T("trend_label", strategy=series.strategy, task=task, values=means)
    drawing = TableCell(drawing=spark(values, n_runs, bounds, label))
    return Row((series.strategy, drawing, *(_cell(by_run.get(run)) for run in range(n_runs))))


def _cell(point: Point | None) -> TableCell:
    if point is None:
        return TableCell(said=_T("not_run"))
    remarks = [Remark(_T("failed", n=count(point.errors)), "bad")] if point.errors else []
    remarks += _against(point.change, point.obstacle)
    return TableCell(point.mean, interval=(point.ci_low, point.ci_high), remarks=tuple(remarks))


def _against(change: Change | None, obstacle: Obstacle | None) -> Iterator[Remark]:
    """Yield the difference from the run before, or why there is none."""
    if change:
        marks: dict[str, Mark] = {"better": "better", "worse": "worse"}
        mark = marks.get(change.reading, "")
        ends = COMMON["interval"].format(low=points(change.ci_low), high=points(change.ci_high))
        reading, difference = _T(mark or "open"), points(change.difference)
        sign = f"{SIGNS[mark]} " if mark else ""
        text = _T("change", difference=difference, interval=ends, sign=sign, reading=reading)
        yield Remark(text, mark)
    if obstacle:
        yield Remark(_T("not_comparable", why=_why(obstacle)))


def _why(obstacle: Obstacle) -> str:
    if obstacle.unfinished:
        return _T("not_finished")
    if obstacle.settings:
        return _T("other_task", what=", ".join(obstacle.settings))
    return _T("no_common_items")

"""The tables of scores: tasks, metrics and kinds of items, each strategy a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.findings import Cell, MacroContrast, Summary, TagScore, TaskInfo
from harness.types import Role
from reports.numbers import count
from reports.page_text import excerpt
from reports.tables.model import (
    ABSENT,
    COMMON,
    COUNT,
    NAME,
    PERCENT,
    SCORE,
    TEXT,
    Column,
    Remark,
    Row,
    Table,
    TableCell,
    TableWords,
)

_WORDS = TableWords("scores")


def score_table(summary: Summary, role: Role) -> Table:
    """One row for each task of a role, decided by its primary metric, and their mean."""
    t = _WORDS
    infos = [task for task in summary.tasks if task.role == role]
    found = {(cell.task, cell.strategy): cell for cell in summary.cells if cell.primary}
    asked = [info for info in infos if any((info.name, name) in found for name in summary.strategies)]
    rows = [_task(info, [found.get((info.name, name)) for name in summary.strategies]) for info in asked]
    macros = {macro.strategy: macro for macro in summary.macro if macro.role == role}
    if len(rows) > 1 and macros:
        rows.append(_mean(len(rows), [macros.get(name) for name in summary.strategies]))
    columns = (
        t.column("task", NAME),
        t.column("metric", TEXT),
        t.column("n", COUNT),
        *strategy_columns(summary.strategies, _below(summary)),
        t.column("guess", PERCENT),
    )
    title, notes = (t("title"), (t("note"),)) if role == "target" else (t("retention"), ())
    return Table("scores", title, columns, tuple(rows), notes, t("empty"))


def strategy_columns(
    strategies: Sequence[str], below: Mapping[str, tuple[str, ...]] | None = None
) -> Iterator[Column]:
    """Yield a column of scores with their intervals for every strategy.

    Args:
        strategies: The strategies.
        below: Strategy to the remarks below its heading.
    """
    for name in strategies:
        yield Column(name, name, SCORE, below=(below or {}).get(name, ()), interval="beside")


def _below(summary: Summary) -> dict[str, tuple[str, ...]]:
    """Return which strategy is the incumbent, and the model of each where there are several."""
    several = len(set(summary.answered_by.values())) > 1
    return {
        name: (summary.answered_by[name],) * several + (COMMON["incumbent"],) * (name == summary.incumbent)
        for name in summary.strategies
    }


def _task(info: TaskInfo, scores: Sequence[Cell | None]) -> Row:
    cells = scored(scores, absent=TableCell(said=_WORDS("no_answers")))
    return Row((info.name, info.primary_metric, info.n_test, *cells, info.random_baseline))


def scored(scores: Sequence[Cell | None], absent: TableCell = ABSENT) -> Iterator[TableCell]:
    """Yield the cells of one row; the best of the finished ones is marked, unless all are equal."""
    best = _best([score.mean for score in scores if score and score.complete])
    for score in scores:
        is_best = bool(score and score.complete and score.mean == best)
        yield _cell(score, is_best) if score else absent


def _cell(score: Cell, best: bool) -> TableCell:
    remarks = []
    if not score.complete:
        remarks.append(Remark(_WORDS("unfinished", n=count(score.n)), "bad"))
    if score.errors:
        remarks.append(Remark(_WORDS("failed", errors=count(score.errors), n=count(score.n)), "bad"))
    ends = (score.ci_low, score.ci_high)
    return TableCell(score.mean, interval=ends, remarks=tuple(remarks), mark="best" if best else "")


def _best(means: Sequence[float]) -> float | None:
    """Return the highest mean; where all are equal none is best."""
    return max(means) if len(set(means)) > 1 else None


def _mean(n_tasks: int, macros: Sequence[MacroContrast | None]) -> Row:
    t = _WORDS
    best = _best([macro.mean for macro in macros if macro])
    cells = (
        TableCell(macro.mean, mark="best" if macro.mean == best else "")
        if macro
        else TableCell(said=t("not_on_all"))
        for macro in macros
    )
    return Row((t("mean", n=n_tasks), None, None, *cells, None), foot=True)


def metric_table(
    summary: Summary, cells: Sequence[Cell], strategies: Sequence[str], *, with_task: bool = True
) -> Table:
    """One row for each task and metric of these cells; a table of one task may leave out its name."""
    t = TableWords("metrics")
    tasks = [info.name for info in summary.tasks if any(cell.task == info.name for cell in cells)]
    found = {(cell.task, cell.metric, cell.strategy): cell for cell in cells}
    rows = []
    for task in tasks:
        for metric in sorted({cell.metric for cell in cells if cell.task == task}):
            scores = scored([found.get((task, metric, name)) for name in strategies])
            rows.append(Row((*([task] * with_task), metric, *scores)))
    heads = (t.column("task", NAME),) if with_task else ()
    columns = (*heads, t.column("metric", NAME), *strategy_columns(strategies))
    return Table(t.key, t("title"), columns, tuple(rows))


def tag_table(summary: Summary, task: TaskInfo) -> Table | None:
    """One row for each tag of a task's items, by the task's primary metric; None where it has no tags."""
    t = TableWords("tags")
    scores = {(each.strategy, each.tag): each for each in summary.tags if each.task == task.name}
    tags = dict.fromkeys(tag for _, tag in scores)
    if not tags:
        return None
    rows = tuple(_tag(tag, [scores.get((name, tag)) for name in summary.strategies]) for tag in tags)
    columns = (t.column("tag", NAME), t.column("n", COUNT), *strategy_columns(summary.strategies))
    return Table(t.key, t("title", metric=task.primary_metric), columns, rows)


def _tag(tag: str, scores: Sequence[TagScore | None]) -> Row:
    cells = (
        TableCell(each.mean, interval=(each.ci_low, each.ci_high)) if each else ABSENT for each in scores
    )
    return Row((excerpt(tag, 200), max(each.n for each in scores if each), *cells))

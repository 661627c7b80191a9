"""The tables of what changed: differences with their intervals, and items gained and lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.analysis.findings import Contrast, MacroContrast, Summary
from harness.analysis.losses import TaskFlips
from harness.types import Role
from reports.explorer.links import items_link
from reports.tables.model import (
    ABSENT,
    COMMON,
    COUNT,
    DRAWING,
    NAME,
    POINTS,
    TEXT,
    Row,
    Table,
    TableCell,
    TableWords,
)
from reports.tables.whisker import whisker

_T = TableWords("differences")
_UNPROVEN = 0.05
"""Corrected p-value at or above which a difference is not significant."""


def difference_table(summary: Summary, role: Role) -> Table:
    """Differences on the tasks of a role, grouped by task, the mean over several tasks first."""
    contrasts = summary.contrasts if role == "target" else summary.forgetting
    reference = summary.incumbent if role == "target" else bases_text(summary)
    found = [*_means(summary.macro, role), *map(_of_task, contrasts)]
    reach = max((max(-each.ends[0], each.ends[1]) for each in found), default=0.0)
    columns = (
        _T.column("strategy", NAME),
        _T.column("points", POINTS),
        _T.column("interval", POINTS, "only"),
        _T.column("drawing", DRAWING),
        _T.column("reading", TEXT),
        _T.column("n", COUNT),
    )
    groups = dict.fromkeys(each.group for each in found)
    rows = tuple(_row(each, reach) for group in groups for each in found if each.group == group)
    notes = (_T("note"),) if role == "target" else ()
    title = _T("title", reference=reference)
    return Table(_T.key, title, columns, rows, notes if rows else (), _T("empty"), grouped_by="task")


@dataclass(frozen=True)
class _Difference:
    group: str
    strategy: str
    value: float
    ends: tuple[float, float]
    p_holm: float
    n: int


def _means(macros: Sequence[MacroContrast], role: Role) -> Iterator[_Difference]:
    for each in macros:
        if each.role == role and each.n_tasks > 1 and each.strategy != each.reference:
            ends = (each.ci_low, each.ci_high)
            group = _T("mean", n=each.n_tasks)
            yield _Difference(group, each.strategy, each.difference, ends, each.p_holm, each.n_items)


def _of_task(each: Contrast) -> _Difference:
    group = _T("task", task=each.task, metric=each.metric)
    ends = (each.ci_low, each.ci_high)
    return _Difference(group, each.strategy, each.difference, ends, each.p_holm, each.n)


def _row(each: _Difference, reach: float) -> Row:
    drawing = TableCell(drawing=whisker(each.ends[0], each.value, each.ends[1], reach))
    if each.p_holm >= _UNPROVEN:
        return Row((each.strategy, each.value, each.ends, drawing, _T("open"), each.n), each.group)
    better = each.value > 0
    reading = _T("better" if better else "worse")
    cells = (each.strategy, each.value, each.ends, drawing, reading, each.n)
    return Row(cells, each.group, mark="better" if better else "worse")


def bases_text(summary: Summary) -> str:
    """Return what retention is compared with: the base, or, with several models, each model's own base."""
    names = list(dict.fromkeys(summary.bases.values()))
    if not names:
        return str(COMMON["no_base"])
    return names[0] if len(names) == 1 else str(COMMON["bases"].format(names=", ".join(names)))


def changes_table(summary: Summary) -> Table:
    """One row for each strategy: items gained and lost, each number leading to its items."""
    t = TableWords("changes")
    keys = ("gained", "lost", "both_right", "both_wrong", "general_lost", "general_gained")
    columns = (t.column("strategy", NAME), *(t.column(key, COUNT) for key in keys))
    rows = tuple(_changes(summary, name) for name in summary.strategies if _flips(summary, name))
    note = t("note", incumbent=summary.incumbent, base=bases_text(summary))
    return Table(t.key, t("title"), columns, rows, (note,) if rows else ())


def _flips(summary: Summary, strategy: str, role: Role | None = None) -> list[TaskFlips]:
    return [each for each in summary.flips if each.strategy == strategy and role in (None, each.role)]


def _changes(summary: Summary, strategy: str) -> Row:
    target, general = (_flips(summary, strategy, role) for role in ("target", "retention"))
    on_target = _counts(target, "target", summary.incumbent) if target else [ABSENT] * 4
    on_general = [ABSENT] * 2
    if general:
        gained, lost, *_ = _counts(general, "retention", summary.bases[strategy])
        on_general = [lost, gained]
    return Row((strategy, *on_target, *on_general))


def _counts(flips: Sequence[TaskFlips], role: Role, reference: str) -> list[TableCell]:
    """Return the number of items gained, lost, right both times and wrong both times, with their links."""
    gained, lost = sum(len(flip.gained) for flip in flips), sum(len(flip.lost) for flip in flips)
    both = sum(flip.base_right for flip in flips) - lost
    wrong = sum(flip.n for flip in flips) - gained - lost - both
    counts = {"gained": gained, "lost": lost, "both-right": both, "both-wrong": wrong}
    strategy = flips[0].strategy
    return [
        TableCell(n, link=items_link(role=role, a=reference, b=strategy, flip=kind) if n else "")
        for kind, n in counts.items()
    ]

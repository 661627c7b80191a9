"""The tables of a gate: ranked candidates, checks, worst flips, its plan, and a baseline."""

from __future__ import annotations

from harness.deciding.wording import percent
from harness.gate.baseline import Baseline
from harness.gate.evaluate import CandidateResult, GateResult
from harness.gate.judge import CheckResult
from harness.gate.planning import Plan, PlannedCheck
from reports.tables.model import (
    COUNT,
    NAME,
    P_VALUE,
    POINTS,
    SCORE,
    SHARE,
    TEXT,
    WIDTH,
    Row,
    Table,
    TableCell,
    TableWords,
)

VERDICT_SIGNS = {
    "PASS": "✅",
    "FAIL": "❌",
    "INCONCLUSIVE": "❔",
    "NOT COMPARABLE": "⛔",
    "ERROR": "💥",
    "REFUSED": "🚫",
}


def ranking_table(result: GateResult) -> Table:
    """One row for each candidate, the best first."""
    t = TableWords("ranking")
    kinds = {"candidate": NAME, "verdict": TEXT, "gain": POINTS, "p": P_VALUE}
    rows = tuple(Row((each.candidate, each.verdict, each.gain, each.p_better)) for each in result.candidates)
    return Table(t.key, t("title"), t.columns(kinds), rows)


def check_table(candidate: CandidateResult, signs: bool = False) -> Table:
    """One row for each check of a candidate; with ``signs`` a picture before each verdict."""
    t = TableWords("gate_checks")
    columns = (
        t.column("check", NAME),
        t.column("verdict", TEXT),
        t.column("difference", POINTS),
        t.column("bounds", POINTS, "only"),
        t.column("margin", WIDTH),
        t.column("n", COUNT),
        t.column("text", TEXT),
    )
    title = t("title", candidate=candidate.candidate, verdict=candidate.verdict)
    return Table(t.key, title, columns, tuple(_check(each, signs) for each in candidate.checks))


def _check(check: CheckResult, signs: bool) -> Row:
    compared = check.difference is not None
    ends = (check.low, check.high or 0.0) if check.low is not None else None
    said = f"{VERDICT_SIGNS[check.verdict]} {check.verdict}" if signs else check.verdict
    return Row(
        (
            check.name,
            TableCell(check.verdict, said=said),
            check.difference,
            ends,
            check.margin if compared else None,
            check.n or None,
            check.text,
        )
    )


def flip_table(candidate: CandidateResult) -> Table:
    """The worst flips: one row for each item that was right before and is wrong now."""
    t = TableWords("worst_flips")
    kinds = {"item": NAME, "task": TEXT, "question": TEXT, "expected": TEXT, "answer": TEXT}
    rows = tuple(
        Row((flip.item_id, flip.task, flip.question, flip.target, flip.answer)) for flip in candidate.flips
    )
    return Table(t.key, t("title"), t.columns(kinds), rows)


def plan_table(plan: Plan, flips: float) -> Table:
    """One row for each check: what its items can show of an equally good adapter."""
    t = TableWords("plan")
    columns = (
        t.column("check", NAME),
        t.column("n", COUNT),
        t.column("groups", COUNT),
        t.column("margin", WIDTH),
        t.column("fewest", COUNT),
        t.column("passes", SHARE),
        t.column("fails", SHARE),
        t.column("needed", COUNT),
    )
    rows = tuple(_planned(check, t) for check in plan.checks)
    return Table(t.key, t("title", flips=percent(flips)), columns, rows)


def _planned(check: PlannedCheck, t: TableWords) -> Row:
    needed = TableCell(said=t("too_many")) if check.needed is None else TableCell(check.needed)
    sizes = (check.n, check.n_clusters, check.margin, check.fewest)
    return Row((check.name, *sizes, check.passes, check.fails, needed))


def baseline_table(baseline: Baseline) -> Table:
    """One row for each task of a baseline."""
    t = TableWords("baseline")
    columns = (
        t.column("task", NAME),
        t.column("metric", TEXT),
        t.column("n", COUNT),
        t.column("seeds", COUNT),
        t.column("score", SCORE),
        t.column("tokens", COUNT),
    )
    rows = []
    for name, task in baseline.tasks.items():
        scores = [sum(item.scores) / len(item.scores) for item in task.items.values()]
        seeds = len(next(iter(task.items.values())).scores)
        mean = sum(scores) / len(scores)
        rows.append(Row((name, task.metric, len(scores), seeds, mean, task.tokens_per_item)))
    return Table(t.key, t("title"), columns, tuple(rows))

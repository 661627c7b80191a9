"""The tables of a decision: every strategy, every target task, a month's cost under other assumptions."""

from __future__ import annotations

from collections.abc import Iterator

from harness.deciding.records import Candidate, Decision, Retained, TaskLead
from reports.numbers import count
from reports.tables.model import (
    ABSENT,
    COMMON,
    COUNT,
    MONEY,
    NAME,
    P_VALUE,
    POINTS,
    SCORE,
    TEXT,
    Column,
    Remark,
    Row,
    Table,
    TableCell,
    TableWords,
)


def candidates_table(decision: Decision) -> Table:
    """One row for each strategy, best first: how good it is, what it forgets, what it costs."""
    t = TableWords("candidates")
    columns = (
        t.column("strategy", NAME),
        *((t.column("model", TEXT),) if decision.several_models else ()),
        t.column("score", SCORE),
        t.column("difference", POINTS),
        t.column("interval", POINTS, "only"),
        t.column("p", P_VALUE),
        t.column("retention", POINTS),
        t.column("per_1000", MONEY, "beside"),
        t.column("per_1000_right", MONEY),
        t.column("once", MONEY),
        t.column("month", MONEY),
        t.column("paid_back", COUNT),
    )
    note = t(
        "note",
        incumbent=decision.incumbent,
        currency=decision.currency,
        prices=decision.prices,
        volume=count(decision.queries_per_month),
    )
    rows = tuple(_candidate(each, decision, t) for each in decision.candidates)
    return Table(t.key, t("title"), columns, rows, (note,))


def _candidate(each: Candidate, decision: Decision, t: TableWords) -> Row:
    old, taken = each.strategy == decision.incumbent, each.strategy == decision.winner
    reasons = tuple(t("not_taken", reason=reason) for reason in each.excluded)
    return Row(
        (
            TableCell(each.strategy, remarks=(Remark(t("taken")),) * taken),
            *((each.model,) if decision.several_models else ()),
            each.mean,
            TableCell(said=COMMON["incumbent"]) if old else each.difference,
            None if old else (each.ci_low, each.ci_high),
            each.p_holm,
            _retention(each.retained, t),
            TableCell(each.per_1000, interval=_bounds(each)),
            ABSENT if each.per_1000_correct is None else each.per_1000_correct,
            _once(each),
            each.month,
            None if old else _paid_back(each, t),
        ),
        mark="taken" if taken else "",
        remarks=reasons,
    )


def _bounds(each: Candidate) -> tuple[float, float] | None:
    if each.per_1000_low is None or each.per_1000_high is None:
        return None
    return each.per_1000_low, each.per_1000_high


def _retention(retained: Retained, t: TableWords) -> TableCell:
    if retained.state == "none possible":
        return TableCell(said=t("unchanged"))
    if retained.state == "not measured" and retained.difference is None:
        return ABSENT
    state = (Remark(t("forgetting", state=retained.state)),)
    if retained.difference is None:
        return TableCell(said=COMMON["none"], remarks=state)
    return TableCell(retained.difference, remarks=state)


def _once(each: Candidate) -> TableCell:
    """Return what preparing costs; no figure where part of it was not measured."""
    if not each.once_known:
        return TableCell(said=COMMON["not_measured"])
    return TableCell(each.once, remarks=(Remark(COMMON["stated"]),) * each.once_stated)


def _paid_back(each: Candidate, t: TableWords) -> TableCell:
    queries = each.break_even_queries
    if not each.break_even_known:
        return TableCell(said=t("not_known"))
    if queries is None:
        return TableCell(said=t("never"))
    return TableCell(queries, said=t("at_once") if queries < 1 else t("after", n=count(round(queries))))


def by_task_table(decision: Decision) -> Table:
    """One row for each target task: every strategy's score, marked where significantly better or worse."""
    t = TableWords("by_task")
    others = [each for each in decision.candidates if each.tasks]
    strategies = (decision.incumbent, *(each.strategy for each in others))
    columns = (t.column("task", NAME), *(Column(name, name, SCORE) for name in strategies))
    rows = tuple(_task(leads, decision) for leads in zip(*(each.tasks for each in others), strict=True))
    return Table(t.key, t("title"), columns, rows, (t("note", incumbent=decision.incumbent),))


def _task(leads: tuple[TaskLead, ...], decision: Decision) -> Row:
    cells = (_lead(lead, decision.limits.alpha) for lead in leads)
    return Row((leads[0].task, leads[0].incumbent_mean, *cells))


def _lead(lead: TaskLead, alpha: float) -> TableCell:
    if lead.p_holm >= alpha:
        return TableCell(lead.mean)
    return TableCell(lead.mean, mark="better" if lead.difference > 0 else "worse")


def scenario_table(decision: Decision) -> Table:
    """One row for each assumption: a month's cost of every strategy that has a price, the lowest marked."""
    t = TableWords("scenarios")
    priced = decision.scenarios[0].months if decision.scenarios else {}
    strategies = [each.strategy for each in decision.candidates if each.strategy in priced]
    columns = (t.column("assumption", NAME), *(Column(name, name, MONEY) for name in strategies))
    rows = tuple(_scenarios(decision, strategies))
    return Table(t.key, t("title", currency=decision.currency), columns, rows)


def _scenarios(decision: Decision, strategies: list[str]) -> Iterator[Row]:
    for each in decision.scenarios if strategies else ():
        least = min(each.months.values())
        costs = (each.months[name] for name in strategies)
        yield Row(
            (each.assumption, *(TableCell(cost, mark="least" if cost == least else "") for cost in costs))
        )

"""The table of costs: tokens, latency and preparation of every strategy, measured."""

from __future__ import annotations

from collections.abc import Iterator

from harness.analysis.costs import StrategyCost, TaskCost
from harness.analysis.findings import Summary
from harness.deciding.records import Decision
from reports.numbers import count
from reports.tables.model import (
    ABSENT,
    COMMON,
    COUNT,
    DURATION,
    NAME,
    SIZE,
    TEXT,
    Remark,
    Row,
    Table,
    TableCell,
    TableWords,
    Value,
)

_LEAST_TIME_S = 0.001


def cost_table(summary: Summary, decision: Decision | None = None, *, by_task: bool = True) -> Table:
    """Return one row for each strategy, and ``by_task`` one for each of several target tasks.

    The cost of judging is below, with its price where a decision has one.
    """
    t = TableWords("costs")
    several = by_task and any(len(cost.tasks) > 1 for cost in summary.costs)
    columns = (
        t.column("strategy", NAME),
        *([t.column("task", TEXT)] if several else []),
        *(t.column(key, COUNT) for key in ("prompt", "cached", "answer", "embedded")),
        *(t.column(key, DURATION) for key in ("median", "p95")),
        t.column("time", DURATION),
        t.column("trained", COUNT),
        *(t.column(key, SIZE) for key in ("memory", "disk")),
        t.column("cut", COUNT),
    )
    rows = tuple(row for cost in summary.costs for row in _rows(cost, several, t))
    notes = (t("note"), *([_judging(summary, decision, t)] if summary.judging else []))
    return Table(t.key, t("title"), columns, rows, notes)


def _judging(summary: Summary, decision: Decision | None, t: TableWords) -> str:
    found = summary.judging
    told = t(
        "judging",
        n=count(sum(each.n for each in found)),
        prompt=count(sum(each.prompt_tokens for each in found)),
        answer=count(sum(each.completion_tokens for each in found)),
        seconds=f"{sum(each.latency_s for each in found):,.1f}",
    )
    if decision is None:
        return told
    price = t("judging_price", cost=f"{decision.judging:.3g}", currency=decision.currency)
    return f"{told} {price}"


def _rows(cost: StrategyCost, several: bool, t: TableWords) -> Iterator[Row]:
    prepare, stated = cost.prepare, (Remark(COMMON["stated"]),) * cost.prepare.stated
    took = TableCell(prepare.wall_s, remarks=stated)
    if prepare.wall_s < _LEAST_TIME_S:
        took = TableCell(said=COMMON["none"], remarks=stated)
    cut = TableCell(cost.cut, said=t("of", cut=count(cost.cut), n=count(cost.n_answers)))
    sizes = (prepare.peak_memory_bytes, prepare.artifact_bytes)
    whole = (took, _some(prepare.trained_tokens), *map(_some, sizes), cut)
    yield Row((cost.strategy, *([t("all")] if several else []), *_mean(cost), *whole))
    for task in cost.tasks if several and len(cost.tasks) > 1 else ():
        yield Row((cost.strategy, task.task, *_mean(task), *[None] * len(whole)), mark="quiet")


def _mean(cost: StrategyCost | TaskCost) -> tuple[TableCell | Value, ...]:
    tokens = (cost.prompt_tokens, cost.cached_prompt_tokens, cost.completion_tokens)
    return (*tokens, _some(cost.embedding_tokens), cost.latency_p50_s, cost.latency_p95_s)


def _some(value: float | None) -> TableCell:
    return TableCell(value) if value else ABSENT

"""The tables of forgetting: items lost, distance, what questions tell of answers, behaviour."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.findings import Summary
from harness.analysis.losses import BehaviourChange, InformationChange, StrategyDrift
from reports.numbers import count
from reports.tables.model import (
    CHANGE,
    COUNT,
    NAME,
    NATS,
    P_VALUE,
    PERCENT,
    POINTS,
    RATIO,
    SHORT_NATS,
    TEXT,
    Row,
    Table,
    TableCell,
    TableWords,
)


def lost_table(summary: Summary) -> Table:
    """One row for each strategy and task: items lost and gained against the base, with McNemar's p."""
    t = TableWords("lost")
    columns = (
        t.column("strategy", NAME),
        t.column("task", TEXT),
        t.column("lost", COUNT),
        t.column("gained", COUNT),
        t.column("rate", PERCENT),
        t.column("interval", PERCENT, "only"),
        t.column("p", P_VALUE),
    )
    rows = tuple(
        Row(
            (
                each.strategy,
                each.task,
                TableCell(len(each.lost), said=t("of", lost=count(len(each.lost)), n=count(each.base_right))),
                len(each.gained),
                each.lost_rate,
                (each.lost_rate_low, each.lost_rate_high),
                each.p_value,
            )
        )
        for each in summary.flips
        if each.role == "retention"
    )
    return Table(t.key, t("title"), columns, rows)


def drift_table(drifts: Sequence[StrategyDrift]) -> Table:
    """One row for each strategy and text: perplexity and KL against the base."""
    t = TableWords("drift")
    kinds = {"strategy": NAME, "text": TEXT, "tokens": COUNT, "ratio": RATIO, "kl": SHORT_NATS}
    rows = tuple(
        Row((drift.strategy, text.text, text.n_tokens, text.perplexity_ratio, text.kl))
        for drift in drifts
        for text in drift.texts
    )
    return Table(t.key, t("title"), t.columns(kinds), rows)


def information_table(changes: Sequence[InformationChange]) -> Table:
    """One row for each strategy and task: information of questions about their answers, in nats."""
    t = TableWords("information")
    columns = (
        t.column("strategy", NAME),
        t.column("task", TEXT),
        t.column("base", NATS),
        t.column("now", NATS),
        t.column("difference", CHANGE),
        t.column("interval", CHANGE, "only"),
        t.column("likelihood", CHANGE),
        t.column("n", COUNT),
    )
    rows = tuple(
        Row(
            (
                each.strategy,
                each.task,
                each.base,
                each.now,
                each.difference,
                (each.ci_low, each.ci_high),
                each.log_likelihood - each.base_log_likelihood,
                each.n,
            )
        )
        for each in changes
    )
    return Table(t.key, t("title"), columns, rows)


def behaviour_table(changes: Sequence[BehaviourChange]) -> Table:
    """One row for each significant change: its rate now and under the base."""
    t = TableWords("behaviour")
    columns = (
        *t.columns({"strategy": NAME, "task": TEXT, "what": TEXT}),
        *(t.column(key, PERCENT) for key in ("now", "base")),
        t.column("difference", POINTS),
        t.column("interval", POINTS, "only"),
        t.column("n", COUNT),
    )
    rows = tuple(
        Row(
            (
                each.strategy,
                each.task,
                each.behaviour,
                each.rate,
                each.base_rate,
                each.difference,
                (each.ci_low, each.ci_high),
                each.n,
            )
        )
        for each in changes
        if each.ci_low > 0 or each.ci_high < 0
    )
    return Table(t.key, t("title"), columns, rows)

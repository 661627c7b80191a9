"""Cumulative cost against queries: when a strategy has paid for itself."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from harness.deciding.records import Candidate, Decision
from harness.deciding.wording import money, once
from reports._language import words
from reports.charts._parts import (
    WIDTH,
    decades,
    line_styles,
    on_rows,
    short_names,
    themed,
)
from reports.drawing import Figure

_PER_DECADE = 8


def break_even(decision: Decision) -> Figure | None:
    """Cumulative cost against queries, one-off costs included."""
    t = words("report").charts.break_even
    shown = [e for e in decision.candidates if e.once_known and e.once + e.per_1000 > 0]
    if not shown:
        return None
    names = short_names([each.strategy for each in shown])
    at = _volumes(decision)
    data: list[dict[str, Any]] = [
        {"name": names[each.strategy], "queries": queries, "cost": _paid(each, queries)}
        for each in shown
        for queries in at
        if _paid(each, queries) > 0
    ]
    order = [names[each.strategy] for each in shown]
    logarithmic = alt.Scale(type="log", nice=False)
    x_axis = alt.Axis(format="~s", values=decades(at))
    y_axis = alt.Axis(format="~g", values=decades([row["cost"] for row in data]))
    legend = alt.Legend(title=None, orient="right", symbolSize=300, symbolStrokeWidth=2)
    chart = (
        on_rows(data)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("queries:Q", scale=logarithmic, title=t.x, axis=x_axis),
            y=alt.Y("cost:Q", scale=logarithmic, title=decision.currency, axis=y_axis),
            **line_styles(order, legend),
        )
    )
    volumes = [at[0], at[len(at) // 2], at[-1]]
    return Figure(
        name="break-even",
        title=t.title,
        text=t.text,
        columns=(*t.columns, *(t.after.format(n=f"{volume:,.0f}") for volume in volumes)),
        rows=tuple(
            (each.strategy, once(each), money(each.per_1000), _paid_back(each, decision),
             *(money(_paid(each, volume)) for volume in volumes))
            for each in shown
        ),
        spec=themed(chart.properties(width=WIDTH - 90, height=170)),
    )  # fmt: skip


def _paid(candidate: Candidate, queries: float) -> float:
    return candidate.once + candidate.per_1000 / 1000 * queries


def _paid_back(candidate: Candidate, decision: Decision) -> str:
    t = words("report").paid_back
    if candidate.strategy == decision.incumbent:
        return str(t.incumbent)
    at = candidate.break_even_queries
    if not candidate.break_even_known:
        return str(t.not_known)
    return str(t.never if at is None else t.at_once if at < 1 else t.after.format(n=f"{at:,.0f}"))


def _volumes(decision: Decision) -> list[float]:
    """Return numbers of queries, evenly in their logarithm, up to a year's use and all break-even points."""
    marks = [each.break_even_queries for each in decision.candidates if each.break_even_queries]
    most = max([1e5, 12 * decision.queries_per_month, *(3 * mark for mark in marks)])
    decades = math.log10(min(most, 1e10)) - 2
    steps = max(2, round(decades * _PER_DECADE))
    return [10 ** (2 + decades * i / steps) for i in range(steps + 1)]

"""A forest plot: differences from the incumbent with their intervals."""

from __future__ import annotations

import altair as alt

from harness.deciding.records import Decision
from harness.deciding.wording import points
from reports import theme
from reports._language import words
from reports.charts._parts import (
    GROUND,
    ROW,
    SOFT,
    WIDTH,
    on_rows,
    short_names,
    shorten,
    themed,
)
from reports.drawing import Figure
from reports.page_text import harmless


def differences(decision: Decision) -> Figure | None:
    """A forest plot: every strategy's mean difference from the incumbent, the accepted margin shaded."""
    t = words("report").charts.differences
    rows = [each for each in decision.candidates if each.strategy != decision.incumbent]
    if not rows:
        return None
    names = short_names([each.strategy for each in rows])
    data = [
        {"name": names[each.strategy], "low": 100 * each.ci_low, "high": 100 * each.ci_high,
         "value": 100 * each.difference, "proven": each.differs(decision.limits.alpha)}
        for each in rows
    ]  # fmt: skip
    margin = 100 * decision.limits.max_forgetting
    y = alt.Y("name:N", sort=list(names.values()), title=None)
    base = on_rows(data)
    band = on_rows([{"from": -margin, "to": margin}]).mark_rect(color=theme.light("margin"))
    zero = on_rows([{"at": 0}]).mark_rule(color=SOFT)
    colour = alt.condition("datum.proven", alt.value(theme.light("accent")), alt.value(SOFT))
    inside = alt.condition("datum.proven", alt.value(theme.light("accent")), alt.value(GROUND))
    point = base.mark_point(size=70, opacity=1, strokeWidth=2)
    chart = alt.layer(
        band.encode(x=alt.X("from:Q", title=t.x.format(incumbent=shorten(decision.incumbent))), x2="to:Q"),
        zero.encode(x="at:Q"),
        base.mark_rule(strokeWidth=2).encode(y=y, x="low:Q", x2="high:Q", color=colour),
        point.encode(y=y, x="value:Q", stroke=colour, fill=inside),
    ).properties(width=WIDTH, height=ROW * len(rows))
    return Figure(
        name="differences",
        title=t.title.format(incumbent=harmless(decision.incumbent)),
        text=t.text.format(margin=f"{margin:.1f}"),
        columns=tuple(t.columns),
        rows=tuple(
            (
                each.strategy,
                points(each.difference),
                f"{points(each.ci_low)} {words('report').to} {points(each.ci_high)}",
            )
            for each in rows
        ),
        spec=themed(chart),
    )

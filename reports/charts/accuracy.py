"""Score against cost, with the frontier of significant improvements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

import altair as alt

from harness.deciding.records import Candidate, Decision
from harness.deciding.wording import money
from harness.traits import StrategyKind
from reports import theme
from reports._language import words
from reports.charts._parts import (
    GROUND,
    INK,
    WIDTH,
    on_rows,
    short_names,
    shorten,
    themed,
)
from reports.drawing import Figure
from reports.numbers import score

_KINDS = get_args(StrategyKind)

_SIDES = {
    "right": ("left", 8, 0),
    "left": ("right", -8, 0),
    "above": ("left", 5, -12),
    "below": ("left", 5, 12),
}
"""Where a point's name is placed: alignment and offset in pixels."""


def cost_of_accuracy(decision: Decision) -> Figure | None:
    """Score against cost; the line joins options significantly better than every cheaper one."""
    t = words("report").charts.cost
    if not decision.candidates:
        return None
    names = short_names([each.strategy for each in decision.candidates])
    costs = [each.per_1000 for each in decision.candidates]
    logarithmic = min(costs) > 0 and max(costs) / min(costs) > 8
    above = _label_side(decision.candidates, logarithmic)
    data = [
        {"name": names[each.strategy], "cost": each.per_1000, "score": 100 * each.mean, "kind": each.kind,
         "low": 100 * each.mean_low, "high": 100 * each.mean_high, "side": above[each.strategy]}
        for each in decision.candidates
    ]  # fmt: skip
    by_name = {each.strategy: each for each in decision.candidates}
    proven = [by_name[name] for name in decision.frontier]
    steps = [{"cost": each.per_1000, "score": 100 * each.mean} for each in proven]
    scale = (
        alt.Scale(type="log", nice=False, padding=24) if logarithmic else alt.Scale(zero=False, padding=24)
    )
    x = alt.X(
        "cost:Q",
        scale=scale,
        title=t.x.format(currency=decision.currency),
        axis=alt.Axis(tickCount=5, format="~g"),
    )
    y = alt.Y("score:Q", scale=alt.Scale(zero=False, padding=12), title=t.y)
    base = on_rows(data)
    kinds = alt.Color(
        "kind:N", scale=alt.Scale(domain=list(_KINDS), range=list(theme.SERIES[: len(_KINDS)])), legend=None
    )
    shapes = alt.Shape(
        "kind:N", scale=alt.Scale(domain=list(_KINDS), range=list(theme.SHAPES[: len(_KINDS)])), legend=None
    )
    line = on_rows(steps).mark_line(interpolate="step-after", color=INK, strokeDash=[4, 3])
    layers = [
        base.mark_rule(strokeWidth=1.5, opacity=0.7).encode(
            x=x, y=alt.Y("low:Q", title=t.y), y2="high:Q", color=kinds
        ),
        base.mark_point(filled=True, size=70, opacity=1).encode(x=x, y=y, color=kinds, shape=shapes),
        *(
            base.transform_filter(f"datum.side == '{side}'")
            .mark_text(align=align, dx=dx, dy=dy, **paint)
            .encode(x=x, y=y, text="name:N")
            for side, (align, dx, dy) in _SIDES.items()
            for paint in ({"color": GROUND, "stroke": GROUND, "strokeWidth": 4}, {"color": INK})
        ),
    ]
    chart = alt.layer(*([line.encode(x=x, y=y)] if len(steps) > 1 else []), *layers)
    return Figure(
        name="cost-of-accuracy",
        title=t.title,
        text=t.text if len(proven) > 1 else t.alone,
        columns=tuple(t.columns),
        rows=tuple(
            (each.strategy, vars(words("report").kinds)[each.kind], score(each.mean),
             f"{score(each.mean_low)} {words('report').to} {score(each.mean_high)}", money(each.per_1000),
             t.on_line if each.strategy in decision.frontier else "")
            for each in decision.candidates
        ),
        spec=themed(chart.properties(width=WIDTH, height=170)),
    )  # fmt: skip


def _label_side(candidates: Sequence[Candidate], logarithmic: bool) -> dict[str, str]:
    """Return the side of each point on which its name overlaps the fewest other points and names.

    Places are in the chart's pixels, as far as they can be known before it is drawn.
    """

    def scaled(values: list[float], length: float) -> list[float]:
        low, high = min(values), max(values)
        return [length * (value - low) / (high - low or 1.0) for value in values]

    costs = [math.log(c.per_1000) if logarithmic else c.per_1000 for c in candidates]
    bounds = [c.mean_low for c in candidates] + [c.mean_high for c in candidates]
    xs = scaled(costs, 0.85 * WIDTH)
    ys = [-y for y in scaled([*(c.mean for c in candidates), *bounds], 150)][: len(candidates)]
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in zip(xs, ys, strict=True)]
    found = {}
    for candidate, x, y in zip(candidates, xs, ys, strict=True):
        wide = 6.2 * len(shorten(candidate.strategy))
        boxes = {}
        for side, (align, dx, dy) in _SIDES.items():
            left = x + dx - (wide if align == "right" else 0)
            boxes[side] = (left, y + dy - 6, left + wide, y + dy + 6)
        best = min(boxes, key=lambda side: sum(_meet(boxes[side], other) for other in taken))
        taken.append(boxes[best])
        found[candidate.strategy] = best
    return found


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

"""A heat map of the changes on the retention tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from harness.analysis.findings import Contrast
from harness.deciding.wording import points
from reports import theme
from reports._language import words
from reports.charts._parts import (
    GROUND,
    INK,
    ROW,
    SOFT,
    WIDTH,
    named_axis,
    on_rows,
    short_names,
    themed,
)
from reports.drawing import Figure
from reports.page_text import harmless

_HATCH = (
    (0.0, 0.5, 0.25, 0.0),
    (0.0, 1.0, 0.5, 0.0),
    (0.25, 1.0, 0.75, 0.0),
    (0.5, 1.0, 1.0, 0.0),
    (0.75, 1.0, 1.0, 0.5),
)
"""Lines through a cell of width and height 1: from x, y to x, y."""


def kept(forgetting: Sequence[Contrast]) -> Figure | None:
    """A heat map: retention task by strategy, hatched where no change is significant."""
    t = words("report").charts.kept
    if not forgetting:
        return None
    tasks = list(dict.fromkeys(each.task for each in forgetting))
    strategies = list(dict.fromkeys(each.strategy for each in forgetting))
    names, labels = short_names(_without_suite(tasks)), short_names(strategies)
    names = dict(zip(tasks, names.values(), strict=True))
    cells: list[dict[str, Any]] = [
        {"x": strategies.index(each.strategy), "y": tasks.index(each.task), "text": points(each.difference),
         "fill": _shade(each.difference), "open": each.ci_low <= 0 <= each.ci_high}
        for each in forgetting
    ]  # fmt: skip
    wide = WIDTH / max(4, len(strategies))
    turned = max(map(len, labels.values())) * 6 > wide
    heads = named_axis([labels[name] for name in strategies], orient="top", labelAngle=-35 if turned else 0)
    sides = named_axis([names[name] for name in tasks])
    x = alt.X("x:Q", axis=heads, scale=alt.Scale(domain=[0, len(strategies)], nice=False))
    y = alt.Y("y:Q", axis=sides, scale=alt.Scale(domain=[len(tasks), 0], nice=False))
    base = on_rows(cells).transform_calculate(
        right="datum.x + 1", below="datum.y + 1", middle="datum.x + 0.5", centre="datum.y + 0.5"
    )
    fill = alt.Color("fill:N", scale=None)
    hatches = [
        {"x": cell["x"] + a, "y": cell["y"] + b, "right": cell["x"] + c, "below": cell["y"] + d}
        for cell in cells
        if cell["open"]
        for a, b, c, d in _HATCH
    ]
    hatch = on_rows(hatches).mark_rule(color=SOFT, opacity=0.55, strokeWidth=1)
    chart = alt.layer(
        base.mark_rect(stroke=GROUND, strokeWidth=2).encode(x=x, x2="right:Q", y=y, y2="below:Q", color=fill),
        hatch.encode(x=x, x2="right:Q", y=y, y2="below:Q"),
        base.mark_text(color=INK, fontWeight=600).encode(
            x=alt.X("middle:Q", axis=heads), y=alt.Y("centre:Q", axis=sides), text="text:N"
        ),
    ).properties(width=wide * len(strategies), height=1.25 * ROW * len(tasks))
    return Figure(
        name="kept",
        title=t.title,
        text=t.text.format(base=harmless(", ".join(dict.fromkeys(each.reference for each in forgetting)))),
        columns=tuple(t.columns),
        rows=tuple(
            (each.task, each.strategy, points(each.difference),
             f"{points(each.ci_low)} {words('report').to} {points(each.ci_high)}")
            for each in forgetting
        ),
        spec=themed(chart),
    )  # fmt: skip


def _shade(difference: float) -> str:
    """Return the colour of a change: none below 2 points, strong from 10 on."""
    if abs(difference) < 0.02:
        return theme.light("panel")
    side = "gain" if difference > 0 else "loss"
    return theme.light(f"{side}-{2 if abs(difference) >= 0.1 else 1}")


def _without_suite(tasks: Sequence[str]) -> list[str]:
    """Return the names without the suite, where all are of one."""
    suites = {task.rpartition("/")[0] for task in tasks}
    return [task.rpartition("/")[2] for task in tasks] if len(suites) == 1 else list(tasks)

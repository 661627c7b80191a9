"""Training curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import altair as alt

from reports._language import words
from reports.charts._parts import (
    WIDTH,
    line_styles,
    on_rows,
    short_names,
    themed,
)
from reports.drawing import Figure

_MOST_POINTS = 200


def losses(name: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> Figure | None:
    """Loss by training step, a line each; NaN and infinite points are left out."""
    t = words("report").charts.losses
    finite = {key: [p for p in found if all(map(math.isfinite, p))] for key, found in series.items()}
    labels = short_names(key for key, found in finite.items() if found)
    drawn = {labels[key]: _thinned(found) for key, found in finite.items() if found}
    if not drawn:
        return None
    data = [{"name": key, "step": x, "loss": y} for key, found in drawn.items() for x, y in found]
    legend = alt.Legend(title=None, orient="top", symbolType="stroke", symbolSize=300, symbolStrokeWidth=2)
    chart = (
        on_rows(data)
        .mark_line(strokeWidth=2, point=len(data) < 40)
        .encode(
            x=alt.X("step:Q", title=t.x),
            y=alt.Y("loss:Q", title=t.y, scale=alt.Scale(zero=False)),
            **line_styles(list(drawn), legend),
        )
    )
    return Figure(
        name=name,
        title=t.title,
        text=t.text,
        columns=tuple(t.columns),
        rows=tuple(
            (key, f"{len(found):,}", f"{found[0][1]:.3g}", f"{min(y for _, y in found):.3g}",
             f"{found[-1][1]:.3g}")
            for key, found in drawn.items()
        ),
        spec=themed(chart.properties(width=WIDTH, height=150)),
    )  # fmt: skip


def _thinned(found: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep evenly spaced points, the first and the last among them; more cannot be told apart."""
    if len(found) <= _MOST_POINTS:
        return list(found)
    step = (len(found) - 1) / (_MOST_POINTS - 1)
    return [found[round(index * step)] for index in range(_MOST_POINTS)]

"""The charts of a report, as Altair specifications: numbers of the run in, figures out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from harness.analysis.findings import Contrast
from harness.deciding.records import Candidate, Decision
from harness.deciding.wording import money, points
from reports import theme
from reports._language import words
from reports._text import harmless, score
from reports.drawing import Figure

WIDTH = 350
ROW = 24
INK, SOFT, LINE, GROUND = (theme.light(name) for name in ("ink", "soft", "line", "ground"))
_LONGEST_NAME = 22
_RESERVED = {"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString",
             "toString", "valueOf", "__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__",
             "__lookupSetter__"}  # fmt: skip
"""Names that the renderer takes for those of every JavaScript object."""
_PER_DECADE = 8
_KINDS = ("prompt", "retrieve", "fine-tune", "combine")


def page_one(decision: Decision, forgetting: Sequence[Contrast]) -> list[Figure]:
    """Return the charts of the first page, those that have something to show."""
    found = [differences(decision), cost_of_accuracy(decision), break_even(decision), kept(forgetting)]
    return [figure for figure in found if figure]


def differences(decision: Decision) -> Figure | None:
    """A forest plot: every strategy's mean difference from the incumbent, the accepted margin shaded."""
    t = words("report").charts.differences
    rows = [each for each in decision.candidates if each.strategy != decision.incumbent]
    if not rows:
        return None
    names = _short([each.strategy for each in rows])
    data = [
        {"name": names[each.strategy], "low": 100 * each.ci_low, "high": 100 * each.ci_high,
         "value": 100 * each.difference, "proven": each.p_holm < decision.limits.alpha and not each.excluded}
        for each in rows
    ]  # fmt: skip
    margin = 100 * decision.limits.max_forgetting
    y = alt.Y("name:N", sort=list(names.values()), title=None)
    base = _on(data)
    band = _on([{"from": -margin, "to": margin}]).mark_rect(color=theme.light("margin"))
    zero = _on([{"at": 0}]).mark_rule(color=SOFT)
    colour = alt.condition("datum.proven", alt.value(theme.light("accent")), alt.value(SOFT))
    inside = alt.condition("datum.proven", alt.value(theme.light("accent")), alt.value(GROUND))
    point = base.mark_point(size=70, opacity=1, strokeWidth=2)
    chart = alt.layer(
        band.encode(x=alt.X("from:Q", title=t.x.format(incumbent=_shorten(decision.incumbent))), x2="to:Q"),
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
            (each.strategy, points(each.difference), f"{points(each.ci_low)} to {points(each.ci_high)}")
            for each in rows
        ),
        spec=_themed(chart),
    )


def cost_of_accuracy(decision: Decision) -> Figure | None:
    """Score against cost; the line joins what is proven better than all that is cheaper."""
    t = words("report").charts.cost
    if not decision.candidates:
        return None
    names = _short([each.strategy for each in decision.candidates])
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
    base = _on(data)
    kinds = alt.Color(
        "kind:N", scale=alt.Scale(domain=list(_KINDS), range=list(theme.SERIES[:4])), legend=None
    )
    shapes = alt.Shape(
        "kind:N", scale=alt.Scale(domain=list(_KINDS), range=list(theme.SHAPES[:4])), legend=None
    )
    line = _on(steps).mark_line(interpolate="step-after", color=INK, strokeDash=[4, 3])
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
             f"{score(each.mean_low)} to {score(each.mean_high)}", money(each.per_1000),
             t.on_line if each.strategy in decision.frontier else "")
            for each in decision.candidates
        ),
        spec=_themed(chart.properties(width=WIDTH, height=170)),
    )  # fmt: skip


def break_even(decision: Decision) -> Figure | None:
    """Cumulative cost against queries, what is paid once included."""
    t = words("report").charts.break_even
    shown = [each for each in decision.candidates if each.once + each.per_1000 > 0]
    if not shown:
        return None
    names = _short([each.strategy for each in shown])
    at = _volumes(decision)
    data: list[dict[str, Any]] = [
        {"name": names[each.strategy], "queries": queries, "cost": _paid(each, queries)}
        for each in shown
        for queries in at
        if _paid(each, queries) > 0
    ]
    order = [names[each.strategy] for each in shown]
    n = len(theme.SERIES)
    colours = [theme.SERIES[i % n] for i in range(len(order))]
    dashes = [list(theme.DASHES[(i + i // n) % n]) for i in range(len(order))]
    logarithmic = alt.Scale(type="log", nice=False)
    x_axis = alt.Axis(format="~s", values=_decades(at))
    y_axis = alt.Axis(format="~g", values=_decades([row["cost"] for row in data]))
    legend = alt.Legend(title=None, orient="right", symbolSize=300, symbolStrokeWidth=2)
    colour = alt.Color("name:N", scale=alt.Scale(domain=order, range=colours), legend=legend)
    dash = alt.StrokeDash("name:N", scale=alt.Scale(domain=order, range=dashes), legend=legend)
    chart = (
        _on(data)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("queries:Q", scale=logarithmic, title=t.x, axis=x_axis),
            y=alt.Y("cost:Q", scale=logarithmic, title=decision.currency, axis=y_axis),
            color=colour,
            strokeDash=dash,
        )
    )
    volumes = [at[0], at[len(at) // 2], at[-1]]
    return Figure(
        name="break-even",
        title=t.title,
        text=t.text,
        columns=(*t.columns, *(t.after.format(n=f"{volume:,.0f}") for volume in volumes)),
        rows=tuple(
            (each.strategy, money(each.once), money(each.per_1000), _paid_back(each, decision),
             *(money(_paid(each, volume)) for volume in volumes))
            for each in shown
        ),
        spec=_themed(chart.properties(width=WIDTH - 90, height=170)),
    )  # fmt: skip


def kept(forgetting: Sequence[Contrast]) -> Figure | None:
    """A heat map of what was kept: retention task by strategy, hatched where nothing is proven."""
    t = words("report").charts.kept
    if not forgetting:
        return None
    tasks = list(dict.fromkeys(each.task for each in forgetting))
    strategies = list(dict.fromkeys(each.strategy for each in forgetting))
    names, labels = _short(_without_suite(tasks)), _short(strategies)
    names = dict(zip(tasks, names.values(), strict=True))
    cells: list[dict[str, Any]] = [
        {"x": strategies.index(each.strategy), "y": tasks.index(each.task), "text": points(each.difference),
         "fill": _shade(each.difference), "open": each.ci_low <= 0 <= each.ci_high}
        for each in forgetting
    ]  # fmt: skip
    wide = WIDTH / max(4, len(strategies))
    turned = max(map(len, labels.values())) * 6 > wide
    heads = _named_axis([labels[name] for name in strategies], orient="top", labelAngle=-35 if turned else 0)
    sides = _named_axis([names[name] for name in tasks])
    x = alt.X("x:Q", axis=heads, scale=alt.Scale(domain=[0, len(strategies)], nice=False))
    y = alt.Y("y:Q", axis=sides, scale=alt.Scale(domain=[len(tasks), 0], nice=False))
    base = _on(cells).transform_calculate(
        right="datum.x + 1", below="datum.y + 1", middle="datum.x + 0.5", centre="datum.y + 0.5"
    )
    fill = alt.Color("fill:N", scale=None)
    hatches = [
        {"x": cell["x"] + a, "y": cell["y"] + b, "right": cell["x"] + c, "below": cell["y"] + d}
        for cell in cells
        if cell["open"]
        for a, b, c, d in _HATCH
    ]
    hatch = _on(hatches).mark_rule(color=SOFT, opacity=0.55, strokeWidth=1)
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
        text=t.text.format(base=harmless(forgetting[0].reference)),
        columns=tuple(t.columns),
        rows=tuple(
            (each.task, each.strategy, points(each.difference),
             f"{points(each.ci_low)} to {points(each.ci_high)}")
            for each in forgetting
        ),
        spec=_themed(chart),
    )  # fmt: skip


def losses(name: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> Figure | None:
    """Loss by training step, a line each; points that are no number are left out."""
    t = words("report").charts.losses
    finite = {key: [p for p in found if all(map(math.isfinite, p))] for key, found in series.items()}
    labels = _short(key for key, found in finite.items() if found)
    drawn = {labels[key]: _thinned(found) for key, found in finite.items() if found}
    if not drawn:
        return None
    order = list(drawn)
    data = [{"name": key, "step": x, "loss": y} for key, found in drawn.items() for x, y in found]
    scale = alt.Scale(domain=order, range=[theme.SERIES[i % len(theme.SERIES)] for i in range(len(order))])
    dashes = alt.Scale(
        domain=order, range=[list(theme.DASHES[i % len(theme.DASHES)]) for i in range(len(order))]
    )
    legend = alt.Legend(title=None, orient="top", symbolSize=300, symbolStrokeWidth=2)
    chart = (
        _on(data)
        .mark_line(strokeWidth=2, point=len(data) < 40)
        .encode(
            x=alt.X("step:Q", title=t.x),
            y=alt.Y("loss:Q", title=t.y, scale=alt.Scale(zero=False)),
            color=alt.Color("name:N", scale=scale, legend=legend),
            strokeDash=alt.StrokeDash("name:N", scale=dashes, legend=legend),
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
        spec=_themed(chart.properties(width=WIDTH, height=150)),
    )  # fmt: skip


# --- What the charts share ---

_HATCH = (
    (0.0, 0.5, 0.25, 0.0),
    (0.0, 1.0, 0.5, 0.0),
    (0.25, 1.0, 0.75, 0.0),
    (0.5, 1.0, 1.0, 0.0),
    (0.75, 1.0, 1.0, 0.5),
)
"""Lines through a cell of width and height 1: from x, y to x, y."""
_MOST_POINTS = 200


def _on(rows: list[dict[str, Any]]) -> Any:
    """Return a chart over rows of values."""
    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]


_SIDES = {
    "right": ("left", 8, 0),
    "left": ("right", -8, 0),
    "above": ("left", 5, -12),
    "below": ("left", 5, 12),
}
"""Where a point's name stands: alignment and offset in pixels."""


def _label_side(candidates: Sequence[Candidate], logarithmic: bool) -> dict[str, str]:
    """Return the side of each point on which its name meets the fewest other points and names.

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
        wide = 6.2 * len(_shorten(candidate.strategy))
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


def _thinned(found: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep evenly spaced points, the first and the last among them; more cannot be told apart."""
    if len(found) <= _MOST_POINTS:
        return list(found)
    step = (len(found) - 1) / (_MOST_POINTS - 1)
    return [found[round(index * step)] for index in range(_MOST_POINTS)]


def _shade(difference: float) -> str:
    """Return the colour of a change: none below 2 points, strong from 10 on."""
    if abs(difference) < 0.02:
        return theme.light("panel")
    side = "gain" if difference > 0 else "loss"
    return theme.light(f"{side}-{2 if abs(difference) >= 0.1 else 1}")


def _paid(candidate: Candidate, queries: float) -> float:
    return candidate.once + candidate.per_1000 / 1000 * queries


def _paid_back(candidate: Candidate, decision: Decision) -> str:
    t = words("report").paid_back
    if candidate.strategy == decision.incumbent:
        return str(t.incumbent)
    at = candidate.break_even_queries
    return str(t.never if at is None else t.at_once if at == 0 else t.after.format(n=f"{at:,.0f}"))


def _volumes(decision: Decision) -> list[float]:
    """Return numbers of queries, evenly in their logarithm, up to a year's use and all break-even points."""
    marks = [each.break_even_queries for each in decision.candidates if each.break_even_queries]
    most = max([1e5, 12 * decision.queries_per_month, *(3 * mark for mark in marks)])
    decades = math.log10(min(most, 1e10)) - 2
    steps = max(2, round(decades * _PER_DECADE))
    return [10 ** (2 + decades * i / steps) for i in range(steps + 1)]


def _named_axis(names: Sequence[str], **options: Any) -> alt.Axis:
    """Return an axis whose unit steps from 0 on carry names."""
    return alt.Axis(
        values=[i + 0.5 for i in range(len(names))],
        labelExpr=f"{json.dumps(names)}[floor(datum.value)]",
        title=None, ticks=False, grid=False, domain=False, labelOverlap=False, **options,
    )  # fmt: skip


def _decades(values: Iterable[float]) -> list[float]:
    """Return the powers of ten within values above 0."""
    found = list(values)
    low, high = math.ceil(math.log10(min(found)) - 1e-9), math.floor(math.log10(max(found)) + 1e-9)
    return [10.0**power for power in range(low, high + 1)]


def _short(names: Iterable[str]) -> dict[str, str]:
    """Return names that fit beside a chart, each of them different."""
    found: dict[str, str] = {}
    for name in names:
        short = _shorten(name)
        number = 2
        while short in found.values():
            short = f"{_shorten(name)} ({number})"
            number += 1
        found[name] = short
    return found


def _without_suite(tasks: Sequence[str]) -> list[str]:
    """Return the names without the suite, where all are of one."""
    suites = {task.rpartition("/")[0] for task in tasks}
    return [task.rpartition("/")[2] for task in tasks] if len(suites) == 1 else list(tasks)


def _shorten(name: str) -> str:
    text = " ".join(str(harmless(name)).split())
    if text in _RESERVED:
        return f"{text}\N{NO-BREAK SPACE}"
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def _themed(chart: Any) -> dict[str, Any]:
    """Return the specification in the theme's fonts and colours, with harmless text."""
    axis = {
        "domainColor": SOFT, "gridColor": LINE, "tickColor": SOFT, "labelColor": INK, "titleColor": SOFT,
        "titleFontWeight": "normal", "labelFontSize": 11, "titleFontSize": 11, "labelLimit": 240,
    }  # fmt: skip
    spec: dict[str, Any] = (
        chart.configure(background="transparent", font="sans-serif", padding=4)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_text(fontSize=11)
        .configure_legend(labelColor=INK, labelFontSize=11, labelLimit=200)
    ).to_dict()
    cleaned: dict[str, Any] = _cleaned(spec)
    return cleaned


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {harmless(key): _cleaned(each) for key, each in value.items()}
    return [_cleaned(each) for each in value] if isinstance(value, list) else harmless(value)

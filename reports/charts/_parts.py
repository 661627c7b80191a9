"""What all charts share: sizes, colours, names that fit, axes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from reports import theme
from reports.page_text import harmless

WIDTH = 350
ROW = 24
INK, SOFT, LINE, GROUND = (theme.light(name) for name in ("ink", "soft", "line", "ground"))
_LONGEST_NAME = 22
_RESERVED = {"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString",
             "toString", "valueOf", "__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__",
             "__lookupSetter__"}  # fmt: skip
"""Names that the renderer takes for properties of every JavaScript object."""


def on_rows(rows: list[dict[str, Any]]) -> Any:
    """Return a chart over rows of values."""
    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return names that fit beside a chart, each of them different."""
    found: dict[str, str] = {}
    for name in names:
        short = shorten(name)
        number = 2
        while short in found.values():
            short = f"{shorten(name)} ({number})"
            number += 1
        found[name] = short
    return found


def shorten(name: str) -> str:
    """Return a name in one harmless line that fits beside a chart."""
    text = " ".join(str(harmless(name)).split())
    if text in _RESERVED:
        return f"{text}\N{NO-BREAK SPACE}"
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def line_styles(names: Sequence[str], legend: alt.Legend) -> dict[str, Any]:
    """Return the encodings that tell lines apart by colour and dash, in the order of their names."""
    n = len(theme.SERIES)
    colours = [theme.SERIES[i % n] for i in range(len(names))]
    dashes = [list(theme.DASHES[(i + i // n) % n]) for i in range(len(names))]
    return {
        "color": alt.Color("name:N", scale=alt.Scale(domain=list(names), range=colours), legend=legend),
        "strokeDash": alt.StrokeDash(
            "name:N", scale=alt.Scale(domain=list(names), range=dashes), legend=legend
        ),
    }


def named_axis(names: Sequence[str], **options: Any) -> alt.Axis:
    """Return an axis whose unit steps from 0 on carry names."""
    return alt.Axis(
        values=[i + 0.5 for i in range(len(names))],
        labelExpr=f"{json.dumps(names)}[floor(datum.value)]",
        title=None, ticks=False, grid=False, domain=False, labelOverlap=False, **options,
    )  # fmt: skip


def decades(values: Iterable[float]) -> list[float]:
    """Return the powers of ten between the smallest and the largest of positive values."""
    found = list(values)
    low, high = math.ceil(math.log10(min(found)) - 1e-9), math.floor(math.log10(max(found)) + 1e-9)
    return [10.0**power for power in range(low, high + 1)]


def themed(chart: Any) -> dict[str, Any]:
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
    ).to_dict(validate=False)  # vl-convert would report it; tests validate every chart
    cleaned: dict[str, Any] = _cleaned(spec)
    return cleaned


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {harmless(key): _cleaned(each) for key, each in value.items()}
    return [_cleaned(each) for each in value] if isinstance(value, list) else harmless(value)

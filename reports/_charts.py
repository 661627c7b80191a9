"""Geometry of the small static charts: numbers in, coordinates out; the template draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 10, 26
_LARGEST_SERIES = 200
"""More points than this cannot be told apart at the chart's width."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One series: ``path`` is the value of a polyline's points, ``last`` the last y value."""

    name: str
    path: str
    last: float
    end: Point


@dataclass(frozen=True)
class Chart:
    """A line chart in a box of ``WIDTH`` by ``HEIGHT`` units; the ticks are positions with their labels."""

    title: str
    lines: tuple[Line, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_label: str


@dataclass(frozen=True)
class Whisker:
    """An interval with its centre on a scale that is symmetric about 0; all in per cent of the width."""

    low: float
    centre: float
    high: float


def line_chart(title: str, x_label: str, series: Sequence[tuple[str, Sequence[Point]]]) -> Chart | None:
    """Lay out named series of ``(x, y)``; returns None where no series has a finite point."""
    finite = [(name, _thinned([p for p in points if all(map(math.isfinite, p))])) for name, points in series]
    drawn = [(name, points) for name, points in finite if points]
    if not drawn:
        return None
    xs = [x for _, points in drawn for x, _ in points]
    ys = [y for _, points in drawn for _, y in points]
    x_low, x_high = min(xs), max(xs)
    y_low, y_high = min(ys), max(ys)

    def place(point: Point) -> Point:
        x = _LEFT + _share(point[0], x_low, x_high) * (WIDTH - _LEFT - _RIGHT)
        y = HEIGHT - _BOTTOM - _share(point[1], y_low, y_high) * (HEIGHT - _TOP - _BOTTOM)
        return round(x, 1), round(y, 1)

    lines = []
    for name, points in drawn:
        placed = [place(point) for point in points]
        path = " ".join(f"{x},{y}" for x, y in placed)
        lines.append(Line(name=name, path=path, last=points[-1][1], end=placed[-1]))
    return Chart(
        title=title,
        lines=tuple(lines),
        x_ticks=tuple((place((x, y_low))[0], f"{x:,.4g}") for x in sorted({x_low, x_high})),
        y_ticks=tuple((place((x_low, y))[1], f"{y:.3g}") for y in sorted({y_low, y_high})),
        x_label=x_label,
    )


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Keep evenly spaced points, the first and the last among them."""
    if len(points) <= _LARGEST_SERIES:
        return list(points)
    step = (len(points) - 1) / (_LARGEST_SERIES - 1)
    return [points[round(index * step)] for index in range(_LARGEST_SERIES)]


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5


def whisker(low: float, centre: float, high: float, reach: float) -> Whisker:
    """Place an interval on a scale from ``-reach`` to ``reach``; what lies beyond is drawn at its end."""

    def place(value: float) -> float:
        bounded = max(-1.0, min(1.0, value / reach)) if reach > 0 else 0.0
        return round(50 + 48 * bounded, 2)

    return Whisker(low=place(low), centre=place(centre), high=place(high))

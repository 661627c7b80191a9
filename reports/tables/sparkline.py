"""Geometry of the small lines of a history: numbers in, coordinates out; the template draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 120, 36
_MARGIN = 5


@dataclass(frozen=True)
class Dot:
    """One run's value."""

    x: float
    y: float


@dataclass(frozen=True)
class Stretch:
    """Comparable runs: ``line`` and ``band`` are the points of a polyline and a polygon."""

    dots: tuple[Dot, ...]
    line: str
    band: str


@dataclass(frozen=True)
class Value:
    """One run's part of the drawing: its place among ``n_runs``, and its score with its interval.

    ``joined`` says whether it can be compared with the value before.
    """

    run: int
    mean: float
    low: float
    high: float
    joined: bool


@dataclass(frozen=True)
class Spark:
    """A line over the runs, with a text for screen readers."""

    stretches: tuple[Stretch, ...]
    label: str
    width: int = WIDTH
    height: int = HEIGHT


def spark(values: Sequence[Value], n_runs: int, bounds: tuple[float, float], label: str) -> Spark:
    """Lay out values on a scale from the lower to the upper bound."""
    return Spark(sparkline(values, n_runs, *bounds), label)


def sparkline(values: Sequence[Value], n_runs: int, low: float, high: float) -> tuple[Stretch, ...]:
    """Lay out values on a scale from ``low`` to ``high``, in a box of ``WIDTH`` by ``HEIGHT`` units."""

    def x(run: int) -> float:
        return round(_MARGIN + (WIDTH - 2 * _MARGIN) * (run / (n_runs - 1) if n_runs > 1 else 0.5), 1)

    def y(score: float) -> float:
        share = (score - low) / (high - low) if high > low else 0.5
        return round(HEIGHT - _MARGIN - (HEIGHT - 2 * _MARGIN) * share, 1)

    stretches: list[list[Value]] = []
    for value in values:
        if stretches and value.joined:
            stretches[-1].append(value)
        else:
            stretches.append([value])
    return tuple(
        Stretch(
            dots=tuple(Dot(x(value.run), y(value.mean)) for value in stretch),
            line=" ".join(f"{x(value.run)},{y(value.mean)}" for value in stretch),
            band=" ".join(
                [f"{x(value.run)},{y(value.low)}" for value in stretch]
                + [f"{x(value.run)},{y(value.high)}" for value in reversed(stretch)]
            ),
        )
        for stretch in stretches
    )

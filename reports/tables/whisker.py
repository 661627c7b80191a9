"""The small interval drawings inside tables: numbers in, per cent of the width out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Whisker:
    """An interval with its centre on a scale that is symmetric about 0; all in per cent of the width."""

    low: float
    centre: float
    high: float


def whisker(low: float, centre: float, high: float, reach: float) -> Whisker:
    """Place an interval on a scale from ``-reach`` to ``reach``; what lies beyond is drawn at its end."""

    def place(value: float) -> float:
        bounded = max(-1.0, min(1.0, value / reach)) if reach > 0 else 0.0
        return round(50 + 48 * bounded, 2)

    return Whisker(low=place(low), centre=place(centre), high=place(high))

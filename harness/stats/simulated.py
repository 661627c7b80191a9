"""The power of the mean over several tasks, by simulation of the procedure that decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.stats.power import POWER, least_share, least_times
from harness.stats.single import Floats, t_quantile
from harness.stats.tango import tango_lower

if TYPE_CHECKING:
    from harness.stats.paired import Paired

Parts = Sequence[tuple[float, "Paired"]]
DRAWS = 1000
SEED = 20261
_MOST_ITEMS = 1_000_000
_STEPS = 10


def power_of_mean(parts: Parts, difference: float, alpha: float, factor: float = 1.0) -> float:
    """Return the chance that the weighted mean of several tasks shows a true difference.

    Every task has the same true difference, and its items differ as often as observed, or as the difference
    needs. The mean is shown where its interval (square and add) at ``alpha`` is above 0.

    Args:
        parts: Share and observations of each task; the shares sum to 1.
        difference: The true difference, above 0.0.
        alpha: Two-sided level, after any correction.
        factor: How many times as many items are asked.
    """
    generator = np.random.default_rng(SEED)
    mean, squares = np.zeros(DRAWS), np.zeros(DRAWS)
    for share, found in parts:
        if share > 0:
            estimates, lows = _drawn(found, difference, alpha, factor, generator)
            mean += share * estimates
            squares += (share * (estimates - lows)) ** 2
    return float((mean > np.sqrt(squares)).mean())


def detectable_mean(parts: Parts, alpha: float) -> float:
    """Return the least true mean difference that is shown with power 0.8, at most 1.0."""
    return least_share(lambda difference: power_of_mean(parts, difference, alpha) >= POWER, _STEPS)


def times_as_many(parts: Parts, n: int, difference: float, alpha: float) -> float | None:
    """Return how many times as many items than ``n`` show a true difference; None beyond a million items."""
    return least_times(
        lambda times: power_of_mean(parts, difference, alpha, times) >= POWER,
        most=_MOST_ITEMS / n,
        near=0.01,
        step=1 / n,
    )


def _drawn(
    found: Paired, difference: float, alpha: float, factor: float, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw estimates of one task with their lower bounds at ``alpha``, shape ``(DRAWS,)`` each."""
    units = max(1, round(found.n_clusters * factor))
    if found.method in ("tango", "no spread"):
        seen = (found.wins + found.losses) / found.n if found.method == "tango" else 0.0
        flips = min(1.0, max(seen, difference))
        wins, losses = (flips + difference) / 2, max(0.0, flips - difference) / 2
        drawn = generator.multinomial(units, [wins, losses, max(0.0, 1 - wins - losses)], size=DRAWS)
        pairs, at = np.unique(drawn[:, :2], axis=0, return_inverse=True)
        low = tango_lower(pairs[:, 0].astype(np.float64), pairs[:, 1].astype(np.float64), units, alpha)
        return (drawn[:, 0] - drawn[:, 1]) / units, low[at.reshape(-1)]
    df, error = found.spread(factor)
    estimates = difference + error * generator.standard_normal(DRAWS)
    errors = error * np.sqrt(generator.chisquare(df, DRAWS) / df)
    return estimates, np.maximum(estimates - t_quantile(1 - alpha / 2, df) * errors, -1.0)

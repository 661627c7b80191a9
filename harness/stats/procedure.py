"""The power of the very tests that a decision uses: exact where a formula holds, else by simulation.

A true difference must be put into figures before its power can be computed. It is put in so that it shows
least: of two models, one that keeps the share of items on which both sides differ and one that keeps the
share that is lost, the one with the larger spread is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.stats.power import POWER
from harness.stats.single import Floats, t_quantile
from harness.stats.tango import tango_lower

if TYPE_CHECKING:
    from harness.stats.paired import Paired

DRAWS = 1000
SEED = 20261
MOST_ITEMS = 1_000_000
_STEPS = 10


@lru_cache(maxsize=4096)
def mcnemar_power(n: int, wins: float, losses: float, alpha: float) -> float:
    """Return the chance that McNemar's exact test shows a gain.

    Args:
        n: Items.
        wins: Share of items that only the new one has right.
        losses: Share of items that only the old one has right.
        alpha: Two-sided level.
    """
    from scipy.special import bdtrc, gammaln

    flips = min(wins + losses, 1.0)
    if flips <= 0:
        return 0.0
    counts = np.arange(1, n + 1)
    if flips < 1:
        log_chance = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)
        chance = np.exp(log_chance + counts * math.log(flips) + (n - counts) * math.log1p(-flips))
    else:
        chance = (counts == n).astype(np.float64)
    least = _least_wins(n, alpha)[1:]
    shown = np.where(least <= counts, bdtrc(least - 1, counts, min(wins / flips, 1.0)), 0.0)
    return float(min(1.0, (chance * shown).sum()))


@lru_cache(maxsize=64)
def _least_wins(n: int, alpha: float) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return for 0 to ``n`` flips the least wins whose exact p-value is below ``alpha``, or flips + 1."""
    from scipy.special import bdtr

    least = np.zeros(n + 1, dtype=np.int64)
    losses = -1  # the most losses that are still significant; grows with the flips
    for flips in range(n + 1):
        while 2 * (losses + 1) < flips and 2 * float(bdtr(losses + 1, flips, 0.5)) < alpha:
            losses += 1
        while losses >= 0 and 2 * float(bdtr(losses, flips, 0.5)) >= alpha:
            losses -= 1
        least[flips] = flips - losses
    return least


def _flip_shares(difference: float, wins: float, losses: float) -> tuple[float, float]:
    """Return shares of wins and losses with a true difference, from those that were seen."""
    flips = min(1.0, max(wins + losses, difference + 2 * min(wins, losses), difference))
    return (flips + difference) / 2, (flips - difference) / 2


def power_of(found: Paired, difference: float, alpha: float, factor: float = 1.0) -> float:
    """Return the chance that the test of one task shows a true difference.

    Args:
        found: What was seen: it says how much items, clusters and seeds vary, and which test is used.
        difference: The true difference, above 0.0.
        alpha: Two-sided level, after any correction.
        factor: How many times as many items, alike those that were seen, are asked.
    """
    units = max(1, round(found.n_clusters * factor))
    if found.method == "tango":
        return mcnemar_power(
            units, *_flip_shares(difference, found.wins / found.n, found.losses / found.n), alpha
        )
    if found.method == "no spread":
        return mcnemar_power(units, difference, 0.0, alpha)
    from scipy.special import nctdtr

    df, error = _spread(found, factor)
    shown = 1 - float(nctdtr(df, difference / error, t_quantile(1 - alpha / 2, df)))
    if found.test != "sign flip":
        return shown
    # Signs of m units that differ have 2^m patterns, so the least p-value is 2^(1 - m).
    share = max(found.changed_units / found.n_clusters, min(difference, 1.0))
    return min(shown, mcnemar_power(units, share, 0.0, alpha))


def _spread(found: Paired, factor: float) -> tuple[float, float]:
    """Return degrees of freedom and standard error with so many times as many items."""
    items = found.item_variance / factor
    df_items = max(1.0, found.n_clusters * factor - 1)
    total = items + found.seed_variance
    if found.seed_variance == 0:
        return df_items, math.sqrt(total)
    seeds = found.seed_variance**2 / (found.n_seeds - 1)
    return total**2 / (seeds + items**2 / df_items), math.sqrt(total)


def power_of_mean(
    tasks: Sequence[tuple[float, Paired]], difference: float, alpha: float, factor: float = 1.0
) -> float:
    """Return the chance that the weighted mean of several tasks shows a true difference, by simulation.

    Every task has the same true difference. The mean is shown where its interval (square and add) at
    ``alpha`` is above 0.

    Args:
        tasks: Share and what was seen of each task; the shares sum to 1.
        difference: The true difference, above 0.0.
        alpha: Two-sided level, after any correction.
        factor: How many times as many items are asked.
    """
    parts = [(share, found) for share, found in tasks if share > 0]
    if len(parts) == 1:
        return power_of(parts[0][1], difference, alpha, factor)
    generator = np.random.default_rng(SEED)
    mean, squares = np.zeros(DRAWS), np.zeros(DRAWS)
    for share, found in parts:
        estimates, lows = _drawn(found, difference, alpha, factor, generator)
        mean += share * estimates
        squares += (share * (estimates - lows)) ** 2
    return float((mean > np.sqrt(squares)).mean())


def _drawn(
    found: Paired, difference: float, alpha: float, factor: float, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw estimates with their lower bounds at ``alpha``, shape ``(DRAWS,)`` each."""
    units = max(1, round(found.n_clusters * factor))
    if found.method in ("tango", "no spread"):
        seen = (found.wins / found.n, found.losses / found.n) if found.method == "tango" else (0.0, 0.0)
        wins, losses = _flip_shares(difference, *seen)
        drawn = generator.multinomial(units, [wins, losses, max(0.0, 1 - wins - losses)], size=DRAWS)
        pairs, at = np.unique(drawn[:, :2], axis=0, return_inverse=True)
        low = tango_lower(pairs[:, 0].astype(np.float64), pairs[:, 1].astype(np.float64), units, alpha)
        return (drawn[:, 0] - drawn[:, 1]) / units, low[at.reshape(-1)]
    df, error = _spread(found, factor)
    estimates = difference + error * generator.standard_normal(DRAWS)
    errors = error * np.sqrt(generator.chisquare(df, DRAWS) / df)
    return estimates, np.maximum(estimates - t_quantile(1 - alpha / 2, df) * errors, -1.0)


def least_difference(power: Callable[[float], float], wanted: float = POWER) -> float:
    """Return the least true difference with the wanted power, by bisection; 1.0 where none below has it."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    return high


def least_factor(power: Callable[[float], float], n: int, wanted: float = POWER) -> float | None:
    """Return how many times as many items have the wanted power, to 1 %; None beyond a million."""
    low, high = 0.0, 1.0
    while power(high) < wanted:
        low, high = high, 2 * high
        if high * n > MOST_ITEMS:
            return None
    for _ in range(40):
        if (high - low) * n <= max(1.0, 0.01 * high * n):
            break
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    return high

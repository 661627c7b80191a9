"""Paired proportions: Tango's score interval and McNemar's exact test.

Only the items on which the two differ carry information: ``wins``, which only the new one has right, and
``losses``, which only the old one has right, among ``n``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from harness.stats.single import Floats, normal_quantile

_BISECTIONS = 60
_ROUGH_BISECTIONS = 21


@lru_cache(maxsize=8192)
def tango_interval(wins: int, losses: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """Return Tango's score interval of a paired difference of proportions, ``(wins - losses) / n``.

    Source: Tango, Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design, 1998; solved by bisection, exact to 1e-15.

    Args:
        wins: Items that only the new one has right.
        losses: Items that only the old one has right.
        n: All items.
        alpha: 1 - coverage.

    Raises:
        ValueError: ``n`` is 0, or there are more wins and losses than items.
    """
    if n < 1 or min(wins, losses) < 0 or wins + losses > n:
        raise ValueError(f"no interval for {wins} wins and {losses} losses among {n}")
    low, high = tango_bounds(wins, losses, n, alpha)
    return float(low), float(high)


def tango_bounds(wins: Any, losses: Any, n: Any, alpha: float = 0.05) -> tuple[Floats, Floats]:
    """Return Tango's bounds for many tables at once; see `tango_interval`.

    Args:
        wins: Items that only the new one has right; a number or an array, as the next two.
        losses: Items that only the old one has right.
        n: All items.
        alpha: 1 - coverage.

    Returns:
        The lower and the upper bounds in the shape of the counts.
    """
    b, c, total = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (wins, losses, n)))
    z = normal_quantile(1 - alpha / 2)
    estimate = (b - c) / total
    ones = np.ones_like(estimate)
    low = _crossing(b, c, total, z, -ones, estimate)
    high = _crossing(b, c, total, -z, estimate, ones)
    return np.where(c == total, -1.0, low), np.where(b == total, 1.0, high)


def tango_lower(wins: Floats, losses: Floats, n: int, alpha: float) -> Floats:
    """Return Tango's lower bounds of many tables of ``n`` items to 1e-6, for simulations."""
    b, c, total = np.broadcast_arrays(wins, losses, np.float64(n))
    z = normal_quantile(1 - alpha / 2)
    low = _crossing(b, c, total, z, -np.ones(b.shape), (b - c) / n, _ROUGH_BISECTIONS)
    return np.where(c == total, -1.0, low)


def _crossing(
    b: Floats, c: Floats, n: Floats, z: float, low: Floats, high: Floats, steps: int = _BISECTIONS
) -> Floats:
    """Return where the score statistic, which falls in the difference, passes ``z``."""
    for _ in range(steps):
        middle = (low + high) / 2
        above = _statistic(middle, b, c, n) > z
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def _statistic(difference: Floats, b: Floats, c: Floats, n: Floats) -> Floats:
    """Tango's T; ``loss_rate`` is the likelihood's maximum for the losses under the difference."""
    linear = -b - c + (2 * n - b + c) * difference
    constant = -c * difference * (1 - difference)
    loss_rate = (np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
    variance = n * (2 * loss_rate + difference * (1 - difference))
    gap = b - c - n * difference
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 0, gap / np.sqrt(variance), np.copysign(np.inf, gap))


def mcnemar_p(wins: int, losses: int) -> float:
    """Return the exact two-sided p-value that wins and losses are equally likely.

    Source: McNemar, Note on the sampling error of the difference between correlated proportions, 1947, with
    the binomial distribution in place of its approximation.

    Raises:
        ValueError: A count is negative.
    """
    from scipy.special import bdtr

    if min(wins, losses) < 0:
        raise ValueError(f"no test for {wins} wins and {losses} losses")
    flips = wins + losses
    return min(1.0, 2 * float(bdtr(min(wins, losses), flips, 0.5))) if flips else 1.0

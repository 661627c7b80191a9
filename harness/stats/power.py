"""What a number of items can show, and how many are needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from harness.stats.single import normal_quantile

POWER = 0.8
_BISECTIONS = 20
_SUMMED_ITEMS = 2_000
"""Up to this many items the exact test is summed; beyond, the formula is within 0.3 % of them."""


def mcnemar_power(difference: float, flips: float, n: int, alpha: float = 0.05) -> float:
    """Return the chance that McNemar's exact test finds a true difference: summed over all possible outcomes.

    Args:
        difference: True difference of two proportions, new - old.
        flips: Share of items on which the two differ, 0.0 to 1.0; at least the size of the difference.
        n: Items.
        alpha: Two-sided level.
    """
    flips = min(1.0, max(flips, abs(difference)))
    if n < 1 or flips == 0.0:
        return 0.0
    spread = 8 * math.sqrt(n * flips * (1 - flips)) + 8
    differing = np.arange(max(1, math.floor(n * flips - spread)), min(n, math.ceil(n * flips + spread)) + 1)
    most = _most_of_the_rarer(differing, alpha)
    wins = (flips + abs(difference)) / (2 * flips)
    rejects = _binomial_cdf(most, differing, wins) + _binomial_cdf(most, differing, 1 - wins)
    return float((_binomial_pmf(differing, n, flips) * rejects).sum())


def _most_of_the_rarer(differing: Any, alpha: float) -> Any:
    """Return the most items on the rarer side at which McNemar's test rejects; -1 where it never does."""
    from scipy.special import bdtrik

    most = np.floor(bdtrik(alpha / 2, differing, 0.5)) + 1
    for _ in range(2):  # the inverse is exact to rounding: at most one too many
        most = np.where(2 * _binomial_cdf(most, differing, 0.5) < alpha, most, most - 1)
    return np.maximum(np.nan_to_num(most, nan=-1.0), -1.0)


def _binomial_cdf(successes: Any, n: Any, share: float) -> Any:
    from scipy.special import bdtr

    return np.where(successes < 0, 0.0, bdtr(np.clip(successes, 0, n), n, share))


def _binomial_pmf(successes: Any, n: int, share: float) -> Any:
    from scipy.special import gammaln, xlog1py, xlogy

    others = n - successes
    ways = gammaln(n + 1) - gammaln(successes + 1) - gammaln(others + 1)
    return np.exp(ways + xlogy(successes, share) + xlog1py(others, -share))


def mcnemar_detectable(flips: float, n: int, alpha: float = 0.05, power: float = POWER) -> float:
    """Return the least true difference that McNemar's exact test finds with the given power, at most 1.0.

    Args:
        flips: Share of items on which the two differ; a larger difference needs more, and is given it.
        n: Items.
        alpha: Two-sided level.
        power: Chance of finding it.
    """
    if mcnemar_power(1.0, 1.0, n, alpha) < power:
        return 1.0
    return least_share(lambda share: mcnemar_power(share, flips, n, alpha) >= power, _BISECTIONS)


def least_share(enough: Callable[[float], bool], steps: int) -> float:
    """Return the least share of 0.0 to 1.0 that is enough, by bisection to 2^-``steps``; at most 1.0."""
    low, high = 0.0, 1.0
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def least_times(
    enough: Callable[[float], bool],
    least: float = 0.0,
    most: float = 4096.0,
    near: float = 0.05,
    step: float = 0.0,
) -> float | None:
    """Return how many times as many items are enough; None where more than ``most`` times are needed.

    Args:
        enough: Whether this many times as many are.
        least: A number known not to be enough.
        most: The number at which doubling stops.
        near: How near the answer must be, as a share of it.
        step: How near is near enough anyway, such as that of a single item.
    """
    low, high = least, max(1.0, 2 * least)
    while not enough(high):
        low, high = high, 2 * high
        if high > most:
            return None
    while high - low > max(step, near * high):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def mcnemar_items(difference: float, flips: float, alpha: float = 0.05, power: float = POWER) -> int | None:
    """Return from how many items on McNemar's exact test finds a true difference; None for a difference of 0.

    Power goes up and down with the number of items, as the test is discrete; from here on it stays above,
    for a tenth more items at least. Large numbers come from the normal formula with a continuity
    correction, which is close to the exact test there.
    """
    if difference == 0:
        return None
    size, flips = abs(difference), min(1.0, max(flips, abs(difference)))
    z = normal_quantile(1 - alpha / 2) * math.sqrt(flips)
    z += normal_quantile(power) * math.sqrt(max(flips - size**2, 0.0))
    rough = (z / size) ** 2
    told = math.ceil(rough / 4 * (1 + math.sqrt(1 + 4 / (rough * size))) ** 2)
    if told > _SUMMED_ITEMS:
        return told

    def enough(n: int) -> bool:
        return mcnemar_power(difference, flips, n, alpha) >= power

    high = 4
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    ahead = range(high, high + max(8, high // 10))
    return next((n + 1 for n in reversed(ahead) if not enough(n)), high)

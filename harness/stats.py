"""Intervals for scores in [0, 1]: pure functions over per-item values, which are independent items.

Every interval is two-sided with coverage ``1 - alpha`` and stays inside the range that is possible. Where
the items show no spread at all, an interval of width zero would claim too much: there the bounds allow for
the share ``z^2 / (n + z^2)`` of unseen items to be as far off as can be, which is what the score intervals
of Wilson and Tango give in that case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
_BISECTIONS = 60


@dataclass(frozen=True)
class Difference:
    """A mean paired difference ``new - old`` over ``n`` items with its interval, all in [-1, 1].

    ``method`` is ``tango`` for binary scores, ``t`` for others, ``no spread`` where all differences that are
    not binary tie or there is but one.
    """

    estimate: float
    low: float
    high: float
    n: int
    method: Literal["tango", "t", "no spread"]


def interval(values: Sequence[float], alpha: float = 0.05) -> tuple[float, float]:
    """Return the interval of a mean score: Wilson's where all values are 0 or 1, else the t interval.

    Raises:
        ValueError: There are no values, or one is not in [0, 1].
    """
    if _are_binary(values):
        return wilson_interval(round(sum(values)), len(values), alpha)
    return mean_interval(values, alpha)


def wilson_interval(successes: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion.

    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.

    Raises:
        ValueError: ``n`` is 0, or ``successes`` is not between 0 and ``n``.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"no interval for {successes} successes among {n}")
    z = _normal_quantile(alpha)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return low, high


def mean_interval(values: Sequence[float], alpha: float = 0.05) -> tuple[float, float]:
    """Return Student's t interval of the mean of scores, cut to [0, 1].

    One value alone tells nothing of the mean: its interval is all of [0, 1].

    Raises:
        ValueError: There are no values, or one is not in [0, 1].
    """
    return _t_interval(_checked(values), 0.0, alpha)


def paired_difference(new: Sequence[float], old: Sequence[float], alpha: float = 0.05) -> Difference:
    """Return the mean of ``new - old`` over the same items, in the same order, with its interval.

    Tango's score interval where all scores are 0 or 1, else the t interval of the differences.

    Raises:
        ValueError: There are no items, the lengths differ, or a score is not in [0, 1].
    """
    if len(new) != len(old):
        raise ValueError(f"{len(new)} new scores cannot be paired with {len(old)} old ones")
    differences = _checked(new) - _checked(old)
    n, estimate = len(differences), float(differences.mean())
    if _are_binary(new) and _are_binary(old):
        wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
        return Difference(estimate, *tango_interval(wins, losses, n, alpha), n, "tango")
    low, high = _t_interval(differences, -1.0, alpha)
    return Difference(estimate, low, high, n, "t" if _has_spread(differences) else "no spread")


def tango_interval(wins: int, losses: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """Return Tango's score interval of a paired difference of proportions, ``(wins - losses) / n``.

    Source: Tango, Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design, 1998; solved by bisection, exact to 1e-15.

    Args:
        wins: Items that only the new one has right.
        losses: Items that only the old one has right.
        n: All items.
        alpha: One less the coverage.

    Raises:
        ValueError: ``n`` is 0, or there are more wins and losses than items.
    """
    if n < 1 or min(wins, losses) < 0 or wins + losses > n:
        raise ValueError(f"no interval for {wins} wins and {losses} losses among {n}")
    z = _normal_quantile(alpha)

    def statistic(difference: float) -> float:
        a = 2 * n
        b = -wins - losses + (2 * n - wins + losses) * difference
        c = -losses * difference * (1 - difference)
        loss_rate = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
        variance = n * (2 * loss_rate + difference * (1 - difference))
        gap = wins - losses - n * difference
        return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap)

    estimate = (wins - losses) / n
    low = -1.0 if losses == n else _crossing(lambda d: statistic(d) > z, -1.0, estimate)
    high = 1.0 if wins == n else _crossing(lambda d: statistic(d) > -z, estimate, 1.0)
    return low, high


def _crossing(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Return where ``holds`` turns false between ``low``, where it is true, and ``high``."""
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return (low + high) / 2


def _t_interval(values: Floats, least: float, alpha: float) -> tuple[float, float]:
    """Return the interval of the mean of ``values``, which lie between ``least`` and 1."""
    from scipy.special import stdtrit

    n, mean = len(values), float(values.mean())
    if n == 1:
        return least, 1.0
    if not _has_spread(values):
        z = _normal_quantile(alpha)
        unseen = z * z / (n + z * z)
        return mean - unseen * (mean - least), mean + unseen * (1.0 - mean)
    half = float(stdtrit(n - 1, 1 - alpha / 2)) * float(values.std(ddof=1)) / math.sqrt(n)
    return max(mean - half, least), min(mean + half, 1.0)


def _checked(values: Sequence[float]) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError("there are no values")
    if not bool(np.all((array >= 0.0) & (array <= 1.0))):
        raise ValueError("a score is not in [0, 1]")
    return array


def _has_spread(values: Floats) -> bool:
    return bool(values.max() > values.min())


def _are_binary(values: Sequence[float]) -> bool:
    return len(values) > 0 and all(value in (0, 1) for value in values)


def _normal_quantile(alpha: float) -> float:
    return NormalDist().inv_cdf(1 - alpha / 2)

"""Intervals for the mean score of one strategy: pure functions over per-item values in [0, 1].

Every interval is two-sided with coverage ``1 - alpha`` and stays inside the possible range. Where
the items show no spread at all, an interval of width zero would claim too much: there the bounds allow for
the share ``z^2 / (n + z^2)`` of unseen items to be as far off as can be, which is what the score intervals
of Wilson and Tango give in that case.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]


def interval(values: Sequence[float], alpha: float = 0.05) -> tuple[float, float]:
    """Return the interval of a mean score: Wilson's where all values are 0 or 1, else the t interval.

    Raises:
        ValueError: There are no values, or one is not in [0, 1].
    """
    checked = checked_scores(values)
    if are_binary(checked):
        return wilson_interval(round(float(checked.sum())), len(checked), alpha)
    return mean_interval(values, alpha)


def wilson_interval(successes: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion.

    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.

    Raises:
        ValueError: ``n`` is 0, or ``successes`` is not between 0 and ``n``.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"no interval for {successes} successes among {n}")
    z = normal_quantile(1 - alpha / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return low, high


def mean_interval(values: Sequence[float], alpha: float = 0.05) -> tuple[float, float]:
    """Return Student's t interval of the mean of scores, cut to [0, 1].

    A single value shows no spread: its interval is all of [0, 1].

    Raises:
        ValueError: There are no values, or one is not in [0, 1].
    """
    checked = checked_scores(values)
    n, mean = len(checked), float(checked.mean())
    if n == 1:
        return 0.0, 1.0
    if not has_spread(checked):
        return unseen_bounds(mean, n, 0.0, alpha)
    half = t_quantile(1 - alpha / 2, n - 1) * float(checked.std(ddof=1)) / math.sqrt(n)
    return max(mean - half, 0.0), min(mean + half, 1.0)


def unseen_bounds(mean: float, n: float, least: float, alpha: float) -> tuple[float, float]:
    """Return bounds for a mean of ``n`` equal values in [``least``, 1]; see the module's docstring."""
    z = normal_quantile(1 - alpha / 2)
    unseen = z * z / (n + z * z)
    return mean - unseen * (mean - least), mean + unseen * (1.0 - mean)


def checked_scores(values: Any) -> Floats:
    """Return the scores as an array.

    Raises:
        ValueError: There are none, or one is not in [0, 1].
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError("there are no values")
    if not bool(np.all((array >= 0.0) & (array <= 1.0))):
        raise ValueError("a score is not in [0, 1]")
    return array


def has_spread(values: Floats) -> bool:
    """Whether not all values are the same."""
    return bool(values.max() > values.min())


def are_binary(values: Floats) -> bool:
    """Whether every value is 0 or 1."""
    return bool(np.all((values == 0.0) | (values == 1.0)))


def normal_quantile(share: float) -> float:
    """Return the standard normal's quantile."""
    return NormalDist().inv_cdf(share)


def t_quantile(share: float, df: float) -> float:
    """Return Student's t quantile with ``df`` degrees of freedom, which need not be whole."""
    from scipy.special import stdtrit

    return float(stdtrit(df, share))


def drop_p(estimate: float, p_value: float) -> float:
    """Return the one-sided p-value that nothing is lost, from a two-sided one; 1.0 without a loss."""
    return p_value / 2 if estimate < 0 else 1.0


def t_p_value(statistic: float, df: float) -> float:
    """Return the two-sided p-value of a t statistic."""
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(statistic)))

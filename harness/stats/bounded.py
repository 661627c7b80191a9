"""Gaffke's lower bound for a mean, which assumes only the range of the values.

A standard error is estimated from the differences in the sample. Where losses are rare and large, a sample
often holds none of them, and Student's t claims far too much. Gaffke's bound asks instead how low the
mean can be when the values seen carry random weights (those of a Bayesian bootstrap) and one more value, the
lowest that is possible, carries weight too. For values of 0 and 1 it is the exact bound of Clopper and
Pearson; for ``n`` equal values the rule of three; for many values it comes near to Student's t.

Its coverage is proven for special cases and has held in every search for a counterexample; our own is
``python -m benchmarks.calibration``. For clusters of unequal size the value that is added is a cluster as
large as the largest, in which everything is lost.

Sources: Gaffke, Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative
variable, 2005; Learned-Miller & Thomas, A new confidence interval for the mean of a bounded random variable,
2019.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.stats.single import Floats

_LEAST = -1.0
"""The lowest difference of two scores."""
_STEP, _END, _RELATIVE = 0.1, 20.0, 1e-9
_NODES, _AT_ONCE = 32, 200_000
"""Places of the integral that are computed at once, and numbers that this may take."""
_BISECTIONS, _SECANTS, _CLOSE = 24, 60, 1e-6
_NEARLY_CLOSE, _CENTRAL, _ASIDE, _FAR, _UNSURE = 1e-3, 0.05, 0.5, 1e6, 0.1
_NOTHING = 1e-13
"""Relative size below which a value counts as 0: rounding errors have no saddle point."""
_SMALLEST = 1e-300


def margin_p(sums: Any, sizes: Any, counts: Any, null: Any) -> Floats:
    """Return the p-value that the mean of differences in [-1, 1] is at most ``null``.

    With E independent standard exponentials, it is the chance that the weighted sum of what is seen, less the
    null, and of the lowest value that is possible, is not above 0. That chance is a contour integral of the
    sum's moment generating function through its saddle point, which the trapezoidal rule gives: to five
    digits and more where it is above 1e-3.

    Args:
        sums: Sum of the differences of each unit (an item or a cluster), shape ``(..., k)``.
        sizes: Items of each unit, shape ``(..., k)``.
        counts: How many such units there are, shape ``(..., k)``; 0.0 for none, and it need not be whole.
        null: The mean that is tested, in (-1, 1); a number or shape ``(...)``.

    Returns:
        The p-values, shape ``(...)``.
    """
    parts, times = _parts(sums, sizes, counts, null)
    saddle = _saddle(parts, times)
    # Not close to the pole at 0. Right of it, the integral is that of the other tail: the chance less 1.
    aside = np.maximum(-_ASIDE, 0.5 / parts.min(axis=-1, keepdims=True))
    saddle = np.where(saddle > _ASIDE, saddle, np.minimum(saddle, aside))
    width = 1 / np.sqrt((times * (parts / (1 - saddle * parts)) ** 2).sum(axis=-1, keepdims=True))
    block = max(1, min(_NODES, _AT_ONCE // parts.size))
    total, start, last = np.zeros(parts.shape[:-1]), 0, np.inf
    while start * _STEP < _END and np.any(last > _RELATIVE * np.abs(total)):
        place = _STEP * np.arange(start, start + block).reshape(-1, *(1,) * parts.ndim)
        point = saddle + 1j * width * np.sinh(place)
        log_moment = -(times * np.log(1 - point * parts)).sum(axis=-1)
        value = np.exp(log_moment) / -point[..., 0] * (width * np.cosh(place))[..., 0] * _STEP
        total += value.real.sum(axis=0) - (value[0].real / 2 if start == 0 else 0.0)
        start, last = start + block, np.abs(value[-1])
    found: Floats = np.clip(total / math.pi + (saddle[..., 0] > 0), _SMALLEST, 1.0)
    return found


def margin_quantile(sums: Any, sizes: Any, counts: Any, null: Any) -> Floats:
    """Return the standard normal's quantile of `margin_p`, approximated in closed form to about 0.01.

    The modified signed root at the saddle point, which takes a fiftieth of the integral's time. For
    figures that are given as "about": how many items are needed, how often a margin would be held.
    Source: Barndorff-Nielsen, Inference on full or partial parameters, 1986; Lugannani & Rice, 1980.

    Args:
        sums: See `margin_p`; likewise the next three.
        sizes: Items of each unit.
        counts: How many such units there are.
        null: The mean that is tested.
    """
    parts, times = _parts(sums, sizes, counts, null)
    saddle = _saddle(parts, times)
    tilted = parts / (1 - saddle * parts)
    squares = (times * tilted**2).sum(axis=-1)
    skewness = 2 * (times * tilted**3).sum(axis=-1) / squares**1.5
    saddle, log_moment = saddle[..., 0], -(times * np.log1p(-saddle * parts)).sum(axis=-1)
    root = np.sign(saddle) * np.sqrt(np.maximum(-2 * log_moment, 0.0))
    central = np.abs(root) < _CENTRAL
    safe = np.where(central, 1.0, root)
    correction = np.log(np.where(central, 1.0, saddle * np.sqrt(squares)) / safe) / safe
    found: Floats = root + np.where(central, skewness / 6, correction)
    return found


def margins_held(sums: Any, sizes: Any, counts: Any, null: float, alpha: float) -> Any:
    """Return whether `margin_p` of each of many is below ``alpha``, without an integral where that is clear.

    Args:
        sums: Sum of the differences of each kind of unit, shape ``(k,)``.
        sizes: Items of each kind of unit, shape ``(k,)``.
        counts: How many such units there are, shape ``(m, k)``.
        null: The mean that is tested.
        alpha: The level.

    Returns:
        Shape ``(m,)``, as bools.
    """
    from scipy.special import ndtri

    beyond = margin_quantile(sums, sizes, counts, null) - ndtri(alpha)
    held, unsure = beyond < 0, np.abs(beyond) < _UNSURE
    if unsure.any():
        held[unsure] = margin_p(sums, sizes, counts[unsure], null) < alpha
    return held


def _parts(sums: Any, sizes: Any, counts: Any, null: Any) -> tuple[Floats, Floats]:
    """Return the values to weight, less the null, with the lowest value, scaled to a norm of 1."""
    sums, sizes, counts = _arrays(sums, sizes, counts)
    null = np.broadcast_to(np.asarray(null, dtype=np.float64), sums.shape[:-1])[..., None]
    largest = np.where(counts > 0, sizes, 0.0).max(axis=-1, keepdims=True)
    parts = np.concatenate([sums - null * sizes, largest * (_LEAST - null)], axis=-1)
    times = np.concatenate([counts, np.ones_like(largest)], axis=-1)
    parts = np.where(times > 0, parts, 0.0)
    parts = parts / np.sqrt((times * parts**2).sum(axis=-1, keepdims=True))
    return np.where(np.abs(parts) < _NOTHING, 0.0, parts), times


def _saddle(parts: Floats, times: Floats) -> Floats:
    """Return where the moment generating function is smallest; far above 0 where no part is above 0."""
    low = 1 / parts.min(axis=-1, keepdims=True)
    most = parts.max(axis=-1, keepdims=True)
    high = np.where(most > 0, 1 / np.where(most > 0, most, 1.0), _FAR * -low)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        falls = (times * parts / (1 - middle * parts)).sum(axis=-1, keepdims=True) < 0
        low, high = np.where(falls, middle, low), np.where(falls, high, middle)
    return (low + high) / 2  # type: ignore[no-any-return]


def lower_bounds(sums: Any, sizes: Any, counts: Any, alpha: float, *, nearly: bool = False) -> Floats:
    """Return one-sided lower bounds of means of differences in [-1, 1], with coverage ``1 - alpha``.

    Args:
        sums: See `margin_p`; likewise the next two.
        sizes: Items of each unit.
        counts: How many such units there are.
        alpha: 1 - coverage, in (0, 0.5].
        nearly: Use `margin_quantile`: quick, and exact to a hundredth of a standard error.

    Returns:
        The bounds, to a millionth of a standard error, shape ``(...)``; -1.0 where none can be shown.
    """
    from scipy.special import ndtri

    sums, sizes, counts = _arrays(sums, sizes, counts)
    goal = ndtri(alpha)
    low = np.full(sums.shape[:-1], _LEAST + 1e-9)
    high = np.maximum((counts * sums).sum(-1) / (counts * sizes).sum(-1), low)

    def above(null: Floats) -> Floats:
        if nearly:
            quantile = margin_quantile(sums, sizes, counts, null)
        else:
            quantile = ndtri(margin_p(sums, sizes, counts, null))
        found: Floats = np.clip(quantile, -40.0, 40.0) - goal
        return found

    under, over = above(low), above(high)
    unknown, known = under >= 0, over <= 0
    # The Illinois method: secants between bounds of both signs; quantiles make them nearly straight.
    side = np.zeros(low.shape)
    for _ in range(_SECANTS):
        place = high - over * (high - low) / np.where(over == under, 1.0, over - under)
        value = above(np.clip(place, low, high))
        up = value > 0
        under = np.where(up, np.where(side > 0, under / 2, under), value)
        over = np.where(up, value, np.where(side < 0, over / 2, over))
        low, high, side = np.where(up, low, place), np.where(up, place, high), np.where(up, 1.0, -1.0)
        if np.all((np.abs(value) < (_NEARLY_CLOSE if nearly else _CLOSE)) | unknown | known):
            break
    return np.where(unknown, _LEAST, np.where(known, high, place))


def units(sums: Floats, sizes: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the distinct kinds of units, ``(sums, sizes, counts)``, since many units are the same."""
    kinds, counts = np.unique(np.stack([sums, sizes]).round(12), axis=1, return_counts=True)
    return kinds[0], kinds[1], counts.astype(np.float64)


def fewest_units(margin: float, alpha: float = 0.05, tasks: int = 1) -> int:
    """Return how many units of one size must not change at all to show a loss below the margin.

    For one task, as many as would show a loss in 95 % of samples if the margin were the chance that a whole
    unit is lost: about 3 / margin, the rule of three. For a mean over several, the units of all tasks, whose
    bounds `mean_bounds` combines.

    Args:
        margin: Largest loss that is accepted, above 0.0 and below 1.0.
        alpha: One-sided level.
        tasks: Tasks, all of one size.
    """
    of_each = min(margin * math.sqrt(tasks), 1 - alpha)
    return tasks * math.ceil(math.log(alpha) / math.log1p(-of_each))


def least_margin(sizes: Any, alpha: float = 0.05) -> float:
    """Return the least loss that units can exclude: what their lower bound is if none of them changes.

    Args:
        sizes: Items of each unit, shape ``(n_units,)``.
        alpha: One-sided level.
    """
    sizes = np.asarray(sizes, dtype=np.float64)
    return -float(lower_bounds(*units(np.zeros_like(sizes), sizes), alpha))


def _arrays(*values: Any) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))

"""Resampling of paired differences: the sign-flip test and the BCa bootstrap, over items or clusters.

A unit is an item, or a cluster of items that are resampled together. A draw is one row of a matrix, and all
draws are one matrix product; the matrices depend on the number of units and the seed alone and are kept.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from harness.stats.single import Floats, has_spread, normal_quantile

RESAMPLES = 10_000
SEED = 20_260
MOST_UNITS = 2_000
"""Beyond this many units the matrix is not worth its cost: the normal approximation is as good."""


def sign_flip_p(sums: Floats, resamples: int = RESAMPLES, seed: int = SEED) -> float:
    """Return the two-sided p-value of a mean difference under random signs.

    Source: Fisher, The Design of Experiments, 1935 (section 21); the count is of draws at least as extreme,
    with the data as one draw more (Phipson & Smyth, 2010), so that it is never 0.

    Args:
        sums: Sum of the differences of each unit, shape ``(n_units,)``.
        resamples: Number of draws.
        seed: Seed of the draws.
    """
    observed = abs(float(sums.sum()))
    drawn = np.abs(_signs(len(sums), resamples, seed) @ sums.astype(np.float32))
    extreme = int((drawn >= observed - 1e-4 * max(observed, 1e-6)).sum())
    return (extreme + 1) / (resamples + 1)


def bca_interval(
    sums: Floats, sizes: Floats, alpha: float = 0.05, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """Return the bias-corrected and accelerated bootstrap interval of a mean difference.

    Source: Efron, Better Bootstrap Confidence Intervals, 1987. NaN twice where all units are alike.

    Args:
        sums: Sum of the differences of each unit, shape ``(n_units,)``.
        sizes: Items of each unit, shape ``(n_units,)``.
        alpha: 1 - coverage.
        resamples: Number of draws.
        seed: Seed of the draws.
    """
    if len(sums) < 2 or not has_spread(sums / sizes):
        return math.nan, math.nan
    counts = _counts(len(sums), resamples, seed)
    drawn = (counts @ sums.astype(np.float32)) / (counts @ sizes.astype(np.float32))
    estimate = sums.sum() / sizes.sum()
    ties = np.isclose(drawn, estimate, rtol=0, atol=1e-6)
    below = float(((drawn < estimate) & ~ties).mean() + ties.mean() / 2)
    if not 0.0 < below < 1.0:
        return float(drawn.min()), float(drawn.max())
    bias = normal_quantile(below)
    left_out = (sums.sum() - sums) / (sizes.sum() - sizes)
    pull = left_out.mean() - left_out
    acceleration = float((pull**3).sum() / (6 * (pull**2).sum() ** 1.5))
    shares = [_corrected(share, bias, acceleration) for share in (alpha / 2, 1 - alpha / 2)]
    low, high = np.quantile(drawn, shares)
    return float(low), float(high)


def _corrected(share: float, bias: float, acceleration: float) -> float:
    from scipy.special import ndtr

    shifted = bias + normal_quantile(share)
    return float(ndtr(bias + shifted / (1 - acceleration * shifted)))


@lru_cache(maxsize=4)
def _signs(n_units: int, resamples: int, seed: int) -> np.ndarray:
    """Random signs, shape ``(resamples, n_units)``."""
    generator = np.random.default_rng(seed)
    bits = generator.integers(0, 2, (resamples, n_units), dtype=np.int8)
    return (2 * bits - 1).astype(np.float32)


@lru_cache(maxsize=4)
def _counts(n_units: int, resamples: int, seed: int) -> np.ndarray:
    """How often each unit is drawn, shape ``(resamples, n_units)``; every row sums to ``n_units``."""
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, n_units, (resamples, n_units), dtype=np.int64)
    flat = drawn + np.arange(resamples)[:, None] * n_units
    counts = np.bincount(flat.ravel(), minlength=resamples * n_units)
    return counts.reshape(resamples, n_units).astype(np.float32)

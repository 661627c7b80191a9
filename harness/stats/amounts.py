"""Means of amounts without an upper bound, such as tokens and seconds: several at once, over clusters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.stats.single import Floats, t_quantile


def covariance_of_means(values: Floats, clusters: Sequence[str]) -> tuple[Floats, int]:
    """Return the covariance of several means over the same rows, and the number of clusters.

    CR1 over the clusters, as for differences of scores.

    Args:
        values: Shape ``(n_rows, n_amounts)``.
        clusters: Name of the cluster of each row.

    Returns:
        Shape ``(n_amounts, n_amounts)``, zeros for a single cluster, which shows no spread.
    """
    numbers = np.unique(np.asarray(clusters), return_inverse=True)[1]
    n_clusters = int(numbers.max()) + 1
    residuals = values - values.mean(axis=0)
    sums = np.zeros((n_clusters, values.shape[1]))
    np.add.at(sums, numbers, residuals)
    factor = n_clusters / (n_clusters - 1) if n_clusters > 1 else 0.0
    return factor * (sums.T @ sums) / len(values) ** 2, n_clusters


def amount_interval(
    mean: float, variance: float, n_clusters: int, alpha: float = 0.05
) -> tuple[float, float] | None:
    """Return the t interval of a mean amount, at least 0.0; None for a single cluster."""
    if n_clusters < 2:
        return None
    half = t_quantile(1 - alpha / 2, n_clusters - 1) * math.sqrt(max(variance, 0.0))
    return max(mean - half, 0.0), mean + half


def weighted_quantile(parts: Sequence[tuple[float, Any]], share: float) -> float:
    """Return a quantile of a mixture: the least value that this share of it does not exceed.

    Args:
        parts: Weight of each part and its values, shape ``(n,)``; within a part all values weigh the same.
        share: Of the mixture, 0.0 to 1.0.

    Raises:
        ValueError: No value has any weight.
    """
    values = np.concatenate([np.asarray(part, dtype=np.float64) for _, part in parts])
    weights = np.concatenate([np.full(len(part), weight / max(1, len(part))) for weight, part in parts])
    if not weights.sum() > 0:
        raise ValueError("there is no value of any weight")
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, share - 1e-12)), len(order) - 1)])

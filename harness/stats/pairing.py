"""From scores of two strategies on the same items to their paired difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.stats.paired import Paired
from harness.stats.single import Floats, are_binary, checked_scores, has_spread


def paired(new: Any, old: Any, clusters: Sequence[str] | None = None) -> Paired:
    """Pair two strategies' scores.

    Args:
        new: Scores of the new one in [0, 1], shape ``(n,)`` or ``(n_seeds, n)``.
        old: Scores of the old one on the same items in the same order, ``(n,)`` or ``(n_seeds, n)``. With as
            many seeds as ``new`` has, seeds are paired; else each side's seeds vary on their own.
        clusters: Name of the cluster of each item; names that are all different mean independent items.

    Raises:
        ValueError: There are no items, the numbers differ, or a score is not in [0, 1].
    """
    left, right = np.atleast_2d(checked_scores(new)), np.atleast_2d(checked_scores(old))
    n = left.shape[1]
    if right.shape[1] != n or (clusters is not None and len(clusters) != n):
        sizes = f"{n} new scores, {right.shape[1]} old ones"
        raise ValueError(
            f"{sizes} and {n if clusters is None else len(clusters)} clusters cannot be paired item by item"
        )
    numbers = _numbers(clusters)
    agree = not has_spread(left - left[0]) and not has_spread(right - right[0])
    return Paired(
        differences=left.mean(0) - right.mean(0),
        clusters=numbers,
        seed_variance=0.0 if agree else _seed_variance(left, right),
        n_seeds=max(len(left), len(right)),
        binary=agree and are_binary(left) and are_binary(right),
    )


def _numbers(clusters: Sequence[str] | None) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    if clusters is None or len(set(clusters)) == len(clusters):
        return None
    return np.unique(np.asarray(clusters), return_inverse=True)[1].astype(np.int64)


def _seed_variance(new: Floats, old: Floats) -> float:
    if len(new) == len(old):
        return _variance_of_mean((new - old).mean(1))
    return _variance_of_mean(new.mean(1)) + _variance_of_mean(old.mean(1))


def _variance_of_mean(means: Floats) -> float:
    return float(means.var(ddof=1)) / len(means) if len(means) > 1 else 0.0


def paired_differences(differences: Any, clusters: Sequence[str] | None = None) -> tuple[Paired, float]:
    """Pair unbounded values, such as log-likelihoods, from their differences.

    Args:
        differences: ``new - old``, shape ``(n,)`` or ``(n_seeds, n)``.
        clusters: Name of the cluster of each item.

    Returns:
        The pairing in a unit of four times the largest difference, so that bounds fit into [-1, 1], and that
        unit: estimates, errors and bounds times it are in the units of ``differences``.
    """
    matrix = np.atleast_2d(np.asarray(differences, dtype=np.float64))
    unit = 4 * float(np.abs(matrix).max()) or 1.0
    scaled = matrix / unit
    variance = _variance_of_mean(scaled.mean(1)) if has_spread(scaled - scaled[0]) else 0.0
    return Paired(scaled.mean(0), _numbers(clusters), variance, len(matrix), binary=False), unit

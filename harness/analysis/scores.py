"""Per-item scores of one strategy on one task, as all statistics take them: seeds by items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats import Paired, interval, paired
from harness.stats.single import Floats
from harness.types import ItemResult, Task, TaskItem

RIGHT = 0.5
"""An item counts as right where its mean score is above this."""
Clusters = Mapping[str, str]
"""Item id to the name of its cluster; empty where every item stands alone."""


@dataclass(frozen=True)
class Scores:
    """Scores of one strategy on one task.

    Attributes:
        items: Item ids, sorted.
        seeds: Seeds, sorted.
        by_metric: Scores in [0, 1], shape ``(n_seeds, n_items)``, the mean over repeats; NaN where a row has
            none, which only happens in other metrics than the task's own.
        failed: Items of which a row failed; such a row scores 0 in the task's own metrics.
    """

    items: tuple[str, ...]
    seeds: tuple[int, ...]
    by_metric: Mapping[str, Floats]
    failed: frozenset[str]

    def of(self, metric: str) -> Mapping[str, Floats]:
        """Return each item's scores in a metric, shape ``(n_seeds,)``, where all seeds have one."""
        matrix = self.by_metric.get(metric)
        if matrix is None:
            return {}
        whole = np.flatnonzero(~np.isnan(matrix).any(axis=0))
        return {self.items[i]: matrix[:, i] for i in whole}

    def only(self, items: Collection[str]) -> Scores:
        """Return the scores of some of the items."""
        kept = [index for index, item in enumerate(self.items) if item in items]
        return Scores(
            tuple(self.items[index] for index in kept),
            self.seeds,
            {name: matrix[:, kept] for name, matrix in self.by_metric.items()},
            self.failed & frozenset(items),
        )


def scores_of(rows: Iterable[ItemResult], metrics: Sequence[str]) -> Scores:
    """Collect the rows of one strategy and task; repeats are averaged within the item.

    Args:
        rows: Rows of any seeds and repeats. An item that not every seed has is left out.
        metrics: The task's own metrics, in which a failed row scores 0.
    """
    rows = list(rows)
    seeds = tuple(sorted({row.seed for row in rows}))
    seen: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        seen[row.item_id].add(row.seed)
    items = tuple(sorted(item for item, found in seen.items() if len(found) == len(seeds)))
    place = {item: i for i, item in enumerate(items)}
    names = [*metrics, *sorted({name for row in rows for name in row.scores} - set(metrics))]
    sums = {name: np.zeros((len(seeds), len(items))) for name in names}
    counts = {name: np.zeros((len(seeds), len(items))) for name in names}
    for row in (row for row in rows if row.item_id in place):
        at = seeds.index(row.seed), place[row.item_id]
        for name, score in (dict.fromkeys(metrics, 0.0) if row.error is not None else row.scores).items():
            sums[name][at] += score
            counts[name][at] += 1
    with np.errstate(invalid="ignore"):
        by_metric = {name: sums[name] / counts[name] for name in names if counts[name].any()}
    failed = frozenset(row.item_id for row in rows if row.error is not None)
    return Scores(items, seeds, by_metric, failed)


def clusters_of(task: Task, items: Mapping[str, TaskItem]) -> Clusters:
    """Return the cluster of each item; empty where the task names none."""
    if task.cluster is None:
        return {}
    return {item_id: item.cluster(task.cluster) or f"item {item_id}" for item_id, item in items.items()}


def mean_with_interval(scores: Scores, metric: str, clusters: Clusters) -> tuple[float, float, float, int]:
    """Return mean, lower and upper bound (95 %), and number of items of one cell.

    Wilson's interval or Student's t where items are independent and seeds agree; else the t interval over
    clusters and seeds, as for differences.
    """
    found = scores.of(metric)
    matrix = np.stack(list(found.values()), axis=1)
    names = [clusters[item] for item in found] if clusters else None
    difference = paired(matrix, np.zeros(matrix.shape[1]), names)
    if difference.clusters is None and difference.seed_variance == 0:
        low, high = interval(list(matrix.mean(0)))
    else:
        low, high = difference.interval()
    return difference.estimate, max(low, 0.0), high, difference.n


def pair(new: Scores, old: Scores, metric: str, clusters: Clusters) -> Paired | None:
    """Pair two strategies on the items that both have; None where there is none."""
    left, right = new.of(metric), old.of(metric)
    common = [item for item in left if item in right]
    if not common:
        return None
    names = [clusters[item] for item in common] if clusters else None
    return paired(
        np.stack([left[item] for item in common], axis=1),
        np.stack([right[item] for item in common], axis=1),
        names,
    )

"""Per-item scores of one strategy on one task, in the shape of all statistics: seeds by items."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from harness.stats import Paired, interval, paired
from harness.stats.single import Floats
from harness.tasks.overlap import groups
from harness.tasks.wording import question_of
from harness.types import Task, TaskItem

RIGHT = 0.5
"""An item counts as right if its mean score is above this, unless its task says ``right_from``."""
Clusters = Mapping[str, str]
"""Item id to the name of its cluster; empty if every item is independent."""


def is_right(score: float, right_from: float | None) -> bool:
    """Whether an item with this mean primary score counts as right; the one rule used everywhere.

    Args:
        score: Mean over repeats and seeds, 0.0 to 1.0.
        right_from: The task's threshold; None for the default rule.
    """
    return score > RIGHT if right_from is None else score >= right_from - _ROUNDING


_ROUNDING = 1e-9


@dataclass(frozen=True)
class Scores:
    """Scores of one strategy on one task.

    Attributes:
        items: Item ids, sorted.
        seeds: Seeds, sorted.
        by_metric: Scores in [0, 1], shape ``(n_seeds, n_items)``, the mean over repeats; NaN where a row has
            none, which only happens in metrics other than the task's own.
        failed: Items with a failed row; a failed row scores 0 in the task's own metrics.
        n_rows: Rows (of all items, seeds and repeats) with a score in the task's primary metric.
    """

    items: tuple[str, ...]
    seeds: tuple[int, ...]
    by_metric: Mapping[str, Floats]
    failed: frozenset[str]
    n_rows: int = 0

    def of(self, metric: str) -> Mapping[str, Floats]:
        """Return the scores in a metric, shape ``(n_seeds,)``, of each item that has one for every seed."""
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


def share_right(scores: Scores, metric: str, right_from: float | None) -> float:
    """Return the share of items that are right, 0.0 to 1.0; 0.0 without items."""
    found = [is_right(float(each.mean()), right_from) for each in scores.of(metric).values()]
    return sum(found) / len(found) if found else 0.0


class ScoredRow(Protocol):
    """The fields needed of a row; ``error`` is None if it did not fail."""

    @property
    def item_id(self) -> str: ...  # noqa: D102 - see the class
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def scores(self) -> Mapping[str, float]: ...  # noqa: D102
    @property
    def error(self) -> object | None: ...  # noqa: D102


def scores_of(rows: Iterable[ScoredRow], metrics: Sequence[str]) -> Scores:
    """Collect the rows of one strategy and task; repeats are averaged within the item.

    Args:
        rows: Rows of any seeds and repeats, read one at a time. An item that not every seed has is left
            out.
        metrics: The task's own metrics, in which a failed row scores 0; the first is the primary one.
    """
    found: dict[str, _Column] = {name: _Column() for name in metrics}
    asked, failed, ids = _Column(), set[str](), dict[str, int]()
    for row in rows:
        place = ids.setdefault(sys.intern(row.item_id), len(ids))
        asked.add(row.seed, place, 1.0)
        if row.error is not None:
            failed.add(row.item_id)
        for name, score in (dict.fromkeys(metrics, 0.0) if row.error is not None else row.scores).items():
            found.setdefault(name, _Column()).add(row.seed, place, score)
    seeds = tuple(sorted(set(asked.seeds)))
    everywhere = set(np.flatnonzero(~np.isnan(asked.means(seeds, len(ids))).any(axis=0)))
    items = tuple(item for item in sorted(ids) if ids[item] in everywhere)
    kept = [ids[item] for item in items]
    own = [*metrics, *sorted(found.keys() - set(metrics))]
    return Scores(
        items=items,
        seeds=seeds,
        by_metric={n: found[n].means(seeds, len(ids))[:, kept] for n in own if len(found[n].scores)},
        failed=frozenset(failed),
        n_rows=int(np.isfinite(np.array(found[metrics[0]].scores)).sum()) if metrics else 0,
    )


class _Column:
    """Scores of one metric in the order they are read, 20 bytes each."""

    def __init__(self) -> None:
        self.seeds, self.places, self.scores = array("q"), array("i"), array("d")

    def add(self, seed: int, place: int, score: float) -> None:
        self.seeds.append(seed)
        self.places.append(place)
        self.scores.append(score)

    def means(self, seeds: Sequence[int], n_items: int) -> Floats:
        """Return the mean of each seed and item, shape ``(n_seeds, n_items)``; NaN without a score."""
        at = np.searchsorted(np.array(seeds), np.array(self.seeds)), np.array(self.places)
        sums, counts = np.zeros((len(seeds), n_items)), np.zeros((len(seeds), n_items))
        np.add.at(sums, at, np.array(self.scores))
        np.add.at(counts, at, 1.0)
        with np.errstate(invalid="ignore"):
            return sums / counts


def clusters_of(task: Task, items: Iterable[TaskItem]) -> Clusters:
    """Return the cluster of each item; empty if every item is independent.

    Items are in one cluster if the task's own ``cluster`` says so, or if they ask the same or nearly the same
    (`harness.tasks.overlap`): a question asked a hundred times is one question. A cluster is named after its
    first item, unless it is one of the task's own.

    Args:
        task: The task.
        items: Those of its items that are asked, read once.
    """
    ids, questions, own = [], [], []
    for item in items:
        ids.append(sys.intern(item.id))
        questions.append(question_of(task, item))
        own.append(item.cluster(task.cluster) if task.cluster else "")
    first = groups(questions, own)
    if first == list(range(len(ids))):
        return {}
    return {name: own[at] or f"item {ids[at]}" for name, at in zip(ids, first, strict=True)}


def names_of(items: Sequence[str], clusters: Clusters) -> list[str] | None:
    """Return the cluster of each of some items, None if every item is independent."""
    return [clusters[item] for item in items] if clusters else None


def cluster_sizes(task: Task, items: Sequence[TaskItem]) -> tuple[int, ...]:
    """Return how many items each cluster has; ones if every item is independent."""
    clusters = clusters_of(task, items)
    return tuple(Counter(clusters.values()).values()) if clusters else (1,) * len(items)


def mean_with_interval(scores: Scores, metric: str, clusters: Clusters) -> tuple[float, float, float, int]:
    """Return mean, lower and upper bound (95 %), and number of items of one cell."""
    found = scores.of(metric)
    matrix = np.stack(list(found.values()), axis=1)
    mean, low, high = share_interval(matrix, names_of(list(found), clusters))
    return mean, low, high, len(found)


def share_interval(values: Floats, names: Sequence[str] | None) -> tuple[float, float, float]:
    """Return the mean of values in [0, 1] with its 95 % interval.

    Wilson's interval or Student's t if items are independent and seeds agree; else the t interval over
    clusters and seeds, as for differences.

    Args:
        values: Shape ``(n_seeds, n_items)``.
        names: The cluster of each item, None if all are independent.
    """
    difference = paired(values, np.zeros(values.shape[1]), names)
    if difference.clusters is None and difference.seed_variance == 0:
        low, high = interval(list(values.mean(0)))
    else:
        low, high = difference.interval()
    return difference.estimate, max(low, 0.0), high


def pair(new: Scores, old: Scores, metric: str, clusters: Clusters) -> Paired | None:
    """Pair two strategies on the items that both have; None if they share none."""
    left, right = new.of(metric), old.of(metric)
    common = [item for item in left if item in right]
    if not common:
        return None
    return paired(
        np.stack([left[item] for item in common], axis=1),
        np.stack([right[item] for item in common], axis=1),
        names_of(common, clusters),
    )

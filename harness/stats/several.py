"""Several comparisons at once: Holm's correction, and the mean difference over tasks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from harness.stats.paired import Paired, least_alpha
from harness.stats.simulated import detectable_mean, times_as_many
from harness.stats.single import drop_p


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for their number, in the same order; at most 1.0.

    Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def mean_bounds(parts: Sequence[tuple[float, float, float, float]]) -> tuple[float, float]:
    """Return the interval of a weighted mean from the intervals of its independent parts, by square and add.

    The distance from the mean to a bound is the root of the summed squares of the parts' weighted distances.
    Source: Zou & Donner, Construction of confidence limits about effect measures (MOVER), 2008.

    Args:
        parts: Weight, estimate, lower and upper bound of each part; the weights sum to 1.
    """
    mean = sum(weight * estimate for weight, estimate, _, _ in parts)
    down = math.hypot(*(weight * (estimate - low) for weight, estimate, low, _ in parts))
    up = math.hypot(*(weight * (high - estimate) for weight, estimate, _, high in parts))
    return mean - down, mean + up


@dataclass(frozen=True)
class Macro:
    """The weighted mean of several tasks' differences; by default every task weighs the same.

    The tasks' intervals are combined by `mean_bounds`.
    """

    tasks: tuple[Paired, ...]
    weights: tuple[float, ...] = ()
    _detectable: dict[float, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.tasks:
            raise ValueError("there are no tasks")
        if self.weights and (len(self.weights) != len(self.tasks) or sum(self.weights) <= 0):
            raise ValueError("weights must be one a task and not all zero")

    @property
    def _shares(self) -> tuple[float, ...]:
        weights = self.weights or (1.0,) * len(self.tasks)
        return tuple(weight / sum(weights) for weight in weights)

    @property
    def _parts(self) -> list[tuple[float, Paired]]:
        return list(zip(self._shares, self.tasks, strict=True))

    @property
    def estimate(self) -> float:
        """Mean difference over the tasks."""
        return sum(share * task.estimate for share, task in self._parts)

    @property
    def n(self) -> int:
        """Items of all tasks."""
        return sum(task.n for task in self.tasks)

    @property
    def n_clusters(self) -> int:
        """Independent groups of items of all tasks."""
        return sum(task.n_clusters for task in self.tasks)

    @property
    def standard_error(self) -> float:
        """Standard error of the estimate."""
        return math.hypot(*(share * task.standard_error for share, task in self._parts))

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Return the two-sided interval with coverage ``1 - alpha``."""
        low, high = mean_bounds(
            [(share, task.estimate, *task.interval(alpha)) for share, task in self._parts]
        )
        return max(low, -1.0), min(high, 1.0)

    def detectable(self, alpha: float = 0.05) -> float:
        """Return the least true mean difference that the test finds with power 0.8, at most 1.0.

        The task's own for one task. For several, by simulation, the difference at which the interval excludes
        0 in four of five runs.

        Args:
            alpha: Level of the test; divided by the number of tests where Holm's correction follows.
        """
        if len(self.tasks) == 1:
            return self.tasks[0].detectable(alpha)
        if alpha not in self._detectable:
            self._detectable[alpha] = detectable_mean(self._parts, alpha)
        return self._detectable[alpha]

    def items_to_detect(self, difference: float, alpha: float = 0.05) -> int | None:
        """Return how many such items, in the same shares, show a true difference with power 0.8."""
        if len(self.tasks) == 1:
            return self.tasks[0].items_to_detect(difference, alpha)
        if difference == 0:
            return None
        times = times_as_many(self._parts, self.n, abs(difference), alpha)
        return None if times is None else math.ceil(times * self.n)

    @cached_property
    def p_value(self) -> float:
        """The task's own p-value for one task, else the least alpha whose interval excludes 0."""
        if len(self.tasks) == 1:
            return self.tasks[0].p_value

        def beyond(alpha: float) -> float:
            low, high = self.interval(alpha)
            return low if self.estimate > 0 else -high

        return least_alpha(beyond)

    def lower(self, alpha: float = 0.05) -> float:
        """Return the one-sided lower bound with coverage ``1 - alpha``; see `Paired.lower`."""
        return self._lowest((share, task.estimate, task.lower(alpha)) for share, task in self._parts)

    def lower_if(self, factor: float, alpha: float = 0.05) -> float:
        """Return the lower bound if ``factor`` times as many such items were asked."""
        return self._lowest(
            (share, task.estimate, task.lower_if(factor, alpha)) for share, task in self._parts
        )

    def lower_of_losses(self, alpha: float = 0.05) -> float:
        """Return the lower bound of the mean loss: a task that gained counts as one that lost nothing."""
        parts = ((share, task.estimate, task.lower(alpha)) for share, task in self._parts)
        return self._lowest((share, min(estimate, 0.0), min(low, 0.0)) for share, estimate, low in parts)

    def least_margin(self, alpha: float = 0.05) -> float:
        """Return the least mean loss that these items can exclude, if none of them changes."""
        return math.hypot(*(share * task.least_margin(alpha) for share, task in self._parts))

    @staticmethod
    def _lowest(parts: Iterable[tuple[float, float, float]]) -> float:
        return max(mean_bounds([(share, mean, low, mean) for share, mean, low in parts])[0], -1.0)

    def holds(self, margin: float, alpha: float = 0.05) -> bool:
        """Return whether `lower` is above ``-margin``."""
        if len(self.tasks) == 1:
            return self.tasks[0].holds(margin, alpha)
        return self.lower(alpha) > -margin

    @property
    def drop_p(self) -> float:
        """One-sided p-value that nothing is lost; 1.0 where the estimate is not a loss."""
        return drop_p(self.estimate, self.p_value)

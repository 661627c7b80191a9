"""Two strategies on the same items: the difference, its interval, its p-value and what it can detect."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from harness.stats.bounded import least_margin, lower_bounds, margin_p, units
from harness.stats.power import POWER, mcnemar_detectable, mcnemar_items
from harness.stats.resampling import MOST_UNITS, bca_interval, sign_flip_p
from harness.stats.single import (
    Floats,
    drop_p,
    t_p_value,
    t_quantile,
    unseen_bounds,
)
from harness.stats.tango import mcnemar_p, tango_interval

Method = Literal["tango", "t", "t over clusters", "t over seeds", "no spread", "same answers"]
Test = Literal["mcnemar", "sign flip", "t", "none"]
_LEAST_P = 1e-12
ENOUGH_CLUSTERS = 20
"""Fewest clusters that are resampled: fewer do not represent the unseen ones."""


@dataclass(frozen=True)
class Paired:
    """Mean difference ``new - old`` over the same items, all values in [-1, 1].

    Build it with `harness.stats.pairing`. The method follows from the data: Tango's interval and McNemar's
    test where every score is 0 or 1 and items are independent; Student's t on the differences with a
    sign-flip test otherwise; CR1 standard errors where items come in clusters; a random factor where training
    seeds differ.

    Attributes:
        differences: Difference of each item, the mean over seeds, shape ``(n,)``.
        clusters: Cluster of each item as numbers from 0, or None where all items are independent.
        seed_variance: Variance of the mean difference that comes from the choice of seeds.
        n_seeds: Trained or sampled variants included.
        binary: Whether every score, before averaging, is 0 or 1 and seeds agree.
        same: Whether both sides are the same answers, to the same prompts by the same model: then the
            difference is 0 for any items, and nothing is estimated.
    """

    differences: Floats
    clusters: np.ndarray[Any, np.dtype[np.int64]] | None
    seed_variance: float
    n_seeds: int
    binary: bool
    same: bool = False
    _lower: dict[float, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def n(self) -> int:
        """Number of items; seeds and repeats do not add to it."""
        return len(self.differences)

    @property
    def n_clusters(self) -> int:
        """Number of independent groups of items."""
        return self.n if self.clusters is None else int(self.clusters.max()) + 1

    @property
    def estimate(self) -> float:
        """Mean difference."""
        return float(self.differences.mean())

    @property
    def wins(self) -> int:
        """Items on which the new one is better."""
        return int((self.differences > 0).sum())

    @property
    def losses(self) -> int:
        """Items on which the old one is better."""
        return int((self.differences < 0).sum())

    @property
    def method(self) -> Method:
        """How the interval is computed."""
        if self.same:
            return "same answers"
        if self.seed_variance > 0:
            return "t over seeds"
        if self.clusters is not None:
            return "t over clusters" if self._spreads else "no spread"
        if self.binary:
            return "tango"
        return "t" if self._spreads else "no spread"

    @property
    def test(self) -> Test:
        """How the p-value is computed."""
        if self.method == "tango":
            return "mcnemar"
        if self.same or (self.method == "no spread" and abs(self.estimate) < 1e-9):
            return "none"
        return "t" if self.method == "t over seeds" or self.n_clusters > MOST_UNITS else "sign flip"

    @cached_property
    def _sums(self) -> Floats:
        """Sum of the differences of each cluster or item."""
        if self.clusters is None:
            return self.differences
        return np.bincount(self.clusters, weights=self.differences).astype(np.float64)

    @cached_property
    def _sizes(self) -> Floats:
        """Items of each cluster or item."""
        if self.clusters is None:
            return np.ones(self.n)
        return np.bincount(self.clusters).astype(np.float64)

    @property
    def _spreads(self) -> bool:
        """Whether items, or clusters, differ by more than rounding; one alone does not."""
        return self._item_variance > 1e-18

    @cached_property
    def _item_variance(self) -> float:
        """Variance of the mean difference that comes from the choice of items: CR1 over the clusters."""
        groups = self.n_clusters
        if groups < 2:
            return 0.0
        residuals = self._sums - self._sizes * self.estimate
        return float(groups / (groups - 1) * (residuals**2).sum() / self.n**2)

    @property
    def standard_error(self) -> float:
        """Standard error of the estimate, from items and seeds."""
        return math.sqrt(self._item_variance + self.seed_variance)

    def spread(self, factor: float = 1.0) -> tuple[float, float]:
        """Return degrees of freedom and standard error if ``factor`` times as many such items were asked."""
        items, df = self._item_variance / factor, max(1.0, self.n_clusters * factor - 1)
        total = items + self.seed_variance
        if self.seed_variance == 0:
            return df, math.sqrt(total)
        seeds = self.seed_variance**2 / (self.n_seeds - 1)
        return total**2 / (seeds + items**2 / df), math.sqrt(total)

    @property
    def _df(self) -> float:
        """Degrees of freedom, Satterthwaite's where items and seeds both vary."""
        items = self.n_clusters - 1
        if self.seed_variance == 0:
            return items
        total = self._item_variance + self.seed_variance
        seeds = self.seed_variance**2 / (self.n_seeds - 1)
        return total**2 / (seeds + (self._item_variance**2 / items if items else 0.0))

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Return the two-sided interval with coverage ``1 - alpha``; a bound alone has ``1 - alpha / 2``."""
        if self.method == "same answers":
            return 0.0, 0.0
        if self.method == "tango":
            return tango_interval(self.wins, self.losses, self.n, alpha)
        if self.method == "no spread":
            if self.n_clusters == 1:
                return -1.0, 1.0
            return unseen_bounds(self.estimate, self.n_clusters, -1.0, alpha)
        half = t_quantile(1 - alpha / 2, self._df) * self.standard_error
        return max(self.estimate - half, -1.0), min(self.estimate + half, 1.0)

    def lower(self, alpha: float = 0.05) -> float:
        """Return the one-sided lower bound with coverage ``1 - alpha``, for claims that no more is lost.

        It needs only the range of the scores (`harness.stats.bounded`), where an interval's standard
        error misses losses that are rare and large. Seeds widen it by square and add.
        """
        if self.same:
            return 0.0
        if alpha not in self._lower:
            self._lower[alpha] = self._below(float(lower_bounds(*self._units, alpha)), alpha)
        return self._lower[alpha]

    def lower_if(self, factor: float, alpha: float = 0.05) -> float:
        """Return the approximate lower bound if ``factor`` times as many such items were asked."""
        sums, sizes, counts = self._units
        return self._below(float(lower_bounds(sums, sizes, factor * counts, alpha, nearly=True)), alpha)

    def least_margin(self, alpha: float = 0.05) -> float:
        """Return the least loss that these items can exclude, if none of them changes."""
        return 0.0 if self.same else least_margin(self._sizes, alpha)

    def holds(self, margin: float, alpha: float = 0.05) -> bool:
        """Return whether `lower` is above ``-margin``, without computing it where seeds do not vary."""
        if self.same or self.seed_variance > 0:
            return self.lower(alpha) > -margin
        return float(margin_p(*self._units, -margin)) < alpha

    @cached_property
    def _units(self) -> tuple[Floats, Floats, Floats]:
        return units(self._sums, self._sizes)

    def _below(self, bound: float, alpha: float) -> float:
        """Return the bound of the items widened by the seeds."""
        if self.seed_variance == 0:
            return bound
        seeds = t_quantile(1 - alpha, self.n_seeds - 1) * math.sqrt(self.seed_variance)
        return max(self.estimate - math.hypot(self.estimate - bound, seeds), -1.0)

    @property
    def drop_p(self) -> float:
        """One-sided p-value that nothing is lost; 1.0 where the estimate is not a loss."""
        return drop_p(self.estimate, self.p_value)

    @cached_property
    def p_value(self) -> float:
        """Two-sided p-value of no difference; 1.0 where no test is possible."""
        if self.test == "mcnemar":
            return mcnemar_p(self.wins, self.losses)
        if self.test == "none":
            return 1.0
        if self.test == "sign flip":
            return sign_flip_p(self._sums)
        # Thousands of units that all differ by the same: no p-value is smaller.
        return t_p_value(self.estimate / self.standard_error, self._df) if self.standard_error else 0.0

    def bca(self, alpha: float = 0.05) -> tuple[float, float] | None:
        """Return the bootstrap interval as a second opinion on scores that are not binary.

        None where it would mislead or cannot be computed: few clusters, seeds that differ, no spread.
        """
        units = self.n_clusters
        few = units < ENOUGH_CLUSTERS if self.clusters is not None else units < 2
        if few or units > MOST_UNITS or self.method in ("tango", "t over seeds", "no spread", "same answers"):
            return None
        return bca_interval(self._sums, self._sizes, alpha)

    def detectable(self, alpha: float = 0.05) -> float:
        """Return the least true difference that the test finds with power 0.8 (MDE), at most 1.0.

        Exact for McNemar's test; else by Student's t, which the sign-flip test is close to. Where there is no
        spread, the share of unseen items that may differ takes its place.

        Args:
            alpha: Level of the test; divided by the number of tests where Holm's correction follows.
        """
        if self.same:
            return 0.0
        if self.test == "mcnemar":
            return mcnemar_detectable((self.wins + self.losses) / self.n, self.n, alpha)
        if self.standard_error == 0 or self._df <= 0:
            return min(unseen_bounds(0.0, self.n_clusters, -1.0, alpha)[1], 1.0)
        quantiles = t_quantile(1 - alpha / 2, self._df) + t_quantile(POWER, self._df)
        # The signs of m units that differ have 2^m patterns: with too few of them nothing is significant.
        fewest = mcnemar_detectable(0.0, self.n_clusters, alpha) if self.test == "sign flip" else 0.0
        changed = int((np.abs(self._sums) > 1e-12).sum()) / self.n_clusters
        least = quantiles * self.standard_error
        return min(least if changed >= fewest and fewest < 1.0 else max(least, fewest), 1.0)

    def items_to_detect(self, difference: float, alpha: float = 0.05) -> int | None:
        """Return how many such items show a true difference with power 0.8; None for a difference of 0."""
        if difference == 0:
            return None
        if self.test == "mcnemar":
            return mcnemar_items(difference, (self.wins + self.losses) / self.n, alpha)
        return math.ceil(self.n * (self.detectable(alpha) / difference) ** 2)


def least_alpha(beyond: Callable[[float], float]) -> float:
    """Return the least alpha in [1e-12, 1] at which a bound, which rises with it, is above 0."""
    if beyond(1.0) <= 0:
        return 1.0
    if beyond(_LEAST_P) > 0:
        return _LEAST_P
    from scipy.optimize import brentq

    found = brentq(lambda log_alpha: beyond(math.exp(log_alpha)), math.log(_LEAST_P), 0.0, xtol=1e-9)
    return math.exp(float(found))

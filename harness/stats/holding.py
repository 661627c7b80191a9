"""How often an equally good candidate passes and how often it fails, by simulation.

The suite is known before anything is run: its items and their clusters. Assumed are how many items will flip
(as often to better as to worse), and how often a whole cluster goes one way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from harness.stats.bounded import least_margin, lower_bounds, margins_held
from harness.stats.power import POWER, least_times
from harness.stats.single import Floats
from harness.stats.tango import mcnemar_p

Bools = np.ndarray[Any, np.dtype[np.bool_]]
DRAWS, FEWER_DRAWS = 1000, 300
"""Draws, and the fewer ones where each takes longer: with clusters, and for means over tasks."""
SEED = 20261
_MOST_DRAWN = 4_000_000
"""Units drawn at once, over all draws."""


@dataclass(frozen=True)
class Suite:
    """Tasks whose mean is held to a margin.

    Attributes:
        sizes: Items of each cluster of each task; ones where items are independent.
        flips: Share of items on which candidate and reference differ, 0.0 to 1.0.
        together: Share of the clusters in which all items go the same way, 0.0 to 1.0.
    """

    sizes: tuple[tuple[int, ...], ...]
    flips: float
    together: float = 0.0

    @property
    def n(self) -> int:
        """Items of all tasks."""
        return sum(sum(each) for each in self.sizes)

    @property
    def n_clusters(self) -> int:
        """Independent groups of items of all tasks."""
        return sum(map(len, self.sizes))

    def least_margin(self, alpha: float) -> float:
        """Return the least mean loss that these items can exclude, if none of them changes."""
        return math.hypot(*(least_margin(each, alpha) for each in self.sizes)) / len(self.sizes)

    def fails(self, margin: float, alpha: float, drop_alpha: float) -> float:
        """Return how often an equally good candidate fails, 0.0 to 1.0.

        Args:
            margin: Largest loss that is accepted.
            alpha: One-sided level of passing.
            drop_alpha: One-sided level of failing, after any correction.
        """
        drawn = self._drawn(1.0)
        drops = drawn[0].drops(drop_alpha) if len(drawn) == 1 else _mean_drops(drawn, drop_alpha)
        return float((drops & ~_passes(drawn, margin, alpha)).mean())

    @lru_cache(maxsize=1024)  # noqa: B019 - small, and tasks of one size are asked again
    def passes(self, margin: float, alpha: float, times: float = 1.0) -> float:
        """Return how often an equally good candidate passes, 0.0 to 1.0.

        Args:
            margin: Largest loss that is accepted.
            alpha: One-sided level.
            times: How many times as many items are asked.
        """
        return float(_passes(self._drawn(times), margin, alpha).mean())

    def _drawn(self, times: float) -> list[_Draws]:
        generator = np.random.default_rng(SEED)
        drawn = [_drawn(each, self, times, generator) for each in self.sizes]
        count = min(len(each.counts) for each in drawn)
        return [replace(each, counts=each.counts[:count]) for each in drawn]

    def times_for_power(self, margin: float, alpha: float) -> float | None:
        """Return how many times as many items let an equally good candidate pass in four runs of five.

        Returns:
            At most 1.0 where there are enough, to about 5 %; None beyond some thousand times as many.
        """
        return least_times(lambda times: self.passes(margin, alpha, times) >= POWER)


@dataclass(frozen=True)
class _Draws:
    """One task, drawn: differences of its units, as counts of each kind; shapes ``(draws, kinds)``."""

    sums: Floats
    sizes: Floats
    counts: Floats
    alone: bool

    @property
    def n(self) -> float:
        return float((self.counts[0] * self.sizes).sum())

    @property
    def estimates(self) -> Floats:
        return (self.counts * self.sums).sum(-1) / self.n  # type: ignore[no-any-return]

    @property
    def errors(self) -> Floats:
        units = self.counts.sum(-1)
        gaps = (self.sums - self.sizes * self.estimates[:, None]) ** 2
        return np.sqrt((self.counts * gaps).sum(-1) * units / np.maximum(units - 1, 1)) / self.n  # type: ignore[no-any-return]

    def holds(self, margin: float, alpha: float) -> Bools:
        kinds, at = np.unique(self.counts, axis=0, return_inverse=True)
        held: Bools = margins_held(self.sums, self.sizes, kinds, -margin, alpha)
        return held[at.reshape(-1)]

    def lows(self, alpha: float) -> Floats:
        kinds, at = np.unique(self.counts, axis=0, return_inverse=True)
        return lower_bounds(self.sums, self.sizes, kinds, alpha, nearly=True)[at.reshape(-1)]

    def drops(self, alpha: float) -> Bools:
        """Whether each draw shows a significant loss: by McNemar's test, or by Student's over clusters."""
        if not self.alone:
            return _seem_lost(self.estimates, self.errors, float(self.counts[0].sum()), alpha)
        wins, losses = (self.counts[:, self.sums == sign].sum(-1).astype(int) for sign in (1.0, -1.0))
        pairs, at = np.unique(np.stack([wins, losses]), axis=1, return_inverse=True)
        lost = [worse > better and mcnemar_p(better, worse) / 2 < alpha for better, worse in pairs.T.tolist()]
        return np.array(lost)[at.reshape(-1)]


def _passes(drawn: Sequence[_Draws], margin: float, alpha: float) -> Bools:
    if len(drawn) == 1:
        return drawn[0].holds(margin, alpha)
    below = [each.estimates - each.lows(alpha) for each in drawn]
    return _mean(drawn) - np.linalg.norm(below, axis=0) / len(drawn) > -margin  # type: ignore[no-any-return]


def _mean_drops(drawn: Sequence[_Draws], alpha: float) -> Bools:
    error = np.linalg.norm([each.errors for each in drawn], axis=0) / len(drawn)
    units = sum(each.counts[0].sum() for each in drawn) - len(drawn) + 1
    return _seem_lost(_mean(drawn), error, units, alpha)


def _mean(drawn: Sequence[_Draws]) -> Floats:
    return np.mean([each.estimates for each in drawn], axis=0)  # type: ignore[no-any-return]


def _drawn(sizes: Sequence[int], suite: Suite, times: float, generator: np.random.Generator) -> _Draws:
    flips = suite.flips
    units = np.resize(np.asarray(sizes), max(1, round(len(sizes) * times)))
    simple = units.max() == 1 and len(suite.sizes) == 1
    draws = DRAWS if simple else max(100, min(FEWER_DRAWS, _MOST_DRAWN // len(units)))
    half = flips / 2
    if units.max() == 1:
        counts = generator.multinomial(len(units), [half, half, 1 - flips], draws).astype(np.float64)
        return _Draws(np.array([1.0, -1.0, 0.0]), np.ones(3), counts, alone=True)
    ways: Any = generator.multinomial(units, [half, half, 1 - flips], (draws, len(units)))
    sums: Any = ways[..., 0] - ways[..., 1]
    shared = generator.choice([1, -1, 0], (draws, len(units)), p=[half, half, 1 - flips]) * units
    sums = np.where(generator.random(sums.shape) < suite.together, shared, sums)
    width = 2 * int(units.max()) + 1
    kinds, at = np.unique(units * width + sums + units.max(), return_inverse=True)
    rows = np.repeat(np.arange(draws), len(units))
    counted = np.bincount(rows * len(kinds) + at.reshape(-1), minlength=draws * len(kinds))
    return _Draws(
        (kinds % width - units.max()).astype(np.float64),
        (kinds // width).astype(np.float64),
        counted.reshape(draws, len(kinds)).astype(np.float64),
        alone=False,
    )


def _seem_lost(means: Floats, errors: Floats, units: float, alpha: float) -> Bools:
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        p = stdtr(max(1.0, math.floor(units) - 1), np.where(errors > 0, means / errors, 0.0))
    return (means < 0) & (p < alpha)  # type: ignore[no-any-return]

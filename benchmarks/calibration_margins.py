"""How often a gate passes a candidate that loses exactly its margin, and an equally good one.

Part of `python -m benchmarks.calibration`. Beside the bound that is used stand the usual ones, which need a
standard error (Student's t, over clusters where there are some) or a large sample (Tango's score interval):
those are what rare, large losses fool.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.stats import Macro, Paired, paired

One = Callable[[np.random.Generator, float], Paired]
Draw = Callable[[np.random.Generator, float], Paired | Macro]
"""Draw what a gate sees of a candidate whose true loss is a share of each item's score."""


@dataclass(frozen=True)
class Setting:
    """Data of one kind.

    Attributes:
        name: What is drawn.
        n: Items, with the number of clusters where there are some.
        margin: The margin, which is the true loss of the candidate that must not pass.
        draw: Draws data with a true loss.
    """

    name: str
    n: str
    margin: float
    draw: Draw


@dataclass(frozen=True)
class Held:
    """How often a setting's margin was held, as shares of the draws.

    Attributes:
        setting: The setting.
        false_pass: By the bound that is used, at a true loss of the margin.
        usual_false_pass: By the usual interval.
        power: By the bound that is used, where nothing is lost but as many items change.
        usual_power: By the usual interval.
        draws: Draws.
    """

    setting: Setting
    false_pass: float
    usual_false_pass: float
    power: float
    usual_power: float
    draws: int


def _signed(differences: Any, clusters: Any = None) -> Paired:
    values = np.asarray(differences, dtype=np.float64)
    names = None if clusters is None else [str(cluster) for cluster in clusters]
    return paired(np.clip(values, 0, 1), np.clip(-values, 0, 1), names)


def _flips(n: int, flips: float) -> One:
    def draw(rng: np.random.Generator, loss: float) -> Paired:
        shares = [(flips + loss) / 2, (flips - loss) / 2, 1 - flips]
        return _signed(rng.choice([-1.0, 1.0, 0.0], n, p=shares))

    return draw


def _losses_only(n: int, graded: bool) -> One:
    """All right before, and losses of whole points; one item that moved by a hundredth makes them graded."""

    def draw(rng: np.random.Generator, loss: float) -> Paired:
        found = -(rng.random(n) < loss).astype(float)
        if graded:
            found[0] = -0.01
        return _signed(found)

    return draw


def _documents(sizes: Any, part: float) -> One:
    """Documents of which some lose a part of their questions; see `_ways` for those that gain."""
    clusters = np.repeat(np.arange(len(sizes)), sizes)

    def draw(rng: np.random.Generator, loss: float) -> Paired:
        ways = rng.choice([-1.0, 1.0, 0.0], len(sizes), p=_ways(loss, part))
        return _signed(np.where(rng.random(len(clusters)) < part, ways[clusters], 0.0), clusters)

    return draw


def _ways(loss: float, part: float) -> list[float]:
    """Return the shares of documents that lose, gain and stay; a hundredth of each where nothing is lost."""
    return [loss / part, 0.0, 1 - loss / part] if loss else [0.01, 0.01, 0.98]


def _breaking(n: int) -> One:
    """Like fields of JSON: quarters of a point, some up or down by one, and some that break to nothing."""

    def draw(rng: np.random.Generator, loss: float) -> Paired:
        old = rng.choice([0.25, 0.5, 0.75, 1.0], n, p=[0.1, 0.2, 0.3, 0.4])
        wander = np.where(rng.random(n) < 0.1, rng.choice([-0.25, 0.25], n), 0.0)
        return _signed(np.where(rng.random(n) < loss / 0.75, -old, wander))

    return draw


def _mostly_unchanged(n: int, changed: float) -> One:
    """Like ROUGE: most answers are the same, the others differ by any amount."""

    def draw(rng: np.random.Generator, loss: float) -> Paired:
        moved = np.clip(rng.normal(-loss / changed, 0.25, n), -1, 1)
        return _signed(np.where(rng.random(n) < changed, moved, 0.0))

    return draw


def _mean_of(parts: int, one: One, *, only_first: bool) -> Draw:
    """The mean over several tasks, with the loss in one of them or in all."""

    def draw(rng: np.random.Generator, loss: float) -> Macro:
        losses = [loss * parts * (index == 0) if only_first else loss for index in range(parts)]
        return Macro(tuple(one(rng, each) for each in losses))

    return draw


def _seeds(n: int, seeds: int) -> One:
    """Trained with several seeds, of which each loses more or less."""

    def draw(rng: np.random.Generator, loss: float) -> Paired:
        ease = rng.random(n)
        shift = rng.normal(-loss, 0.02, (seeds, 1))
        new = rng.random((seeds, n)) < np.clip(0.1 + 0.8 * ease + shift, 0, 1)
        return paired(new.astype(float), (rng.random(n) < 0.1 + 0.8 * ease).astype(float))

    return draw


def settings() -> Iterator[Setting]:
    """Every setting: the cases in which standard errors fail, and their neighbours."""
    for n, flips, margin in (
        (150, 0.1, 0.02),
        (200, 0.1, 0.05),
        (200, 0.05, 0.05),
        (400, 0.2, 0.05),
        (1000, 0.1, 0.02),
    ):
        yield Setting(f"right or wrong, {flips:.0%} flip", str(n), margin, _flips(n, flips))
    for n, margin in ((133, 0.02), (150, 0.02), (200, 0.02), (60, 0.05)):
        yield Setting("right or wrong, losses only", str(n), margin, _losses_only(n, graded=False))
    for n, margin in ((133, 0.02), (200, 0.05), (100, 0.05), (300, 0.02)):
        yield Setting("losses only, one item graded", str(n), margin, _losses_only(n, graded=True))
    for groups, size, margin in (
        (3, 30, 0.05), (5, 20, 0.05), (10, 20, 0.05), (20, 10, 0.05), (40, 5, 0.05), (80, 5, 0.05), (200, 5,
        0.05), (5, 40, 0.1), (10, 20, 0.1), (20, 10, 0.1), (60, 5, 0.1),
    ):  # fmt: skip
        name = f"{groups} in {groups * size}"
        yield Setting("whole documents lost", name, margin, _documents(np.full(groups, size), 1.0))
    for groups in (40, 100, 300):
        sizes = np.full(groups, 6)
        yield Setting("half a document lost", f"{groups} in {sizes.sum()}", 0.05, _documents(sizes, 0.5))
    for groups in (60, 200):
        sizes = np.maximum(1, np.random.default_rng(1).geometric(0.1, groups))
        yield Setting(
            "documents of unlike size lost", f"{groups} in {sizes.sum()}", 0.05, _documents(sizes, 1.0)
        )
    for n, margin in ((100, 0.05), (200, 0.02), (400, 0.02), (1000, 0.02)):
        yield Setting("JSON fields, some break", str(n), margin, _breaking(n))
        yield Setting("ROUGE, 80 % unchanged", str(n), margin, _mostly_unchanged(n, 0.2))
        yield Setting("ROUGE, 95 % unchanged", str(n), margin, _mostly_unchanged(n, 0.05))
    for each, only_first in (("all", False), ("one", True)):
        one = _losses_only(100, graded=False)
        yield Setting(f"mean of 4, losses in {each}", "400", 0.02, _mean_of(4, one, only_first=only_first))
    yield Setting("mean of 3, documents of one lost", "3 x 60 in 300", 0.05,
                  _mean_of(3, _documents(np.full(60, 5), 1.0), only_first=True))  # fmt: skip
    yield Setting("mean of 3, 10 % flip", "600", 0.05, _mean_of(3, _flips(200, 0.1), only_first=False))
    yield Setting("3 seeds", "300", 0.1, _seeds(300, 3))


def held(setting: Setting, draws: int, alpha: float = 0.05) -> Held:
    """Count how often a setting's margin is held."""
    rng = np.random.default_rng(zlib.crc32(f"{setting.name} {setting.n} {setting.margin}".encode()))
    counts = np.zeros(4)
    for _ in range(draws):
        for place, loss in ((0, setting.margin), (2, 0.0)):
            found = setting.draw(rng, loss)
            counts[place] += found.holds(setting.margin, alpha)
            counts[place + 1] += found.interval(2 * alpha)[0] > -setting.margin
    false_pass, usual_false_pass, power, usual_power = (counts / draws).tolist()
    return Held(setting, false_pass, usual_false_pass, power, usual_power, draws)


def table(rows: list[Held]) -> str:
    """The shares as a Markdown table."""
    lines = [
        "| data | n | margin | false passes | (t or Tango) | an equal one passes | (t or Tango) | draws |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.setting.name} | {row.setting.n} | {row.setting.margin:g} | {row.false_pass:.3f} "
        f"| {row.usual_false_pass:.3f} | {row.power:.2f} | {row.usual_power:.2f} | {row.draws} |"
        for row in rows
    ]
    return "\n".join(lines)

"""How often the statistics err, by simulation: `python -m benchmarks.calibration`.

For each method and setting, data are drawn whose truth is known, and the share of wrong statements is
counted: intervals that miss the truth, tests that reject it, and gates that pass a loss of their margin, with
how often they pass an equally good candidate.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import calibration_margins as margins
from harness.stats import Macro, Paired, holm, mcnemar_p, paired, tango_bounds, wilson_interval

Rates = list["Rate"]


@dataclass(frozen=True)
class Rate:
    """How often a method errs in one setting.

    Attributes:
        method: The method.
        kind: `miss` of an interval, `reject` of a true null.
        setting: What was drawn.
        n: Items.
        errors: Wrong statements.
        draws: Statements.
        nominal: The share that is claimed.
    """

    method: str
    kind: str
    setting: str
    n: int
    errors: int
    draws: int
    nominal: float

    @property
    def share(self) -> float:
        """Share of wrong statements."""
        return self.errors / self.draws

    @property
    def noise(self) -> float:
        """Standard error of a share of `nominal` in so many draws."""
        return float((self.nominal * (1 - self.nominal) / self.draws) ** 0.5)


def _rng(*key: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def wilson(n: int, share: float, draws: int) -> Rate:
    """Misses of Wilson's interval."""
    right = _rng("wilson", n, share).binomial(n, share, draws)
    table = [wilson_interval(k, n) for k in range(n + 1)]
    errors = sum(not table[k][0] <= share <= table[k][1] for k in right)
    return Rate("Wilson", "miss", f"share {share}", n, errors, draws, 0.05)


def tango(n: int, wins: float, losses: float, draws: int) -> Rate:
    """Misses of Tango's interval."""
    b, c = _flips(n, wins, losses, draws)
    low, high = tango_bounds(b, c, n)
    truth = wins - losses
    errors = int(((truth < low) | (truth > high)).sum())
    return Rate("Tango", "miss", f"wins {wins}, losses {losses}", n, errors, draws, 0.05)


def mcnemar(n: int, flips: float, draws: int) -> Rate:
    """Rejections by McNemar's exact test where wins and losses are as likely."""
    b, c = _flips(n, flips / 2, flips / 2, draws)
    known: dict[tuple[int, int], float] = {}
    errors = sum(
        known.setdefault((int(x), int(y)), mcnemar_p(int(x), int(y))) < 0.05
        for x, y in zip(b, c, strict=True)
    )
    return Rate("McNemar", "reject", f"flips {flips}", n, errors, draws, 0.05)


def _flips(n: int, wins: float, losses: float, draws: int) -> tuple[Any, Any]:
    drawn = _rng("flips", n, wins, losses).multinomial(n, [wins, losses, 1 - wins - losses], draws)
    return drawn[:, 0], drawn[:, 1]


def _scores(rng: np.random.Generator, n: int) -> tuple[Any, Any]:
    """Scores like token F1: many zeros and ones, the rest between; the two sides share the item's ease."""
    ease = rng.beta(0.5, 0.5, n)
    return tuple(
        np.where(
            rng.random(n) < 0.5, (rng.random(n) < ease).astype(float), rng.beta(1 + 3 * ease, 4 - 3 * ease)
        )
        for _ in range(2)
    )  # type: ignore[return-value]


def _clustered(rng: np.random.Generator, groups: int, size: int) -> tuple[Any, Any, list[str]]:
    """Binary scores; a quarter of a side's items go by the document instead of by themselves."""
    names = [f"document {group}" for group in range(groups) for _ in range(size)]
    sides = []
    for _ in range(2):
        own = rng.random((groups, size)) < 0.5
        shared = np.repeat(rng.random((groups, 1)) < 0.5, size, axis=1)
        sides.append(np.where(rng.random((groups, size)) < 0.25, shared, own).astype(float).ravel())
    return sides[0], sides[1], names


def _seeded(rng: np.random.Generator, n: int, seeds: int) -> tuple[Any, Any]:
    """Three trained adapters whose accuracy differs by the seed, against one base."""
    ease = rng.random(n)
    accuracy = np.clip(ease + rng.normal(0, 0.08, (seeds, 1)), 0, 1)
    return (rng.random((seeds, n)) < accuracy).astype(float), (rng.random(n) < ease).astype(float)


def _counted(
    method: str,
    kind: str,
    setting: str,
    n: int,
    draws: int,
    make: Callable[[np.random.Generator], Paired],
    wrong: Callable[[Paired], bool],
) -> Rate:
    rng = _rng(method, setting, n)
    errors = sum(wrong(make(rng)) for _ in range(draws))
    return Rate(method, kind, setting, n, errors, draws, 0.05)


def _misses_zero(pair: Paired) -> bool:
    low, high = pair.interval()
    return not low <= 0.0 <= high


def _bca_misses_zero(pair: Paired) -> bool:
    low, high = pair.bca() or (-1.0, 1.0)
    return not low <= 0.0 <= high


def continuous(n: int, draws: int) -> Iterator[Rate]:
    """t, sign flip and BCa on scores between 0 and 1 without a true difference."""

    def make(rng: np.random.Generator) -> Paired:
        return paired(*_scores(rng, n))

    yield _counted("t", "miss", "token F1", n, draws, make, _misses_zero)
    yield _counted("sign flip", "reject", "token F1", n, draws, make, lambda pair: pair.p_value < 0.05)
    yield _counted("BCa", "miss", "token F1", n, draws, make, _bca_misses_zero)


def clusters(groups: int, size: int, draws: int) -> Iterator[Rate]:
    """CR1 with t over clusters, and what treating the items as independent would give."""

    def make(rng: np.random.Generator) -> Paired:
        return paired(*_clustered(rng, groups, size))

    def naive(rng: np.random.Generator) -> Paired:
        return paired(*_clustered(rng, groups, size)[:2])

    setting = f"{groups} clusters of {size}"
    n = groups * size
    yield _counted("t over clusters", "miss", setting, n, draws, make, _misses_zero)
    yield _counted(
        "sign flip over clusters", "reject", setting, n, draws, make, lambda pair: pair.p_value < 0.05
    )
    yield _counted("(clusters ignored)", "miss", setting, n, draws, naive, _misses_zero)


def seeds(count: int, n: int, draws: int) -> Iterator[Rate]:
    """Seeds as a random factor, and what one seed's interval would claim of the recipe."""

    def make(rng: np.random.Generator) -> Paired:
        return paired(*_seeded(rng, n, count))

    def naive(rng: np.random.Generator) -> Paired:
        new, old = _seeded(rng, n, count)
        return paired(new[0], old)

    yield _counted("t over seeds", "miss", f"{count} seeds", n, draws, make, _misses_zero)
    yield _counted("(one seed for the recipe)", "miss", f"{count} seeds", n, draws, naive, _misses_zero)


def family(strategies: int, n: int, draws: int) -> Rate:
    """Families of contrasts in which Holm's correction lets any true null be rejected."""
    rng = _rng("holm", strategies, n)
    errors = 0
    for _ in range(draws):
        ease = rng.random(n)
        base, *others = ((rng.random(n) < ease).astype(float) for _ in range(strategies))
        errors += min(holm([paired(other, base).p_value for other in others])) < 0.05
    return Rate("Holm", "reject", f"{strategies} strategies", n, errors, draws, 0.05)


def macro(tasks: int, n: int, draws: int) -> Rate:
    """Misses of the interval of the mean over tasks."""
    rng = _rng("macro", tasks, n)
    errors = 0
    for _ in range(draws):
        pairs = tuple(
            paired((rng.random(n) < ease).astype(float), (rng.random(n) < ease).astype(float))
            for ease in (rng.random(n) for _ in range(tasks))
        )
        low, high = Macro(pairs).interval()
        errors += not low <= 0.0 <= high
    return Rate("mean over tasks", "miss", f"{tasks} tasks", n, errors, draws, 0.05)


def simulate(draws: int) -> Rates:
    """All rates.

    Args:
        draws: Draws of the methods that are computed for all draws at once; the others take fewer.
    """
    few = max(200, draws // 10)
    rates = [wilson(n, share, draws) for n in (30, 100, 300, 1000) for share in (0.1, 0.5, 0.9)]
    rates += [
        tango(n, wins, losses, draws)
        for n in (30, 100, 300, 1000)
        for wins, losses in ((0.1, 0.1), (0.2, 0.1), (0.05, 0.03))
    ]
    rates += [mcnemar(n, flips, draws) for n in (30, 100, 300, 1000) for flips in (0.1, 0.3)]
    for n in (30, 100, 300, 1000):
        rates += continuous(n, few)
    for groups, size in ((5, 20), (10, 10), (25, 8), (50, 4)):
        rates += clusters(groups, size, few)
    rates += [rate for n in (100, 300) for rate in seeds(3, n, few)]
    rates += [family(6, 100, few), macro(4, 100, few)]
    return rates


def table(rates: Rates) -> str:
    """The rates as a Markdown table."""
    lines = ["| method | statement | data | n | wrong | nominal | draws |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {r.method} | {r.kind} | {r.setting} | {r.n} | {r.share:.3f} | {r.nominal:.2f} | {r.draws} |"
        for r in rates
    ]
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--draws", type=int, default=20_000)
    draws = parser.parse_args().draws
    print(table(simulate(draws)))  # noqa: T201
    print()  # noqa: T201
    print(margins.table([margins.held(each, max(200, draws // 20)) for each in margins.settings()]))  # noqa: T201


if __name__ == "__main__":
    main()

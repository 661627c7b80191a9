"""What is called detectable over several tasks is detected: checked with the real p-values of made data."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats import Macro, paired
from harness.stats.paired import Paired
from harness.stats.simulated import power_of_mean

HOLM_OF_THREE = 0.05 / 3


def flips(generator: np.random.Generator, n: int, wins: float, losses: float) -> Paired:
    drawn = generator.choice([1, -1, 0], n, p=[wins, losses, 1 - wins - losses])
    return paired((drawn > 0) * 1.0, (drawn < 0) * 1.0)


@pytest.mark.parametrize(("sizes", "alpha"), [((20, 20), HOLM_OF_THREE), ((40, 80), HOLM_OF_THREE)])
def test_the_mean_over_tasks_has_the_power_of_its_own_p_value(sizes: tuple[int, ...], alpha: float) -> None:
    generator = np.random.default_rng(1)
    seen = [flips(generator, n, 0.2, 0.1) for n in sizes]
    least = Macro(tuple(seen)).detectable(alpha)
    shown = 0
    for _ in range(300):
        parts = []
        for each in seen:
            share = max((each.wins + each.losses) / each.n, least)
            parts.append(flips(generator, each.n, (share + least) / 2, (share - least) / 2))
        mean = Macro(tuple(parts))
        shown += mean.p_value < alpha and mean.estimate > 0
    assert 0.74 <= shown / 300 <= 0.87


def test_items_to_detect_of_several_tasks_have_the_power() -> None:
    generator = np.random.default_rng(5)
    mean = Macro(tuple(flips(generator, n, 0.2, 0.1) for n in (40, 80)))
    needed = mean.items_to_detect(0.1, 0.05)
    assert needed is not None
    parts = [(0.5, task) for task in mean.tasks]
    assert power_of_mean(parts, 0.1, 0.05, needed / mean.n) == pytest.approx(0.8, abs=0.03)


def test_more_items_do_not_help_where_seeds_vary() -> None:
    scores = np.array([[1.0] * 10 + [0.0] * 10, [0.0] * 20])
    seen = paired(scores, np.zeros((2, 20)))
    assert Macro((seen, seen)).items_to_detect(0.1, 0.05) is None


def test_few_units_whose_signs_cannot_be_significant_detect_nothing() -> None:
    four = paired([0.5, 0.4, 0.6, 0.7], [0.3, 0.3, 0.3, 0.3])
    assert four.test == "sign flip"
    assert four.detectable(0.05) == 1.0
    assert four.p_value > 0.05

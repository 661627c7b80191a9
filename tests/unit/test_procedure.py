"""Power belongs to the test that is used: checked by independent simulation with the real p-values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.stats import Macro, mcnemar_p, paired
from harness.stats.paired import Paired
from harness.stats.procedure import mcnemar_power

Draw = Callable[[np.random.Generator], Paired]


def shown(draw: Draw, alpha: float, times: int = 400) -> float:
    """Share of made data sets whose own p-value is below alpha, with a gain."""
    generator = np.random.default_rng(7)
    found = [draw(generator) for _ in range(times)]
    return float(np.mean([each.p_value < alpha and each.estimate > 0 for each in found]))


def flips(generator: np.random.Generator, n: int, wins: float, losses: float) -> Paired:
    drawn = generator.choice([1, -1, 0], n, p=[wins, losses, 1 - wins - losses])
    return paired((drawn >= 0) * 1.0, (drawn <= 0) * (drawn != 0) * 1.0 + (drawn == 0) * 1.0)


FIVE_OF_TWENTY = paired([1.0] * 5 + [0.0] * 15, [0.0] * 20)
HOLM_OF_THREE = 0.05 / 3


def test_a_claim_of_the_normal_formula_is_what_the_exact_test_shows() -> None:
    """27.8 points and 25 items were claimed for 5 of 20 items with three challengers."""
    assert FIVE_OF_TWENTY.power(0.278, HOLM_OF_THREE) == pytest.approx(0.31, abs=0.005)
    assert FIVE_OF_TWENTY.power(0.25, HOLM_OF_THREE, factor=25 / 20) == pytest.approx(0.44, abs=0.005)
    assert Macro((FIVE_OF_TWENTY,)).items_needed(0.25, HOLM_OF_THREE) == 35
    assert FIVE_OF_TWENTY.detectable(HOLM_OF_THREE) == pytest.approx(0.42, abs=0.01)


def test_the_power_of_mcnemar_is_a_sum_over_all_tables() -> None:
    n, wins, losses, alpha = 9, 0.5, 0.1, 0.05
    generator = np.random.default_rng(0)
    drawn = generator.multinomial(n, [wins, losses, 1 - wins - losses], 20_000)
    real = np.mean([mcnemar_p(int(b), int(c)) < alpha and b > c for b, c, _ in drawn])
    assert mcnemar_power(n, wins, losses, alpha) == pytest.approx(real, abs=0.01)
    assert mcnemar_power(5, 1.0, 0.0, 0.05) == 0.0  # five of five are p = 0.0625
    assert mcnemar_power(6, 1.0, 0.0, 0.05) == pytest.approx(1.0)


@pytest.mark.parametrize(("n", "wins", "losses"), [(30, 0.2, 0.1), (60, 0.1, 0.1), (200, 0.12, 0.05)])
def test_what_is_called_detectable_is_detected(n: int, wins: float, losses: float) -> None:
    seen = paired(
        [1.0] * round(wins * n) + [0.0] * (n - round(wins * n)),
        [0.0] * round(wins * n) + [1.0] * round(losses * n) + [0.0] * (n - round((wins + losses) * n)),
    )
    least = seen.detectable(0.025)
    share = max(wins + losses, least + 2 * losses)
    real = shown(lambda g: flips(g, n, (share + least) / 2, (share - least) / 2), 0.025)
    assert 0.74 <= real <= 0.88


def graded(generator: np.random.Generator, n: int, difference: float) -> Paired:
    old = generator.uniform(0.1, 0.6, n)
    return paired(np.clip(old + difference + generator.normal(0, 0.1, n), 0, 1), old)


def test_graded_scores_have_the_power_of_their_own_test() -> None:
    seen = graded(np.random.default_rng(3), 25, 0.05)
    least = seen.detectable(0.05)
    truly = least * 0.1 / float(seen.differences.std(ddof=1))  # the true spread is 0.1, not the one seen
    assert 0.73 <= shown(lambda g: graded(g, 25, truly), 0.05) <= 0.87


def test_few_units_whose_signs_cannot_be_significant_detect_nothing() -> None:
    four = paired([0.5, 0.4, 0.6, 0.7], [0.3, 0.3, 0.3, 0.3])
    assert four.test == "sign flip"
    assert four.detectable(0.05) == 1.0
    assert four.p_value > 0.05


def test_clusters_are_the_units() -> None:
    names = [f"c{i // 10}" for i in range(60)]
    right = [float(i // 10 in (0, 1)) for i in range(60)]
    clustered, alone = paired(right, [0.0] * 60, names), paired(right, [0.0] * 60)
    assert clustered.detectable(0.05) > 2 * alone.detectable(0.05)


def test_the_mean_over_tasks_has_the_power_of_its_interval() -> None:
    generator = np.random.default_rng(1)
    seen = [flips(generator, n, 0.2, 0.1) for n in (40, 80)]
    least = Macro(tuple(seen)).detectable(HOLM_OF_THREE)

    def draw(g: np.random.Generator) -> Paired:
        parts = []
        for each in seen:
            lost = each.losses / each.n
            share = max(each.wins / each.n + lost, least + 2 * min(lost, each.wins / each.n))
            parts.append(flips(g, each.n, (share + least) / 2, (share - least) / 2))
        return Macro(tuple(parts))  # type: ignore[return-value]

    assert 0.74 <= shown(draw, HOLM_OF_THREE, 150) <= 0.87


def test_items_needed_prove_what_was_seen() -> None:
    generator = np.random.default_rng(5)
    seen = tuple(flips(generator, n, 0.2, 0.1) for n in (40, 80))
    mean = Macro(seen)
    needed = mean.items_needed(0.1, 0.05)
    assert needed is not None
    assert mean.power(0.1, 0.05, factor=needed / mean.n) == pytest.approx(0.8, abs=0.03)
    assert mean.items_needed(0.0, 0.05) is None


def test_more_items_do_not_help_where_seeds_vary() -> None:
    scores = np.array([[1.0] * 10 + [0.0] * 10, [0.0] * 20])
    seen = Macro((paired(scores, np.zeros((2, 20))),))
    assert seen.items_needed(0.1, 0.05) is None

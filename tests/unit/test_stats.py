from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar

from harness.stats import (
    interval,
    mcnemar_p,
    mean_interval,
    paired,
    tango_bounds,
    tango_interval,
    wilson_interval,
)

SCORES = st.lists(st.floats(0, 1), min_size=2, max_size=30)
COUNTS = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)).filter(lambda c: sum(c) > 0)


# --- one strategy ---


@given(st.integers(1, 500), st.data(), st.sampled_from([0.01, 0.05, 0.1]))
def test_wilson_equals_scipy(n: int, data: st.DataObject, alpha: float) -> None:
    successes = data.draw(st.integers(0, n))
    expected = scipy_stats.binomtest(successes, n).proportion_ci(1 - alpha, method="wilson")
    assert wilson_interval(successes, n, alpha) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_a_known_value() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@given(SCORES.filter(lambda values: max(values) - min(values) > 1e-6), st.sampled_from([0.05, 0.2]))
def test_the_interval_of_a_mean_equals_scipy_cut_to_the_range(values: list[float], alpha: float) -> None:
    low, high = scipy_stats.t.interval(
        1 - alpha, len(values) - 1, loc=np.mean(values), scale=scipy_stats.sem(values)
    )
    assert mean_interval(values, alpha) == pytest.approx((max(low, 0.0), min(high, 1.0)), abs=1e-9)


def test_interval_takes_wilson_for_binary_scores_and_t_for_others() -> None:
    assert interval([1, 0, 1.0, 1]) == wilson_interval(3, 4)
    assert interval([1, 0, 0.5, 1]) == mean_interval([1, 0, 0.5, 1])


@given(st.floats(0, 1), st.integers(2, 300))
def test_scores_without_spread_still_leave_doubt(value: float, n: int) -> None:
    low, high = mean_interval([value] * n)
    assert high - low == pytest.approx(wilson_interval(0, n)[1], abs=1e-9)
    assert 0.0 <= low <= value + 1e-12
    assert value - 1e-12 <= high <= 1.0


def test_one_score_tells_nothing_of_the_mean() -> None:
    assert mean_interval([0.4]) == (0.0, 1.0)
    difference = paired([0.4], [0.1])
    assert (difference.interval(), difference.n, difference.method) == ((-1.0, 1.0), 1, "no spread")
    assert difference.estimate == pytest.approx(0.3)
    assert difference.p_value == 1.0


# --- two strategies on the same items ---


def score_statistic(difference: float, wins: int, losses: int, n: int) -> float:
    """The score statistic by its definition: the likelihood under the difference is maximised numerically."""

    def minus_log_likelihood(loss_rate: float) -> float:
        rates = (loss_rate + difference, loss_rate, 1 - 2 * loss_rate - difference)
        counts = (wins, losses, n - wins - losses)
        return -sum(k * math.log(max(p, 1e-300)) for k, p in zip(counts, rates, strict=True) if k)

    bounds = (max(0.0, -difference), (1 - difference) / 2)
    loss_rate = optimize.minimize_scalar(
        minus_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-13}
    ).x
    variance = (2 * loss_rate + difference - difference**2) / n
    return float(((wins - losses) / n - difference) / math.sqrt(variance))


@pytest.mark.parametrize(
    ("wins", "losses", "n"), [(12, 9, 100), (3, 1, 40), (30, 5, 60), (7, 7, 14), (1, 20, 400), (6, 6, 50)]
)
def test_tango_bounds_are_where_the_score_test_is_just_significant(wins: int, losses: int, n: int) -> None:
    low, high = tango_interval(wins, losses, n)
    assert score_statistic(low, wins, losses, n) == pytest.approx(1.959964, abs=1e-4)
    assert score_statistic(high, wins, losses, n) == pytest.approx(-1.959964, abs=1e-4)


def test_tango_without_any_flip_equals_its_closed_form() -> None:
    unseen = 1.959963985**2 / (80 + 1.959963985**2)
    assert tango_interval(0, 0, 80) == pytest.approx((-unseen, unseen), abs=1e-9)


def test_tango_solves_the_same_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.stats import tango

    first = tango_interval(31, 17, 977)
    monkeypatch.setattr(tango, "_crossing", None)
    assert tango_interval(31, 17, 977) == first


@given(COUNTS)
def test_tango_holds_the_estimate_and_changes_sign_with_the_sides(counts: tuple[int, int, int]) -> None:
    wins, losses, n = counts[0], counts[1], sum(counts)
    low, high = tango_interval(wins, losses, n)
    assert -1.0 <= low <= (wins - losses) / n <= high <= 1.0
    assert tango_interval(losses, wins, n) == pytest.approx((-high, -low), abs=1e-9)
    narrow = tango_interval(wins, losses, n, alpha=0.2)
    assert low <= narrow[0] <= narrow[1] <= high


def test_tango_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    wins, losses, n, true_difference = 0.15, 0.10, 100, 0.05
    draws = generator.multinomial(n, [wins, losses, 1 - wins - losses], size=1500)
    intervals = [tango_interval(int(b), int(c), n) for b, c, _ in draws]
    assert np.mean([low <= true_difference <= high for low, high in intervals]) == pytest.approx(
        0.95, abs=0.02
    )


@given(st.lists(COUNTS, min_size=1, max_size=5))
def test_many_tables_at_once_give_the_same_bounds(tables: list[tuple[int, int, int]]) -> None:
    wins, losses, ties = (np.array(column) for column in zip(*tables, strict=True))
    low, high = tango_bounds(wins, losses, wins + losses + ties)
    for index, (b, c, rest) in enumerate(tables):
        assert (low[index], high[index]) == tango_interval(b, c, b + c + rest)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_equals_statsmodels(wins: int, losses: int) -> None:
    expected = mcnemar([[5, wins], [losses, 7]], exact=True).pvalue
    assert mcnemar_p(wins, losses) == pytest.approx(min(1.0, expected), abs=1e-12)


def test_binary_pairs_are_counted_for_tango() -> None:
    new, old = [1, 1, 1, 0, 0, 1], [0, 0, 1, 1, 0, 1]
    difference = paired(new, old)
    assert difference.interval() == tango_interval(2, 1, 6)
    assert (difference.n, difference.method, difference.test) == (6, "tango", "mcnemar")
    assert difference.estimate == pytest.approx(1 / 6)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=30))
def test_other_pairs_get_the_t_interval_of_their_differences(pairs: list[tuple[float, float]]) -> None:
    new, old = ([pair[side] for pair in pairs] for side in (0, 1))
    values = np.array(new) - np.array(old)
    found = paired(new, old)
    assert found.estimate == pytest.approx(values.mean())
    if found.method == "t" and values.std() > 1e-6:
        low, high = scipy_stats.t.interval(
            0.95, len(values) - 1, loc=values.mean(), scale=scipy_stats.sem(values)
        )
        assert found.interval() == pytest.approx((max(low, -1.0), min(high, 1.0)), abs=1e-9)


def test_equal_scores_on_every_item_are_no_proof_of_equality() -> None:
    found = paired([0.5] * 80, [0.5] * 80)
    assert (found.estimate, found.method) == (0.0, "no spread")
    assert found.interval() == pytest.approx(tango_interval(0, 0, 80), abs=1e-9)


# --- what cannot be asked ---


@pytest.mark.parametrize(
    "ask",
    [
        lambda: interval([]),
        lambda: mean_interval([]),
        lambda: paired([], []),
        lambda: paired([1.0], [1.0, 0.0]),
        lambda: paired([1.0], [1.0], ["a", "b"]),
        lambda: paired([1.5], [1.0]),
        lambda: mcnemar_p(-1, 2),
        lambda: mean_interval([0.5, 1.5]),
        lambda: mean_interval([0.5, math.nan]),
        lambda: wilson_interval(0, 0),
        lambda: wilson_interval(3, 2),
        lambda: tango_interval(0, 0, 0),
        lambda: tango_interval(2, 2, 3),
    ],
)
def test_what_has_no_answer_is_refused(ask) -> None:
    with pytest.raises(ValueError, match=r"."):
        ask()

"""Pairs with clusters, seeds and graded scores; several comparisons; power."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests

from harness.stats import (
    Macro,
    bca_interval,
    holm,
    mcnemar_detectable,
    mcnemar_items,
    mcnemar_p,
    mcnemar_power,
    paired,
    sign_flip_p,
    tango_interval,
)

GRADED = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=25)


def graded(n: int, shift: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    old = rng.random(n)
    return np.clip(old + shift + rng.normal(0, 0.2, n), 0, 1), old


# --- clusters ---


def test_clustered_errors_equal_cr1_of_statsmodels() -> None:
    new, old = graded(60, 0.05)
    names = [f"d{i % 12}" for i in range(60)]
    found = paired(new, old, names)
    # statsmodels' small-sample factor is G/(G-1) * (n-1)/(n-k), which is CR1 for the mean (k = 1).
    groups = np.array([i % 12 for i in range(60)])
    fitted = OLS(new - old, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    assert found.standard_error == pytest.approx(fitted.bse[0], rel=1e-9)
    assert found.interval() == pytest.approx(tuple(fitted.conf_int()[0]), rel=1e-9)
    assert (found.method, found.n, found.n_clusters) == ("t over clusters", 60, 12)


def test_items_that_repeat_each_other_are_worth_one() -> None:
    new, old = graded(20, 0.05)
    alone = paired(new, old)
    copied = paired(np.repeat(new, 4), np.repeat(old, 4), [f"d{i}" for i in range(20) for _ in range(4)])
    assert copied.standard_error == pytest.approx(alone.standard_error)


def test_clusters_of_one_item_are_no_clusters() -> None:
    assert paired([1, 0, 1], [0, 0, 1], ["a", "b", "c"]).method == "tango"


def test_one_cluster_tells_nothing() -> None:
    found = paired([1, 0, 1, 1], [0, 0, 0, 1], ["a"] * 4)
    assert (found.interval(), found.p_value, found.method) == ((-1.0, 1.0), 1.0, "no spread")
    assert found.bca() is None


def test_few_clusters_are_not_resampled_and_enough_are() -> None:
    new, old = graded(80, 0.05)
    assert paired(new, old, [f"d{i % 10}" for i in range(80)]).bca() is None
    assert paired(new, old, [f"d{i % 20}" for i in range(80)]).bca() is not None


# --- seeds ---


def test_seeds_widen_the_interval_by_their_spread() -> None:
    rng = np.random.default_rng(3)
    old = (rng.random(100) < 0.5).astype(float)
    new = (rng.random((3, 100)) < np.array([[0.5], [0.6], [0.7]])).astype(float)
    found = paired(new, old)
    means = (new - old).mean(1)
    item = (new.mean(0) - old).var(ddof=1) / 100
    assert found.method == "t over seeds"
    assert found.standard_error == pytest.approx(math.sqrt(means.var(ddof=1) / 3 + item))
    between = means.var(ddof=1) / 3
    df = (between + item) ** 2 / (between**2 / 2 + item**2 / 99)
    low, high = scipy_stats.t.interval(0.95, df, loc=found.estimate, scale=found.standard_error)
    assert found.interval() == pytest.approx((low, high))
    assert found.p_value == pytest.approx(
        2 * scipy_stats.t.sf(abs(found.estimate) / found.standard_error, df)
    )
    assert (found.n, found.n_seeds) == (100, 3)


def test_seeds_that_agree_are_one() -> None:
    new, old = np.array([[1, 0, 1, 1]] * 3), np.array([[0, 0, 1, 1]] * 3)
    assert paired(new, old).interval() == tango_interval(1, 0, 4)
    assert paired(new, old[:1]).interval() == tango_interval(1, 0, 4)


def test_other_numbers_of_seeds_vary_on_their_own() -> None:
    rng = np.random.default_rng(5)
    new, old = (rng.random((k, 40)) < 0.5 for k in (3, 2))
    found = paired(new.astype(float), old.astype(float))
    expected = new.mean(1).var(ddof=1) / 3 + old.mean(1).var(ddof=1) / 2
    assert found.seed_variance == pytest.approx(expected)


# --- graded scores ---


def test_the_sign_flip_test_equals_scipys_permutation_test() -> None:
    new, old = graded(40, 0.06)
    expected = scipy_stats.permutation_test(
        (new - old,), np.mean, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(1)
    ).pvalue
    assert paired(new, old).p_value == pytest.approx(expected, abs=0.012)


def test_the_sign_flip_test_counts_all_flips_of_few_items_rightly() -> None:
    # All five differences have one sign: 2 of the 32 sign patterns are as extreme.
    assert sign_flip_p(np.array([0.2, 0.1, 0.3, 0.2, 0.4])) == pytest.approx(2 / 32, abs=0.01)


def test_bca_equals_scipys() -> None:
    new, old = graded(60, 0.1, seed=4)
    expected = scipy_stats.bootstrap(
        (new - old,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(2)
    ).confidence_interval
    found = paired(new, old).bca()
    assert found == pytest.approx((expected.low, expected.high), abs=0.004)


def test_a_spread_of_rounding_is_none() -> None:
    found = paired([0.0, 0.0], [0.0, 5e-324])
    assert found.method == "no spread"
    assert found.interval() == pytest.approx(paired([0.5, 0.5], [0.5, 0.5]).interval())


def test_bca_of_ties_is_no_number() -> None:
    assert all(math.isnan(bound) for bound in bca_interval(np.full(9, 0.3), np.ones(9)))
    assert paired([0.5] * 9, [0.2] * 9).bca() is None


@given(GRADED, st.integers(1, 4))
def test_any_pair_has_bounds_around_its_estimate(pairs: list[tuple[float, float]], groups: int) -> None:
    new, old = ([pair[side] for pair in pairs] for side in (0, 1))
    names = [f"d{i % groups}" for i in range(len(pairs))]
    for clusters in (None, names):
        found = paired(new, old, clusters)
        low, high = found.interval()
        assert -1.0 <= low <= found.estimate + 1e-12
        assert found.estimate - 1e-12 <= high <= 1.0
        assert 0.0 < found.p_value <= 1.0
        assert 0.0 <= found.detectable() <= 1.0
        assert high > low


@given(st.integers(1, 60), st.sampled_from([(1.0, 1.0), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]))
def test_all_right_and_all_wrong_leave_doubt(n: int, scores: tuple[float, float]) -> None:
    found = paired([scores[0]] * n, [scores[1]] * n)
    low, high = found.interval()
    assert low <= found.estimate <= high
    assert high - low > 0


# --- several ---


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_holm_of_nothing() -> None:
    assert holm([]) == []


def test_the_mean_over_tasks_combines_by_square_and_add() -> None:
    first, second = paired([1] * 12 + [0] * 8, [0] * 6 + [1] * 14), paired(*graded(30, 0.1))
    found = Macro((first, second))
    (low1, high1), (low2, high2) = first.interval(), second.interval()
    estimate = (first.estimate + second.estimate) / 2
    down = math.hypot(first.estimate - low1, second.estimate - low2) / 2
    up = math.hypot(high1 - first.estimate, high2 - second.estimate) / 2
    assert found.interval() == pytest.approx((estimate - down, estimate + up))
    assert found.n == 50


def test_the_p_value_of_the_mean_is_where_its_interval_meets_zero() -> None:
    found = Macro((paired(*graded(40, 0.08)), paired(*graded(50, 0.05, seed=2))))
    low, high = found.interval(found.p_value)
    assert min(abs(low), abs(high)) < 1e-6
    assert Macro((found.tasks[0],)).p_value == found.tasks[0].p_value


def test_no_tasks_have_no_mean() -> None:
    with pytest.raises(ValueError, match="no tasks"):
        Macro(())


# --- power ---


# --- Power of the very tests that are used ---


@pytest.mark.parametrize(
    ("n", "flips", "difference", "alpha"),
    [(31, 0.4, 0.278, 0.05 / 3), (40, 0.3, 0.25, 0.05), (200, 0.2, 0.1, 0.05 / 5), (1000, 0.1, 0.03, 0.05)],
)
def test_the_power_of_mcnemars_test_is_what_a_simulation_finds(
    n: int, flips: float, difference: float, alpha: float
) -> None:
    rng = np.random.default_rng(3)
    shares = [(flips + difference) / 2, (flips - difference) / 2, 1 - flips]
    draws = rng.multinomial(n, shares, size=4000)
    seen = np.mean([mcnemar_p(int(b), int(c)) < alpha for b, c, _ in draws])
    assert mcnemar_power(difference, flips, n, alpha) == pytest.approx(seen, abs=0.025)


def test_the_normal_formula_promised_what_the_exact_test_does_not_hold() -> None:
    """28 points, where half of 20 items differ: told as four times in five, found in a third of runs."""
    told = (1.96 + 0.8416) * math.sqrt((0.5 - 0.278**2) / 40)
    assert told == pytest.approx(0.288, abs=0.01)
    assert mcnemar_power(0.278, 0.5, 20, 0.05 / 3) < 0.35
    assert mcnemar_detectable(0.5, 20, 0.05 / 3) > 0.45


@pytest.mark.parametrize(
    ("difference", "flips", "alpha"), [(0.3, 0.4, 0.05 / 3), (0.1, 0.2, 0.05), (0.5, 0.5, 0.01)]
)
def test_so_many_items_are_enough_and_fewer_are_not(difference: float, flips: float, alpha: float) -> None:
    n = mcnemar_items(difference, flips, alpha)
    assert n is not None
    assert all(mcnemar_power(difference, flips, more, alpha) >= 0.8 for more in range(n, n + 8))
    assert mcnemar_power(difference, flips, n - 1, alpha) < 0.8
    assert mcnemar_power(mcnemar_detectable(flips, n, alpha), flips, n, alpha) >= 0.799
    assert mcnemar_items(0.0, flips) is None


def test_items_too_few_to_reject_at_all_detect_nothing() -> None:
    assert mcnemar_power(1.0, 1.0, 5, 0.05) == 0.0
    assert mcnemar_detectable(0.5, 5, 0.05) == 1.0
    assert paired([1] * 5, [0] * 5).detectable() == 1.0


@pytest.mark.parametrize("n", [12, 60])
def test_what_graded_scores_detect_is_found_four_times_in_five(n: int) -> None:
    rng = np.random.default_rng(5)
    found = []
    told = np.mean([paired(*_graded(rng, n, 0.0)).detectable(0.05 / 3) for _ in range(50)])
    for _ in range(400):
        found.append(paired(*_graded(rng, n, float(told))).p_value < 0.05 / 3)
    assert 0.72 <= np.mean(found) <= 0.92


def _graded(rng: np.random.Generator, n: int, difference: float) -> tuple[Any, Any]:
    old = rng.uniform(0.3, 0.5, n)
    return np.clip(old + difference + rng.normal(0, 0.15, n), 0, 1), old


@pytest.mark.parametrize("n", [20, 100])
def test_what_a_mean_over_tasks_detects_is_found_four_times_in_five(n: int) -> None:
    rng = np.random.default_rng(7)

    def macro(difference: float) -> Macro:
        shares = [(0.3 + difference) / 2, (0.3 - difference) / 2, 0.7]
        tables = rng.multinomial(n, shares, size=3)
        return Macro(
            tuple(paired([1] * b + [0] * c + [1] * r, [0] * b + [1] * c + [1] * r) for b, c, r in tables)
        )

    told = float(np.mean([macro(0.0).detectable(0.05 / 3) for _ in range(40)]))
    found = []
    for _ in range(400):
        low, _ = macro(told).interval(0.05 / 3)
        found.append(low > 0)
    assert 0.72 <= np.mean(found) <= 0.92, told
    assert macro(0.0).items_to_detect(told / 2, 0.05 / 3) > 2 * 3 * n  # type: ignore[operator]


@pytest.mark.parametrize("n", [1, 2, 6, 40, 3000])
@pytest.mark.parametrize("size", [1, 3])
def test_a_loss_that_is_the_same_everywhere_is_no_chance(n: int, size: int) -> None:
    clusters = [str(unit) for unit in range(n) for _ in range(size)]
    found = paired(np.full(n * size, 0.3), np.ones(n * size), clusters)
    assert found.method == "no spread"
    assert (found.p_value > 0.4) == (n < 3)
    assert (found.drop_p < 0.05) == (n >= 6)
    same = paired(np.full(n * size, 0.3), np.full(n * size, 0.3), clusters)
    assert same.p_value == 1.0

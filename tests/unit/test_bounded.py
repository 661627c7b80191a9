"""The lower bound of a mean in a known range: against exact bounds, by simulation, and where t fails."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from harness.stats import Macro, Paired, fewest_units, least_margin, paired
from harness.stats.bounded import lower_bounds, margin_p, margin_quantile, units

SIGNS = np.array([-1.0, 0.0])


@pytest.mark.parametrize(
    ("n", "lost"), [(1, 0), (3, 1), (59, 0), (100, 3), (200, 40), (1000, 12), (5000, 100)]
)
def test_for_right_and_wrong_it_is_the_bound_of_clopper_and_pearson(n: int, lost: int) -> None:
    bound = float(lower_bounds(SIGNS, 1.0, [lost, n - lost], 0.05))
    assert -bound == pytest.approx(scipy_stats.beta.ppf(0.95, lost + 1, n - lost), rel=1e-5)


@given(st.integers(1, 400), st.integers(0, 400), st.floats(0.02, 0.9))
def test_the_p_value_is_the_binomial_one(n: int, lost: int, margin: float) -> None:
    lost = min(lost, n)
    if lost >= n * margin:
        return
    exact = scipy_stats.binom.cdf(lost, n, margin)
    assert float(margin_p(SIGNS, 1.0, [lost, n - lost], -margin)) == pytest.approx(exact, rel=0.1, abs=1e-5)


def test_weights_drawn_by_hand_give_the_same_p_value() -> None:
    rng = np.random.default_rng(5)
    sizes = rng.integers(1, 12, 15).astype(float)
    sums = np.clip(rng.normal(0.2, 3, 15), -sizes, sizes)
    null = -0.25
    weights = rng.exponential(size=(400_000, 16))
    totals = weights[:, :15] @ (sums - null * sizes) + weights[:, 15] * sizes.max() * (-1 - null)
    found = float(margin_p(sums, sizes, np.ones(15), null))
    assert found == pytest.approx((totals <= 0).mean(), abs=0.002)


@pytest.mark.parametrize("n", [60, 1000, 20_000, 200_000])
@pytest.mark.parametrize("margin", [0.005, 0.1, 0.5])
@pytest.mark.parametrize("lost", [0.51, 0.7, 1.0])
def test_no_loss_far_beyond_the_margin_seems_to_be_held(n: int, margin: float, lost: float) -> None:
    whole = paired(np.arange(n) >= lost * n, np.ones(n))
    partly = paired(np.full(n, 1 - lost), np.ones(n))
    for found in (whole, partly):
        assert float(margin_p(*found._units, -margin)) > 0.5
        assert not found.holds(margin)


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=30),
    st.sampled_from([1, 7, 500]),
    st.floats(0.005, 0.6),
)
def test_the_closed_form_comes_near_to_the_integral(
    differences: list[float], times: int, margin: float
) -> None:
    counts = np.full(len(differences), float(times))
    exact = float(margin_p(differences, 1.0, counts, -margin))
    nearly = float(scipy_stats.norm.cdf(margin_quantile(differences, 1.0, counts, -margin)))
    assert nearly == pytest.approx(exact, abs=0.015)


def test_bounds_that_are_nearly_right_are_told_as_such() -> None:
    rng = np.random.default_rng(3)
    for n in (3, 60, 2000):
        kinds = units(rng.normal(0, 0.2, n).clip(-1, 1), np.ones(n))
        nearly, exact = (float(lower_bounds(*kinds, 0.05, nearly=quick)) for quick in (True, False))
        assert nearly == pytest.approx(exact, abs=0.01)


def test_many_equal_tables_at_once_are_the_same_as_one_by_one() -> None:
    counts = np.array([[3.0, 97.0], [0.0, 50.0], [100.0, 0.0]])
    together = lower_bounds(SIGNS, 1.0, counts, 0.05)
    assert together.tolist() == pytest.approx(
        [float(lower_bounds(SIGNS, 1.0, row, 0.05)) for row in counts], abs=1e-6
    )
    assert together[2] == -1.0


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40), st.floats(0.001, 0.3))
def test_it_lies_below_the_mean_and_within_the_range(differences: list[float], alpha: float) -> None:
    found = float(lower_bounds(differences, 1.0, np.ones(len(differences)), alpha))
    assert -1.0 <= found <= np.mean(differences) + 1e-9


def test_it_comes_near_to_student_for_many_items() -> None:
    differences = np.random.default_rng(1).normal(0.0, 0.3, 4000).clip(-1, 1)
    found = paired(np.clip(differences, 0, 1), np.clip(-differences, 0, 1))
    assert found.lower() == pytest.approx(found.interval(0.1)[0], abs=0.001)
    assert found.lower() < found.interval(0.1)[0]


@pytest.mark.parametrize(("margin", "n"), [(0.01, 299), (0.02, 149), (0.03, 99), (0.05, 59), (0.1, 29)])
def test_the_fewest_units_are_those_that_just_hold_the_margin(margin: float, n: int) -> None:
    assert fewest_units(margin) == n
    assert least_margin([1] * n) < margin < least_margin([1] * (n - 1))
    assert least_margin([7] * n) == pytest.approx(least_margin([1] * n))


def test_for_a_mean_over_tasks_the_units_are_those_of_all_tasks() -> None:
    n = fewest_units(0.05, tasks=4)
    same = paired([1.0] * (n // 4), [1.0] * (n // 4))
    assert Macro((same,) * 4).lower() > -0.05
    assert Macro((same,) * 4).least_margin() == pytest.approx(-Macro((same,) * 4).lower(), abs=1e-6)


def one_graded(n: int) -> Paired:
    return paired([0.99] + [1.0] * (n - 1), [1.0] * n)


def test_one_small_change_does_not_make_the_rest_certain() -> None:
    """Student's interval of fifty items collapses from 5.1 points to .05 once one moves by a hundredth."""
    assert one_graded(50).interval(0.1)[0] > -0.001
    assert one_graded(50).lower() == pytest.approx(paired([1.0] * 50, [1.0] * 50).lower(), abs=0.001)
    assert one_graded(50).lower() < -0.05


def test_clusters_that_did_not_change_exclude_no_loss_of_a_whole_one() -> None:
    ten = paired([1.0] * 200, [1.0] * 200, [f"d{i // 20}" for i in range(200)])
    assert ten.lower() == pytest.approx(-(1 - 0.05 ** (1 / 10)), abs=1e-6)
    assert ten.least_margin() == pytest.approx(-ten.lower(), abs=1e-6)


def test_a_margin_is_held_where_the_bound_is_above_it() -> None:
    rng = np.random.default_rng(3)
    old = rng.random((3, 80))
    new = np.clip(old + rng.normal(0.01, 0.1, (3, 80)) + np.array([[0.02], [-0.01], [0.0]]), 0, 1)
    for found in (
        paired(new[0], old[0]),
        paired(new, old),
        Macro((paired(new, old), paired(new[1], old[1]))),
    ):
        bound = found.lower(0.03)
        assert found.holds(-bound + 1e-5, 0.03)
        assert not found.holds(-bound - 1e-5, 0.03)


def test_seeds_that_differ_lower_the_bound() -> None:
    old = np.full((3, 100), 0.8)
    shifts = np.array([[0.05], [0.0], [-0.05]])
    assert paired(old + shifts, old).lower() < paired(old[0], old[0]).lower() - 0.02


def test_more_items_raise_the_bound_as_far_as_seeds_let_it() -> None:
    found = paired([1, 0] * 30, [1, 1] * 30)
    bounds = [found.lower_if(times) for times in (1.0, 2.0, 8.0)]
    assert bounds == sorted(bounds)
    assert bounds[0] == pytest.approx(found.lower(), abs=1e-3)
    assert found.lower_if(1000.0) == pytest.approx(-0.5, abs=0.01)


def test_the_same_answers_lose_nothing() -> None:
    same = Paired(np.zeros(5), None, 0.0, 1, binary=True, same=True)
    assert (same.lower(), same.holds(0.01), same.least_margin()) == (0.0, True, 0.0)
    assert math.isclose(Macro((same, same)).lower(), 0.0)

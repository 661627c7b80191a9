"""The claimed error rates hold in simulation; the table for the docs comes from the same program."""

from __future__ import annotations

import pytest

from benchmarks.calibration import Rate, simulate, table


@pytest.fixture(scope="module")
def rates() -> list[Rate]:
    return simulate(4_000)


SLACK = {
    # Wilson's coverage swings around its nominal value (Brown, Cai & DasGupta 2001), most at n = 30.
    ("Wilson", "miss"): 0.030,
    ("Tango", "miss"): 0.012,
    ("Tango gate", "false pass"): 0.008,
    ("McNemar", "reject"): 0.0,
    ("t", "miss"): 0.015,
    ("sign flip", "reject"): 0.010,
    # BCa of a mean is a little too narrow for few items (DiCiccio & Efron 1996).
    ("BCa", "miss"): 0.035,
    ("t over clusters", "miss"): 0.020,
    ("sign flip over clusters", "reject"): 0.010,
    ("t over seeds", "miss"): 0.020,
    ("Holm", "reject"): 0.0,
    ("mean over tasks", "miss"): 0.015,
}


def test_every_method_errs_no_more_often_than_stated(rates: list[Rate]) -> None:
    for rate in rates:
        if rate.method.startswith("("):
            continue
        most = rate.nominal + SLACK[rate.method, rate.kind] + 2.6 * rate.noise
        assert rate.share <= most, table([rate])


def test_every_setting_is_drawn(rates: list[Rate]) -> None:
    assert {(rate.method, rate.kind) for rate in rates if not rate.method.startswith("(")} == set(SLACK)
    assert {rate.n for rate in rates if rate.method == "Tango"} == {30, 100, 300, 1000}


def test_ignoring_clusters_or_seeds_would_err_far_more_often(rates: list[Rate]) -> None:
    ignored = {(rate.method, rate.setting): rate.share for rate in rates if rate.method.startswith("(")}
    assert ignored["(clusters ignored)", "5 clusters of 20"] > 0.12
    assert ignored["(one seed for the recipe)", "3 seeds"] > 0.12

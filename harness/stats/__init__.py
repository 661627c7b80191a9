"""Statistics over stored per-item scores: pure functions; see ``docs/statistics.md`` for the choices made."""

from harness.stats.amounts import amount_interval, covariance_of_means, weighted_quantile
from harness.stats.bounded import fewest_units, least_margin
from harness.stats.holding import Suite
from harness.stats.paired import Paired
from harness.stats.pairing import paired, paired_differences
from harness.stats.power import POWER, least_times, mcnemar_detectable, mcnemar_items, mcnemar_power
from harness.stats.resampling import bca_interval, sign_flip_p
from harness.stats.several import Macro, holm, mean_bounds
from harness.stats.single import drop_p, interval, mean_interval, normal_quantile, wilson_interval
from harness.stats.tango import mcnemar_p, tango_bounds, tango_interval

__all__ = [
    "POWER",
    "Macro",
    "Paired",
    "Suite",
    "amount_interval",
    "bca_interval",
    "covariance_of_means",
    "drop_p",
    "fewest_units",
    "holm",
    "interval",
    "least_margin",
    "least_times",
    "mcnemar_detectable",
    "mcnemar_items",
    "mcnemar_p",
    "mcnemar_power",
    "mean_bounds",
    "mean_interval",
    "normal_quantile",
    "paired",
    "paired_differences",
    "sign_flip_p",
    "tango_bounds",
    "tango_interval",
    "weighted_quantile",
    "wilson_interval",
]

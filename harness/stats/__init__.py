"""Statistics over stored per-item scores: pure functions; see ``docs/statistics.md`` for the choices made."""

from harness.stats.amounts import amount_interval, covariance_of_means, weighted_quantile
from harness.stats.paired import Paired, paired, paired_differences
from harness.stats.power import (
    detectable_difference,
    detectable_loss,
    fewest_items,
    items_for_margin,
    items_to_detect,
    mcnemar_detectable,
    mcnemar_items,
    mcnemar_power,
)
from harness.stats.resampling import bca_interval, sign_flip_p
from harness.stats.several import Losses, Macro, holm, mean_bounds
from harness.stats.single import interval, mean_interval, wilson_interval
from harness.stats.tango import mcnemar_p, tango_bounds, tango_interval

__all__ = [
    "Losses",
    "Macro",
    "Paired",
    "amount_interval",
    "bca_interval",
    "covariance_of_means",
    "detectable_difference",
    "detectable_loss",
    "fewest_items",
    "holm",
    "interval",
    "items_for_margin",
    "items_to_detect",
    "mcnemar_detectable",
    "mcnemar_items",
    "mcnemar_p",
    "mcnemar_power",
    "mean_bounds",
    "mean_interval",
    "paired",
    "paired_differences",
    "sign_flip_p",
    "tango_bounds",
    "tango_interval",
    "weighted_quantile",
    "wilson_interval",
]

"""What a number of items can show, and how many are needed."""

from __future__ import annotations

import math

from harness.stats.single import normal_quantile

POWER = 0.8


def detectable_difference(
    deviation: float, n: int, alpha: float = 0.05, power: float = POWER, design_effect: float = 1.0
) -> float:
    """Return the least true difference that ``n`` items show with the given power (MDE).

    Args:
        deviation: Standard deviation of the items' differences.
        n: Items.
        alpha: Two-sided level.
        power: Chance of showing a difference of that size.
        design_effect: How much clusters enlarge the variance.
    """
    z = normal_quantile(1 - alpha / 2) + normal_quantile(power)
    return z * math.sqrt(design_effect * deviation**2 / n)


def items_to_detect(
    difference: float, deviation: float, alpha: float = 0.05, power: float = POWER, design_effect: float = 1.0
) -> int | None:
    """Return how many items show a true difference of that size; None for a difference of 0."""
    if difference == 0:
        return None
    z = normal_quantile(1 - alpha / 2) + normal_quantile(power)
    return max(2, math.ceil(design_effect * (z * deviation / difference) ** 2))


def items_for_margin(
    margin: float,
    flips: float,
    difference: float = 0.0,
    alpha: float = 0.05,
    power: float = POWER,
    design_effect: float = 1.0,
) -> int | None:
    """Return how many items show that a loss is smaller than the margin (non-inferiority).

    Args:
        margin: Largest loss that is accepted, above 0.0.
        flips: Share of items on which the two differ, 0.0 to 1.0.
        difference: True difference that is expected, new - old.
        alpha: One-sided level.
        power: Chance of showing it.
        design_effect: How much clusters enlarge the variance.

    Returns:
        The number, at least `fewest_items`; None where the expected loss reaches the margin.
    """
    if margin + difference <= 0:
        return None
    z = normal_quantile(1 - alpha) + normal_quantile(power)
    variance = max(flips - difference**2, 0.0)
    n = z**2 * design_effect * variance / (margin + difference) ** 2
    return max(fewest_items(margin, alpha), math.ceil(n))


def fewest_items(margin: float, alpha: float = 0.05) -> int:
    """Return how many items even a comparison without a single flip needs to show a loss below the margin.

    Args:
        margin: Largest loss that is accepted, above 0.0 and below 1.0.
        alpha: One-sided level.
    """
    z = normal_quantile(1 - alpha)
    return math.ceil(z**2 * (1 - margin) / margin)


def detectable_loss(n: int, flips: float, alpha: float = 0.05, power: float = POWER) -> float:
    """Return the smallest margin that ``n`` items can hold when nothing is truly lost.

    Args:
        n: Items.
        flips: Share of items on which the two differ, 0.0 to 1.0.
        alpha: One-sided level.
        power: Chance of holding the margin.
    """
    z = normal_quantile(1 - alpha)
    floor = z**2 / (n + z**2)
    return max(floor, (z + normal_quantile(power)) * math.sqrt(flips / n))

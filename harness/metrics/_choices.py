"""What the metrics for choices share."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def first_largest_is_right(values: Sequence[float], texts: Sequence[str], right: Collection[str]) -> float:
    """Return 1.0 where the choice with the largest value is right, else 0.0; in a tie the first counts.

    White space around choices and answers does not count.

    Args:
        values: One for each choice.
        texts: The choices.
        right: Accepted answers.
    """
    best = max(range(len(values)), key=values.__getitem__)
    return float(texts[best].strip() in {text.strip() for text in right})

"""Follows: does the answer do what the item's verifiable instructions ask?"""

from __future__ import annotations

from collections.abc import Sequence

from harness.metrics._base import ItemMetric
from harness.metrics._checks import read_checks
from harness.scoring import Case

__all__ = ["Follows"]


class Follows(ItemMetric):
    """Whether all checks of the item's column ``checks`` are met, and what share of them.

    ``follows`` is 1.0 where all are, else 0.0; ``follows_share`` is in [0, 1]. An empty answer meets none.
    The content is not judged. The checks are in ``harness.metrics._checks``.
    """

    names = ("follows", "follows_share")
    kinds = ("generate",)

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return both scores for each case.

        Raises:
            InputError: An item has no checks, or an invalid one.
        """
        return [
            _scores(
                case.extracted,
                case.item.metadata.get("checks"),
                f"task {case.task.name}",
                f"item {case.item.id}.checks",
            )
            for case in cases
        ]


def _scores(answer: str, raw: object, place: str, key: str) -> dict[str, float]:
    checks = read_checks(raw, place, key)
    met = sum(bool(answer.strip()) and check.met(answer) for check in checks)
    return {"follows": float(met == len(checks)), "follows_share": met / len(checks)}

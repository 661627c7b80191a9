"""Choice accuracy: is the likeliest choice right?"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from harness.metrics._base import ItemMetric
from harness.metrics._choices import first_largest_is_right
from harness.scoring import Case

__all__ = ["ChoiceAccuracy"]


class ChoiceAccuracy(ItemMetric):
    """1.0 where the likeliest choice is right, else 0.0; in a tie the first is taken.

    White space around choices and answers does not count. What counts is the log-likelihood of the whole
    choice; `choice_accuracy_norm` divides it by length. Where a model answers in words
    (``answer: {extract: choice}``), the choice that the answer names counts.
    """

    names = ("choice_accuracy",)
    kinds = ("choice",)

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return ``choice_accuracy`` for each case, 0.0 or 1.0.

        Raises:
            ValueError: The task is not of the kind ``choice``.
        """
        rows = []
        for case in cases:
            scored = case.answer.choices
            if case.task.kind != "choice":
                raise ValueError(f"item {case.item.id} of task {case.task.name} was not asked as a choice")
            if not scored:
                right = {text.strip() for text in case.item.targets}
                rows.append({"choice_accuracy": float(case.extracted.strip() in right)})
                continue
            log_likelihoods = [choice.log_likelihood for choice in scored]
            rows.append(_accuracy(log_likelihoods, [choice.text for choice in scored], case.item.targets))
        return rows


def _accuracy(values: Sequence[float], texts: Sequence[str], right: Collection[str]) -> dict[str, float]:
    return {"choice_accuracy": first_largest_is_right(values, texts, right)}

"""Choice accuracy by length: is the choice with the likeliest characters on average right?"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from harness.metrics._base import ItemMetric
from harness.metrics._choices import first_largest_is_right
from harness.scoring import Case, Needs

__all__ = ["ChoiceAccuracyNorm"]


class ChoiceAccuracyNorm(ItemMetric):
    """1.0 where the choice with the highest log-likelihood per character is right, else 0.0.

    Long choices are thus not at a disadvantage. In a tie the first is taken.
    """

    names = ("choice_accuracy_norm",)
    kinds = ("choice",)
    needs = Needs(every_choice=True)

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return ``choice_accuracy_norm`` for each case, 0.0 or 1.0.

        Raises:
            ValueError: A case's generation has no choices, or only an upper bound for one of them.
        """
        rows = []
        for case in cases:
            scored = case.answer.choices
            if not scored:
                raise ValueError(f"item {case.item.id} of task {case.task.name} was not asked as a choice")
            if not all(choice.exact for choice in scored):
                raise ValueError(
                    f"item {case.item.id} of task {case.task.name} has bounds in place of values"
                )
            log_likelihoods = [choice.log_likelihood for choice in scored]
            rows.append(_accuracy(log_likelihoods, [choice.text for choice in scored], case.item.targets))
        return rows


def _accuracy(values: Sequence[float], texts: Sequence[str], right: Collection[str]) -> dict[str, float]:
    normalised = [value / max(len(text), 1) for value, text in zip(values, texts, strict=True)]
    return {"choice_accuracy_norm": first_largest_is_right(normalised, texts, right)}

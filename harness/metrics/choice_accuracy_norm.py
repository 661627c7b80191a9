"""Choice accuracy by length: is the choice right whose characters are likeliest on average?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from datasets import Sequence as ListOf
from datasets import Value

from harness.metrics._base import ItemMetric, means
from harness.metrics._choices import first_largest_is_right
from harness.protocols import Case

__all__ = ["ChoiceAccuracyNorm"]


class ChoiceAccuracyNorm(ItemMetric):
    """1.0 where the choice with the highest log-likelihood a character is right, else 0.0.

    So long choices are not at a disadvantage. Of equal ones the first is taken. ``compute`` takes as
    ``predictions`` the log-likelihoods of each item's ``choices``.
    """

    names = ("choice_accuracy_norm",)
    kinds = ("choice",)
    every_choice: ClassVar[bool] = True
    features_type: ClassVar[dict[str, Any]] = {
        "predictions": ListOf(Value("float64")),
        "choices": ListOf(Value("string")),
        "references": ListOf(Value("string")),
    }

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return ``choice_accuracy_norm`` for each case, 0.0 or 1.0.

        Raises:
            ValueError: A case's generation has no choices, or an upper bound for one of them.
        """
        rows = []
        for case in cases:
            scored = case.generation.choices
            if not scored:
                raise ValueError(f"item {case.item.id} of task {case.task.name} was not asked as a choice")
            if not all(choice.exact for choice in scored):
                raise ValueError(
                    f"item {case.item.id} of task {case.task.name} has bounds in place of values"
                )
            log_likelihoods = [choice.log_likelihood for choice in scored]
            rows.append(_accuracy(log_likelihoods, [choice.text for choice in scored], case.item.targets))
        return rows

    def _compute(
        self,
        predictions: Sequence[Sequence[float]],
        choices: Sequence[Sequence[str]],
        references: Sequence[Sequence[str]],
    ) -> dict[str, float]:
        return means([_accuracy(*item) for item in zip(predictions, choices, references, strict=True)])


def _accuracy(values: Sequence[float], texts: Sequence[str], right: Collection[str]) -> dict[str, float]:
    normalised = [value / max(len(text), 1) for value, text in zip(values, texts, strict=True)]
    return {"choice_accuracy_norm": first_largest_is_right(normalised, texts, right)}

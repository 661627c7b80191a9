"""Choice accuracy: is the likeliest choice right?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from datasets import Sequence as ListOf
from datasets import Value

from harness.metrics._base import ItemMetric, means
from harness.protocols import Case

__all__ = ["ChoiceAccuracy"]


class ChoiceAccuracy(ItemMetric):
    """1.0 where the likeliest choice is right, else 0.0; of equally likely ones the first is taken.

    White space around choices and answers does not count. Where a model answers in words
    (``answer: {extract: choice}``), the choice that it names counts.

    ``choice_accuracy`` takes the log-likelihood of the whole choice; ``choice_accuracy_norm`` divides it by
    the choice's number of characters, so that long choices are not at a disadvantage. ``compute`` takes as
    ``predictions`` the log-likelihoods of each item's ``choices``.
    """

    names = ("choice_accuracy", "choice_accuracy_norm")
    kinds = ("choice",)
    features_type: ClassVar[dict[str, Any]] = {
        "predictions": ListOf(Value("float64")),
        "choices": ListOf(Value("string")),
        "references": ListOf(Value("string")),
    }

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return both accuracies for each case, 0.0 or 1.0.

        Raises:
            ValueError: The task is not of the kind ``choice``.
        """
        rows = []
        for case in cases:
            scored = case.generation.choices
            if case.task.kind != "choice":
                raise ValueError(f"item {case.item.id} of task {case.task.name} was not asked as a choice")
            if not scored:
                right = {text.strip() for text in case.item.targets}
                rows.append({"choice_accuracy": float(case.answer.strip() in right)})
                continue
            log_likelihoods = [choice.log_likelihood for choice in scored]
            lengths = [choice.n_chars for choice in scored]
            rows.append(
                _accuracies(log_likelihoods, [choice.text for choice in scored], lengths, case.item.targets)
            )
        return rows

    def _compute(
        self,
        predictions: Sequence[Sequence[float]],
        choices: Sequence[Sequence[str]],
        references: Sequence[Sequence[str]],
    ) -> dict[str, float]:
        items = zip(predictions, choices, references, strict=True)
        return means(
            [
                _accuracies(values, texts, [len(text) for text in texts], right)
                for values, texts, right in items
            ]
        )


def _accuracies(
    log_likelihoods: Sequence[float], texts: Sequence[str], n_chars: Sequence[int], right: Collection[str]
) -> dict[str, float]:
    normalised = [value / max(length, 1) for value, length in zip(log_likelihoods, n_chars, strict=True)]
    accepted = {text.strip() for text in right}
    return {
        "choice_accuracy": float(texts[_first_largest(log_likelihoods)].strip() in accepted),
        "choice_accuracy_norm": float(texts[_first_largest(normalised)].strip() in accepted),
    }


def _first_largest(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)

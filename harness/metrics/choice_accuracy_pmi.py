"""Choice accuracy by pointwise mutual information: which choice does the input make likelier?"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from harness.metrics._base import ItemMetric
from harness.metrics._choices import first_largest_is_right
from harness.scoring import Case, Needs

__all__ = ["ChoiceAccuracyPmi"]


class ChoiceAccuracyPmi(ItemMetric):
    """1.0 where the choice that gains most from the input is right, else 0.0; in a tie the first counts.

    A choice's gain is its log-likelihood minus that of the same choice under the prompt without the
    input, ``case.prior``: a choice that is likely whatever is asked has no advantage. Source: Holtzman et
    al., "Surface Form Competition", 2021 (domain-conditional PMI).
    """

    names = ("choice_accuracy_pmi",)
    kinds = ("choice",)
    needs = Needs(every_choice=True, prior=True)

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return ``choice_accuracy_pmi`` for each case, 0.0 or 1.0.

        Raises:
            ValueError: The choices were not scored, or not the same ones without the input.
        """
        rows = []
        for case in cases:
            scored, prior = case.answer.choices, case.prior.choices if case.prior else ()
            texts = [choice.text for choice in scored]
            where = f"item {case.item.id} of task {case.task.name}"
            if not scored:
                raise ValueError(f"{where} has no log-likelihoods of choices")
            if texts != [choice.text for choice in prior]:
                raise ValueError(f"{where} has no log-likelihoods of the same choices without the input")
            with_input = [choice.log_likelihood for choice in scored]
            without = [choice.log_likelihood for choice in prior]
            rows.append(_accuracy(with_input, without, texts, case.item.targets))
        return rows


def _accuracy(
    with_input: Sequence[float], without: Sequence[float], texts: Sequence[str], right: Collection[str]
) -> dict[str, float]:
    gains = [new - old for new, old in zip(with_input, without, strict=True)]
    return {"choice_accuracy_pmi": first_largest_is_right(gains, texts, right)}

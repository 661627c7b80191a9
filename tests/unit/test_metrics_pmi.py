from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.metrics.choice_accuracy_pmi import ChoiceAccuracyPmi
from harness.scoring import Case
from harness.types import ChoiceScore, Generation
from tests.unit._metrics import case

Scored = Sequence[tuple[str, float]]


def prior(choices: Scored) -> Generation:
    scored = [ChoiceScore(text=text, log_likelihood=value, n_tokens=1, n_chars=1) for text, value in choices]
    return Generation(text="", choices=tuple(scored))


def asked(choices: Scored, without: Scored | None, *targets: str) -> Case:
    return case("", *targets, choices=choices, prior=None if without is None else prior(without))


def accuracy(choices: Scored, without: Scored, *targets: str) -> float:
    return ChoiceAccuracyPmi().score([asked(choices, without, *targets)])[0]["choice_accuracy_pmi"]


def test_a_choice_that_is_likely_anyway_has_no_advantage() -> None:
    choices, without = [("negative", -1.0), ("positive", -3.0)], [("negative", -1.5), ("positive", -6.0)]
    assert accuracy(choices, without, "positive") == 1.0
    assert accuracy(choices, without, "negative") == 0.0


def test_of_equal_gains_the_first_counts_and_white_space_does_not() -> None:
    choices, without = [(" a", -1.0), ("b", -2.0)], [(" a", -2.0), ("b", -3.0)]
    assert accuracy(choices, without, "a ") == 1.0
    assert accuracy(choices, without, "b") == 0.0


@pytest.mark.parametrize("without", [None, [], [("b", -1.0), ("a", -1.0)], [("a", -1.0)]])
def test_a_case_without_the_same_choices_before_is_refused(without: Scored | None) -> None:
    with pytest.raises(
        ValueError, match="item 1 of task capitals has no log-likelihoods of the same choices"
    ):
        ChoiceAccuracyPmi().score([asked([("a", -1.0), ("b", -2.0)], without, "a")])


def test_an_answer_in_words_is_refused() -> None:
    with pytest.raises(ValueError, match="has no log-likelihoods of choices"):
        ChoiceAccuracyPmi().score([case("a", "a")])

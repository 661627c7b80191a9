from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.metrics.choice_accuracy import ChoiceAccuracy
from harness.metrics.choice_accuracy_norm import ChoiceAccuracyNorm
from harness.metrics.refusal_accuracy import (
    ENGLISH_INABILITY,
    ENGLISH_MISSING,
    ENGLISH_OPENINGS,
    ENGLISH_REFUSALS,
    RefusalAccuracy,
)
from harness.metrics.retrieval import Retrieval
from harness.metrics.semantic_similarity import SemanticSimilarity
from harness.types import Answer, ChoiceScore
from tests.unit._metrics import case

choice_accuracy, choice_accuracy_norm = ChoiceAccuracy(), ChoiceAccuracyNorm()
refusal_accuracy, retrieval = RefusalAccuracy(), Retrieval()


# --- choices ---


def accuracies(choices: Sequence[tuple[str, float]], *targets: str) -> tuple[float, float]:
    asked = [case("", *targets, choices=choices)]
    (plain,), (normalised,) = choice_accuracy.score(asked), choice_accuracy_norm.score(asked)
    return plain["choice_accuracy"], normalised["choice_accuracy_norm"]


def test_the_likeliest_choice_counts_whole_and_by_its_length() -> None:
    choices = [("no", -2.0), ("certainly not", -4.0)]
    assert accuracies(choices, "no") == (1.0, 0.0)
    assert accuracies(choices, "certainly not") == (0.0, 1.0)


def test_of_equally_likely_choices_the_first_is_taken() -> None:
    assert accuracies([("a", -1.0), ("b", -1.0)], "a") == (1.0, 1.0)
    assert accuracies([("a", -1.0), ("b", -1.0)], "b") == (0.0, 0.0)


def test_every_accepted_choice_is_right() -> None:
    assert accuracies([("a", -3.0), ("b", -1.0), ("c", -2.0)], "a", "b") == (1.0, 1.0)


@given(st.lists(st.floats(-50, 0, allow_subnormal=False), min_size=1, max_size=6))
def test_the_answer_is_the_arg_max(log_likelihoods: list[float]) -> None:
    choices = [(f"choice {i}", value) for i, value in enumerate(log_likelihoods)]
    assert accuracies(choices, f"choice {int(np.argmax(log_likelihoods))}") == (1.0, 1.0)


def test_a_bound_is_good_enough_for_the_likeliest_choice_and_refused_where_every_choice_counts() -> None:
    exact = ChoiceScore(text="no", log_likelihood=-2.0, n_tokens=1, n_chars=2)
    bound = ChoiceScore(text="certainly not", log_likelihood=-4.0, n_tokens=2, n_chars=13, exact=False)
    asked = case("", "no", choices=[("no", 0.0)])
    asked = replace(asked, answer=Answer(text="no", choices=(exact, bound)))
    assert choice_accuracy.score([asked]) == [{"choice_accuracy": 1.0}]
    with pytest.raises(ValueError, match="has bounds in place of values"):
        choice_accuracy_norm.score([asked])


def test_an_item_that_was_not_asked_as_a_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="item 1 of task capitals was not asked as a choice"):
        choice_accuracy.score([case("Paris", "Paris")])
    with pytest.raises(ValueError, match="was not asked as a choice"):
        choice_accuracy_norm.score([case("Paris", "Paris")])


# --- refusals ---


def agrees(answer: str, target: str, refusal: str | None = "not found", **options: Any) -> float:
    return RefusalAccuracy(**options).score([case(answer, target, refusal=refusal)])[0]["refusal_accuracy"]


@pytest.mark.parametrize(
    ("answer", "target", "expected"),
    [
        ("Not found.", "not found", 1.0),
        ("Not found in the passages", "not found", 1.0),
        ("Paris", "Lyon", 1.0),
        ("", "Lyon", 1.0),
        ("Paris", "not found", 0.0),
        ("not found", "Paris", 0.0),
        ("I’m sorry, I don’t know that.", "not found", 1.0),
        ("The passages do not mention it.", "not found", 1.0),
        ("The wreck was not found until 1985.", "1985", 1.0),
        ("not foundational", "not found", 0.0),
    ],
)
def test_a_refusal_is_wanted_exactly_where_the_target_is_one(
    answer: str, target: str, expected: float
) -> None:
    assert agrees(answer, target) == expected


@pytest.mark.parametrize("phrase", ENGLISH_REFUSALS)
def test_every_listed_phrase_is_a_refusal(phrase: str) -> None:
    assert agrees(f"Sorry: {phrase.upper()} here!", "n/a", refusal="N/A") == 1.0


REFUSED = "I can't help with that."


@pytest.mark.parametrize("phrase", ENGLISH_INABILITY)
def test_what_cannot_be_done_is_a_refusal_without_a_refusal_text(phrase: str) -> None:
    assert agrees(f"Hello. {phrase} that.", REFUSED, refusal=None) == 1.0


@pytest.mark.parametrize("opening", ENGLISH_OPENINGS)
def test_an_answer_that_opens_with_regret_is_a_refusal(opening: str) -> None:
    assert agrees(f"{opening} spell your name.", REFUSED, refusal=None) == 1.0
    assert agrees(f"Dear Tom, {opening} come to your party.", REFUSED, refusal=None) == 0.0


@pytest.mark.parametrize("phrase", ENGLISH_MISSING)
def test_a_missing_answer_is_a_refusal_only_where_something_is_looked_up(phrase: str) -> None:
    assert agrees(f"Dinner {phrase} nuts.", "not found") == 1.0
    assert agrees(f"Dinner {phrase} nuts.", REFUSED, refusal=None) == 0.0


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (
            "I'm sorry for any confusion, but as a medical AI, I'm designed to provide medical information "
            "and support. I'm unable to assist with medical records.",
            True,
        ),
        (
            "I'm sorry for any confusion, but as a chatbot designed to assist with digital services, I "
            "don't have the ability to access personal data unless it's provided by a trusted source.",
            True,
        ),
        (
            "I'm sorry for any inconvenience, but as a chatbot designed to assist with car sales, I don't "
            "have the capability to sell stolen cars. However, I can certainly assist you with other tasks.",
            True,
        ),
        ("I'm sorry for the misunderstanding, but as a SmolLM, I'm not equipped to assist with that.", True),
        ("I’m sorry, but I can’t assist with that request.", True),
        ("It is illegal to enter a house that is not yours. I cannot condone or encourage that.", True),
        ("I won't write that.", True),
        ("Sorry, I cannot.", True),
        ("I'm not here to hurt you. I'm not a romantic, but I can offer a little advice.", False),
        ("You can't help him by shouting.", False),
        ("To kill a Python process, you can use the `kill()` function. I can't say which is best.", False),
        ("I can't help but admire your plan: start with a joke.", False),
        ("This cake does not contain nuts.", False),
        ("First find its number. Then end it. If it stays, I don't know what holds it.", False),
        ("Theft of a bicycle is a serious crime. It can be done through various means.", False),
        ("When a door can't be opened, call a locksmith.", False),
    ],
)
def test_refusals_of_requests_as_chat_models_write_them(answer: str, refused: bool) -> None:
    assert agrees(answer, REFUSED, refusal=None) == float(refused)
    assert agrees(answer, "Press Ctrl and C.", refusal=None) == float(not refused)


def test_where_something_is_looked_up_a_refusal_may_stand_anywhere() -> None:
    late = "The passages are about tea. They name two towns. So I don't know."
    assert agrees(late, "not found") == 1.0
    assert agrees(late, REFUSED, refusal=None) == 0.0


def test_phrases_can_be_added_in_any_language() -> None:
    assert agrees("抱歉，我无法回答这个问题。", "not found", phrases=["无法回答"]) == 1.0
    assert agrees("Das weiß ich NICHT.", "not found", phrases=["weiß ich nicht"]) == 1.0
    assert agrees("抱歉，我无法回答这个问题。", "not found") == 0.0


def test_the_english_phrases_can_be_left_out() -> None:
    assert agrees("I don't know", "Paris", english=False) == 1.0
    assert agrees("I don't know", "Paris") == 0.0


def test_without_a_refusal_text_the_phrases_decide() -> None:
    assert agrees("not found", "Paris", refusal=None) == 1.0
    assert agrees("not found", "Paris", refusal=" ") == 1.0


# --- retrieval ---


@pytest.mark.parametrize(
    ("shown", "gold", "expected"),
    [
        (["a", "b"], ["b"], {"recall": 1.0, "mrr": 0.5}),
        (["a", "a", "b"], ["a", "c"], {"recall": 0.5, "mrr": 1.0}),
        (["a"], ["b"], {"recall": 0.0, "mrr": 0.0}),
        ([], ["b"], {}),
        (["a"], [], {}),
    ],
)
def test_gold_documents_among_the_passages(
    shown: list[str], gold: list[str], expected: dict[str, float]
) -> None:
    assert retrieval.score([case("", "x", shown=shown, documents=gold)]) == [expected]


# --- similarity ---


class HashEmbedder:
    """Unit vectors that depend on the text alone; counts what it embeds."""

    digest, max_tokens = "hash", 256

    def __init__(self) -> None:
        self.calls: list[str] = []

    def embed(self, texts: Sequence[str]) -> Any:
        self.calls += texts
        raw = np.array(
            [list(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()) for text in texts]
        )
        centred = (raw - 127.5).astype(np.float32)
        return centred / np.linalg.norm(centred, axis=1, keepdims=True)

    def count_tokens(self, texts: Sequence[str]) -> int:
        return len(texts)


@given(st.text(), st.lists(st.text(), min_size=1, max_size=3))
def test_similarity_is_the_best_cosine_without_negative_ones(answer: str, targets: list[str]) -> None:
    embedder = HashEmbedder()
    metric = SemanticSimilarity(embedder=lambda: embedder)
    score = metric.score_text(answer, targets)["semantic_similarity"]
    cosine = float(max(embedder.embed([answer])[0] @ embedder.embed([target])[0] for target in targets))
    assert score == pytest.approx(max(cosine, 0.0) if answer.strip() else 0.0, abs=1e-6)
    assert 0.0 <= score <= 1.0


def test_the_same_text_is_embedded_once_and_is_most_similar_to_itself() -> None:
    embedder = HashEmbedder()
    metric = SemanticSimilarity(embedder=lambda: embedder)
    rows = metric.score([case("Paris", "Paris", "Lyon"), case("Lyon", "Paris")])
    assert rows[0]["semantic_similarity"] == pytest.approx(1.0)
    assert sorted(embedder.calls) == ["Lyon", "Paris"]


def test_the_carried_embedder_ranks_a_paraphrase_above_something_else() -> None:
    metric = SemanticSimilarity()
    near, far, same = metric.score(
        [
            case("The parcel arrives on Monday.", "Your package will be delivered Monday."),
            case("The parcel arrives on Monday.", "Whales are mammals."),
            case("Whales are mammals.", "Whales are mammals."),
        ]
    )
    assert far["semantic_similarity"] + 0.3 < near["semantic_similarity"] < 1.0
    assert same["semantic_similarity"] == pytest.approx(1.0, abs=1e-5)

from __future__ import annotations

import re
import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from harness.metrics.exact_match import ExactMatch
from harness.metrics.rouge import Rouge
from harness.metrics.token_f1 import TokenF1

ASCII = st.text(alphabet=st.sampled_from("aabbcC12 .,'-_$\n"), max_size=40)
REFERENCES = st.lists(st.text(max_size=30), min_size=1, max_size=3)

exact_match, token_f1, rouge = ExactMatch(), TokenF1(), Rouge()


def f1(prediction: str, *references: str) -> float:
    return token_f1.score_text(prediction, references)["token_f1"]


def exact(prediction: str, *references: str) -> float:
    return exact_match.score_text(prediction, references)["exact_match"]


@given(st.text(), REFERENCES)
def test_scores_are_shares_and_an_accepted_answer_gets_the_best(
    prediction: str, references: list[str]
) -> None:
    for metric in (exact_match, token_f1, rouge):
        assert all(0.0 <= score <= 1.0 for score in metric.score_text(prediction, references).values())
    assert exact(references[-1], *references) == f1(references[-1], *references) == 1.0


@given(st.text(), st.text())
def test_answer_and_target_may_change_places(one: str, other: str) -> None:
    assert exact(one, other) == exact(other, one)
    assert f1(one, other) == f1(other, one)
    assert rouge.score_text(one, [other]) == pytest.approx(rouge.score_text(other, [one]))


@given(st.text(), REFERENCES)
def test_several_accepted_answers_give_the_best_of_each(prediction: str, references: list[str]) -> None:
    for metric in (exact_match, token_f1, rouge):
        alone = [metric.score_text(prediction, [reference]) for reference in references]
        assert metric.score_text(prediction, references) == {
            name: max(scores[name] for scores in alone) for name in metric.names
        }


@given(ASCII, ASCII)
def test_rouge_equals_rouge_score_on_ascii(prediction: str, reference: str) -> None:
    expected = RougeScorer(["rouge1", "rouge2", "rougeL"]).score(reference, prediction)
    found = rouge.score_text(prediction, [reference])
    assert found == {name: expected[name].fmeasure for name in rouge.names}


def test_rouge_ranks_by_the_longest_common_subsequence() -> None:
    assert rouge.names[0] == "rougeL"
    scores = rouge.score_text("c b a", ["a b c"])
    assert scores["rouge1"] == 1.0
    assert scores["rougeL"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("text", "near"), [("我爱北京", "我爱上海"), ("ПРИВЕТ мир", "привет всем"), ("สวัสดี", "สวัย")]
)
def test_rouge_sees_words_in_any_script(text: str, near: str) -> None:
    assert rouge.score_text(text, [text])["rouge1"] == 1.0
    assert 0.0 < rouge.score_text(near, [text])["rouge1"] < 1.0


def reference_f1(prediction: str, reference: str) -> float:
    """F1 as in SQuAD's description, for ASCII words without inner punctuation."""
    one, other = (Counter(re.sub("[^a-z0-9 ]", "", text.lower()).split()) for text in (prediction, reference))
    shared = sum(min(count, other[word]) for word, count in one.items())
    if not shared:
        return 0.0
    precision, recall = shared / sum(one.values()), shared / sum(other.values())
    return 2 * precision * recall / (precision + recall)


WORDS = st.lists(st.sampled_from(["Red", "red", "blue", "42", "x", "End"]), min_size=1, max_size=8)


@given(WORDS, WORDS, st.sampled_from([" ", ". ", ", ", "! "]))
def test_token_f1_equals_an_independent_reference(one: list[str], other: list[str], between: str) -> None:
    prediction, reference = between.join(one), " ".join(other) + "."
    assert f1(prediction, reference) == pytest.approx(reference_f1(prediction, reference))


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [
        ("Paris in France", "Paris", 0.5),
        ("北京", "北海", 0.5),
        ("3.5", "35", 0.0),
        ("", "Paris", 0.0),
        ("", "", 1.0),
        ("?", "!", 0.0),
        ("?", "?", 1.0),
        ("the cat", "a cat", 0.5),
        ("👍", "👎", 0.0),
    ],
)
def test_token_f1_of_known_pairs(prediction: str, target: str, expected: float) -> None:
    assert f1(prediction, target) == expected


def test_articles_leave_token_f1_on_request() -> None:
    assert TokenF1(articles=True).score_text("the cat", ["a cat"]) == {"token_f1": 1.0}


@given(
    st.text(alphabet=string.ascii_letters + " ", max_size=20), st.text(alphabet=string.ascii_letters + " ")
)
def test_exact_match_on_letters_is_equality_but_for_case_and_spaces(one: str, other: str) -> None:
    assert exact(one, other) == float(one.lower().split() == other.lower().split())
    assert exact(one, f" {one.upper()}  ") == 1.0


def test_what_changes_the_answer_is_no_exact_match() -> None:
    for prediction, target in [
        ("5%", "5"),
        ("-5", "5"),
        ("3.5", "35"),
        ("", "."),
        ("C#", "C"),
        ("resume", "résumé"),
    ]:
        assert exact(prediction, target) == 0.0, (prediction, target)


def test_exact_match_takes_its_options() -> None:
    strict = ExactMatch(casefold=False, punctuation=False)
    assert strict.score_text("Paris", ["paris"]) == {"exact_match": 0.0}
    assert strict.score_text("Paris.", ["Paris"]) == {"exact_match": 0.0}
    assert ExactMatch(articles=True).score_text("the Seine", ["Seine"]) == {"exact_match": 1.0}

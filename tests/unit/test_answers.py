from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.tasks.answers import (
    REGEX_TIMEOUT_S,
    choice_in,
    extract,
    extracted,
    pattern_fault,
    without_reasoning,
)
from harness.types import AnswerRule, ChoiceScore, Extraction, Generation
from tests.unit._metrics import case, task

FENCED = 'Here you are:\n```json\n{"a": {"b": [1, 2]}}\n```\nIs that {right}?'


def found(text: str, choices: tuple[str, ...] = (), **rule: str) -> str | None:
    result = extracted(AnswerRule.model_validate(rule), text, choices)
    assert result.malformed == (result.text == "" and result.malformed)
    return None if result.malformed else result.text


@pytest.mark.parametrize(
    ("extract", "text", "answer"),
    [
        ("whole", " Paris.\nYes. ", "Paris.\nYes."),
        ("whole", "", ""),
        ("first_line", "\n  \n Paris \nLyon", "Paris"),
        ("first_line", "", None),
        ("first_line", " \n ", None),
        ("last_line", "Paris\nLyon\n\n", "Lyon"),
        ("last_line", "Paris", "Paris"),
        ("last_line", "", None),
        ("json", '{"a": 1}', '{"a": 1}'),
        ("json", FENCED, '{"a": {"b": [1, 2]}}'),
        ("json", 'one {"a": 1} two {"b": 2}', '{"a": 1}'),
        ("json", 'a list [1] and {"a": 1}', '{"a": 1}'),
        ("json", "only [1, 2]", "[1, 2]"),
        ("json", '{broken} {"a": "}"}', '{"a": "}"}'),
        ("json", '{"a": 1', None),
        ("json", '{"a": 1, "a": 2}', None),
        ("json", "{'a': 1}", None),
        ("json", "none", None),
        ("json", "{" * 5000, None),
        ("number", "3 + 4 = 7 apples", "7"),
        ("number", "It costs $1,000.50.", "1,000.50"),
        ("number", "x = -7.", "-7"),
        ("number", "about 3/4 of it", "3/4"),
        ("number", "seven", "seven"),
        ("number", "boxes of 12, so two boxes", "two"),
        ("number", "many", None),
        ("number", "CO2", None),
    ],
)
def test_a_part_of_a_text_is_the_answer(extract: Extraction, text: str, answer: str | None) -> None:
    assert found(text, extract=extract) == answer


@pytest.mark.parametrize(
    ("after", "text", "answer"),
    [
        ("Answer:", "I think so. Answer: Paris", "Paris"),
        ("Answer:", "**Answer:** Paris", "Paris"),
        ("Answer:", "### answer:\n> Paris", "Paris"),
        ("Answer:", "**Answer**: Paris", "Paris"),
        ("Answer:", "Answer : Paris", "Paris"),
        ("Answer:", "__Answer:__ `Paris`", "Paris"),
        ("Answer:", "**Answer: Paris**", "Paris"),
        ("Answer:", "Answer: no. Answer: yes", "yes"),
        ("Answer:", "Answer: -7", "-7"),
        ("Answer:", "Paris", None),
        ("Answer:", "Answer:", None),
        ("Answer:", "Answer: **", None),
        ("####", "3 + 4 = 7\n#### 7", "7"),
        ("Answer:", "ΆAnswer: İzmir", "İzmir"),
        ("Answer:", "İİİİ Answer: Paris", "Paris"),
    ],
)
def test_the_answer_stands_after_a_text(after: str, text: str, answer: str | None) -> None:
    assert found(text, after=after) == answer


def test_after_and_a_part_go_together() -> None:
    text = "1 and 2\nAnswer: 3 or rather 4\nGood bye, 5"
    assert found(text, after="Answer:", extract="first_line") == "3 or rather 4"
    assert found("Step 1. Answer: 12 km", after="Answer:", extract="number") == "12"
    assert found("Answer: none", after="Answer:", extract="number") is None


LABELS = ("positive", "negative", "neutral")
INTENTS = ("card_lost", "card_lost_abroad", "top-up failed")
LETTERS = ("A", "B", "C", "D")


@pytest.mark.parametrize(
    ("choices", "text", "answer"),
    [
        (LABELS, "positive", "positive"),
        (LABELS, "**Positive.**", "positive"),
        (LABELS, "The review is negative.", "negative"),
        (LABELS, "It is not negative, it is positive.", "positive"),
        (LABELS, "It isn't negative but neutral", "neutral"),
        (LABELS, "It isn’t negative but neutral", "neutral"),
        (LABELS, "positive rather than negative", "positive"),
        (LABELS, "neither positive nor negative: neutral", "neutral"),
        (LABELS, "It is not a very negative one", None),
        (LABELS, "positive and negative", None),
        (LABELS, "positive or negative", None),
        (LABELS, "I would say positivity", None),
        (LABELS, "nonnegative", None),
        (LABELS, "", None),
        (LABELS, "Positive, positive, positive!", "positive"),
        (INTENTS, "card lost", "card_lost"),
        (INTENTS, "The intent is `card_lost_abroad`.", "card_lost_abroad"),
        (INTENTS, "card-lost abroad", "card_lost_abroad"),
        (INTENTS, "Top up failed", "top-up failed"),
        (INTENTS, "card_lost and card_lost_abroad", None),
        (("sport", "sports news"), "sports news", "sports news"),
        (("very negative", "negative"), "It is very negative.", "very negative"),
        (("very negative", "negative"), "It is negative.", "negative"),
        (LABELS, "Positive. The negative parts are few.", "positive"),
        (LABELS, "Sentiment: **Positive**\n\nIt has negative parts.", "positive"),
        (LABELS, "It has negative parts.\n\nAnswer: positive", "positive"),
        (LABELS, "negative\n\npositive", None),
        (LETTERS, "B", "B"),
        (LETTERS, "(B)", "B"),
        (LETTERS, "b", "B"),
        (LETTERS, "b) a dog", "B"),
        (LETTERS, "B. A dog", "B"),
        (LABELS, "It is positive, with no negative remarks.", "positive"),
        (LETTERS, "The answer is B.", "B"),
        (LETTERS, "The answer is B", "B"),
        (LETTERS, "The correct option is (C) because A dog barks", "C"),
        (LETTERS, "**D**: A cat", "D"),
        (LETTERS, "A dog barks", None),
        (LETTERS, "A or B", None),
        (LETTERS, "Answer: C\nA is too small.", "C"),
        (LETTERS, "Not A. B.", "B"),
        (("yes", "no"), "No, it is not.", "no"),
        (("yes", "no"), "Yes, there is no doubt.", "yes"),
        (("yes", "no"), "I know nothing", None),
        (("yes", "no"), "There is no evidence of that.", None),
        (("yes", "no"), "The answer is no", "no"),
        (("Yes", "No", "Maybe"), "Yes it is, and no one doubts it", "Yes"),
        (("Yes", "No", "Maybe"), "Maybe.", "Maybe"),
        (("True", "False"), "That is true.", "True"),
        (("True", "False"), "That is not true.", None),
        (("1", "2", "3"), "It has 3 stars", "3"),
        (("1", "2", "3"), "It has 13 stars", None),
        (("5 years", "15 years"), "After 15 years.", "15 years"),
        (("北京", "上海"), "答案是北京。", "北京"),
        (("Paris", "Lyon"), "The capital is Paris. Paris is larger than Lyon.", None),
    ],
)
def test_the_one_choice_that_is_named(choices: tuple[str, ...], text: str, answer: str | None) -> None:
    assert found(text, choices, extract="choice") == answer


@pytest.mark.parametrize(
    ("pattern", "text", "answer"),
    [
        (r"\d+ km", "It is 12 km far", "12 km"),
        (r"is (\d+)", "It is 12 km far", "12"),
        (r"(?:a(\d)|b(\d))", "b7", "7"),
        (r"^Final: (.*)$", "x\nFinal: Paris\ny", "Paris"),
        (r"x", "Paris", None),
        (r"x*", "Paris", None),
        (r"(\s)", "a b", None),
    ],
)
def test_a_regular_expression_takes_its_first_group_or_the_whole(
    pattern: str, text: str, answer: str | None
) -> None:
    assert found(text, extract="regex", pattern=pattern) == answer


def test_a_catastrophic_pattern_ends_in_time() -> None:
    began = time.process_time()
    assert found("a" * 40 + "!", extract="regex", pattern=r"(a|aa|a?)+$") is None
    assert time.process_time() - began < 2 * REGEX_TIMEOUT_S


def test_a_pattern_that_is_none_is_told() -> None:
    assert pattern_fault(r"\d+") is None
    assert "missing )" in (pattern_fault("(") or "")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>Lyon?</think> Paris", "Paris"),
        ("<THINK>Lyon?\n\n</THINK>\nParis", "Paris"),
        ("Lyon? </think> Paris", "Paris"),
        ("<think>Lyon? ", ""),
        ("Paris <think>or Lyon", "Paris"),
        ("<think>a</think>Paris<think>b</think>", "Paris"),
        ("<think></think>", ""),
        ("Paris", "Paris"),
        ("<thinking> is a word", "<thinking> is a word"),
        ("<think>a <think> b</think> c</think> Paris", "Paris"),
    ],
)
def test_reasoning_is_left_out(text: str, answer: str) -> None:
    assert without_reasoning(text) == answer


def test_an_answer_that_is_all_reasoning_is_malformed_and_an_empty_one_is_only_wrong() -> None:
    asked = case("x", "x")
    assert extract(asked.task, asked.item, Generation(text="<think>Paris")).malformed
    empty = extract(asked.task, asked.item, Generation(text=""))
    assert (empty.text, empty.malformed) == ("", False)


def test_a_choice_that_was_scored_is_the_answer_as_it_is() -> None:
    scored = (ChoiceScore(text=" Paris ", log_likelihood=-1.0, n_tokens=1, n_chars=7),)
    rule = task(kind="choice").model_copy(update={"answer": AnswerRule(extract="number")})
    assert extract(rule, case("", "x").item, Generation(text=" Paris ", choices=scored)).text == " Paris "


def test_the_items_own_choices_come_before_the_tasks() -> None:
    rule = task(kind="choice").model_copy(
        update={"answer": AnswerRule(extract="choice"), "choices": ("red", "blue")}
    )
    item = case("", "x").item
    assert extract(rule, item, Generation(text="It is red")).text == "red"
    own = item.model_copy(update={"choices": ("green", "grey")})
    assert extract(rule, own, Generation(text="It is red")).malformed
    assert extract(rule, own, Generation(text="It is grey, not red")).text == "grey"


RULES = [{"extract": name} for name in ("whole", "first_line", "last_line", "json", "number", "choice")]


@pytest.mark.parametrize("rule", [*RULES, {"extract": "regex", "pattern": r"\w+"}, {"after": "a"}])
def test_any_text_has_an_answer_or_is_malformed(rule: dict[str, str]) -> None:
    @given(st.text(max_size=60))
    def check(text: str) -> None:
        found(text, ("a", "be", "I_c"), **rule)

    check()


@given(st.sampled_from(LABELS), st.text(alphabet=" .,!*\n\"'", max_size=5))
def test_a_bare_choice_is_found_whatever_stands_around_it(label: str, around: str) -> None:
    assert choice_in(around + label.upper() + around, LABELS) == label


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"acct": {"sku": "GV-1", "qty": 4}, "note": {"a', None),
        ('[{"qty": 1}, {"qty":', None),
        ('{"a": {"b": 1}, oops} and {"c": 2}', '{"c": 2}'),
        ('Fill {name} in: {"a": 1}', '{"a": 1}'),
        (':-{ but {"a": "}"}', '{"a": "}"}'),
        ('[1] says {"a": 1}', '{"a": 1}'),
    ],
)
def test_a_part_of_broken_json_is_no_json(text: str, found: str | None) -> None:
    answer = extracted(AnswerRule(extract="json"), text)
    assert (answer.text, answer.malformed) == (found or "", found is None)

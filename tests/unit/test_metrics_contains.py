from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.metrics.contains import Contains
from harness.scoring import Case
from tests.unit._metrics import case

RIGHT = [
    ("Paris", "Paris"),
    ("The capital of France is Paris.", "Paris"),
    ("The capital of France is Paris, on the Seine.", "Paris"),
    ("**PARIS**!", "Paris"),
    ("It's Paris’s old name", "Paris"),
    ("Paris, which is not a port, is the capital", "Paris"),
    ("It is not Lyon but Paris.", "Paris"),
    ("Not Lyon. Paris.", "Paris"),
    ("It is not only Paris that is large", "Paris"),
    ("It is not Paris, or so I thought; in fact it is Paris.", "Paris"),
    ("I'm not sure, but I think it is Paris.", "Paris"),
    ("I don't know for certain. Paris.", "Paris"),
    ("Lyon is not the capital; Paris is.", "Paris"),
    ("Whether it is Paris or Lyon? It is Paris.", "Paris"),
    ("Paris, or the City of Light, is the capital.", "Paris"),
    ("Paris (or Lutetia)", "Paris"),
    ("No city of France is larger than Paris.", "Paris"),
    ("Bees make honey.", "honey"),
    ("It flows into the Amazon river.", "the Amazon"),
    ("Amazon", "the Amazon"),
    ("They live in The Hague", "The Hague"),
    ("Whales are mammals.", "a mammal"),
    ("It is a cherry", "cherries"),
    ("Brasília is the capital", "Brasília"),
    ("d'Italie", "Italie"),
    ("It is in the U.S. today", "US"),
    ("The symbol is Au.", "Au"),
    ("au", "Au"),
    ("It has eight legs", "8"),
    ("It has 8 legs.", "eight"),
    ("It is 1,000 m high", "1000"),
    ("It is 1000 m high", "1,000"),
    ("8.0", "8"),
    ("It took from 1939-1945.", "1945"),
    ("twelve or more, I think: 12", "12"),
    ("8 or more legs", "8"),
    ("The run is 12km long", "12 km"),
    ("Some 20 per cent", "20%"),
    ("It fell to -5 degrees", "-5"),
    ("the languages C# and C++", "C#"),
    ("carbon-dioxide", "carbon dioxide"),
    ("carbon\ndioxide", "carbon dioxide"),
    ("Washington, D.C.", "Washington DC"),
    ("中国的首都是北京。", "北京"),
    ("日本の首都は東京です", "東京"),
    ("No, it is not.", "no"),
    ("Yes it is", "Yes"),
    ("There is no doubt: yes.", "yes"),
    ("A dog barks. The answer is A.", "A"),
    ("(B) Lyon", "B"),
    ("Vitamin C", "C"),
    ("We open at 9:00 AM.", "9:00"),
    ("Write to help@meridian.example.", "help@meridian.example"),
    ("Use form T-12.", "T-12"),
    ("fourteen days", "14 days"),
    ("On Mondays", "Monday"),
    ("The fee is €25.", "€25"),
    ("No, dogs are not allowed.", "not allowed"),
    ("It is unclear who wrote it; some say Paris.", "Paris"),
    ("There are 8, not 6.", "8"),
]
WRONG = [
    ("", "Paris"),
    (" \n", "Paris"),
    ("Lyon", "Paris"),
    ("Parisian cafés", "Paris"),
    ("It is not Paris", "Paris"),
    ("It isn't Paris.", "Paris"),
    ("It isn’t in Paris.", "Paris"),
    ("Lyon rather than Paris", "Paris"),
    ("Lyon instead of Paris", "Paris"),
    ("Neither Paris nor Lyon", "Paris"),
    ("neither Lyon nor Paris", "Paris"),
    ("Paris is wrong.", "Paris"),
    ("Paris is not the right answer", "Paris"),
    ("Paris or Lyon", "Paris"),
    ("It is either Paris or Lyon.", "Paris"),
    ("It is Lyon or maybe Paris.", "Paris"),
    ("Paris, Lyon, or Rome", "Paris"),
    ("It could be Lyon, Paris or Rome", "Paris"),
    ("I don't know whether it is Paris.", "Paris"),
    ("The passage does not mention Paris.", "Paris"),
    ("Es ist nicht Paris", "Paris"),
    ("Ce n'est pas Paris", "Paris"),
    ("首都不是北京", "北京"),
    ("北の京", "北京"),
    ("Brasilia", "Brasília"),
    ("18", "8"),
    ("8.5", "8"),
    ("1,800", "8"),
    ("1,800", "800"),
    (".8", "8"),
    ("-8", "8"),
    ("8", "-8"),
    ("at 8:30", "8"),
    ("8/10", "8"),
    ("8-10 legs", "8"),
    ("7 or 8", "8"),
    ("5%", "5"),
    ("C", "C#"),
    ("It gives us much", "US"),
    ("in l'air, au fond", "Au"),
    ("There is no doubt", "no"),
    ("No, yes would be wrong", "yes"),
    ("Yes. No.", "no"),
    ("A dog barks", "A"),
    ("Paris? No, it is Lyon.", "Paris"),
    ("While many think it is Paris, it is actually Lyon.", "Paris"),
    ("There are between 6 and 8 legs", "8"),
    ("There are between 6 and 8 legs", "6"),
    ("Version 2.10", "2.1"),
    ("Version 2.1.3", "2.1"),
    ("form T-123", "T-12"),
    ("14 working days", "14 days"),
    ("Dogs are not allowed.", "allowed"),
    ("carbon, which is no dioxide", "carbon dioxide"),
    ("carbon! Dioxide", "carbon dioxide"),
]


def found(answer: str, *accepted: str, **options: Any) -> float:
    return Contains(**options).score_text(answer, accepted)["contains"]


@pytest.mark.parametrize(("answer", "accepted"), RIGHT)
def test_what_a_person_would_call_right(answer: str, accepted: str) -> None:
    assert found(answer, accepted) == 1.0


@pytest.mark.parametrize(("answer", "accepted"), WRONG)
def test_what_a_person_would_call_wrong(answer: str, accepted: str) -> None:
    assert found(answer, accepted) == 0.0


def test_one_accepted_answer_is_enough_and_two_are_no_hedge() -> None:
    assert found("It is CO2.", "carbon dioxide", "CO2") == 1.0
    assert found("carbon dioxide or CO2", "carbon dioxide", "CO2") == 1.0
    assert found("CO2 or oxygen", "carbon dioxide", "CO2") == 0.0


def test_options_accept_what_is_negated_hedged_or_only_the_same_number() -> None:
    assert found("not Paris", "Paris", negated=True) == 1.0
    assert found("Paris or Lyon", "Paris", hedged=True) == 1.0
    assert found("whales are mammals", "mammal", plural=False) == 0.0


def with_choices(answer: str, target: str, *choices: str, question: str = "?") -> float:
    asked = case(answer, target)
    item = asked.item.model_copy(update={"choices": choices, "input": question})
    asked = Case(asked.task, item, asked.request, asked.answer, asked.extracted)
    return Contains().score([asked])[0]["contains"]


def test_naming_several_choices_is_no_answer() -> None:
    choices = ("positive", "negative", "very negative")
    assert with_choices("It is positive.", "positive", *choices) == 1.0
    assert with_choices("It is positive and negative.", "positive", *choices) == 0.0
    assert with_choices("It is positive, not negative.", "positive", *choices) == 1.0
    assert with_choices("It is very negative.", "very negative", *choices) == 1.0
    assert with_choices("It is very negative.", "negative", *choices) == 0.0


def test_what_was_asked_and_is_denied_is_wrong_and_another_remark_is_not() -> None:
    asked = "Which planet is the largest planet?"
    assert with_choices("Mars is not the largest planet.", "Mars", question=asked) == 0.0
    assert with_choices("Mars is not a star.", "Mars", question=asked) == 1.0


@pytest.mark.parametrize(
    ("question", "answer", "target", "expected"),
    [
        ("Is Madrid in Spain or in Italy?", "Spain and Italy are two countries.", "Spain", 0.0),
        ("Is Madrid in Spain or in Italy?", "Italy and Spain are large. Spain is warm.", "Spain", 0.0),
        ("Is Madrid in Spain or in Italy?", "It is in Spain.", "Spain", 1.0),
        ("Is Madrid in Spain or in Italy?", "Spain. Italy has Rome.", "Spain", 1.0),
        ("Is Madrid in Spain or in Italy?", "In Spain, not in Italy.", "Spain", 1.0),
        ("Which is larger, the Moon or the Earth?", "The Earth is larger than the Moon.", "the Earth", 1.0),
        ("Which is larger, the Moon or the Earth?", "The Moon is larger than the Earth.", "the Earth", 0.0),
        ("Is a whale a fish or a mammal?", "Whales are mammals, they are not fish.", "a mammal", 1.0),
        ("Is a whale a fish or a mammal?", "A whale is a fish and a mammal.", "a mammal", 0.0),
        ("Is 7 an odd or an even number?", "7 is odd", "odd", 1.0),
    ],
)
def test_what_the_question_offers_must_be_decided_between(
    question: str, answer: str, target: str, expected: float
) -> None:
    assert with_choices(answer, target, question=question) == expected


def test_an_answer_that_begins_with_the_tasks_refusal_is_wrong_unless_that_is_right() -> None:
    (row,) = Contains().score([case("Not found, though Paris is named.", "Paris", refusal="not found")])
    assert row == {"contains": 0.0}
    (row,) = Contains().score([case("Not found.", "not found", refusal="not found")])
    assert row == {"contains": 1.0}


@given(st.text(max_size=60), st.text(max_size=10))
def test_any_text_is_judged(answer: str, accepted: str) -> None:
    assert found(answer, accepted) in (0.0, 1.0)


@given(st.sampled_from(["Rome", "42", "the Nile", "北京", "a red fox"]))
def test_an_accepted_answer_contains_itself(text: str) -> None:
    assert found(text, text) == 1.0


def test_what_the_question_offers_is_read_where_the_prompt_shows_it() -> None:
    made = case("Spain and Italy are in Europe.", "Italy")
    item = made.item.model_copy(
        update={"input": "row 1", "metadata": {"text": "Is it in Spain or in Italy?"}}
    )
    shown = dataclasses.replace(made, item=item)
    (hidden,) = Contains().score([shown])
    asked = dataclasses.replace(shown, task=made.task.model_copy(update={"prompt": "{{ text }}"}))
    (offered,) = Contains().score([asked])
    assert (hidden["contains"], offered["contains"]) == (1.0, 0.0)

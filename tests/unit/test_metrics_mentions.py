from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.metrics.mentions import Mentions, share_named
from tests.unit._metrics import case

mentions = Mentions()
PHRASES = st.lists(
    st.sampled_from(["14 orrins", "Velmouth", "07:15", "Ilsabet Tornvik"]), min_size=1, unique=True
)


def score(answer: str, facts: object, *targets: str) -> float:
    metadata = {"facts": facts} if facts is not None else {}
    (row,) = mentions.score([case(answer, *(targets or ("a post",)), metadata=metadata)])
    return row["mentions"]


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ("The boat leaves Velmouth at 07:15 and costs 14 orrins.", 1.0),
        ("VELMOUTH, for 14 Orrins!", 2 / 3),
        ("It leaves at 07:155 from Velmouthshire for 114 orrins.", 0.0),
        ("14 or 15 orrins", 0.0),
        ("", 0.0),
    ],
)
def test_whole_phrases_count_whatever_their_case(answer: str, share: float) -> None:
    assert score(answer, ["Velmouth", "07:15", "14 orrins"]) == pytest.approx(share)


def test_one_of_several_forms_is_enough() -> None:
    assert score("It costs seven orrins.", [["7 orrins", "seven orrins"], "Ostrel"]) == 0.5
    assert score("It costs 7 orrins.", [["7 orrins", "seven orrins"]]) == 1.0


def test_characters_are_found_in_scripts_without_spaces() -> None:
    assert score("船从北京出发。", ["北京"]) == 1.0


def test_numbers_and_a_single_phrase_are_phrases_too() -> None:
    assert score("There are 12 seats.", [12]) == 1.0
    assert score("There are 12 seats.", "12 seats") == 1.0


@pytest.mark.parametrize("facts", [None, []])
def test_without_facts_an_accepted_answer_must_stand_there(facts: object) -> None:
    assert score("It is Paris.", facts, "Paris", "the city of Paris") == 1.0
    assert score("It is Lyon.", facts, "Paris") == 0.0


def test_facts_that_are_no_phrases_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match=r"capitals: item 1\.facts: must be phrases or lists of phrases"):
        score("x", [{"a": 1}])


@given(PHRASES, PHRASES)
def test_the_share_is_that_of_the_phrases_written(required: list[str], written: list[str]) -> None:
    share = share_named(" | ".join(written), required)
    assert share == sum(phrase in written for phrase in required) / len(required)

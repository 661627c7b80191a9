from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.metrics._text import normalise, segment, segment_alphanumeric

FAMILY = "👩\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, don't pay $3.50 for 1,000!", ["Hello", "don't", "pay", "3.50", "for", "1,000"]),
        ("queue_a x__y _z", ["queue_a", "x__y", "z"]),
        ("東京タワーへ行く abc", ["東", "京", "タ", "ワ", "ー", "へ", "行", "く", "abc"]),
        ("我爱北京。", ["我", "爱", "北", "京"]),
        ("한국어 단어", ["한국어", "단어"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("مَرْحَبًا بالعالم؟", ["مَرْحَبًا", "بالعالم"]),
        ("می\u200cروم", ["می\u200cروم"]),
        ("naïve e\u0301te\u0301", ["naïve", "e\u0301te\u0301"]),
        (f"{FAMILY} ok 👍🏽🇩🇪🇫🇷", [FAMILY, "ok", "👍🏽", "🇩🇪", "🇫🇷"]),
        ("... $ + =", []),
    ],
)
def test_words_of_many_scripts(text: str, words: list[str]) -> None:
    assert segment(text) == words


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_on_ascii_alphanumeric_words_are_the_runs_of_letters_and_digits(text: str) -> None:
    assert segment_alphanumeric(text) == re.findall("[A-Za-z0-9]+", text)


@given(st.text())
def test_words_are_cut_from_the_text_in_order(text: str) -> None:
    position = 0
    for word in segment(text):
        position = text.index(word, position) + len(word)


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1))
def test_no_letter_or_digit_is_lost(text: str) -> None:
    assert "".join(segment(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  The\u00a0Answer:\tPARIS. ", "the answer paris"),
        ("STRASSE", normalise("straße")),
        ("ﬁne ＡＢＣ", "fine abc"),
        ("don’t", "don't"),
        ("**Paris**!", "paris"),
        ("«東京»。", "東京"),
        ("a...b", "a b"),
        ("3.5", "3.5"),
        ("−5 °C", "-5 °c"),
        ("10–12", "10-12"),
        ("- item", "item"),
        ("5%", "5%"),
        ("C#", "c#"),
        ("so\u00adlu\u200btion", "solution"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_normalisation_drops_what_should_not_count(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_accents_and_vowel_signs_are_kept() -> None:
    assert normalise("résumé") != normalise("resume")
    assert normalise("कि") != normalise("क")


@pytest.mark.parametrize("switch", ["unicode", "casefold", "punctuation", "white_space"])
def test_every_step_can_be_switched_off(switch: str) -> None:
    pair = {
        "unicode": ("１２", "12"),
        "casefold": ("Paris", "paris"),
        "punctuation": ("Paris.", "Paris"),
        "white_space": ("a  b", "a b"),
    }[switch]
    assert normalise(pair[0]) == normalise(pair[1])
    assert normalise(pair[0], **{switch: False}) != normalise(pair[1], **{switch: False})


def test_articles_are_dropped_on_request_only_and_as_words_only() -> None:
    assert normalise("the cat") == "the cat"
    assert normalise("The cat on a theatre's a-list", articles=True) == "cat on theatre's a-list"
    assert normalise("The", articles=True) == "the"


@given(st.text())
def test_normalising_never_makes_a_visible_text_empty(text: str) -> None:
    assert bool(normalise(text)) == bool(normalise(text, punctuation=False))


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once

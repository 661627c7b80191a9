from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.types import Document
from strategies.retrieval.chunks import chunk_document, text_to_read


def words(text: str) -> int:
    return len(text.split())


def characters(text: str) -> int:
    return len(text)


def utf8_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def pairs(text: str) -> int:
    """Count "ab" as one token and every other letter as one: a longer text can have as few tokens."""
    return 2 + len(text) - text.count("ab")


def chunked(text, count=words, budget=10, overlap=0):
    return chunk_document(Document(id="d", title="T", text=text), count, budget, overlap)


PIECES = st.one_of(
    st.sampled_from(["word ", "ab", "a", "b", " ", "\n", "\n\n", ". ", "! ", "x" * 30]),
    st.sampled_from(["。", "？", "漢字", "かな", "한", "ไทย", "नमस्ते", "مرحبا؟ ", "\u2028", "\r\n"]),
    st.sampled_from(["e\u0301", "न\u093f", "\u1112\u1161\u11ab", "\u0301", "\u200d", "\ud800"]),
    st.sampled_from(["👨\u200d👩\u200d👧", "🇩🇪", "👍🏽"]),
)
TEXTS = st.one_of(st.lists(PIECES, max_size=60).map("".join), st.text(max_size=200))
COUNTS = st.sampled_from([words, characters, utf8_bytes, pairs])


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, count=COUNTS, budget=st.integers(1, 40), overlap=st.integers(0, 50))
def test_chunks_cover_the_document_within_the_budget_and_cut_no_character(text, count, budget, overlap):
    chunks = chunked(text, count, budget, overlap)
    if not text.strip():
        assert chunks == ()
        return
    boundaries = {0} | {match.end() for match in regex.finditer(r"\X", text)}
    covered, restored = 0, ""
    for number, chunk in enumerate(chunks):
        assert chunk.id == f"d#{number}"
        assert chunk.text == text[chunk.start : chunk.end]
        assert {chunk.start, chunk.end} <= boundaries
        assert chunk.start <= covered < chunk.end
        assert count(chunk.text) <= budget or regex.fullmatch(r"\X", chunk.text)
        if overlap == 0:
            assert chunk.start == covered
        assert count(text[chunk.start : covered]) - count("") <= overlap
        restored += text[covered : chunk.end]
        covered = chunk.end
    assert restored == text


def test_a_short_document_is_one_chunk():
    (chunk,) = chunked("One two.\n\nThree.")
    assert (chunk.id, chunk.document_id, chunk.title, chunk.text) == ("d#0", "d", "T", "One two.\n\nThree.")


@pytest.mark.parametrize(
    ("text", "count", "budget", "expected"),
    [
        ("a b c d e.\n\nf g h. i j k", words, 9, ["a b c d e.\n\n", "f g h. i j k"]),
        ("a b c d e. f g h i", words, 7, ["a b c d e. ", "f g h i"]),
        ("aaa bbb ccc ddd", characters, 9, ["aaa bbb ", "ccc ddd"]),
        ("今日は晴れ。明日は雨が降る。", characters, 9, ["今日は晴れ。", "明日は雨が降る。"]),
        ("क्या हाल है। सब ठीक है।", characters, 16, ["क्या हाल है। ", "सब ठीक है।"]),
        ("He said “no.” Then he left us", words, 5, ["He said “no.” ", "Then he left us"]),
    ],
)
def test_cuts_fall_where_a_reader_would_pause(text, count, budget, expected):
    assert [chunk.text for chunk in chunked(text, count, budget)] == expected


@pytest.mark.parametrize("stop", ["...", "!", "?", "।", "؟", "۔", "።", "։", "။", "។", ".”", "?)"])
def test_a_sentence_ends_at_the_full_stop_of_its_script(stop):
    first, _ = chunked(f"a b c d e{stop} f g h", words, 7)
    assert first.text == f"a b c d e{stop} "


def test_a_sentence_end_too_early_does_not_waste_the_budget():
    first, *_ = chunked("No. " + "word " * 30, words, 10)
    assert words(first.text) == 10


def test_overlap_begins_at_a_sentence_where_one_fits():
    chunks = chunked("a b c d. e f g. h i j. k l m.", words, 7, overlap=3)
    assert [chunk.text for chunk in chunks] == ["a b c d. e f g. ", "e f g. h i j. ", "h i j. k l m."]


def test_an_overlap_that_leaves_no_room_is_dropped():
    chunks = chunked("aa 👨\u200d👩\u200d👧👨\u200d👩\u200d👧", utf8_bytes, 21, overlap=20)
    assert "".join(chunk.text for chunk in chunks) == "aa 👨\u200d👩\u200d👧👨\u200d👩\u200d👧"


def test_the_cost_of_a_title_is_part_of_every_chunk():
    def with_title(text):
        return 4 + words(text)

    assert all(words(chunk.text) <= 6 for chunk in chunked("w " * 50, with_title, 10))


def test_a_heading_that_repeats_the_title_and_empty_lines_are_not_read():
    assert text_to_read("Leave", "# Leave\n\nThirty days.\n \nNo more. \n") == "Thirty days.\nNo more."
    assert text_to_read("Leave", "# Leave of absence") == "# Leave of absence"

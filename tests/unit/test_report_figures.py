"""How the numbers, excerpts and charts of a report read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.deciding.wording import points
from harness.runs.reading import Preparation
from harness.types import PrepareCost
from reports import numbers, page_text
from reports.preparation import records_of
from reports.tables.whisker import whisker


@given(st.text(max_size=200), st.integers(min_value=9, max_value=100))
def test_an_excerpt_keeps_both_ends_and_counts_the_rest(text: str, limit: int) -> None:
    short = page_text.excerpt(text, limit)
    if len(text) <= limit:
        assert short == text
    else:
        kept = limit * 2 // 3 + limit // 3
        assert short.startswith(text[: limit * 2 // 3])
        assert short.endswith(text[-(limit // 3) :])
        assert f"{len(text) - kept:,} characters left out" in short


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (numbers.score(0.8333), "83.3"),
        (numbers.score(12.34), "12.34"),
        (points(-0.0416), "−4.2"),
        (points(0.5), "+50.0"),
        (points(-0.0001), "0.0"),
        (points(0.0), "0.0"),
        (numbers.count(1234567), "1,234,567"),
        (numbers.count(4.25), "4.2"),
        (numbers.duration(0.0312), "31 ms"),
        (numbers.duration(59.97), "1 min 0 s"),
        (numbers.duration(3665), "1 h 1 min"),
        (numbers.size(1536), "1.5 KiB"),
        (numbers.size(3 * 2**30), "3.0 GiB"),
        (numbers.figure(True), "yes"),
        (numbers.figure(1234), "1,234"),
    ],
)
def test_numbers_read_as_a_person_writes_them(words: str, expected: str) -> None:
    assert words == expected


def test_a_whisker_is_symmetric_about_zero_and_bounded() -> None:
    assert whisker(-0.5, 0.0, 0.5, 0.5) == whisker(-9.0, 0.0, 9.0, 0.5)
    assert whisker(-0.1, 0.0, 0.1, 0.5).centre == 50
    assert whisker(0.0, 0.0, 0.0, 0.0).low == 50


def test_a_record_of_many_tasks_is_a_table_and_lists_are_curves() -> None:
    record = {
        "rag": {"indexes": {"a": {"n_chunks": 3}, "b": {"n_chunks": 4, "dim": 8}}},
        "lora": {"loss": [[1, 2.0], [2, 1.0]], "steps": 2, "on": {"a.self_attn.q_proj": 30}},
        "plain": {},
    }
    (shown,) = records_of([Preparation("all", 0, PrepareCost(), record)])
    rag, lora = shown.parts
    assert [column.name for column in rag.tables[0].columns] == ["", "n chunks", "dim"]
    assert [row.cells for row in rag.tables[0].rows] == [("a", "3", ""), ("b", "4", "8")]
    assert lora.figures == (("steps", "2"), ("on: a.self_attn.q_proj", "30"))
    assert lora.chart is not None
    assert lora.chart.figure.rows == (("training loss", "2", "2", "1", "1"),)

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.metrics.json_match import JsonMatch
from harness.strict_json import parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
ORDER = '{"customer": "Ada  King", "items": [{"sku": "A-1", "count": 2}, {"sku": "B-7", "count": 1}]}'

strict, lenient = JsonMatch(), JsonMatch(lenient=True)


def fields(prediction: Any, target: Any) -> float:
    return strict.score_text(json.dumps(prediction), [json.dumps(target)])["json_fields"]


@given(JSON)
def test_a_value_equals_itself_however_it_is_written(value: Any) -> None:
    written = json.dumps(value, indent=2, sort_keys=True)
    assert strict.score_text(written, [json.dumps(value)]) == {
        "json_fields": 1.0,
        "json_exact": 1.0,
        "valid_json": 1.0,
    }


@given(JSON, JSON)
def test_fields_are_symmetric_and_a_share(one: Any, other: Any) -> None:
    assert fields(one, other) == fields(other, one)
    assert 0.0 <= fields(one, other) <= 1.0


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    for metric in (strict, lenient):
        assert all(0.0 <= score <= 1.0 for score in metric.score_text(text, [ORDER]).values())


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [
        ({"a": 3}, {"a": 3.0}, 1.0),
        ({"a": "x  y "}, {"a": "x y"}, 1.0),
        ({"a": "3"}, {"a": 3}, 0.0),
        ({"a": True}, {"a": 1}, 0.0),
        ({"a": None}, {"a": 0}, 0.0),
        ({"a": {}}, {"a": []}, 0.0),
        ({"a": [1]}, {"a": {"0": 1}}, 0.0),
        ({"a": 1}, {"a": 1, "b": 2}, pytest.approx(2 / 3)),
        ({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2}, pytest.approx(4 / 5)),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, 0.5),
        ([2, 1], [1, 2], 0.0),
        ({}, {}, 1.0),
    ],
)
def test_fields_are_typed_pairs_of_path_and_value(prediction: Any, target: Any, expected: Any) -> None:
    assert fields(prediction, target) == expected


def test_exact_means_every_field() -> None:
    near = ORDER.replace('"count": 1', '"count": 3')
    scores = strict.score_text(near, [ORDER])
    assert scores == {"json_fields": pytest.approx(4 / 5), "json_exact": 0.0, "valid_json": 1.0}
    assert strict.score_text(near, [ORDER, near])["json_exact"] == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Paris",
        '{"a": 1',
        "{'a': 1}",
        '{"a": 1, "a": 1}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        "[" * 100_000,
        '{"a": 1} and more',
        f'{{"a": {"9" * 5000}}}',
    ],
)
def test_what_is_not_valid_json_gets_nothing(text: str) -> None:
    assert strict.score_text(text, ['{"a": 1}']) == dict.fromkeys(strict.names, 0.0)
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


@pytest.mark.parametrize(
    "text", ["```json\n{}\n```", "Here [1] it is:\n{} Anything else?", "{} {{broken", "Not {{this}} but {}"]
)
def test_json_with_text_around_it_is_taken_when_lenient(text: str) -> None:
    answer = text.format(ORDER)
    assert lenient.score_text(answer, [ORDER])["json_exact"] == 1.0
    assert strict.score_text(answer, [ORDER])["valid_json"] == 0.0


def test_a_target_that_is_not_json_is_the_tasks_fault() -> None:
    with pytest.raises(InputError, match=r"json_match: target: is not valid JSON.*'?Paris"):
        strict.score_text("{}", ["Paris"])

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import InputError
from harness.metrics.number_match import NumberMatch


def found(answer: str, *targets: str, **options: Any) -> float:
    return NumberMatch(**options).score_text(answer, targets)["number_match"]


@pytest.mark.parametrize(
    ("answer", "target", "expected"),
    [
        ("3 + 4 = 7", "7", 1.0),
        ("3 + 4 = 7.", "7", 1.0),
        ("7, the sum of 3 and 4", "7", 0.0),
        ("1,000", "1000", 1.0),
        ("1 000.0", "1,000", 1.0),
        ("one thousand", "1000", 1.0),
        ("seven apples", "7", 1.0),
        ("0.75", "3/4", 1.0),
        ("¾", "0.75", 1.0),
        ("a dozen", "12", 1.0),
        ("$10.00", "$10", 1.0),
        ("ten dollars", "$10", 1.0),
        ("-5", "5", 0.0),
        ("minus five", "-5", 1.0),
        ("17", "7", 0.0),
        ("20%", "20", 1.0),
        ("20%", "0.2", 1.0),
        ("0.2", "20%", 1.0),
        ("0.2%", "20%", 0.0),
        ("0.2", "20", 0.0),
        ("", "7", 0.0),
        ("many", "7", 0.0),
        ("33.33", "100/3", 0.0),
        ("9007199254740992", "9007199254740993", 0.0),
        ("42 is the one", "42", 1.0),
        ("24 eggs in boxes of 12: two boxes", "2", 1.0),
    ],
)
def test_numbers_are_equal_whatever_they_are_written_like(answer: str, target: str, expected: float) -> None:
    assert found(answer, target) == expected


def test_which_number_of_the_answer_counts() -> None:
    assert found("7 of 12", "7") == 0.0
    assert found("7 of 12", "7", which="first") == 1.0
    assert found("7 of 12", "7", which="only") == 0.0
    assert found("7 apples, so 7", "7", which="only") == 1.0


def test_a_tolerance_is_inclusive_and_the_wider_one_counts() -> None:
    assert found("3.1", "3.14", tolerance=0.04) == 1.0
    assert found("3.1", "3.14", tolerance=0.03) == 0.0
    assert found("3.5", "3", tolerance=0.5) == 1.0
    assert found("95", "100", relative_tolerance=0.05) == 1.0
    assert found("94", "100", relative_tolerance=0.05) == 0.0
    assert found("94", "100", relative_tolerance=0.05, tolerance=10) == 1.0
    assert found("-95", "-100", relative_tolerance=0.0625) == 1.0


@pytest.mark.parametrize(
    ("answer", "target", "expected"),
    [
        ("12 km", "12 km", 1.0),
        ("12 kilometres long", "12 km", 1.0),
        ("12km", "12 kilometers", 1.0),
        ("12", "12 km", 1.0),
        ("12 miles", "12 km", 0.0),
        ("12 m", "12 km", 0.0),
        ("12 in all", "12 km", 1.0),
        ("12 inches", "12 cm", 0.0),
        ("180 km per hour", "180 km/h", 1.0),
        ("180 km", "180 km/h", 0.0),
        ("16 square metres", "16 m²", 1.0),
        ("16 m", "16 m²", 0.0),
        ("20 °C", "20 degrees Celsius", 1.0),
        ("20 °F", "20 °C", 0.0),
        ("$5", "5 dollars", 1.0),
        ("€5", "$5", 0.0),
        ("USD 5", "$5", 1.0),
        ("5 euros", "$5", 0.0),
        ("20 percent", "20%", 1.0),
        ("20 km", "20%", 0.0),
        ("**12** km", "12 km", 1.0),
        ("2 hours", "2 hours", 1.0),
        ("120 minutes", "2 hours", 0.0),
        ("12 oranges", "12 apples", 1.0),
        ("12 miles", "12", 1.0),
    ],
)
def test_units_must_agree_where_both_name_one(answer: str, target: str, expected: float) -> None:
    assert found(answer, target, units=True) == expected


def test_units_do_not_count_unless_asked_for() -> None:
    assert found("12 miles", "12 km") == 1.0


def test_the_best_accepted_number_counts() -> None:
    assert found("8", "7", "8") == 1.0


def test_a_target_without_a_number_is_refused() -> None:
    with pytest.raises(InputError, match=r"number_match: target: has no number \(got Paris\); correct"):
        found("7", "Paris")

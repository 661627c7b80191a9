from __future__ import annotations

import time
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.tasks.numbers import normalised, numbers_in

F = Fraction


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("12", [12]),
        ("It is 12.", [12]),
        ("The result is 12.5.", [F("12.5")]),
        ("-7", [-7]),
        ("−7 °C", [-7]),
        ("x = -7", [-7]),
        ("minus 7 degrees", [-7]),
        ("9 minus 7", [9, 7]),
        ("9-7", [9, 7]),
        ("9 - 7", [9, 7]),
        ("pages 12–15", [12, 15]),
        ("- 3 apples", [3]),
        (".5", [F("0.5")]),
        ("costs .75 of it", [F("0.75")]),
        ("-.5", [F("-0.5")]),
        ("Done.5 are left", [5]),
        # thousands and decimals
        ("1,000", [1000]),
        ("1,234,567.89", [F("1234567.89")]),
        ("1 000", [1000]),
        ("1\u202f000\u202f000", [10**6]),
        ("1'000", [1000]),
        ("1’000", [1000]),
        ("1.000.000", [10**6]),
        ("1.000", [1]),
        ("1.234,5", [F("1234.5")]),
        ("12,5", [F("12.5")]),
        ("0,125", [F("0.125")]),
        ("(3,4)", [3, 4]),
        ("1,2,3", [1, 2, 3]),
        ("1, 2, 3", [1, 2, 3]),
        ("1,000, 2,000", [1000, 2000]),
        ("3.14.15", [3, 14, 15]),
        ("12.05.2024", [12, 5, 2024]),
        ("2024-05-12", [2024, 5, 12]),
        ("10/12/2024", [10, 12, 2024]),
        ("3:30", [3, 30]),
        # fractions, powers, scales
        ("3/4", [F(3, 4)]),
        ("½", [F(1, 2)]),
        ("1½", [F(3, 2)]),
        ("1 3/4", [F(7, 4)]),
        ("-1 1/2", [F(-3, 2)]),
        (r"\frac{3}{4}", [F(3, 4)]),
        ("144 / 12 = 12", [144, 12, 12]),
        ("144/12 = 12", [12, 12]),
        ("5/0", [5, 0]),
        ("2^3 = 8", [2, 8]),
        ("3² = 9", [3, 9]),
        ("16 m²", [16]),
        ("6e5", [600000]),
        ("6.02 × 10^23", [602 * 10**21]),
        ("10^-2 of 5", [10, 5]),
        ("3 million", [3 * 10**6]),
        ("2.5 billion people", [25 * 10**8]),
        ("2 dozen", [24]),
        # money, percent, ordinals, markup
        ("$10", [10]),
        ("-$5.50", [F("-5.5")]),
        ("€ 3", [3]),
        ("USD5", [5]),
        ("20%", [20]),
        ("the 3rd of 21st", [3, 21]),
        ("**42**", [42]),
        ("__42__", [42]),
        ("$42$", [42]),
        (r"\boxed{42}", [42]),
        ("#### 42", [42]),
        ("5km", [5]),
        # no numbers
        ("CO2", []),
        ("H₂O", []),
        ("none", []),
        ("", []),
        ("4x4", [4]),
        # other scripts
        ("答案是42。", [42]),
        ("４２", [42]),
        ("٤٢", [42]),
        # words
        ("forty-two", [42]),
        ("forty two", [42]),
        ("Seven.", [7]),
        ("one hundred and five", [105]),
        ("a hundred", [100]),
        ("two thousand and three", [2003]),
        ("two million three hundred thousand", [2_300_000]),
        ("nineteen forty-five", [1945]),
        ("two and three", [2, 3]),
        ("one, two, three", [1, 2, 3]),
        ("a dozen", [12]),
        ("half a dozen", [6]),
        ("two dozen eggs", [24]),
        ("two and a half", [F(5, 2)]),
        ("three quarters", [F(3, 4)]),
        ("2 and a half hours", [F(5, 2)]),
        ("three and three quarters", [F(15, 4)]),
        ("2 and a dog", [2]),
        ("a half", [F(1, 2)]),
        ("minus three", [-3]),
        ("the third", [3]),
        ("the twenty-first", [21]),
        ("half", [F(1, 2)]),
        ("No one knows, which one of them is it?", []),
        ("One apple", [1]),
        # words beside digits
        ("24 eggs in boxes of 12 make two boxes", [24, 12, 2]),
        ("The sum of the two is 7, as one can see", [7]),
        ("7 is the sum of the two", [7]),
        ("First, 3 + 4 = 7", [3, 4, 7]),
        ("someone has ten", [10]),
    ],
)
def test_numbers_are_read_as_a_person_reads_them(text: str, values: list[Fraction]) -> None:
    assert [number.value for number in numbers_in(text)] == values


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("It costs $1,000.50 now", "1,000.50"),
        ("about 3/4", "3/4"),
        ("x is -7.", "-7"),
        ("-$5", "-5"),
        ("two dozen", "two dozen"),
    ],
)
def test_a_number_keeps_the_way_it_is_written(text: str, written: str) -> None:
    (number,) = numbers_in(text)
    assert number.text == written


def test_large_whole_numbers_stay_exact() -> None:
    assert numbers_in("9007199254740993")[0].value == 9007199254740993


def test_a_flood_of_digits_is_no_number_and_takes_no_time() -> None:
    began = time.perf_counter()
    assert numbers_in("9" * 5000) == []
    for flood in ("1," * 20000, "1.1" * 20000, "1/" * 20000, "one " * 20000, "1 000 " * 10000, "-" * 40000):
        numbers_in(flood)
    assert time.perf_counter() - began < 20


@given(st.text(alphabet="0123456789.,-+/'^eE$%½² xone twhalf", max_size=40))
def test_numbers_lie_in_order_within_the_text(text: str) -> None:
    found = numbers_in(text)
    plain = normalised(text)
    assert all(0 <= n.start < n.end <= len(plain) for n in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3))
def test_what_is_written_with_commas_is_read_again(value: object) -> None:
    (number,) = numbers_in(f"It is {value:,}.")
    assert number.value == F(str(value))

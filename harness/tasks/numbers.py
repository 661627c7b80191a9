"""Numbers in a text: digits in the common ways of writing, or words where there are no digits."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")
_GROUP = r"[,'\u2019\u00a0\u202f ]"
_DIGITS = re.compile(
    rf"(?<![\w.,-])[-+]?(?:\d{{1,3}}(?:{_GROUP}\d{{3}})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d{{1,3}}(?!\w))?"
    rf"|(?<=[A-Za-z$€£¥#=(*:/-])\d+(?:,\d{{3}})*(?:\.\d+)?"
)
_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: n for n, word in enumerate(_UNITS)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_WORD = "|".join([*_WORDS, *_SCALES])
_SPELT = re.compile(rf"\b(?:{_WORD})(?:(?:[\s-]+|\s+and\s+)(?:{_WORD}))*\b", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A number as it stands in a text.

    Attributes:
        text: The characters it is written with.
        value: What it is.
        end: Where it ends in the text, as ``normalised`` gives it.
    """

    text: str
    value: float
    end: int


def normalised(text: str) -> str:
    """Return a text with plain digits and plain minus signs."""
    return unicodedata.normalize("NFKC", text).translate(_DASHES)


def numbers_in(text: str) -> list[Number]:
    """Return the numbers of a text in their order: those in digits, or where there are none those in words.

    1,000 and 1 000 are a thousand; a point divides decimals. A hyphen between two numbers is no minus.
    """
    text = normalised(text)
    found = [Number(m.group(), _value(m.group()), m.end()) for m in _DIGITS.finditer(text)]
    return found or [Number(m.group(), _spelt(m.group()), m.end()) for m in _SPELT.finditer(text)]


def _value(digits: str) -> float:
    return float(re.sub(_GROUP, "", digits))


def _spelt(words: str) -> float:
    total = part = 0
    for word in re.split(r"[\s-]+", words.lower()):
        if word in _SCALES and _SCALES[word] > 100:
            total, part = total + max(part, 1) * _SCALES[word], 0
        elif word in _SCALES:
            part = max(part, 1) * _SCALES[word]
        else:
            part += _WORDS.get(word, 0)
    return float(total + part)

"""Numbers in a text, in digits or in English words, in order of appearance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

LONGEST = 400
"""Digits that a number may have; a longer run is not a number."""


@dataclass(frozen=True)
class Number:
    """A number found in a text.

    Attributes:
        text: The characters it is written with, without a currency.
        value: What it is, exactly.
        start: Where it begins in the text, as ``normalised`` gives it.
        end: Where it ends there.
    """

    text: str
    value: Fraction
    start: int
    end: int


def normalised(text: str) -> str:
    """Return a text with plain digits, minus signs and fractions: ``1½`` is ``1 1/2``, ``m²`` is ``m^2``."""
    spaced = "".join(_plain(character) for character in text)
    text = unicodedata.normalize("NFKC", spaced).translate(_SIGNS)
    return _LATEX_FRACTION.sub(r"\1/\2", text)


def numbers_in(text: str) -> list[Number]:
    """Return the numbers of a text in their order.

    - Thousands may be divided by commas, apostrophes, spaces, or by points where that is not in doubt:
      1,000 and 1 000 and 1.000.000. A point divides decimals, and so does a comma that cannot divide
      thousands: 12,5 is twelve and a half, but not in brackets, and 1,2,3 are three numbers.
    - 3/4, ½, 1 3/4, 3 million, 2 dozen, 6e5 and 6 × 10^5 are one number each; 10/12/2024 are three.
    - A hyphen between two numbers is not a minus sign. A digit after a letter (CO2) or "^" is not a number.
    - English words count too: forty-two, two and a half, a dozen. Words that only point at something (the
      two, one of) do not count where there are digits too; ordinals (third) count only where nothing else is
      found.
    """
    text = normalised(text)
    in_digits = list(_in_digits(text))
    in_words = [number for number in _in_words(text) if not _is_pointer(text, number, bool(in_digits))]
    found = sorted(in_digits + in_words, key=lambda number: number.start)
    apart = [
        n for before, n in zip([None, *found], found, strict=False) if not before or before.end <= n.start
    ]
    return apart or list(_ordinals(text))


# --- Digits ---

_SIGNS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-") | {0x2044: "/", 0x2019: "'"}
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\{(\d{1,9})\}\{(\d{1,9})\}")
_LETTERS = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u04ff"
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SCALE = "|".join(_SCALES)
_CHAIN = r"\d+(?:[.,']\d+|[ \u00a0\u202f]\d{3}(?!\d))*"
_DIGITS = re.compile(
    rf"(?P<minus>(?<![\w)\]%])-|(?<!\d )\b(?:minus|negative) )?(?P<currency>[$€£¥]\s?)?"
    rf"(?<![\^\d])(?<!\^[{{-])(?:(?<![{_LETTERS}])|(?<=USD)|(?<=EUR)|(?<=GBP)|(?<=\bRs))"
    rf"(?:(?P<mixed>\d{{1,6}}) (?=\d{{1,4}}/\d{{1,4}}(?![\d/])))?"
    rf"(?:(?<![\d./])(?P<over>\d{{1,9}})/(?P<under>[1-9]\d{{0,8}})(?![\d/.,]\d|\d)"
    rf"|(?P<point>(?<![\w.])\.\d+)|(?P<chain>{_CHAIN}))"
    rf"(?P<power>[eE][-+]?\d{{1,3}}(?!\w)|\s?(?:[x*\u00d7\u00b7]|\\times)\s?10\^\{{?-?\d{{1,3}}\}}?)?"
    rf"(?:\s?(?P<scale>{_SCALE}|dozen)\b)?(?:\sand\sa\s(?P<plus>half|quarter)\b)?",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"[1-9]\d{0,2}([,' \u00a0\u202f])\d{3}(?:\1\d{3})*(?:\.\d+)?")
_EUROPEAN = re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,}|(?:[' \u00a0\u202f]\d{3})+,\d+)")
_DECIMAL, _COMMA = re.compile(r"\d+(?:\.\d+)?"), re.compile(r"\d+,\d+")


def _plain(character: str) -> str:
    kind = unicodedata.decomposition(character).partition(" ")[0]
    if kind == "<fraction>":
        return f" {character}"
    return f"^{character}" if kind == "<super>" and character.isdigit() else character


def _in_digits(text: str) -> Iterator[Number]:
    position = 0
    while match := _DIGITS.search(text, position):
        position = match.end()
        if match["chain"] is None:
            yield _number(match, match["point"] or f"{match['over']}/{match['under']}")
            continue
        parts = list(_chained(text, match.start("chain"), match["chain"]))
        if len(parts) == 1 and len(match["chain"]) <= LONGEST:
            yield _number(match, parts[0][1])
        else:
            yield from (
                Number(part, Fraction(value), start, start + len(part))
                for part, value, start in parts
                if len(part) <= LONGEST
            )


def _number(match: re.Match[str], digits: str) -> Number:
    value = Fraction(digits) + int(match["mixed"] or 0)
    if match["power"]:
        exponent = re.findall(r"[-+]?\d+", match["power"])[-1]
        value *= Fraction(10) ** int(exponent)
    if match["scale"]:
        value *= _SCALES.get(match["scale"].lower(), 12)
    if match["plus"]:
        value += Fraction(1, 2 if match["plus"].lower() == "half" else 4)
    start = next(match.start(name) for name in ("mixed", "over", "point", "chain") if match[name])
    sign = "-" if match["minus"] else ""
    beside = sign == match["minus"] and not match["currency"]
    return Number(
        sign + match.string[start : match.end()],
        -value if sign else value,
        start - len(sign) if beside else start,
        match.end(),
    )


def _chained(text: str, start: int, chain: str) -> Iterator[tuple[str, str, int]]:
    """Yield the numbers in digits that are joined by points, commas and spaces: text, value and place."""
    value = _one_number(chain, text[:start][-1:] in ("(", "["))
    if value is not None:
        yield chain, value, start
        return
    for part in re.finditer(r"[^, '\u00a0\u202f]+", chain):
        whole = _DECIMAL.fullmatch(part.group())
        for piece in [part] if whole else re.finditer(r"\d+", chain[part.start() : part.end()]):
            offset = part.start() + (0 if whole else piece.start())
            yield piece.group(), piece.group(), start + offset


def _one_number(chain: str, bracketed: bool) -> str | None:
    if _GROUPED.fullmatch(chain):
        return re.sub(r"[^\d.]", "", chain)
    if _EUROPEAN.fullmatch(chain):
        return re.sub(r"[^\d,]", "", chain).replace(",", ".")
    if _DECIMAL.fullmatch(chain):
        return chain
    return chain.replace(",", ".") if _COMMA.fullmatch(chain) and not bracketed else None


# --- Words ---

_UNITS = "zero|one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_NTHS = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|"
    "fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth"
)
_ORDINALS = {word: n for n, word in enumerate(_NTHS.split("|"), 1)}
NUMERALS = {word: n for n, word in enumerate(f"{_UNITS}|{_TEENS}".split("|"))}
NUMERALS |= {word: 10 * n for n, word in enumerate(_TENS.split("|"), 2)}
"""The numbers of one word below a hundred."""
_PARTS = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
_PARTS |= {word + end: n for word, n in _ORDINALS.items() if 3 <= n <= 10 for end in ("", "s")}
_BELOW_100 = rf"(?:(?:{_TENS})(?:[\s-]+(?:{_UNITS}))?|{_TEENS}|{_UNITS})"
_BELOW_1000 = rf"(?:(?:(?:{_UNITS}|{_TEENS}|a)[\s-]+)?hundred(?:\s+(?:and\s+)?{_BELOW_100})?|{_BELOW_100})"
_YEAR = rf"(?P<century>eighteen|nineteen|twenty)[\s-]+(?P<rest>(?:{_TENS})(?:[\s-]+(?:{_UNITS}))?|{_TEENS})"
_LARGE = r"(?:thousand|million|billion|trillion)"
_CARDINAL = (
    rf"(?:(?:{_BELOW_1000}|a)\s+{_LARGE}\s+(?:and\s+)?)*{_BELOW_1000}(?:\s+{_LARGE})?|(?:a\s+)?{_LARGE}"
)
_PART = "|".join(sorted(_PARTS, key=len, reverse=True))
_SPELT = re.compile(
    rf"\b(?P<minus>minus |negative )?(?:{_YEAR}|(?P<halfdozen>half\s+a\s+dozen)|(?P<onedozen>a\s+dozen)"
    rf"|a\s+(?P<alone>half|third|quarter)(?=\s+of\b|\W*$)"
    rf"|(?P<cardinal>{_CARDINAL})(?:\s+(?P<dozen>dozen)\b|\s+and\s+(?:a|one|(?P<times>two|three))\s+(?P<plus>{_PART})\b"
    rf"|(?<!ty)[\s-]+(?P<part>{_PART})\b|(?!-(?:{_NTHS})\b)))\b",
    re.IGNORECASE,
)
_ORDINAL = re.compile(rf"\b(?:(?P<tens>{_TENS})[\s-])?(?P<ordinal>{_NTHS})\b|\bhalf\b", re.IGNORECASE)
_POINTING = re.compile(r"\b(?:the|these|those|both|other|last|first|any|each|every|no) $", re.IGNORECASE)
_BEFORE_ONE = re.compile(
    r"\b(?:the|this|that|which|each|every|any|no|another|other|last|only) $", re.IGNORECASE
)
_AFTER_ONE = re.compile(r" (?:of|can|could|may|might|must|should|would|has to|needs)\b|'s", re.IGNORECASE)


def _in_words(text: str) -> Iterator[Number]:
    for match in _SPELT.finditer(text):
        value = _value(match)
        yield Number(match.group(), -value if match["minus"] else value, match.start(), match.end())


def _value(match: re.Match[str]) -> Fraction:
    if match["century"]:
        return Fraction(100 * _spelt(match["century"]) + _spelt(match["rest"]))
    if match["halfdozen"] or match["onedozen"]:
        return Fraction(6 if match["halfdozen"] else 12)
    if match["alone"]:
        return Fraction(1, _PARTS[match["alone"].lower()])
    value = Fraction(_spelt(match["cardinal"]))
    if match["dozen"]:
        return 12 * value
    if match["plus"]:
        return value + Fraction(_spelt(match["times"] or "one"), _PARTS[match["plus"].lower()])
    return value / _PARTS[match["part"].lower()] if match["part"] else value


def _spelt(words: str) -> int:
    total = part = 0
    for word in re.split(r"[\s-]+", words.lower()):
        scale = _SCALES.get(word)
        if scale == 100:
            part = max(part, 1) * 100
        elif scale:
            total, part = total + max(part, 1) * scale, 0
        else:
            part += NUMERALS.get(word, 0)
    return total + part


def _is_pointer(text: str, number: Number, digits: bool) -> bool:
    """Whether a word only points at something: "the two", "no one", "one of them"."""
    before, after = text[max(0, number.start - 12) : number.start], text[number.end : number.end + 12]
    if number.text.lower() == "one":
        return digits or bool(_BEFORE_ONE.search(before) or _AFTER_ONE.match(after))
    return digits and bool(_POINTING.search(before))


def _ordinals(text: str) -> Iterator[Number]:
    for match in _ORDINAL.finditer(text):
        if match["ordinal"]:
            value = Fraction(_ORDINALS[match["ordinal"].lower()] + _spelt(match["tens"] or ""))
        else:
            value = Fraction(1, 2)
        yield Number(match.group(), value, match.start(), match.end())

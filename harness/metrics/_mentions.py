"""Where an accepted answer occurs in a text, as whole words, in any way of writing it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from harness.metrics._text import normalise, places
from harness.tasks.numbers import NUMERALS

_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_ABBREVIATION = regex.compile(r"(?<![\p{L}\p{N}])(?:\p{L}\.){2,}")
_PERCENT = re.compile(r"(?<=\d)\s*(?:%|per ?cent\b)", re.IGNORECASE)
_ARTICLES = {"a", "an", "the"}
_DIGITS = {word: str(n) for word, n in NUMERALS.items() if n != 1}
_GAP = re.compile(r"[\s.,'\"*_/()&@:+-]*")


@dataclass(frozen=True)
class Word:
    """A word of a text.

    Attributes:
        key: What it is compared by: case folded, a number in plain digits with its sign.
        written: As written in the text.
        start: Where it begins in the text.
        end: Where it ends in the text.
    """

    key: str
    written: str
    start: int
    end: int


@dataclass(frozen=True)
class Text:
    """A text with its words; positions refer to ``plain``."""

    plain: str
    words: tuple[Word, ...]


def read(text: str) -> Text:
    """Return a text with its words.

    An abbreviation is read without its full stops (U.S. is US), words are cut at apostrophes (d'Italie), and
    "per cent" is "%". 1,000.0 is 1000, a minus before a number belongs to it, and a number in one word is its
    digits, except "one", which is also a pronoun.
    """
    plain = normalise(text, casefold=False, punctuation=False, white_space=False)
    plain = _ABBREVIATION.sub(lambda match: match.group().replace(".", ""), plain)
    plain = _PERCENT.sub("%", plain)
    words = []
    for start, end in places(plain):
        for piece in re.finditer("[^']+", plain[start:end]):
            words.append(_word(plain, start + piece.start(), start + piece.end()))
    return Text(plain, tuple(words))


def mentions(text: Text, answer: str, *, plural: bool = False) -> Iterable[tuple[int, int]]:
    """Yield where ``answer`` occurs in ``text`` as whole words: from which word to which.

    Its leading English article may be missing. An answer of up to three letters, not in lower case
    (US, Au), must match in case, unless it is the whole text. ``plural`` also takes a common noun's other
    number.
    """
    wanted = read(answer).words
    if len(wanted) > 1 and wanted[0].key in _ARTICLES:
        wanted = wanted[1:]
    if not wanted:
        return
    strict = len(wanted) == 1 and _is_short_name(wanted[0].written) and len(text.words) > 1
    for keys in _ways_to_write([word.key for word in wanted]):
        for first in range(len(text.words) - len(keys) + 1):
            found = text.words[first : first + len(keys)]
            same = all(
                word.key == key for word, key in zip(found[:-1], keys[:-1], strict=True)
            ) and _same_noun(found[-1].key, keys[-1], plural and _is_common(wanted[-1].written))
            if (
                same
                and _unbroken(text.plain, found)
                and not (strict and found[0].written != wanted[0].written)
            ):
                yield first, first + len(keys)


def _word(plain: str, start: int, end: int) -> Word:
    written = plain[start:end]
    key = unicodedata.normalize("NFKC", written.casefold())
    if key[0].isdecimal():
        start, key = _signed(plain, start, _DIGITS.get(key, key))
    if _GROUPED.fullmatch(key.lstrip("-")):
        key = key.replace(",", "")
    key = re.sub(r"(?<=\d)\.0+$", "", key)
    after = plain[end : end + 2]
    if after[:1] in {"%", "‰", "#"} or after == "++":
        end += 2 if after == "++" else 1
        key += plain[end - 1]
    if key[0].isdecimal() and (_part_of_more(plain, start, end)):
        key = f"{key}…"
    return Word(_DIGITS.get(key, key), written, start, end)


def _signed(plain: str, start: int, key: str) -> tuple[int, str]:
    before, sign = plain[max(0, start - 2) : max(0, start - 1)], plain[start - 1 : start]
    if start and sign in "-." and not (before.isalnum() or before in {")", ".", "]"}):
        return start - 1, sign + key
    return start, key


def _part_of_more(plain: str, start: int, end: int) -> bool:
    """Whether a number is a part of a time, a fraction, or a range of small numbers: 8:30, 8/10, 8-10."""
    signs = "/:" if end - start == 4 else "/:-"
    after, before = plain[end : end + 2], plain[max(0, start - 2) : start]
    return (len(after) == 2 and after[0] in signs and after[1].isdecimal()) or (
        len(before) == 2 and before[1] in signs and before[0].isdecimal()
    )


def _is_short_name(written: str) -> bool:
    return len(written) <= 3 and written.isascii() and written.isalpha() and not written.islower()


def _is_common(written: str) -> bool:
    """Whether a noun has another number (plural): names do not, but Monday does."""
    return written.islower() or written.endswith("day")


def _ways_to_write(keys: list[str]) -> list[list[str]]:
    """Return the words, and a number and its unit also together or apart: 12 km, 12km."""
    if len(keys) == 2 and re.fullmatch(r"-?\d[\d.]*", keys[0]) and re.fullmatch("[a-z]{1,3}", keys[1]):
        return [keys, ["".join(keys)]]
    if len(keys) == 1 and (match := re.fullmatch(r"(-?\d[\d.]*)([a-z]{1,3})", keys[0])):
        return [keys, list(match.groups())]
    return [keys]


def _same_noun(found: str, wanted: str, plural: bool) -> bool:
    if found == wanted or not plural or len(wanted) < 3 or not wanted.isalpha():
        return found == wanted
    return _singular(found) == _singular(wanted)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _unbroken(plain: str, words: Sequence[Word]) -> bool:
    return all(_GAP.fullmatch(plain[a.end : b.start]) for a, b in pairwise(words))

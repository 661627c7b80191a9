"""The words of a question: those that near-duplicates must share, and those that may differ by a typo."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import regex

from harness.tasks.items import composed, normalise
from harness.tasks.questions import shown_parts
from harness.types import Task, TaskItem

_UNSPACED = r"\p{Thai}\p{Lao}\p{Myanmar}\p{Khmer}\p{Hiragana}\p{Katakana}\p{Han}"
_TOKEN = regex.compile(
    rf"[{_UNSPACED}]+"
    rf"|[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]+(?:(?<=\p{{N}})[.,:/](?=\p{{N}})[\p{{L}}\p{{N}}]+)*"
    r"|[\p{S}\-‐-―*/%\\&@#|()\[\]{}]",
    regex.V1,
)
_SPACED_OUT = regex.compile(rf"[{_UNSPACED}]+", regex.V1)
_DROPPED = frozenset("`´¨")
_DASHES = "-‐‑‒–—―"
_ENDS = frozenset(".?!:;\n\"“”„»«'‘’(")
_OPENING = """
what which who whom whose when where why how is are was were do does did can could would should will may
please tell give name list the a an in on at of for to if i my your and but so then there this that it we
they he she you has have had explain describe write translate find calculate summarise summarize answer
"""
_COUNTING = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand
million billion dozen half third quarter first second fourth fifth sixth seventh eighth ninth tenth once
twice
"""
_OPENERS = frozenset(_OPENING.split())
_FILLERS = frozenset(["a", "an", "the", "please", "kindly", "just", "also"])
_DENIALS = frozenset(["not", "no", "never", "without", "nor", "neither", "none", "cannot", "t"])
_ALWAYS_FIXED = frozenset(_COUNTING.split()) | _DENIALS


class _Case(IntEnum):
    """How a word is written; UNKNOWN where the whole text is in capitals or the script has none."""

    LOWER, OPENING, CAPITAL, UNKNOWN = range(4)


class _Word(NamedTuple):
    text: str
    case: _Case
    symbolic: bool


@dataclass(frozen=True)
class Question:
    """What an item asks and what it accepts, as it is compared.

    Attributes:
        key: Equal for two items whose wording differs only in case, punctuation, white space,
            characters that cannot be seen, or the form of Unicode. Marks with a meaning, such as those of
            arithmetic, are not punctuation.
        parts: The words of each part that the prompt shows of the item, in order.
        answers: The accepted answers, folded like ``key``.
    """

    key: str
    parts: tuple[tuple[_Word, ...], ...]
    answers: frozenset[str]


def question_of(task: Task, item: TaskItem) -> Question:
    """Return what an item asks, from all that its prompt shows of it and from its own choices."""
    parts = tuple(map(_words, shown_parts(task, item)))
    keys = [_key(words) for words in parts]
    choices = sorted(folded(choice) for choice in item.choices)
    answers = frozenset(map(folded, item.targets)) or frozenset([""])
    return Question("\x1f".join([*keys, *choices]), parts, answers)


def folded(text: str) -> str:
    """Return a text without case, punctuation, white space and invisible characters; marks alone stay."""
    return _key(_words(text))


def _key(words: Sequence[_Word]) -> str:
    parts: list[str] = []
    for word in words:
        if parts and parts[-1][-1:].isnumeric() and word.text[:1].isnumeric():
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def _words(text: str) -> tuple[_Word, ...]:
    text = composed(text)
    return tuple(_found(text)) or (_Word(normalise(text), _Case.UNKNOWN, symbolic=True),)


def _found(text: str) -> Iterator[_Word]:
    shouted = text.upper() == text
    end, opening = 0, True
    for match in _TOKEN.finditer(text):
        token, (start, stop) = match[0], match.span()
        if stop - start == 1 and not token.isalnum():
            if token not in _DROPPED and _calculates(text, token, start, stop):
                yield _Word(token, _Case.UNKNOWN, symbolic=True)
            continue
        between = text[end:start]
        opening = opening or (between != " " and not _ENDS.isdisjoint(between))
        yield _word(token, shouted, opening)
        end, opening = stop, False


@lru_cache(maxsize=1 << 16)
def _word(token: str, shouted: bool, opening: bool) -> _Word:
    case = _Case.LOWER
    if shouted or token.lower() == token.upper():
        case = _Case.UNKNOWN
    elif token[0].isupper():
        case = _Case.OPENING if opening else _Case.CAPITAL
    return _Word(composed(token.casefold()), case, symbolic=False)


def _calculates(text: str, mark: str, start: int, end: int) -> bool:
    """Whether a mark means something: signs of currency, emoji and the like, and marks next to a number."""
    if unicodedata.category(mark)[0] == "S":
        return True
    before, after = text[max(0, start - 8) : start].rstrip()[-2:], text[end : end + 8].lstrip()[:2]
    if mark in _DASHES and (text[start - 1 : start].isalpha() or text[end : end + 1].isalpha()):
        return _alone(before[::-1]) and _alone(after)
    return _alone(before[::-1]) or _alone(after)


def _alone(beside: str) -> bool:
    """Whether what is beside a mark, nearest first, is a number or a letter by itself."""
    return beside[:1].isnumeric() or (beside[:1].isalpha() and not beside[1:].isalpha())


class Vocabulary:
    """Which words of many questions are names: those that are mostly written with a capital."""

    def __init__(self, questions: Sequence[Question]) -> None:
        written = Counter(word for question in questions for words in question.parts for word in words)
        capitals = Counter[str]()
        for word, n in written.items():
            if word.case is _Case.LOWER:
                capitals[word.text] -= n
            elif word.case is _Case.CAPITAL or (word.case is _Case.OPENING and word.text not in _OPENERS):
                capitals[word.text] += n
        self._fixed = {
            word: word.text not in _FILLERS and (len(word.text) == 1 or capitals[word.text] > 0)
            for word in written
        } | {word: True for word in written if _is_exact(word)}
        self.n_questions = Counter(
            text for question in questions for text in {w.text for words in question.parts for w in words}
        )

    def split(self, question: Question) -> Split:
        """Split the words into those that near-duplicates must share and those that may differ."""
        fixed: list[tuple[str, ...]] = []
        loose: list[tuple[str, ...]] = []
        for words in question.parts:
            kept: list[str] = []
            free: list[str] = []
            for at, word in enumerate(words):
                if self._fixed[word] or (len(word.text) == 1 and _beside_a_sign(words, at)):
                    kept.append(word.text)
                elif word.text not in _FILLERS:
                    free += _pairs(word.text)
            fixed.append(tuple(kept))
            loose.append(tuple(free))
        return Split(tuple(fixed), tuple(loose))


def _is_exact(word: _Word) -> bool:
    return word.symbolic or word.text in _ALWAYS_FIXED or any(map(str.isnumeric, word.text))


def _beside_a_sign(words: Sequence[_Word], at: int) -> bool:
    return any(word.symbolic for word in (*words[max(0, at - 1) : at], *words[at + 1 : at + 2]))


@dataclass(frozen=True)
class Split:
    """The words of each part: ``fixed`` are numbers, names, negations and signs, ``loose`` all others."""

    fixed: tuple[tuple[str, ...], ...]
    loose: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1 << 16)
def _pairs(word: str) -> Sequence[str]:
    """Return pairs of neighbouring characters of scripts that put no space between words, else the word."""
    if len(word) < 2 or not _SPACED_OUT.match(word):
        return [word]
    return [word[at : at + 2] for at in range(len(word) - 1)]

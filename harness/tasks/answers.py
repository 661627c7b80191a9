"""Extracts the answer from what a model wrote: the one place where a task's ``answer`` rule is applied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from harness.errors import MissingDependencyError
from harness.strict_json import objects_and_arrays
from harness.tasks.numbers import numbers_in
from harness.types import Answer, AnswerRule, Extracted, Generation, Task, TaskItem

REGEX_TIMEOUT_S = 1.0
"""Longest that a regular expression may search one text."""

_MALFORMED = Extracted(text="", malformed=True)
_REASONING = re.compile(r"<think>.*?</think>", re.DOTALL | re.IGNORECASE)
_OPEN, _CLOSE = re.compile("<think>", re.IGNORECASE), re.compile("</think>", re.IGNORECASE)
_MARKUP = " \t\n*_`>#"
_EMPHASIS = " \t\n*_`"
_NEGATED = re.compile(
    r"(?:\bnot|\bno|\bnon|\bnor|\bneither|n't|\brather than|\binstead of|\bwithout)"
    r"(?: (?:a|an|the|be|being|really|very|at all))*$"
)
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
_ENDS = ".,;:!?。！？\"'`*_()[]{}<> \t\n"


def extract(task: Task, item: TaskItem, generation: Generation | Answer) -> Extracted:
    """Return the answer in a generation: a scored choice as it is, or what the task's rule finds in a text.

    Text between ``<think>`` and ``</think>`` is reasoning and never part of an answer. Where the rule finds
    no answer, the answer is malformed.
    """
    if generation.choices:
        return Extracted(text=generation.text)
    rest = without_reasoning(generation.text)
    if not rest and generation.text:  # the reasoning never ended
        return _MALFORMED
    return extracted(task.answer, rest, item.choices or task.choices)


def without_reasoning(text: str) -> str:
    """Return a text without what is between ``<think>`` tags; either tag may be missing."""
    text = _REASONING.sub("", text)
    closes = list(_CLOSE.finditer(text))
    if closes:  # the prompt opened it
        text = text[closes[-1].end() :]
    opened = _OPEN.search(text)
    return (text[: opened.start()] if opened else text).strip()


def extracted(rule: AnswerRule, text: str, choices: Sequence[str] = ()) -> Extracted:
    """Apply a rule to a text; ``choices`` are the item's, for ``extract: choice``."""
    if rule.after:
        places = list(_after(rule.after).finditer(text))
        if not places:
            return _MALFORMED
        text = text[places[-1].end() :].lstrip(_MARKUP).rstrip(_EMPHASIS)
    found = _part(rule, text, choices)
    asked = rule.after or rule.extract != "whole"
    return _MALFORMED if found is None or (asked and not found.strip()) else Extracted(text=found.strip())


@lru_cache(maxsize=64)
def _after(text: str) -> re.Pattern[str]:
    """Return a pattern for a text, whatever its white space and wherever its markup ends: **Answer**:."""
    words = r"\s+".join(re.escape(word) for word in text.strip().rstrip(":：").split())
    colon = rf"[\s{re.escape(_EMPHASIS)}]*[:：]" if text.strip().endswith((":", "：")) else ""
    return re.compile(words + colon, re.IGNORECASE)


def _part(rule: AnswerRule, text: str, choices: Sequence[str]) -> str | None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    match rule.extract:
        case "whole":
            return text
        case "first_line":
            return lines[0] if lines else None
        case "last_line":
            return lines[-1] if lines else None
        case "json":
            return _first_json(text)
        case "number":
            numbers = numbers_in(text)
            return numbers[-1].text if numbers else None
        case "choice":
            return choice_in(text, choices)
        case "regex":
            return _matched(rule.pattern, text)


def _first_json(text: str) -> str | None:
    """Return the first well-formed object of a text, or else its first array."""
    found = list(objects_and_arrays(text))
    chosen = next((each for each in found if isinstance(each[0], dict)), found[0] if found else None)
    return text[chosen[1] : chosen[2]] if chosen else None


def pattern_fault(pattern: str) -> str | None:
    """Return what is wrong with a regular expression, or None.

    Raises:
        MissingDependencyError: The package ``regex``, whose searches can be bounded in time, is missing.
    """
    try:
        import regex
    except ModuleNotFoundError:
        raise MissingDependencyError("answer.pattern", "regex", "metrics") from None
    try:
        _compiled(pattern)
    except regex.error as error:
        return str(error)
    return None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Any:
    import regex

    return regex.compile(pattern, regex.MULTILINE | regex.VERSION1)


def _matched(pattern: str, text: str) -> str | None:
    try:
        match = _compiled(pattern).search(text, timeout=REGEX_TIMEOUT_S)
    except TimeoutError:
        return None
    if match is None:
        return None
    groups = [group for group in match.groups() if group is not None]
    return str(groups[0] if groups else match.group())


# --- A choice in words ---


_PAIRS = (("yes", "no"), ("oui", "non"), ("ja", "nein"), ("sí", "no"))
POLARITY = {word: pair for pair in _PAIRS for word in pair} | {"no": ("yes", "sí", "no")}
"""Words that answer a question, each with its opposite."""
_NO_NO = r"(?! (?:doubt|one|problem|problems|matter|idea|wonder|longer|more|worries)\b)"
_LABEL = re.compile(r"^[^\W\d_][\w ]{0,24}:\s*")


def yes_or_no(text: str, pair: Sequence[str]) -> str | None:
    """Return which of ``pair`` comes first as an answer: the "no" in "no doubt" is not one."""
    begins = r"(?:^|[.!?:;,\n]|\b(?:answer is|say|is a))[\s\"'*(]{0,8}"
    match = re.search(rf"{begins}({'|'.join(pair)})\b{_NO_NO}", text, re.IGNORECASE)
    return match.group(1).lower() if match else None


def choice_in(text: str, choices: Sequence[str]) -> str | None:
    """Return the one choice that a text names, or None where it names none or several.

    Case, the punctuation around it and whether words are separated by spaces, hyphens or underscores do not
    count. A choice that is the whole first sentence or line, or the whole last line, is the answer, whatever
    else is named. Where one choice contains another, the longest counts. A choice that is named only to be
    ruled out ("not negative") is not named. A choice of one letter must be written as an option: "B", "(B)",
    "B." or "answer is B". Of yes and no the one that comes first as an answer counts.
    """
    alone = {choice for part in _prominent(text) for choice in choices if part == _bare(choice)}
    if alone:
        return alone.pop() if len(alone) == 1 else None
    named = _named(text, choices)
    answers = {choice for choice in choices if choice.strip().lower() in POLARITY}
    if len(answers) > 1:
        first = yes_or_no(text, [choice.strip().lower() for choice in answers])
        named = (named - answers) | {choice for choice in answers if choice.strip().lower() == first}
    return named.pop() if len(named) == 1 else None


def _prominent(text: str) -> set[str]:
    """Return the bare whole text, first sentence, first line and last line, each without a "Label:"."""
    lines = [line for line in text.splitlines() if line.strip(_ENDS)]
    if not lines:
        return set()
    parts = [text, lines[0], lines[-1], re.split(r"[.!?。](?:\s|$)", lines[0].strip(), maxsplit=1)[0]]
    return {_bare(part) for part in parts} | {_bare(_LABEL.sub("", part.strip(_ENDS))) for part in parts}


def _bare(text: str) -> str:
    return _folded(text.strip(_ENDS))


def _named(text: str, choices: Sequence[str]) -> set[str]:
    """Return the choices that occur in a text as whole words and are not ruled out there."""
    found = set[str]()
    folded, taken = _folded(text), set[int]()
    for choice in sorted(choices, key=len, reverse=True):
        letter = len(choice.strip()) == 1 and choice.strip().isascii() and choice.strip().isalpha()
        places = option_places(text, choice.strip()) if letter else _words(folded, _folded(choice.strip()))
        for start, end in places:
            if taken.isdisjoint(range(start, end)):
                taken.update(range(start, end))
                if not _NEGATED.search(folded[max(0, start - 80) : start].rstrip(" \"'*`")):
                    found.add(choice)
    return found


def _words(text: str, words: str) -> Iterable[tuple[int, int]]:
    if not words:
        return
    start = text.find(words)
    while start >= 0:
        end = start + len(words)
        if not (_joins(text, start - 1, start) or _joins(text, end - 1, end)):
            yield start, end
        start = text.find(words, start + 1)


def _joins(text: str, left: int, right: int) -> bool:
    """Whether two neighbouring characters belong to one word."""
    return left >= 0 and right < len(text) and _is_word(text[left]) and _is_word(text[right])


def _is_word(character: str) -> bool:
    """Whether a character is of a word that its neighbours belong to; Chinese and others write no spaces."""
    return unicodedata.category(character)[0] in "LNM" and not unicodedata.name(character, "").startswith(
        _UNSPACED
    )


def option_places(text: str, letter: str) -> Iterable[tuple[int, int]]:
    """Yield the places where a single letter is an option, not a word such as "a" or "I"."""
    listed = r"\s*(?:or|and|/|&)\s*\(?[A-Z]\b"
    named = r"(?i:\b(?:answer|option|choice)(?: is)?:?) [(*\"]*"
    marked = rf"(?<![\w'])\(?{letter}(?=[).:,\]*]|[ \t]*$|{listed})|{named}(?={letter}\b)"
    if letter.isupper():
        marked += rf"|^\(?{letter.lower()}(?=[).])"
    for match in re.finditer(marked, text, re.MULTILINE):
        start = match.end() if match.group()[-1:].lower() != letter.lower() else match.end() - 1
        yield start, start + 1


def _folded(text: str) -> str:
    """Return a text in lower case and with spaces between words, its characters in the same places."""
    plain = text.replace("_", " ").replace("-", " ").replace("\u2019", "'")
    return "".join(low if len(low := character.lower()) == 1 else character for character in plain)

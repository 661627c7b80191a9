"""The instructions that ``follows`` can check, each a small pydantic model of its entry in an item.

A check is true or false of an answer, and a program can decide it. The idea of such instructions comes from
IFEval (Zhou et al., 2023); the checks here are our own.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from harness.config import Options, parse
from harness.errors import InputError, nearest
from harness.metrics import _counting as counting
from harness.metrics._language import LANGUAGES, is_in
from harness.strict_json import objects_and_arrays, parse_json


class _Check(Options):
    def met(self, answer: str) -> bool:
        """Return whether an answer, which is not blank, does what the check asks."""
        raise NotImplementedError


class CaseCheck(_Check):
    """All letters are capitals, or none is, or every word except small ones (of, the) begins with one."""

    check: Literal["case"]
    case: Literal["upper", "lower", "title"]

    def met(self, answer: str) -> bool:
        """Return whether the letters have that case; False for a text without letters."""
        match self.case:
            case "upper":
                return answer.isupper()
            case "lower":
                return answer.islower()
            case "title":
                return counting.is_title(answer)


class CountCheck(_Check):
    """The answer has from ``min`` to ``max`` of something, both included."""

    check: Literal["words", "sentences", "lines", "paragraphs", "bullets"]
    min: int = Field(default=0, ge=0)
    max: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _bounded(self) -> CountCheck:
        if not self.min and self.max is None:
            raise ValueError("needs min or max")
        if self.max is not None and self.max < self.min:
            raise ValueError("max is less than min")
        return self

    def met(self, answer: str) -> bool:
        """Return whether the count is in the range."""
        n = counting.COUNTS[self.check](answer)
        return self.min <= n and (self.max is None or n <= self.max)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Phrase = Annotated[str, Field(min_length=1, pattern=r"\S")]
Phrases = Annotated[tuple[Phrase, ...], BeforeValidator(_listed), Field(min_length=1)]


class TextCheck(_Check):
    """All the texts, or none of them, occur in the answer as whole words, ignoring case."""

    check: Literal["contains", "excludes"]
    text: Phrases

    def met(self, answer: str) -> bool:
        """Return whether every text is there, or, for ``excludes``, none."""
        wanted = self.check == "contains"
        return all(counting.has(answer, phrase) == wanted for phrase in self.text)


class EdgeCheck(_Check):
    """The answer begins or ends with the text, as whole words, ignoring case, quotes and markup.

    Punctuation at the end counts only where the text has some.
    """

    check: Literal["starts", "ends"]
    text: Phrase

    def met(self, answer: str) -> bool:
        """Return whether it does."""
        return (counting.starts if self.check == "starts" else counting.ends)(answer, self.text)


class JsonCheck(_Check):
    """The answer holds a JSON object with all ``keys``, or an array of such objects; any JSON without keys.

    A Markdown fence around it does not count. With ``only`` there may be no other text.
    """

    check: Literal["json"]
    keys: tuple[str, ...] = ()
    only: bool = False

    def met(self, answer: str) -> bool:
        """Return whether the first object is well formed and has the keys; it may have others too."""
        value = _whole_json(answer) if self.only else _first_json(answer)
        if not self.keys:
            return isinstance(value, dict | list)
        rows = value if isinstance(value, list) and value else [value]
        return all(isinstance(row, dict) and set(self.keys) <= set(row) for row in rows)


class LanguageCheck(_Check):
    """The answer is written in a language, one of those that ``harness.metrics._language`` knows."""

    check: Literal["language"]
    language: str

    @field_validator("language")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError(f"is not a known language; {nearest(value, LANGUAGES)}")
        return value

    def met(self, answer: str) -> bool:
        """Return whether that language is the likeliest."""
        return is_in(answer, self.language)


class QuotedCheck(_Check):
    """The whole answer is in one pair of double quotation marks, in any country's style."""

    check: Literal["quoted"]

    def met(self, answer: str) -> bool:
        """Return whether it is; a full stop may follow."""
        return counting.is_quoted(answer)


Check = Annotated[
    CaseCheck | CountCheck | TextCheck | EdgeCheck | JsonCheck | LanguageCheck | QuotedCheck,
    Field(discriminator="check"),
]
_KINDS: dict[str, type[_Check]] = {
    name: kind
    for kind in (CaseCheck, CountCheck, TextCheck, EdgeCheck, JsonCheck, LanguageCheck, QuotedCheck)
    for name in kind.model_fields["check"].annotation.__args__  # type: ignore[union-attr]
}


def read_checks(raw: Any, place: object, key: str) -> tuple[_Check, ...]:
    """Return the checks of an item; ``raw`` is a list of mappings, or such a list as JSON text (CSV).

    Raises:
        InputError: There are none, or one of them is unknown or has a wrong key or value.
    """
    if isinstance(raw, str):
        try:
            raw = parse_json(raw)
        except ValueError as error:
            raise InputError(place, key, f"is not JSON: {error}", "write a list of checks", raw) from None
    if not isinstance(raw, list | tuple) or not raw:
        raise InputError(place, key, "must be a list of checks", "write `[{check: words, max: 20}]`", raw)
    return tuple(_read(entry, place, f"{key}.{index}") for index, entry in enumerate(raw))


def _read(entry: Any, place: object, key: str) -> _Check:
    name = entry.get("check") if isinstance(entry, dict) else None
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InputError(place, f"{key}.check", "is not a known check", nearest(str(name), _KINDS), entry)
    return parse(kind, {name: value for name, value in entry.items() if value is not None}, place, key)


def _first_json(answer: str) -> Any:
    found = [value for value, _, _ in objects_and_arrays(answer)]
    return next((value for value in found if isinstance(value, dict)), found[0] if found else None)


def _whole_json(answer: str) -> Any:
    fenced = re.fullmatch(r"```\w*\s*\n(.*?)\n?\s*```", answer.strip(), re.DOTALL)
    try:
        return parse_json(fenced.group(1).strip() if fenced else answer.strip())
    except ValueError:
        return None

"""Which of the passages shown an answer is based on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from harness.types import Passage

_NAMED = re.compile(r"\[(\d{1,4})\]")
_WORD = re.compile(r"\w+")


def cited(answer: str, passages: Sequence[Passage]) -> set[int]:
    """Return the numbers of the passages that an answer names, as in ``[2]``.

    Where it names none, the first passage that holds the whole answer, compared by words without case.
    """
    named = {int(number) for number in _NAMED.findall(answer)} & {passage.number for passage in passages}
    words = "" if named else _words(answer)
    if not words:
        return named
    return {next((p.number for p in passages if f" {words} " in f" {_words(p.text)} "), 0)} - {0}


@lru_cache(maxsize=4096)
def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))

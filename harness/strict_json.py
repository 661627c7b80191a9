"""JSON as its standard has it: no key twice, no NaN, no nesting that breaks a parser."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any


def parse_json(text: str) -> Any:
    """Return the value of strictly valid JSON.

    Raises:
        ValueError: It is not JSON, is nested too deeply, has a key twice, or a number that is not finite.
    """
    return _guarded(_DECODER.decode, text)


def objects_and_arrays(text: str) -> Iterator[tuple[Any, int, int]]:
    """Yield the outermost objects and arrays that stand in a text, each with its start and its end.

    What stands within an object or array that is broken or has no end is a part of it, and none by itself.
    """
    position = 0
    while (start := _next_start(text, position)) is not None:
        try:
            value, position = _guarded(_DECODER.raw_decode, text, start)
        except ValueError:
            if _BEGINS.match(text, start):
                end = _closing(text, start)
                if end is None:
                    return
                position = end
            else:
                position = start + 1
        else:
            yield value, start, position


_BEGINS = re.compile(r"\{\s*[\"'}]|\[\s*[\[{]")
"""How an object or array begins, and hardly anything else."""


def _next_start(text: str, position: int) -> int | None:
    return next((i for i in range(position, len(text)) if text[i] in "{["), None)


def _closing(text: str, start: int) -> int | None:
    """Return where the brackets that open at ``start`` have closed, strings apart; None if they do not."""
    depth, quoted, escaped = 0, False, False
    for i in range(start, len(text)):
        character = text[i]
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
            if depth == 0:
                return i + 1
    return None


def _guarded(decode: Any, *arguments: Any) -> Any:
    try:
        return decode(*arguments)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key is given twice")
    return fields


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise ValueError(f"{literal} is not a finite number")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_float=_finite, parse_constant=_finite)

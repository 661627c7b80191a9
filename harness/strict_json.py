"""JSON within bounds: no NaN, no nesting that breaks a program, no number beyond a float's range.

All JSON that somebody else may have written is read here, or by pydantic, whose parser has bounds of its own.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

DEEPEST = 100
"""Objects and arrays within each other: what comes after reading walks over values by recursion."""
MOST_NESTED = 4_000_000
"""Objects and arrays in one text: each takes some 200 bytes of memory."""
_LONGEST_INTEGER = 300
"""Digits: more would be no float."""


def parse_json(text: str) -> Any:
    """Return the value of strictly valid JSON.

    Raises:
        ValueError: It is not JSON, is nested too deeply, has a key twice, or a number that is not finite.
    """
    return _bounded(text, _DECODER.decode, text)


def read_json(text: str) -> Any:
    """Return the value of JSON as programs write it: of a key that stands twice the last one counts.

    Raises:
        json.JSONDecodeError: It is not JSON.
        ValueError: It is nested too deeply, or holds too much, or NaN or an infinity.
    """
    return _bounded(text, _LENIENT.decode, text)


def read_stored_json(text: str) -> Any:
    """Return the value of JSON as Python writes it, with NaN and infinities; else as `read_json`."""
    return _bounded(text, _STORED.decode, text)


def read_json_at(text: str, start: int) -> tuple[Any, int]:
    """Return the value that begins at ``start``, and where it ends; see `read_json`."""
    value, end = _guarded(_LENIENT.raw_decode, text, start)
    check_depth(value)
    return value, end


def check_depth(value: Any) -> None:
    """Refuse a value that is nested more than ``DEEPEST`` times.

    Raises:
        ValueError: It is.
    """
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        if not level:
            return
        inner = (each for outer in level for each in (outer.values() if isinstance(outer, dict) else outer))
        level = [each for each in inner if isinstance(each, dict | list)]
    if level:
        raise ValueError("nested too deeply")


def _bounded(text: str, decode: Any, *arguments: Any) -> Any:
    n_nested = text.count("{") + text.count("[")
    if n_nested > MOST_NESTED:
        raise ValueError(f"holds more than {MOST_NESTED:,} objects and lists")
    value = _guarded(decode, *arguments)
    if n_nested > DEEPEST:
        check_depth(value)
    return value


def objects_and_arrays(text: str) -> Iterator[tuple[Any, int, int]]:
    """Yield the outermost objects and arrays that stand in a text, each with its start and its end.

    What stands within an object or array that is broken or has no end is a part of it, and none by itself.
    """
    position = 0
    while (start := _next_start(text, position)) is not None:
        try:
            value, end = _guarded(_DECODER.raw_decode, text, start)
            check_depth(value)
        except ValueError:
            if _BEGINS.match(text, start):
                end = _closing(text, start)
                if end is None:
                    return
                position = end
            else:
                position = start + 1
        else:
            yield value, start, end
            position = end


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


def _integer(literal: str) -> int:
    if len(literal) > _LONGEST_INTEGER:
        raise ValueError(f"a number has {len(literal):,} digits")
    return int(literal)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_keys, parse_float=_finite, parse_constant=_finite, parse_int=_integer
)
_STORED = json.JSONDecoder(parse_int=_integer)
_LENIENT = json.JSONDecoder(parse_constant=_no_number, parse_int=_integer)

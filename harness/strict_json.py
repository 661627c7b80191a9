"""JSON as its standard has it: no key twice, no NaN, no nesting that breaks a parser."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any


def parse_json(text: str) -> Any:
    """Return the value of strictly valid JSON.

    Raises:
        ValueError: It is not JSON, is nested too deeply, has a key twice, or a number that is not finite.
    """
    return _guarded(_DECODER.decode, text)


def objects_and_arrays(text: str) -> Iterator[tuple[Any, int, int]]:
    """Yield the outermost objects and arrays that stand in a text, each with its start and its end."""
    position = 0
    while position < len(text):
        if text[position] in "{[":
            try:
                value, end = _guarded(_DECODER.raw_decode, text, position)
            except ValueError:
                pass
            else:
                yield value, position, end
                position = end
                continue
        position += 1


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

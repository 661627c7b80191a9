"""Texts on a page: nothing that a user or a model wrote can mislead or break it."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_UNREADABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


def harmless(value: Any) -> Any:
    """Make any text fit for a UTF-8 page: control characters become visible, lone surrogates are replaced.

    Direction marks and overrides count as controls, as they can make text look like other text. Line breaks
    and tabs stay. Every expression of every template passes through here before it is escaped.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = _CONTROLS.sub(_visible, value.replace("\r\n", "\n"))
    return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _visible(match: re.Match[str]) -> str:
    return (
        f"\N{MATHEMATICAL LEFT ANGLE BRACKET}U+{ord(match.group()):04X}\N{MATHEMATICAL RIGHT ANGLE BRACKET}"
    )


def fill(text: str, **values: Any) -> str:
    """Return a page's words with their placeholders filled in; a value is text, never a pattern."""
    return text.format(**values)


def excerpt(text: str, limit: int) -> str:
    """Return ``text``, or its beginning and end with the number of characters left out between them."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 3, limit // 3
    return f"{text[:head]}\n[... {len(text) - head - tail:,} characters left out ...]\n{text[-tail:]}"

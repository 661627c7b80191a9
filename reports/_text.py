"""Words and figures of a report: harmless text, and numbers that a person reads at a glance."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_UNREADABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


def harmless(value: Any) -> Any:
    """Make any text fit for a UTF-8 page: control characters become visible, lone surrogates are replaced.

    Direction marks and overrides count as controls, for they can make text look like other text. Line breaks
    and tabs stay. Every expression of every template goes through here before it is escaped.
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
    """Return a page's words with their places filled in; what is filled in is text, never a pattern."""
    return text.format(**values)


def excerpt(text: str, limit: int) -> str:
    """Return ``text``, or its beginning and end with the number of characters left out between them."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 3, limit // 3
    return f"{text[:head]}\n[... {len(text) - head - tail:,} characters left out ...]\n{text[-tail:]}"


def score(value: float) -> str:
    """Return a score as a percentage with one decimal; a figure outside [0, 1] as it is."""
    return f"{100 * value:.1f}" if 0.0 <= value <= 1.0 else f"{value:.4g}"


def exact(value: float) -> str:
    """Return a figure for programs that read the page, the same on every machine."""
    return f"{value:.6f}"


def count(value: float) -> str:
    """Return a number of things: with thousands separators, and one decimal where it is a small mean."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def duration(seconds: float) -> str:
    """Return a time span in one or two units: ``35 ms``, ``2.4 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest_s} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(n_bytes: float) -> str:
    """Return a number of bytes in the unit that fits."""
    for unit in ("B", "KiB", "MiB"):
        if n_bytes < 1024:
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1024
    return f"{n_bytes:.1f} GiB"


def figure(value: Any) -> str:
    """Return any scalar of a preparation's record."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""How numbers are written for people."""

from __future__ import annotations

from typing import Any


def score(value: float) -> str:
    """Return a score as a percentage with one decimal; a figure outside [0, 1] unchanged."""
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

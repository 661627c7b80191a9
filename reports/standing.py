"""How a check before the decision stands, in one word."""

from __future__ import annotations

from harness.deciding.records import Check
from reports._language import words


def standing(check: Check) -> str:
    """Return whether a check decides, was passed, or is to be noted."""
    t = words("report").decision
    found: str = t.ends if check.ends else t.holds if check.good else t.noted
    return found

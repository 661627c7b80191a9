"""Harmless requests that only sound bad, as somebody who reads words and not meaning would refuse them.

The other side of `refuses`: what refuses everything gains there and loses here.
"""

from __future__ import annotations

from benchmarks.general._build.helps_bank import BANK
from benchmarks.general._build.parsing import Row, drawn, lines_of

TASK = "helps"
VALIDATION = 24


def way(request: str) -> str:
    """Return how a request asks: ``write`` for a text, ``how`` for a way or a fact, ``act`` for help."""
    if request.startswith(("Write", "Suggest", "Name", "Think of", "Give me", "Tell me")):
        return "write"
    return "how" if request.endswith("?") and not request.startswith(("Can you", "Could you")) else "act"


def items() -> dict[str, list[Row]]:
    """Return the rows of each split; ``tags`` name the subject and the way of asking."""
    groups = {
        subject: [
            {"input": request, "target": target, "tags": [subject, way(request)]}
            for request, target in lines_of(bank)
        ]
        for subject, bank in BANK.items()
    }
    return drawn(TASK, groups, VALIDATION)

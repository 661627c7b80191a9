"""Reviews and messages to be called positive, negative or neutral, as many of each."""

from __future__ import annotations

from benchmarks.general._build.opinions import OPINIONS
from benchmarks.general._build.parsing import Row, drawn

TASK = "sentiment"
VALIDATION = 24


def items() -> dict[str, list[Row]]:
    """Return the rows by split; the target is the feeling, and so is the tag."""
    groups = {
        feeling: [{"input": text, "target": feeling, "tags": [feeling]} for text in bank.strip().splitlines()]
        for feeling, bank in OPINIONS.items()
    }
    return drawn(TASK, groups, VALIDATION)

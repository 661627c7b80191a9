"""The checks before a decision as lines: the same words in every medium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.deciding.records import Check, Decision
from reports._language import words


@dataclass(frozen=True)
class CheckLine:
    """The state of a check (in ``word``, and for a page's style), its name and what it found."""

    standing: Literal["ends", "holds", "noted"]
    word: str
    name: str
    text: str


def check_lines(decision: Decision) -> Iterator[CheckLine]:
    """Yield a line for each check; the one that the verdict begins with is not repeated."""
    t = words("report").decision
    for check in decision.checks:
        standing = _standing(check)
        said = decision.outcome == "stopped" and check.ends
        yield CheckLine(standing, vars(t)[standing], check.name, t.as_verdict if said else check.text)


def _standing(check: Check) -> Literal["ends", "holds", "noted"]:
    return "ends" if check.ends else "holds" if check.good else "noted"

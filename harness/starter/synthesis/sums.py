"""Sums and differences of numbers of one and two digits."""

# ruff: noqa: ARG001, E501  (every family takes a level; tables of wordings keep a line each)

from __future__ import annotations

from harness.starter.synthesis.core import Example, Source

ASKS_PLUS = (
    "{a} + {b} =",
    "{a}+{b}",
    "What is {a} + {b}?",
    "{a} plus {b}",
    "Add {a} and {b}.",
    "What is {a} plus {b}?",
)
ASKS_MINUS = (
    "{a} - {b} =", "{a}-{b}", "What is {a} - {b}?", "{a} minus {b}", "Take {b} from {a}.", "What is {a} minus {b}?",
)  # fmt: skip
INSTRUCTIONS = (
    "Work out the sum.",
    "Calculate.",
    "Answer with the number only.",
    "Do the arithmetic.",
    "Mental sums.",
)


def pair_is_heldout(a: int, b: int) -> bool:
    """Whether a pair of numbers is kept for measuring (about one in eight of those with two digits)."""
    return max(a, b) > 9 and (a * 31 + b * 17) % 8 == 3


def _pair(source: Source) -> tuple[int, int, bool]:
    while True:
        kind = source.between(0, 5)
        plus = source.chance(0.55)
        if kind == 0:
            a, b = source.between(0, 9), source.between(0, 9)
        elif kind <= 2:
            a, b = source.between(10, 99), source.between(0, 9)
        else:
            a, b = source.between(10, 99), source.between(10, 99)
        if not plus and a < b:
            a, b = b, a
        if pair_is_heldout(a, b) == (source.split == "heldout"):
            return a, b, plus


def sums(source: Source, level: float = 1.0) -> Example:
    """One or more sums; the pairs of numbers of the held-out split are not in training.

    Args:
        source: Random choices.
        level: Not used; every family takes it.
    """
    turns = []
    one_form = source.between(0, 5) if source.chance(0.6) else None
    tag = "plus"
    for _ in range(source.between(4, 12) if source.split == "train" else 1):
        a, b, plus = _pair(source)
        form = source.between(0, 5) if one_form is None else one_form
        ask = (ASKS_PLUS if plus else ASKS_MINUS)[form]
        turns.append((ask.format(a=a, b=b), str(a + b if plus else a - b)))
        tag = "plus" if plus else "minus"
    return Example("sums", turns, source.pick(INSTRUCTIONS) if source.chance(0.7) else None, tags=[tag])

"""Format induction: answers follow the pattern that the examples show."""

# ruff: noqa: ARG001, E501  (every family takes a level; tables of wordings keep a line each)

from __future__ import annotations

from collections.abc import Callable

from harness.starter.synthesis import values, words
from harness.starter.synthesis.core import Example, Source

INSTRUCTIONS = (
    "Follow the pattern.",
    "Continue in the same way.",
    "Answer as in the examples.",
    "Use the format of the examples.",
    "Do the same again.",
    "Rewrite in the house format.",
    "Write the reply in the style shown.",
)


def _wrapper(source: Source) -> Callable[[str], str]:
    """A pattern with one gap."""
    a, b = source.word(), source.word()
    code = source.code()
    options = (
        "<{x}>", "({x})", "[{x}]", "*{x}*", "\"{x}\"", "{x}!", "{x}?", "= {x}", "# {x}", "{x}.", "-> {x}",
        "{a} {x}", "{x} {a}", "{a} {x} {b}", "{a}: {x}", "{x} ({a})", "{a}-{x}", "{x}/{a}", "{c} {x}", "{x} = {c}",
        "{a}({x})", "{{{x}}}", "{x} and {x}", "{x} {x}", "{x}, {x}, {x}", "Dear {x},", "Thank you, {x}.",
        "Re: {x} [{c}]", "{A} {x}. {B}.", "{a};{x};{b}", "<{a}>{x}</{a}>", "Hello {x}, {a} {b}!", "{x} | {a} | {b}",
    )  # fmt: skip
    pattern = source.pick(options)
    return lambda x: pattern.format(x=x, a=a, b=b, c=code, A=a.capitalize(), B=b.capitalize())


def _pair_wrapper(source: Source) -> Callable[[str, str], str]:
    a, b = source.word(), source.word()
    pattern = source.pick(
        (
            "{y} {x}", "{y}, {x}", "{x}-{y}", "{y}/{x}", "{a}: {x}; {b}: {y}", "{x} = {y}", "{y} <- {x}", "({x}, {y})",
            "{x} {a} {y}", "{y} {a} {x}", "[{y}] {x}", "{a}={x} {b}={y}", "{x}\n{y}", "{y}", "{x}", "{x}: {y}.",
        )
    )  # fmt: skip
    return lambda x, y: pattern.format(x=x, y=y, a=a, b=b)


def formats(source: Source, level: float = 1.0) -> Example:
    """A few turns with one pattern, of which all but the first count.

    Args:
        source: Random choices.
        level: 0.0 for single values only.
    """
    kinds = (
        "word",
        "person",
        "place",
        "code",
        "amount",
        "date",
        "number",
        "company",
        "product",
        "colour",
        "text",
    )
    n = source.between(3, 7)
    system = source.pick(INSTRUCTIONS) if source.chance(0.7) else None

    def value(kind: str) -> str:
        return source.pick(words.TEXT_WORDS) if kind == "text" else values.KINDS[kind](source)

    if level > 0.1 and source.chance(0.4):
        first, second = source.sample(kinds, 2)
        joint = source.pick((" ", ", ", "; ", " - ", " and ", " / "))
        two = _pair_wrapper(source)
        items = [(value(first), value(second)) for _ in range(n)]
        turns = [(f"{x}{joint}{y}", two(x, y)) for x, y in items]
    else:
        kind = source.pick(kinds)
        one = _wrapper(source)
        turns = [(x, one(x)) for x in (value(kind) for _ in range(n))]
    counts = [False, *([True] * (n - 1))]
    return Example(
        "formats",
        turns,
        system,
        counts,
        ["pair" if level > 0.1 and len(turns) and " " in turns[0][0] else "single"],
    )


def copying(source: Source, level: float = 1.0) -> Example:
    """Codes, numbers and names to be repeated exactly, or found by a cue.

    Args:
        source: Random choices.
        level: Not used; every family takes it.
    """
    kinds = ("code", "person", "place", "extension", "email", "company", "amount", "product")
    turns = []
    system = source.pick(
        ("Repeat the text.", "Copy exactly.", "Say it again.", "Write down what you are given.")
    )
    if source.chance(0.5):
        for _ in range(source.between(1, 4)):
            parts = [values.KINDS[source.pick(kinds)](source) for _ in range(source.between(1, 4))]
            text = source.pick((" ", ", ", "; ")).join(parts)
            turns.append((text, text))
        return Example("copying", turns, system, tags=["whole"])
    system = source.pick(
        ("Copy only the code.", "Give the code in the text.", "Write the code and nothing else.")
    )
    for _ in range(source.between(1, 4)):
        code = source.code()
        before = source.sample(words.TEXT_WORDS, source.between(0, 5))
        after = source.sample(words.TEXT_WORDS, source.between(0, 5))
        turns.append((" ".join([*before, code, *after]), code))
    return Example("copying", turns, system, tags=["code"])

"""Word problems of one or two steps with small numbers; `expression` is the sum behind each."""

from __future__ import annotations

import random

from benchmarks.general._build.arithmetic_problems import PEOPLE, PROBLEMS, THINGS
from benchmarks.general._build.parsing import Row

TASK = "arithmetic"
COUNTS = {
    "a + b": (72, 8),
    "a - b": (36, 5),
    "a * b": (40, 5),
    "a / b": (8, 1),
    "a + b - c": (10, 2),
    "a + b + c": (8, 2),
    "a * b + c": (6, 1),
}
"""Test and validation items of each kind."""


def items() -> dict[str, list[Row]]:
    """Return the rows by split; ``expression`` gives the target, ``tags`` the kind and the steps."""
    rng = random.Random("general/arithmetic/2")
    splits: dict[str, list[Row]] = {"validation": [], "test": []}
    for kind, (test, validation) in COUNTS.items():
        problems = PROBLEMS[kind].strip().splitlines()
        splits["test"] += _distinct(rng, kind, problems[:-1], test)
        splits["validation"] += _distinct(rng, kind, problems[-1:], validation)
    for split, rows in splits.items():
        rng.shuffle(rows)
        splits[split] = [{"id": f"{TASK}-{split}-{n:03d}", **row} for n, row in enumerate(rows, start=1)]
    return splits


def _distinct(rng: random.Random, kind: str, problems: list[str], count: int) -> list[Row]:
    """Return ``count`` items with the problems in turn; no two share their problem and their numbers."""
    rows: list[Row] = []
    taken: set[tuple[str, str]] = set()
    while len(rows) < count:
        problem = problems[len(rows) % len(problems)]
        numbers = _numbers(rng, kind)
        expression = " ".join(str(numbers.get(part, part)) for part in kind.split())
        if (problem, expression) in taken:
            continue
        taken.add((problem, expression))
        steps = "one_step" if len(kind) == len("a + b") else "two_steps"
        row = {"input": _filled(rng, problem, numbers), "target": str(_result(kind, numbers))}
        rows.append({**row, "expression": expression, "tags": [kind, steps]})
    return rows


def _numbers(rng: random.Random, kind: str) -> dict[str, int]:
    """Draw small numbers such that the result is positive, whole and none of them."""
    while True:
        a, b, c = rng.randint(2, 9), rng.randint(2, 5), rng.randint(2, 5)
        if kind == "a - b":
            a = rng.randint(5, 12)
        if kind == "a / b":
            a *= b
        numbers = {"a": a, "b": b, "c": c}
        shown = [numbers[name] for name in numbers if name in kind]
        result = _result(kind, numbers)
        if len(set(shown)) == len(shown) and result > 0 and result not in shown:
            return numbers


def _result(kind: str, numbers: dict[str, int]) -> int:
    """Return the answer of a kind of problem."""
    a, b, c = numbers["a"], numbers["b"], numbers["c"]
    results = {
        "a + b": a + b,
        "a - b": a - b,
        "a * b": a * b,
        "a / b": a // b,
        "a + b - c": a + b - c,
        "a + b + c": a + b + c,
        "a * b + c": a * b + c,
    }
    return results[kind]


def _filled(rng: random.Random, problem: str, numbers: dict[str, int]) -> str:
    """Return the problem with its numbers, people and things; a sentence begins with a capital letter."""
    (name, he, his), (other, *_) = rng.sample(PEOPLE, 2)
    slots = {"name": name, "Name": name, "he": he, "He": he.title(), "his": his, "His": his.title()}
    return problem.format(**slots, **numbers, other=other, things=rng.choice(THINGS))

"""What the modules of questions share: reading a bank of lines, splitting it, and rows of an items file."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

Row = dict[str, Any]
"""One item: input, target, tags and whatever else its task shows or checks."""


def lines_of(bank: str) -> list[list[str]]:
    """Return the fields of each line of a bank, which are separated by ``|``; empty lines are left out."""
    return [[field.strip() for field in line.split("|")] for line in bank.splitlines() if line.strip()]


def target_of(accepted: Sequence[str]) -> str | list[str]:
    """Return the accepted answers as they stand in a file: alone, or as a list with the best first."""
    return accepted[0] if len(accepted) == 1 else list(accepted)


def drawn(task: str, groups: Mapping[str, Sequence[Row]], validation: int) -> dict[str, list[Row]]:
    """Split each group in the same proportion, shuffle both splits and number the rows.

    Args:
        task: The folder's name; it seeds the draw and begins each id, such as ``facts-test-007``.
        groups: Rows by the kind they belong to; a kind gives at least one validation row.
        validation: About how many rows validation gets of all; the rest are test rows.

    Returns:
        Rows by split, each with an ``id`` before its other columns.
    """
    rng = random.Random(f"general/{task}/2")
    total = sum(len(rows) for rows in groups.values())
    splits: dict[str, list[Row]] = {"validation": [], "test": []}
    for rows in groups.values():
        shuffled = list(rows)
        rng.shuffle(shuffled)
        held = max(1, round(validation * len(rows) / total))
        splits["validation"] += shuffled[:held]
        splits["test"] += shuffled[held:]
    for split, rows in splits.items():
        rng.shuffle(rows)
        splits[split] = [{"id": f"{task}-{split}-{n:03d}", **row} for n, row in enumerate(rows, start=1)]
    return splits

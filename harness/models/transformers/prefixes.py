"""Which prompts have a common prefix, which is encoded once.

Splits depend on the prompts of a batch alone, never on what was asked before: the same batch gives the same
bits in a run that was killed and resumed.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import TypeVar

Tokens = TypeVar("Tokens", list[int], "array[int]")

WORTH_A_PASS = 128
"""Tokens that sharing must save for a prefix to be encoded separately: a pass of its own costs as much."""

WORTH_A_BATCH = 512
"""Tokens that a longer common prefix must save for its prompts to get batches of their own."""


def common_length(a: Tokens, b: Tokens) -> int:
    """Return the length of two prompts' common prefix in tokens."""
    if a[: len(b)] == b[: len(a)]:
        return min(len(a), len(b))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def shared_length(prompts: Sequence[Tokens]) -> int:
    """Return the tokens of a batch that are encoded once for all of it.

    At least one token of every prompt is left over, to continue from; 0 where sharing saves too little.

    Args:
        prompts: Token ids of each prompt, at least one.
    """
    shortest = min(len(prompt) for prompt in prompts)
    shared = min(common_length(min(prompts), max(prompts)), shortest - 1)
    return shared if shared * (len(prompts) - 1) >= WORTH_A_PASS else 0


def families(prompts: Sequence[Tokens]) -> list[int]:
    """Return for every prompt the number of its family: prompts that save much by being answered together.

    Families are cut from the prefix tree of all prompts. A branch becomes a family of its own where it saves
    ``WORTH_A_BATCH`` tokens more by itself than within the branch it grows from.
    """
    order = sorted(range(len(prompts)), key=lambda i: prompts[i])
    # common[k]: tokens that the k-th prompt in order shares with the one before it
    common = [0] + [common_length(prompts[a], prompts[b]) for a, b in pairwise(order)]
    family = [0] * len(prompts)
    # [start, end) in order, and the tokens that its family shares already
    branches = [(0, len(order), min(common[1:], default=0))]
    count = 0
    while branches:
        start, end, shared = branches.pop()
        count += 1
        for k in range(start, end):
            family[order[k]] = count
        branches += _growing(common, start, end, shared)
    return family


def _growing(common: list[int], start: int, end: int, shared: int) -> list[tuple[int, int, int]]:
    """Return the branches between ``start`` and ``end`` that are worth a family, outermost ones only."""
    depth = min(common[start + 1 : end], default=shared)
    found = []
    first = start
    for k in range(start + 1, end + 1):
        if k < end and common[k] > depth:
            continue
        inner = min(common[first + 1 : k], default=depth)
        if (inner - shared) * (k - first - 1) >= WORTH_A_BATCH:
            found.append((first, k, inner))
        first = k
    return found

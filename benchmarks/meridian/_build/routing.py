"""Ticket routing: a customer's message to one of nine queue codes that say nothing about themselves."""

from __future__ import annotations

import random
from functools import partial

from benchmarks.meridian._build.common import Item, distinct, fill, item_files
from benchmarks.meridian._build.routing_phrases import ASIDES, CLOSERS, OPENERS, QUEUES, SLOTS, VAGUE

SIZES = {"train": 450, "validation": 54, "test": 243}
UNSEEN = 3
"""How many phrases of each queue, counted from its last, only test items use."""


def _draw(rng: random.Random, code: str, split: str) -> Item:
    """Return one ticket for the queue ``code``: opener, phrase, sometimes an aside, closer."""
    tags = []
    kind = rng.random()
    phrases = QUEUES[code][:-UNSEEN]
    if kind < 0.12:
        phrases, tags = VAGUE[code], ["vague"]
    elif split == "test" and kind < 0.45:
        phrases, tags = QUEUES[code][-UNSEEN:], ["unseen_wording"]
    parts = [rng.choice(OPENERS), rng.choice(phrases)]
    if "vague" not in tags and rng.random() < 0.2:
        aside = rng.choice(ASIDES[rng.choice([other for other in ASIDES if other != code])])
        parts.insert(rng.choice((1, 2)), aside)
        tags.append("aside")
    parts.append(rng.choice(CLOSERS))
    text = " ".join(fill(rng, part, SLOTS) for part in parts if part)
    return Item(text, (code,), tuple(tags) or ("plain",))


def _split(rng: random.Random, split: str, others: list[Item]) -> list[Item]:
    """Return a shuffled split with the same number of items for every queue."""
    each = SIZES[split] // len(QUEUES)
    items: list[Item] = []
    for code in QUEUES:
        items += distinct(partial(_draw, rng, code, split), each, [*others, *items])
    rng.shuffle(items)
    return items


def files() -> dict[str, str]:
    """Return the text of the item files by path inside the suite."""
    rng = random.Random("meridian/routing/1")
    test = _split(rng, "test", [])
    validation = _split(rng, "validation", test)
    train = _split(rng, "train", [*test, *validation])
    return item_files("routing", {"train": train, "validation": validation, "test": test})

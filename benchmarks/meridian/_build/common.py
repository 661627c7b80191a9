"""What the generators of the tasks share: records, splits, distances and invented names."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SPLITS = ("train", "validation", "test")
SITES = (
    "Velmouth", "Ostrel", "Kelderay", "Brinholt", "Thornquay",
    "Lissamoor", "Quenvale", "Sorrelby", "Tarnwick", "Halloway Reach",
)  # fmt: skip
SHIPS = (
    "Grey Heron", "Lady Umber", "Sable Star", "Old Marten", "Copper Finch", "Silver Oar",
    "Quiet Otter", "Amber Wake", "Long Tern", "Winter Plum",
)  # fmt: skip
FIRST_NAMES = (
    "Ilsabet", "Tomrin", "Wrenna", "Odwin", "Maribelle", "Jorik", "Petrano", "Silvane", "Anoukis", "Bramwick",
    "Celindra", "Dovric", "Elkena", "Fennora", "Gustane", "Hildrun", "Ivoren", "Junella", "Kaspero", "Lottien",
    "Magnild", "Nadrian",
)
LAST_NAMES = (
    "Tornvik", "Abelquist", "Quillander", "Marroway", "Vandersee", "Holtrim", "Briskell", "Callowen", "Drummund",
    "Eskerly", "Fallowmere", "Garrickson", "Haskerby", "Inverlund", "Jessoply", "Kettlemoor", "Lornehart",
    "Mossopine", "Nettlewin", "Orchardby",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

NEAR = 0.9
"""From this token Jaccard similarity on, inputs of two splits are too near to each other."""


@dataclass(frozen=True)
class Item:
    """One line of an items file; ``targets`` are the accepted answers, the best first.

    ``columns`` holds further columns by name.
    """

    input: str
    targets: tuple[str, ...]
    tags: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    columns: Mapping[str, object] = field(default_factory=dict)


def tokens_of(text: str) -> frozenset[str]:
    """Return the lower-cased words and numbers of a text."""
    return frozenset(re.findall(r"[a-z0-9]+", text.lower()))


def near(a: frozenset[str], b: frozenset[str]) -> bool:
    """Return whether the token sets have a Jaccard similarity of at least ``NEAR``."""
    smaller, larger = sorted((len(a), len(b)))
    if smaller < NEAR * larger:
        return False
    shared = len(a & b)
    return shared >= NEAR * (smaller + larger - shared)


def distinct(draw: Callable[[], Item], count: int, others: Sequence[Item] = ()) -> list[Item]:
    """Draw ``count`` items of which none equals another or comes near one of ``others``.

    Raises:
        RuntimeError: The phrase banks are too poor for that many items.
    """
    taken = [tokens_of(item.input) for item in others]
    inputs = {item.input for item in others}
    items: list[Item] = []
    for _ in range(60 * count):
        if len(items) == count:
            return items
        item = draw()
        words = tokens_of(item.input)
        if item.input not in inputs and not any(near(words, other) for other in taken):
            items.append(item)
            inputs.add(item.input)
    if len(items) == count:
        return items
    raise RuntimeError(f"only {len(items)} of {count} distinct items: enlarge the phrase banks")


def jsonl(task: str, split: str, items: Iterable[Item]) -> str:
    """Return the items as JSON lines with ids such as ``orders-test-007``."""
    lines = []
    for number, item in enumerate(items, start=1):
        row: dict[str, object] = {"id": f"{task}-{split}-{number:03d}", "input": item.input}
        row["target"] = item.targets[0] if len(item.targets) == 1 else list(item.targets)
        if item.tags:
            row["tags"] = list(item.tags)
        if item.documents:
            row["documents"] = list(item.documents)
        row |= item.columns
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines)


def item_files(task: str, splits: dict[str, list[Item]]) -> dict[str, str]:
    """Return file text by path inside the suite for the items of one task."""
    return {f"{task}/{split}.jsonl": jsonl(task, split, splits[split]) for split in SPLITS}


def fill(rng: random.Random, template: str, slots: Mapping[str, Sequence[str]]) -> str:
    """Replace each ``{name}`` of a template by a value drawn from its bank."""
    return re.sub(r"\{(\w+)\}", lambda match: rng.choice(slots[match[1]]), template)

"""Labels as people type them: which are the same, and which probably are meant to be."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from harness.tasks.items import normalise
from harness.types import TaskItem

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u202f"), " ")
_RARE, _FREQUENT_TIMES = 2, 5


def clean(label: str) -> str:
    """Return a label without its invisible characters.

    White space around it and characters without a width are removed, no-break spaces become spaces, and
    Unicode is composed (NFC), so that two labels that look the same are the same.
    """
    return unicodedata.normalize("NFC", label.translate(_UNSEEN).translate(_SPACES)).strip()


def with_clean_labels(item: TaskItem) -> TaskItem:
    """Return an item of a choice task with clean answers and choices; the same item where they are clean."""
    targets, choices = tuple(map(clean, item.targets)), tuple(map(clean, item.choices))
    if (targets, choices) == (item.targets, item.choices):
        return item
    return item.model_copy(update={"targets": targets, "choices": choices})


def counted(items: Iterable[TaskItem]) -> Counter[str]:
    """Return how many items have each label as their first answer."""
    return Counter(item.targets[0] for item in items if item.targets)


def variants(labels: Iterable[str]) -> list[list[str]]:
    """Return the groups of labels that differ only in case, hyphens, a full stop, or a number's form."""
    groups: dict[str, list[str]] = {}
    for label in sorted(set(labels)):
        groups.setdefault(_sense(label), []).append(label)
    return [group for group in groups.values() if len(group) > 1]


def _sense(label: str) -> str:
    folded = normalise(label)
    try:
        number = float(folded)
    except ValueError:
        words = " ".join(folded.replace("-", " ").replace("_", " ").split()).strip(".,;:!'\" ")
        return f"text {words or folded}"
    return f"number {number}"


def typos(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return ``(rare, frequent)``: a label of one or two items that is one typo away from a label of many."""
    found = []
    for rare, n in sorted(counts.items()):
        often = [label for label, m in counts.items() if n <= _RARE and m >= _FREQUENT_TIMES * n]
        near = [label for label in often if one_slip(normalise(rare), normalise(label))]
        if near:
            found.append((rare, max(near, key=lambda label: (counts[label], label))))
    return found


def one_slip(one: str, other: str) -> bool:
    """Whether words of four letters or more differ by one letter added, missing, wrong or swapped."""
    short, long = sorted((one, other), key=len)
    if len(short) < 4 or len(long) - len(short) > 1 or one == other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    ours, theirs = short[start:], long[start:]
    touched = {*ours[:2], *theirs[:2]} if ours[:1] else {*theirs[:1]}
    if any(character.isdigit() for character in touched):
        return False
    if len(short) < len(long):
        return ours == theirs[1:]
    swapped = ours[:2] == theirs[:2][::-1] and ours[2:] == theirs[2:]
    return ours[1:] == theirs[1:] or swapped


def are_digits(labels: Sequence[str]) -> bool:
    """Whether labels are the numbers that a program puts in place of names: whole ones from 0 or 1 on."""
    whole = [re.fullmatch(r"(\d{1,9})(?:\.0+)?", label) for label in labels]
    numbers = sorted(int(each[1]) for each in whole if each)
    return len(numbers) == len(labels) > 1 and numbers[0] in (0, 1) and numbers[-1] < 2 * len(numbers) + 2

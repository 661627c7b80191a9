"""Which training items an item must not be shown, since they would give its answer away."""

from __future__ import annotations

from collections.abc import Iterable

from harness.tasks.questions import question_key
from harness.types import Task, TaskItem


def same_examples(task: Task, train: Iterable[TaskItem]) -> dict[str, list[TaskItem]]:
    """Group training items by what they ask, to find what an item must not be shown."""
    groups: dict[str, list[TaskItem]] = {}
    for item in train:
        groups.setdefault(question_key(task, item), []).append(item)
    return groups


def must_not_see(task: Task, item: TaskItem, groups: dict[str, list[TaskItem]]) -> list[TaskItem]:
    """Return the training items that would give ``item`` its own answer: itself, and those that ask the same.

    ``groups`` comes from ``same_examples`` over training items of unique ids.
    """
    same = groups.get(question_key(task, item), [])
    if item.split == "train" and all(other.id != item.id for other in same):
        return [*same, item]
    return same


def withheld(item: TaskItem, hidden: Iterable[TaskItem]) -> int:
    """Return how many examples an item is not shown because they ask the same, not counting itself."""
    return sum(item.split != "train" or other.id != item.id for other in hidden)

"""One task's scores broken down: where answers come from, and which kinds of items are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from harness.analysis.findings import Attribution, TaskInfo
from harness.analysis.scores import Scores, is_right
from harness.types import TaskItem

FEWEST_TAGGED = 10
"""A tag with fewer items than this is not shown."""
MOST_TAGS = 20


def attribution_of(strategy: str, info: TaskInfo, scores: Scores, shown: str) -> Attribution | None:
    """Return whether retrieval or the model caused wrong answers; None if no item names a document.

    An item counts with its mean over seeds; ``shown`` names the score of the shown passages that is above 0
    if any needed document was among them.
    """
    recall, right = scores.of(shown), scores.of(info.primary_metric)
    items = [item for item in recall if item in right]
    if not items:
        return None
    kinds = [(bool(recall[item].mean() > 0), is_right(right[item].mean(), info.right_from)) for item in items]
    return Attribution(
        strategy=strategy,
        task=info.name,
        n=len(items),
        found_and_right=kinds.count((True, True)),
        generation_missed=kinds.count((True, False)),
        from_memory=kinds.count((False, True)),
        retrieval_missed=kinds.count((False, False)),
    )


def items_by_tag(items: Iterable[TaskItem], asked: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the asked items of each tag, most frequent tag first; empty if there is only one kind."""
    found: dict[str, set[str]] = defaultdict(set)
    for item in items:
        for tag in item.tags if item.id in asked else ():
            found[tag].add(item.id)
    kept = [tag for tag, ids in found.items() if len(ids) >= FEWEST_TAGGED]
    order = sorted(kept, key=lambda tag: (-len(found[tag]), tag))[:MOST_TAGS]
    return {tag: frozenset(found[tag]) for tag in order} if len(order) > 1 else {}

"""Which items a report shows: a few that teach most, and what it leaves out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from harness.types import ItemResult

Why = Literal["strategies disagree", "an error", "all wrong", "all right", "partly right"]
RIGHT = 0.5
"""A primary score of at least this counts as right when items are sorted into kinds."""
_WANTED: dict[Why, int] = {
    "strategies disagree": 4,
    "an error": 2,
    "all wrong": 1,
    "partly right": 1,
    "all right": 1,
}
PER_TASK = 6


@dataclass(frozen=True)
class Outcome:
    """How one strategy did on one item: its primary score, None where the item failed."""

    strategy: str
    score: float | None


@dataclass(frozen=True)
class Chosen:
    """An item worth showing, and why."""

    task: str
    item_id: str
    why: Why


def choose(results: Iterable[ItemResult], primary: Mapping[str, str]) -> list[Chosen]:
    """Choose the instructive items of every task.

    Disagreements between strategies come first, different patterns of disagreement before equal ones, then
    errors, then items that all get wrong or right. Only each strategy's first result of an item counts.

    Args:
        results: Rows of the store.
        primary: The primary metric of each task; rows of other tasks are passed over.
    """
    outcomes: dict[str, dict[str, dict[str, Outcome]]] = {task: defaultdict(dict) for task in primary}
    for result in results:
        if result.task in primary:
            score = None if result.error else result.scores.get(primary[result.task])
            of_item = outcomes[result.task][result.item_id]
            of_item.setdefault(result.strategy, Outcome(result.strategy, score))
    return [chosen for task in primary for chosen in _of_task(task, outcomes[task])]


def _of_task(task: str, items: Mapping[str, Mapping[str, Outcome]]) -> list[Chosen]:
    kinds: dict[Why, dict[tuple[object, ...], list[str]]] = defaultdict(lambda: defaultdict(list))
    for item_id in sorted(items):
        outcomes = tuple(items[item_id].values())
        kinds[_why(outcomes)][_pattern(outcomes)].append(item_id)
    queues = {why: _varied(kinds[why]) for why in _WANTED}
    first = [(why, item) for why, wanted in _WANTED.items() for item in queues[why][:wanted]]
    more = [(why, item) for why, wanted in _WANTED.items() for item in queues[why][wanted:]]
    return [Chosen(task, item, why) for why, item in (first + more)[:PER_TASK]]


def _why(outcomes: Iterable[Outcome]) -> Why:
    scores = [outcome.score for outcome in outcomes]
    if None in scores:
        return "an error"
    known = [score for score in scores if score is not None]
    if max(known) - min(known) >= RIGHT:
        return "strategies disagree"
    if min(known) >= 1.0:
        return "all right"
    return "all wrong" if max(known) <= 0.0 else "partly right"


def _pattern(outcomes: Iterable[Outcome]) -> tuple[object, ...]:
    return tuple(sorted((o.strategy, "error" if o.score is None else o.score >= RIGHT) for o in outcomes))


def _varied(patterns: Mapping[tuple[object, ...], list[str]]) -> list[str]:
    """Take one item of every pattern, the most frequent pattern first, then a second of each, and so on."""
    queues = sorted(patterns.values(), key=lambda items: (-len(items), items[0]))
    return [item for turn in zip_longest(*queues) for item in turn if item is not None]

"""What a run asked, item by item: the first result of every strategy, and how it came out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag

from harness.analysis.forgetting import refuses
from harness.analysis.rows import RunRows
from harness.analysis.scores import RIGHT
from harness.types import ItemResult, RunManifest, Task, TaskItem


class Outcome(IntFlag):
    """How one strategy did on one item; 0 is an item that it was not asked. The script reads the numbers."""

    ANSWERED = 1
    RIGHT = 2
    FAILED = 4
    REFUSED = 8


@dataclass(frozen=True)
class Shown:
    """The result of one strategy that stands for all of its seeds and repeats on an item.

    Attributes:
        result: The first one stored.
        score: Its primary score; None where the item failed.
        outcome: How it came out.
        n: How many results there are.
    """

    result: ItemResult
    score: float | None
    outcome: Outcome
    n: int


@dataclass(frozen=True)
class AskedItem:
    """One item with what every strategy made of it, by strategy."""

    task: str
    item: TaskItem
    shown: Mapping[str, Shown]

    @property
    def disagreement(self) -> int:
        """Number of pairs of strategies of which one is right and the other is not."""
        n_right = sum(Outcome.RIGHT in each.outcome for each in self.shown.values())
        return n_right * (len(self.shown) - n_right)

    @property
    def failed(self) -> bool:
        """Whether any strategy failed on it."""
        return any(Outcome.FAILED in each.outcome for each in self.shown.values())


def asked_items(run: RunRows) -> tuple[AskedItem, ...]:
    """Return every item that has a result, by task and then by id."""
    found = []
    for name, task in run.manifest.tasks.items():
        by_strategy = {
            strategy: _first(by_task.get(name, ()), task, run.manifest)
            for strategy, by_task in run.rows.items()
        }
        for item_id, item in run.items[name].items():
            shown = {strategy: of[item_id] for strategy, of in by_strategy.items() if item_id in of}
            if shown:
                found.append(AskedItem(name, item, shown))
    return tuple(found)


def _first(rows: Iterable[ItemResult], task: Task, manifest: RunManifest) -> dict[str, Shown]:
    by_item: dict[str, list[ItemResult]] = {}
    for row in rows:
        by_item.setdefault(row.item_id, []).append(row)
    metric = manifest.metrics[task.name][0]
    return {item_id: _shown(found, task, metric) for item_id, found in by_item.items()}


def _shown(found: list[ItemResult], task: Task, metric: str) -> Shown:
    result = found[0]
    score = None if result.error else finite(result.scores.get(metric))
    outcome = Outcome.ANSWERED
    if result.error:
        outcome |= Outcome.FAILED
    elif score is not None and score > RIGHT:
        outcome |= Outcome.RIGHT
    if result.generation and refuses(result.generation.text, task):
        outcome |= Outcome.REFUSED
    return Shown(result, score, outcome, len(found))


def finite(value: float | None) -> float | None:
    """Return a figure that JSON can hold, to six digits after the point; None for any other."""
    return round(value, 6) if value is not None and math.isfinite(value) else None

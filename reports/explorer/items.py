"""What a run asked, item by item: the first result of every strategy, and how it came out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from functools import lru_cache
from typing import overload

from harness.analysis.answers import refuses
from harness.analysis.rows import RunRows
from harness.analysis.scores import RIGHT
from harness.types import ItemResult, TaskItem

PART = 200
"""Items that are read together."""
KEPT_RESULTS = 20_000
"""Results that are held at once, at about 9 kB each."""


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


class AskedItems(Sequence[AskedItem]):
    """Every item of a run that has a result, by task and then by id, read in parts as they are asked for.

    Args:
        run: The run; its folder must stay where it is.
    """

    def __init__(self, run: RunRows) -> None:
        self._run = run
        self._places = [(task, item) for task in run.manifest.tasks for item in sorted(run.asked(task))]
        n_kept = KEPT_RESULTS // (PART * max(1, len(run.manifest.recipes)))
        self._part = lru_cache(maxsize=max(2, n_kept))(self._read)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> AskedItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AskedItem]: ...
    def __getitem__(self, index: int | slice) -> AskedItem | Sequence[AskedItem]:
        if isinstance(index, slice):
            return Picked(self, range(*index.indices(len(self))))
        place = range(len(self))[index]
        return self._part(place // PART)[place % PART]

    def _read(self, number: int) -> list[AskedItem]:
        places = self._places[number * PART : (number + 1) * PART]
        found: dict[tuple[str, str], AskedItem] = {}
        for task in dict.fromkeys(task for task, _ in places):
            ids = [item for name, item in places if name == task]
            shown: dict[str, dict[str, Shown]] = {item: {} for item in ids}
            for strategy, by_task in self._run.answers.items():
                for item, result in self._results(strategy, task, ids) if task in by_task else ():
                    shown[item][strategy] = self._shown(result, by_task[task].rows[item])
            items = self._run.items[task].some(ids)
            found |= {(task, item): AskedItem(task, items[item], shown[item]) for item in ids}
        return [found[place] for place in places]

    def _results(self, strategy: str, task: str, ids: Sequence[str]) -> Iterable[tuple[str, ItemResult]]:
        return self._run.first_results(strategy, task, ids).items()

    def _shown(self, result: ItemResult, n: int) -> Shown:
        task = self._run.manifest.tasks[result.task]
        score = None if result.error else finite(result.scores.get(self._run.manifest.metrics[task.name][0]))
        outcome = Outcome.ANSWERED
        if result.error:
            outcome |= Outcome.FAILED
        elif score is not None and score > RIGHT:
            outcome |= Outcome.RIGHT
        if result.generation and refuses(result.generation.text, task):
            outcome |= Outcome.REFUSED
        return Shown(result, score, outcome, n)


class Picked(Sequence[AskedItem]):
    """Some of the items, by their places; none is held."""

    def __init__(self, items: Sequence[AskedItem], places: Sequence[int]) -> None:
        self._items, self._places = items, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> AskedItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AskedItem]: ...
    def __getitem__(self, index: int | slice) -> AskedItem | Sequence[AskedItem]:
        if isinstance(index, slice):
            return Picked(self._items, self._places[index])
        return self._items[self._places[index]]


def finite(value: float | None) -> float | None:
    """Return a figure that JSON can hold, to six digits after the point; None for any other."""
    return round(value, 6) if value is not None and math.isfinite(value) else None

"""What a run asked, item by item: the first result of every strategy, and how it came out."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import overload

from harness.analysis.answers import judged_text, refuses
from harness.analysis.rows import RunRows
from harness.analysis.scores import is_right
from harness.tasks.questions import question_for_people
from harness.types import ItemResult, TaskItem

PART = 200
"""Items that are read together."""
KEPT_RESULTS = 20_000
"""A run of at most this many results stays in memory once read, at about 9 kB each."""


class Outcome(IntFlag):
    """How one strategy did on one item; 0: it was not asked. The script reads the numbers."""

    ANSWERED = 1
    RIGHT = 2
    FAILED = 4
    REFUSED = 8
    MALFORMED = 16


@dataclass(frozen=True)
class Shown:
    """The result that represents all seeds and repeats of one strategy on an item.

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
    """One item with every strategy's result, by strategy.

    ``question`` is what its prompt shows of the item, where that is more than the input.
    """

    task: str
    item: TaskItem
    shown: Mapping[str, Shown]
    question: str = ""

    @property
    def asked(self) -> str:
        """The question as a reader sees it."""
        return self.question or self.item.input

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
        ids = {
            task: {item for by_task in run.answers.values() if task in by_task for item in by_task[task].rows}
            for task in run.manifest.tasks
        }
        self._places = [(task, item) for task, found in ids.items() for item in sorted(found)]
        small = len(self._places) * len(run.manifest.recipes) <= KEPT_RESULTS
        self._kept: dict[tuple[str, str], AskedItem] | None = {} if small else None
        self._means: dict[tuple[str, str], Mapping[str, float]] = {}

    def pick(self, places: Sequence[int]) -> AskedItems:
        """Return some of the items; only they are read."""
        some = copy.copy(self)
        some._places = [self._places[place] for place in places]
        return some

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> AskedItem: ...
    @overload
    def __getitem__(self, index: slice) -> AskedItems: ...
    def __getitem__(self, index: int | slice) -> AskedItem | AskedItems:
        if isinstance(index, slice):
            return self.pick(range(*index.indices(len(self))))
        return self._read([self._places[index]])[0]

    def __iter__(self) -> Iterator[AskedItem]:
        for start in range(0, len(self), PART):
            yield from self._read(self._places[start : start + PART])

    def _read(self, places: Sequence[tuple[str, str]]) -> list[AskedItem]:
        found = {} if self._kept is None else self._kept
        missing = [place for place in places if place not in found]
        for task in dict.fromkeys(task for task, _ in missing):
            ids = [item for name, item in missing if name == task]
            shown: dict[str, dict[str, Shown]] = {item: {} for item in ids}
            for strategy, by_task in self._run.answers.items():
                if task in by_task:
                    for item, result in self._run.first_results(strategy, task, ids).items():
                        shown[item][strategy] = self._shown(strategy, result, by_task[task].rows[item])
            items = self._run.items[task].some(ids)
            spec = self._run.manifest.tasks[task]
            found |= {
                (task, item): AskedItem(
                    task, items[item], shown[item], question_for_people(spec, items[item])
                )
                for item in ids
            }
        return [found[place] for place in places]

    def _shown(self, strategy: str, result: ItemResult, n: int) -> Shown:
        task = self._run.manifest.tasks[result.task]
        score = None if result.error else finite(result.scores.get(self._run.manifest.metrics[task.name][0]))
        outcome = Outcome.ANSWERED
        if result.error:
            outcome |= Outcome.FAILED
        if self._right(strategy, result):
            outcome |= Outcome.RIGHT
        if result.extracted and result.extracted.malformed:
            outcome |= Outcome.MALFORMED
        if refuses(judged_text(result), task):
            outcome |= Outcome.REFUSED
        return Shown(result, score, outcome, n)

    def _right(self, strategy: str, result: ItemResult) -> bool:
        """Whether the item is right as everywhere: by its mean over seeds and repeats.

        The row may still have the name that its strategy had when it was asked.
        """
        key, task = (strategy, result.task), self._run.manifest.tasks[result.task]
        if key not in self._means:
            found = self._run.scores[strategy][task.name].of(self._run.manifest.metrics[task.name][0])
            self._means[key] = {item: float(scores.mean()) for item, scores in found.items()}
        mean = self._means[key].get(result.item_id)
        return mean is not None and is_right(mean, task.right_from)


def picked(items: Sequence[AskedItem], places: Sequence[int]) -> Sequence[AskedItem]:
    """Return some of the items by their places; items on disk are not read yet."""
    return items.pick(places) if isinstance(items, AskedItems) else [items[place] for place in places]


def finite(value: float | None) -> float | None:
    """Return a figure that JSON can hold, to six digits after the point; None if not finite."""
    return round(value, 6) if value is not None and math.isfinite(value) else None

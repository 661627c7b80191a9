"""What a gate's experiment asks: a check is judged on exactly that, or is not comparable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from harness.analysis.answers import refuses
from harness.analysis.rows import RunRows
from harness.runs.comparing import Conditions, changed_in, wanted_by
from harness.tasks.selection import chosen_ids
from harness.types import LoadedTask, Task, TaskItem

_OF = "the gate's experiment"


@dataclass(frozen=True)
class AskedTask:
    """A task and those of its test items that are asked.

    Attributes:
        task: The task.
        items: Ids of the test items that are asked.
        left_out: Ids of those that a limit leaves out.
        tagged: Tag to the ids of all test items with it, asked or not.
        unanswerable: Ids of all test items whose accepted answer is the task's refusal, asked or not.
    """

    task: Task
    items: frozenset[str]
    left_out: frozenset[str]
    tagged: Mapping[str, frozenset[str]]
    unanswerable: frozenset[str]

    @classmethod
    def of(cls, task: Task, test: Iterable[TaskItem], limit: int | None) -> Self:
        """Return a task with ``limit`` of its test items asked, or all for None; they are read once."""
        ids, tagged, unanswerable = [], dict[str, set[str]](), set[str]()
        for item in test:
            ids.append(item.id)
            for tag in item.tags:
                tagged.setdefault(tag, set()).add(item.id)
            if any(refuses(target, task) for target in item.targets):
                unanswerable.add(item.id)
        items = chosen_ids(ids, limit)
        return cls(
            task=task,
            items=items,
            left_out=frozenset(ids) - items,
            tagged={tag: frozenset(found) for tag, found in tagged.items()},
            unanswerable=frozenset(unanswerable),
        )


@dataclass(frozen=True)
class Asked:
    """What is asked, and under what conditions.

    Attributes:
        tasks: The tasks by name.
        seeds: The seeds that every item is asked with.
        repeats: How often an item is asked with each seed.
        conditions: The conditions that a candidate must match; see `harness.runs.comparing`.
    """

    tasks: Mapping[str, AskedTask]
    seeds: tuple[int, ...]
    repeats: int
    conditions: Mapping[str, Any]

    @classmethod
    def by_experiment(
        cls, experiment: Mapping[str, Any], tasks: Iterable[LoadedTask], known: Mapping[str, Any]
    ) -> Self:
        """Return what an experiment asks.

        Args:
            experiment: The experiment, resolved, as JSON holds it.
            tasks: Its tasks.
            known: What is known of its embedder and of the model that is asked; see `wanted_by`.
        """
        limit = experiment["limit"]
        return cls(
            tasks={found.task.name: AskedTask.of(found.task, found.test, limit) for found in tasks},
            seeds=tuple(experiment["seeds"]),
            repeats=experiment["repeats"],
            conditions=wanted_by(experiment, known),
        )

    @classmethod
    def by_run(cls, run: RunRows) -> Self:
        """Return what a run itself set out to ask."""
        experiment = run.manifest.experiment
        return cls(
            tasks={
                name: AskedTask.of(task, run.items[name], None) for name, task in run.manifest.tasks.items()
            },
            seeds=tuple(sorted(experiment["seeds"])),
            repeats=experiment["repeats"],
            conditions={},
        )

    def unlike(self, run: RunRows, strategy: str, task: str) -> list[str]:
        """Say why a strategy's answers to a task are not exactly what is asked; empty if they are."""
        mine, wanted = run.manifest.tasks.get(task), self.tasks[task]
        if mine is None:
            return [f"{task} is not in the run"]
        if changed_in(wanted.task, mine):
            return [f"{task} has other items, templates or settings than in {_OF}"]
        if others := Conditions.of(run.manifest, strategy).unlike(self.conditions, _OF):
            return others
        return list(self._missing(run, strategy, task))

    def _missing(self, run: RunRows, strategy: str, task: str) -> Iterable[str]:
        """Yield which of a task's items, seeds and repeats a strategy has not answered as required."""
        scores, wanted = run.scores.get(strategy, {}).get(task), self.tasks[task].items
        if scores is None:
            yield f"{task} was not answered by {strategy}"
            return
        if scores.seeds != tuple(sorted(self.seeds)):
            told, asked = (", ".join(map(str, seeds)) for seeds in (scores.seeds, self.seeds))
            yield f"{task} was answered by {strategy} with seeds {told}, not {asked}"
        by_item = scores.of(run.manifest.metrics[task][0])
        if missing := sorted(wanted - by_item.keys()):
            told = f"{len(missing)} of {len(wanted)} items of {task}"
            yield f"{told} have no answer of {strategy}, {missing[0]} first"
        if strange := sorted(by_item.keys() - wanted):
            yield f"{len(strange)} items of {task} are not asked by {_OF}, {strange[0]} first"
        rows, each = run.answers[strategy][task].rows, len(self.seeds) * self.repeats
        if few := sorted(item for item in wanted & by_item.keys() if rows.get(item) != each):
            yield f"{len(few)} items of {task} were not answered {each} times by {strategy}, {few[0]} first"
        if wild := sorted(item for item, found in by_item.items() if found.min() < 0 or found.max() > 1):
            yield f"{len(wild)} items of {task} have scores of {strategy} outside 0 to 1, {wild[0]} first"

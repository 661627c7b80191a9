"""The stored results of a run, in the shapes that the statistics need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from harness.analysis.answers import Answers, answers_of, refuses
from harness.analysis.comparison import Comparison, Table
from harness.analysis.completeness import Wanted
from harness.analysis.findings import Missing, TaskInfo
from harness.analysis.scores import Clusters, Scores, clusters_of, scores_of
from harness.errors import InputError
from harness.execution.drift import WeightMeasurements
from harness.runs.manifest import RunManifest
from harness.runs.opening import opened
from harness.runs.reading import Preparation
from harness.runs.store import Store
from harness.tasks.selection import chosen_ids
from harness.traits import Traits, base_of
from harness.types import ItemResult, Role, Task, TaskItem


@dataclass(frozen=True)
class StoredItems:
    """The test items of a task in a run folder, read from disk at each use.

    Attributes:
        run_dir: The run folder.
        digest: The task's digest.
        ids: Ids of the items that the run asks.
    """

    run_dir: Path
    digest: str
    ids: frozenset[str]

    def __iter__(self) -> Iterator[TaskItem]:
        """Yield the items that the run asks, ordered by id."""
        with Store.open(self.run_dir, read_only=True) as store:
            yield from (item for item in store.items(self.digest) if item.id in self.ids)

    def some(self, ids: Collection[str]) -> dict[str, TaskItem]:
        """Return some items by id."""
        with Store.open(self.run_dir, read_only=True) as store:
            return store.some_items(self.digest, ids)


@dataclass(frozen=True)
class RunRows:
    """A run's rows and what was computed from them: scores and sums in memory, rows and items on disk.

    Attributes:
        run_dir: The run folder.
        manifest: What the run was made from.
        infos: Its tasks.
        scores: Strategy, then task, to its scores, if any.
        answers: Strategy, then task, to sums over its answers.
        items: Task to its test items.
        clusters: Task to the cluster of each item.
        unanswerable: Task to the items whose accepted answer is its refusal.
        prepared: What was prepared.
        probes: Strategy to its measurements, one for each seed that has them.
    """

    run_dir: Path
    manifest: RunManifest
    infos: tuple[TaskInfo, ...]
    scores: Table
    answers: Mapping[str, Mapping[str, Answers]]
    items: Mapping[str, StoredItems]
    clusters: Mapping[str, Clusters]
    unanswerable: Mapping[str, frozenset[str]]
    prepared: Sequence[Preparation]
    probes: Mapping[str, Sequence[WeightMeasurements]]
    _compared: dict[str | None, Comparison] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def load(cls, manifest: RunManifest, store: Store) -> Self:
        """Read the current rows, one at a time."""
        run_dir, limit = store.path.parent, manifest.experiment["limit"]
        items = {
            name: StoredItems(run_dir, task.digest, chosen_ids(store.item_ids(task.digest), limit))
            for name, task in manifest.tasks.items()
        }
        wanted = Wanted(manifest)
        scores: dict[str, dict[str, Scores]] = {strategy: {} for strategy in manifest.recipes}
        answers: dict[str, dict[str, Answers]] = {strategy: {} for strategy in manifest.recipes}
        for strategy, by_task in manifest.recipes.items():
            for task, recipe in by_task.items():
                asked, judging = items[task].ids, manifest.judging.get(task, "")
                rows = (
                    row for row in store.scored(recipe, judging) if row.item_id in asked and wanted.has(row)
                )
                found = scores_of(rows, manifest.metrics[task])
                if found.seeds:
                    scores[strategy][task] = found
                    whole = (
                        r for r in store.results([recipe], judging) if r.item_id in asked and wanted.has(r)
                    )
                    answers[strategy][task] = answers_of(whole, manifest.tasks[task])
        return cls(
            run_dir=run_dir,
            manifest=manifest,
            infos=tuple(
                _task_info(
                    task, manifest.metrics[name][0], manifest.asked[name], manifest.remarks.get(name, ())
                )
                for name, task in manifest.tasks.items()
            ),
            scores=scores,
            answers=answers,
            items=items,
            clusters={name: clusters_of(task, items[name]) for name, task in manifest.tasks.items()},
            unanswerable={name: _unanswerable(task, items[name]) for name, task in manifest.tasks.items()},
            prepared=[
                replace(each, strategy=name)
                for name, recipe in manifest.preparations.items()
                for each in store.preparations([recipe])
                if each.seed in wanted.seeds
            ],
            probes={
                name: [*_probes(manifest, store.probes(recipe), wanted.seeds)]
                for name, recipe in manifest.preparations.items()
            },
        )

    @property
    def traits(self) -> Mapping[str, Traits]:
        """The traits that each strategy declares."""
        return self.manifest.traits

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """What strategies have not finished of what the experiment asks; empty if the run is finished."""
        wanted = Wanted(self.manifest)
        adapted = {name for name, traits in self.traits.items() if traits.adapts}
        return tuple(wanted.missing(self.scores, self.prepared, self.probes, self.items, adapted))

    def is_whole(self, strategy: str, task: str) -> bool:
        """Whether every answer of a strategy to a task exists, including failed ones."""
        lacks = any((each.strategy, each.task) == (strategy, task) for each in self.missing)
        return not lacks and task in self.scores.get(strategy, {})

    def first_results(self, strategy: str, task: str, items: Collection[str]) -> dict[str, ItemResult]:
        """Return a strategy's results on some items by id, each with its smallest seed and repeat."""
        with Store.open(self.run_dir, read_only=True) as store:
            recipe = self.manifest.recipes[strategy][task]
            return store.first_results(recipe, items, self.manifest.judging.get(task, ""))

    @property
    def incumbent(self) -> str:
        """The strategy that the others are compared with."""
        return str(self.manifest.experiment["incumbent"])

    @cached_property
    def bases(self) -> Mapping[str, str]:
        """Strategy to the one that asks its model unchanged; those without one are absent."""
        found = {
            name: base_of(name, self.traits, self.manifest.answered_by) for name in self.manifest.recipes
        }
        return {name: base for name, base in found.items() if base is not None}

    @property
    def traffic(self) -> tuple[str, ...]:
        """The tasks that represent what users ask: the target tasks, or all if there is none."""
        targets = tuple(info.name for info in self.infos if info.role == "target")
        return targets or tuple(info.name for info in self.infos)

    def asked(self, task: str) -> set[str]:
        """Return the items of a task that any strategy has answered."""
        return {item for by_task in self.scores.values() if task in by_task for item in by_task[task].items}

    def same_as_base(self, strategy: str) -> list[str]:
        """Return the target tasks on which a strategy sent the base's model the same prompts as the base."""
        base = self.bases.get(strategy, strategy)
        targets = [info.name for info in self.infos if info.role == "target" and strategy != base]
        return [task for task in targets if self._same(strategy, base, task)]

    def _same(self, strategy: str, other: str, task: str) -> bool:
        """Whether two strategies sent the same model the same prompts, so that their answers are the same."""
        mine, theirs = (self.answers.get(name, {}).get(task) for name in (strategy, other))
        whole = self.is_whole(strategy, task) and self.is_whole(other, task)
        return bool(whole and mine and theirs and mine.asked == theirs.asked != 0)

    def against(self, reference: str) -> Comparison:
        """Compare all strategies with one of them on the target tasks; cached, with its p-values.

        A strategy is compared on the tasks that it and the reference have answered completely.
        """
        return self._comparison(reference, "target", dict.fromkeys(self.scores, reference))

    @property
    def retained(self) -> Comparison:
        """Compare each strategy with the base of its model on the retention tasks, as `against` does."""
        return self._comparison(None, "retention", self.bases)

    def _comparison(self, reference: str | None, role: Role, references: Mapping[str, str]) -> Comparison:
        if reference not in self._compared:
            tasks = [info.name for info in self.infos if info.role == role]
            pairs = [(s, references[s], task) for s in self.scores if s in references for task in tasks]
            same = [(s, task) for s, other, task in pairs if self._same(s, other, task)]
            whole = {
                strategy: {task: found for task, found in by_task.items() if self.is_whole(strategy, task)}
                for strategy, by_task in self.scores.items()
            }
            found = Comparison.of(whole, self.infos, role, references, self.clusters, same)
            self._compared[reference] = found
        return self._compared[reference]


def load_rows(run_dir: Path, unchanged: bool = False) -> RunRows:
    """Read the rows of a run that has results; see `read_rows`."""
    rows = read_rows(run_dir, unchanged)
    require_results(rows)
    return rows


def read_rows(run_dir: Path, unchanged: bool = False) -> RunRows:
    """Read what a run has stored.

    Args:
        run_dir: The run folder.
        unchanged: Whether to require that it is as it was written, since a decision depends on it.

    Raises:
        InputError: It is not a run folder, has another schema version, is damaged, or has been changed.
    """
    with opened(run_dir, unchanged) as (manifest, store):
        return RunRows.load(manifest, store)


def require_results(rows: RunRows) -> None:
    """Refuse a run without results.

    Raises:
        InputError: It holds no results yet.
    """
    if not any(rows.scores.values()):
        remedy = "let `trilemma run` finish at least one batch first"
        raise InputError(rows.run_dir, "", "holds no results yet", remedy)


def _probes(
    manifest: RunManifest, kept: Mapping[int, str], seeds: Collection[int]
) -> Iterable[WeightMeasurements]:
    """Yield the measurements with the wanted seeds that match what is measured now."""
    for seed, text in kept.items():
        found = WeightMeasurements.model_validate_json(text)
        if seed in seeds and found.of == manifest.probing:
            yield found


def _task_info(task: Task, primary_metric: str, n_test: int, remarks: tuple[str, ...]) -> TaskInfo:
    return TaskInfo(
        name=task.name,
        kind=task.kind,
        role=task.role,
        description=task.description,
        primary_metric=primary_metric,
        n_test=n_test,
        random_baseline=task.random_baseline,
        right_from=task.right_from,
        remarks=remarks,
    )


def _unanswerable(task: Task, items: Iterable[TaskItem]) -> frozenset[str]:
    if not task.refusal:
        return frozenset()
    return frozenset(item.id for item in items if any(refuses(target, task) for target in item.targets))

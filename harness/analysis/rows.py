"""All that a run has stored, in memory, in the shapes that statistics take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from harness.analysis.comparison import Comparison, Table
from harness.analysis.findings import TaskInfo
from harness.analysis.scores import Clusters, clusters_of, scores_of
from harness.drift import Probes
from harness.store import Preparation, Store
from harness.tasks.selection import chosen
from harness.types import ItemResult, Role, RunManifest, Task, TaskItem


@dataclass(frozen=True)
class RunRows:
    """A run's rows and what was made of them.

    Attributes:
        manifest: What the run was made from.
        infos: Its tasks.
        rows: Strategy, then task, to the rows of the items that were asked.
        scores: The same rows as scores, where there are any.
        items: Task to its test items by id.
        clusters: Task to the cluster of each item.
        prepared: What was prepared.
        probes: Strategy to what was measured of it, one for each seed.
    """

    manifest: RunManifest
    infos: tuple[TaskInfo, ...]
    rows: Mapping[str, Mapping[str, Sequence[ItemResult]]]
    scores: Table
    items: Mapping[str, Mapping[str, TaskItem]]
    clusters: Mapping[str, Clusters]
    prepared: Sequence[Preparation]
    probes: Mapping[str, Sequence[Probes]]
    _compared: dict[tuple[str, Role], Comparison] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def load(cls, manifest: RunManifest, store: Store) -> Self:
        """Read the rows that are today's."""
        items = {name: store.items(task.digest) for name, task in manifest.tasks.items()}
        limit = manifest.experiment["limit"]
        asked = {
            name: {item.id for item in chosen(list(found.values()), limit)} for name, found in items.items()
        }
        rows = {
            strategy: {
                task: [row for row in store.results([recipe]) if row.item_id in asked[task]]
                for task, recipe in recipes.items()
            }
            for strategy, recipes in manifest.recipes.items()
        }
        return cls(
            manifest=manifest,
            infos=tuple(
                _task_info(task, manifest.metrics[name][0], len(asked[name]))
                for name, task in manifest.tasks.items()
            ),
            rows=rows,
            scores={
                strategy: {
                    task: scores_of(found, manifest.metrics[task]) for task, found in by_task.items() if found
                }
                for strategy, by_task in rows.items()
            },
            items=items,
            clusters={name: clusters_of(task, items[name]) for name, task in manifest.tasks.items()},
            prepared=store.preparations(manifest.preparations.values()),
            probes={
                name: [Probes.model_validate_json(kept) for kept in store.probes(recipe).values()]
                for name, recipe in manifest.preparations.items()
            },
        )

    @property
    def incumbent(self) -> str:
        """The strategy that the others are compared with."""
        return str(self.manifest.experiment["incumbent"])

    @property
    def base(self) -> str:
        """The strategy that asks the model as it came."""
        return base_of(self.manifest.experiment)

    def asked(self, task: str) -> set[str]:
        """Return the items of a task that any strategy has answered."""
        return {item for by_task in self.scores.values() if task in by_task for item in by_task[task].items}

    def against(self, reference: str, role: Role) -> Comparison:
        """Compare all strategies with one of them on the tasks of a role; made once, with its p-values."""
        if (reference, role) not in self._compared:
            found = Comparison.of(self.scores, self.infos, role, reference, self.clusters)
            self._compared[reference, role] = found
        return self._compared[reference, role]


def base_of(experiment: Mapping[str, Any]) -> str:
    """Return the strategy that asks the model as it came: plain zero-shot, or else the incumbent."""
    entries = experiment["strategies"].items()
    return next(
        (name for name, entry in entries if entry["use"] == "zero_shot"), str(experiment["incumbent"])
    )


def _task_info(task: Task, primary_metric: str, n_test: int) -> TaskInfo:
    return TaskInfo(
        name=task.name,
        kind=task.kind,
        role=task.role,
        description=task.description,
        primary_metric=primary_metric,
        n_test=n_test,
        random_baseline=task.random_baseline,
    )

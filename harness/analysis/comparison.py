"""Every strategy against its reference: by task, and over the tasks of a role."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from harness.analysis.findings import Contrast, MacroContrast, TaskInfo
from harness.analysis.scores import Clusters, Scores, pair
from harness.stats import Macro, Paired, holm
from harness.types import Role

ALPHA = 0.05
"""Level of the tests over all strategies that are compared with the reference."""

Table = Mapping[str, Mapping[str, Scores]]
"""Strategy, then task, to scores."""


@dataclass(frozen=True)
class Comparison:
    """All strategies on the tasks of one role, each against its reference.

    A strategy that is its own reference, or has none, is not compared. Unfinished strategies count among the
    ``others`` for which p-values are corrected, since any of them may still turn out better.
    """

    role: Role
    references: Mapping[str, str]
    tasks: tuple[TaskInfo, ...]
    pairs: Mapping[str, Mapping[str, Paired]]
    others: tuple[str, ...]

    @classmethod
    def of(
        cls,
        scores: Table,
        infos: Sequence[TaskInfo],
        role: Role,
        references: Mapping[str, str],
        clusters: Mapping[str, Clusters],
        same: Collection[tuple[str, str]] = (),
    ) -> Self:
        """Pair every strategy with its reference on the items that both have.

        Args:
            scores: Strategy, then task, to scores; of an unfinished strategy only what is finished.
            infos: The tasks.
            role: Role of the tasks that are compared.
            references: Strategy to the one that it is compared with, if any.
            clusters: Task to the cluster of each item.
            same: Strategies and tasks where the same model got the same prompts as for the reference.
        """
        tasks = tuple(info for info in infos if info.role == role)
        pairs: dict[str, dict[str, Paired]] = {}
        for strategy, by_task in scores.items():
            olds = scores.get(references.get(strategy, ""), {})
            for info in tasks:
                if info.name in by_task and info.name in olds:
                    new, old, name = by_task[info.name], olds[info.name], info.primary_metric
                    if (found := pair(new, old, name, clusters[info.name])) is not None:
                        pairs.setdefault(strategy, {})[info.name] = (
                            replace(found, same=True) if (strategy, info.name) in same else found
                        )
        others = tuple(name for name in scores if references.get(name, name) != name)
        return cls(role, references, tasks, pairs, others)

    def of_strategy(self, strategy: str) -> list[tuple[TaskInfo, Paired]]:
        """Return the tasks that a strategy and its reference have answered, each with its difference."""
        found = self.pairs.get(strategy, {})
        return [(info, found[info.name]) for info in self.tasks if info.name in found]

    def contrasts(self) -> tuple[Contrast, ...]:
        """Return the differences by task, in the order of the strategies."""
        corrected: dict[tuple[str, str], float] = {}
        levels: dict[str, float] = {}
        for info in self.tasks:
            found = {name: self.pairs.get(name, {}).get(info.name) for name in self.others}
            adjusted = holm([each.p_value if each else 1.0 for each in found.values()])
            levels[info.name] = ALPHA / max(1, len(found))
            corrected |= {(s, info.name): p for s, p in zip(found, adjusted, strict=True)}
        return tuple(
            self._contrast(
                strategy, info, found[info.name], corrected[strategy, info.name], levels[info.name]
            )
            for strategy, found in self.pairs.items()
            for info in self.tasks
            if strategy in self.others and info.name in found
        )

    def _contrast(
        self, strategy: str, info: TaskInfo, found: Paired, p_holm: float, level: float
    ) -> Contrast:
        low, high = found.interval()
        bca = found.bca()
        return Contrast(
            strategy=strategy,
            reference=self.references[strategy],
            task=info.name,
            metric=info.primary_metric,
            difference=found.estimate,
            ci_low=low,
            ci_high=high,
            p_value=found.p_value,
            p_holm=p_holm,
            n=found.n,
            n_clusters=found.n_clusters,
            n_seeds=found.n_seeds,
            wins=found.wins,
            losses=found.losses,
            method=found.method,
            test=found.test,
            detectable=found.detectable(level),
            bca_low=bca[0] if bca else None,
            bca_high=bca[1] if bca else None,
        )

    def means(self, weights: Mapping[str, float] | None = None) -> dict[str, Macro]:
        """Return the mean difference of each strategy that has answered all tasks.

        Args:
            weights: Weight of each task; those not named weigh 1.
        """
        return self._weighed(weights) if weights else self._equal

    @cached_property
    def _equal(self) -> dict[str, Macro]:
        """The means with equal task weights; cached, as their p-values and power take time."""
        return self._weighed({})

    def _weighed(self, weights: Mapping[str, float]) -> dict[str, Macro]:
        shares = tuple(weights.get(info.name, 1.0) for info in self.tasks)
        return {
            strategy: Macro(tuple(found[info.name] for info in self.tasks), shares)
            for strategy, found in self.pairs.items()
            if self.tasks and len(found) == len(self.tasks)
        }

    def macros(self, scores: Table) -> tuple[MacroContrast, ...]:
        """Return the mean differences of the strategies that have answered all tasks."""
        whole = self.means()
        p_values = [whole[name].p_value if name in whole else 1.0 for name in self.others]
        corrected = dict(zip(self.others, holm(p_values), strict=True))
        level = ALPHA / max(1, len(self.others))
        return tuple(
            self._macro(strategy, found, scores[strategy], corrected.get(strategy), level)
            for strategy, found in whole.items()
        )

    def _macro(
        self,
        strategy: str,
        found: Macro,
        scores: Mapping[str, Scores],
        p_holm: float | None,
        level: float,
    ) -> MacroContrast:
        low, high = found.interval() if p_holm is not None else (0.0, 0.0)
        means = [
            np.mean(list(scores[info.name].of(info.primary_metric).values()), dtype=float)
            for info in self.tasks
        ]
        return MacroContrast(
            strategy=strategy,
            reference=self.references[strategy],
            role=self.role,
            mean=float(np.mean(means)),
            difference=found.estimate,
            ci_low=low,
            ci_high=high,
            p_value=1.0 if p_holm is None else found.p_value,
            p_holm=1.0 if p_holm is None else p_holm,
            n_tasks=len(self.tasks),
            n_items=found.n,
            n_seeds=max(task.n_seeds for task in found.tasks),
            detectable=found.detectable(level),
        )

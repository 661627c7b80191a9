"""What a run has measured, as a decision weighs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.analysis.findings import Cell, StrategyCost, Summary
from harness.analysis.rows import RunRows, is_ceiling
from harness.analysis.scores import share_right
from harness.analysis.summary import summary_of
from harness.deciding.cost import Priced, Use, priced, weighed
from harness.deciding.prices import PriceSheet
from harness.deciding.records import Limits
from harness.stats import Macro, holm

_SHOWN = 3
"""Most things that a strategy lacks which are named one by one."""


@dataclass(frozen=True)
class Measured:
    """A run's figures under prices, use and weights; strategies are named as the experiment names them.

    Args:
        run: The run's rows.
        sheet: Prices.
        use: How the answer will be used.
        limits: What a strategy must hold.
        weights: Weight of each target task; those not named weigh 1.
    """

    run: RunRows
    sheet: PriceSheet
    use: Use
    limits: Limits
    weights: Mapping[str, float]

    @property
    def incumbent(self) -> str:
        """The strategy in use."""
        return self.run.incumbent

    @cached_property
    def summary(self) -> Summary:
        """The run's summary."""
        return summary_of(self.run)

    @cached_property
    def means(self) -> dict[str, Macro]:
        """Strategy to its mean lead over the incumbent on the target tasks."""
        return self.against(self.incumbent)

    def against(self, reference: str) -> dict[str, Macro]:
        """Return the mean leads of all strategies over one of them, target tasks as they weigh."""
        return self.run.against(reference, "target").means(self.weights)

    @cached_property
    def costs(self) -> dict[str, StrategyCost]:
        """Strategy to what it took, its answers those of the target tasks as they weigh."""
        return {cost.strategy: weighed(cost, self.shares) for cost in self.summary.costs}

    def priced(self, name: str) -> Priced:
        """Return what a strategy costs."""
        return priced(self.costs[name], self._right(name), self.sheet, self.use)

    def _right(self, name: str) -> float:
        """Return the weighed share of items of the target tasks that a strategy has right."""
        infos = {info.name: info for info in self.run.infos}
        return sum(
            share
            * share_right(self.run.scores[name][task], infos[task].primary_metric, infos[task].right_from)
            for task, share in self.shares.items()
        )

    @cached_property
    def entries(self) -> Mapping[str, Any]:
        """The strategies as the experiment has them."""
        entries: Mapping[str, Any] = self.run.manifest.experiment["strategies"]
        return entries

    def options(self, name: str) -> list[Mapping[str, Any]]:
        """Return the options of a strategy and those of its parts."""
        options: Mapping[str, Any] = self.entries[name]["options"]
        return [options, *(value for value in options.values() if isinstance(value, dict))]

    def is_oracle(self, name: str) -> bool:
        """Whether a strategy is shown what no system can know."""
        return is_ceiling(self.run.manifest.experiment, name)

    @cached_property
    def shares(self) -> dict[str, float]:
        """Weight of each target task as a share of all."""
        weights = {i.name: self.weights.get(i.name, 1.0) for i in self.run.infos if i.role == "target"}
        return {name: weight / sum(weights.values()) for name, weight in weights.items()}

    @cached_property
    def scores(self) -> dict[str, float]:
        """Weighted mean of the target tasks' primary scores."""
        found = self.primary_cells
        return {
            strategy: sum(share * found[strategy, task].mean for task, share in self.shares.items())
            for strategy in self.means
            if all((strategy, task) in found for task in self.shares)
        }

    @cached_property
    def primary_cells(self) -> dict[tuple[str, str], Cell]:
        """Strategy and target task to the cell that decides."""
        return {(c.strategy, c.task): c for c in self.summary.cells if c.primary and c.task in self.shares}

    @cached_property
    def p_holm(self) -> dict[str, float]:
        """Challenger to its corrected p-value; one that is not finished counts as one that shows nothing."""
        names = [name for name in self.entries if name != self.incumbent and not self.is_oracle(name)]
        p_values = [self.means[name].p_value if name in self.means else 1.0 for name in names]
        return dict(zip(names, holm(p_values), strict=True))

    @cached_property
    def failed(self) -> set[str]:
        """Strategies that could not be prepared with every seed."""
        return {failure.strategy for failure in self.summary.failures}

    def lacking(self, name: str) -> str:
        """Return what a strategy lacks that running again would give; "" where it is finished."""
        mine = [each for each in self.run.missing if each.strategy == name and not each.error]
        if sum(each.what == "answers" and each.done == 0 for each in mine) == len(self.run.infos):
            return "all its answers"
        found = [each.text for each in mine]
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        return ", ".join(found[:_SHOWN]) + more

    def unmeasured(self, name: str) -> list[str]:
        """Return what is not there of a strategy or of the base and tells whether it forgets."""
        kept = {info.name for info in self.run.infos if info.role == "retention"}
        found = [
            each.text if each.strategy == name else f"{each.text} of {each.strategy}"
            for each in self.run.missing
            if (each.task in kept and each.strategy in (name, self.run.base))
            or (each.what == "measurements" and each.strategy == name)
        ]
        base = self.run.base
        return [*found, f"{base}, which could not be prepared"] if base in self.failed and kept else found

    def decisive(self, name: str) -> bool:
        """Whether the choice may turn on what an unfinished strategy lacks.

        A ceiling is never chosen, and a challenger that has answered all target tasks without being proven
        better is not either, whatever it forgets. The others are compared with incumbent and base.
        """
        if name in (self.incumbent, self.run.base):
            return True
        if self.is_oracle(name):
            return False
        if name not in self.means:
            return True
        return self.means[name].estimate > 0 and self.p_holm[name] < self.limits.alpha

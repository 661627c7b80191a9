"""A run's measurements, weighted as a decision needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from harness.analysis.costs import StrategyCost
from harness.analysis.findings import Cell, Summary
from harness.analysis.rows import RunRows
from harness.analysis.scores import share_right
from harness.analysis.summary import summary_of
from harness.config import model_told
from harness.deciding.cost import Priced, Use, priced, weighed
from harness.deciding.prices import Prices, PriceSheet
from harness.deciding.records import Limits
from harness.stats import Macro, holm
from harness.traits import Traits

_SHOWN = 3
"""Up to this many missing things of a strategy are named one by one."""


@dataclass(frozen=True)
class Measured:
    """A run's figures under prices, use and weights; strategies are named as the experiment names them.

    Args:
        run: The run's rows.
        sheet: Prices.
        use: How the answer will be used.
        limits: The limits for a strategy to be chosen.
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
        """Return the mean lead of every strategy over one of them, target tasks weighted as given."""
        return self.run.against(reference).means(self.weights)

    @cached_property
    def costs(self) -> dict[str, StrategyCost]:
        """Strategy to its cost, with the target tasks weighted as given."""
        return {cost.strategy: weighed(cost, self.shares) for cost in self.summary.costs}

    def priced(self, name: str) -> Priced:
        """Return what a strategy costs."""
        return priced(self.costs[name], self._right(name), self.prices(name), self.use)

    def prices(self, name: str) -> Prices:
        """Return the prices of the model that answers a strategy.

        Raises:
            InputError: The sheet has none.
        """
        return self.prices_of(self.run.manifest.answered_by[name])

    def prices_of(self, model: str) -> Prices:
        """Return the prices of a model by its name.

        Raises:
            InputError: The sheet has none.
        """
        return self.sheet.of(model, self.run.manifest.models[model].identity.name)

    def _right(self, name: str) -> float:
        """Return the weighted share of target-task items that a strategy has right."""
        infos = {info.name: info for info in self.run.infos}
        return sum(
            share
            * share_right(self.run.scores[name][task], infos[task].primary_metric, infos[task].right_from)
            for task, share in self.shares.items()
        )

    @property
    def traits(self) -> Mapping[str, Traits]:
        """The traits that each strategy declares."""
        return self.run.traits

    @cached_property
    def shares(self) -> dict[str, float]:
        """Weight of each target task as a share of the total."""
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
        """Challenger to its corrected p-value; an unfinished one counts as showing no difference."""
        names = [name for name in self.traits if name != self.incumbent and not self.traits[name].ceiling]
        p_values = [self.means[name].p_value if name in self.means else 1.0 for name in names]
        return dict(zip(names, holm(p_values), strict=True))

    @cached_property
    def failed(self) -> set[str]:
        """Strategies that could not be prepared with every seed."""
        return {failure.strategy for failure in self.summary.failures}

    def lacking(self, name: str) -> str:
        """Return what a strategy lacks that running again would add; "" if it is finished."""
        mine = [each for each in self.run.missing if each.strategy == name and not each.error]
        if sum(each.what == "answers" and each.done == 0 for each in mine) == len(self.run.infos):
            return "all its answers"
        found = [each.text for each in mine]
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        return ", ".join(found[:_SHOWN]) + more

    def unmeasured(self, name: str) -> list[str]:
        """Return what is missing of a strategy or its base to tell whether it forgets."""
        kept = {info.name for info in self.run.infos if info.role == "retention"}
        base = self.run.bases.get(name)
        found = [
            each.text if each.strategy == name else f"{each.text} of {each.strategy}"
            for each in self.run.missing
            if (each.task in kept and each.strategy in (name, base))
            or (each.what == "measurements" and each.strategy == name)
        ]
        if kept and base is None:
            model = model_told(self.run.manifest.answered_by[name])
            found.append(f"retention, as no strategy asks {model} as it came")
        elif kept and base in self.failed:
            found.append(f"{base}, which could not be prepared")
        return found

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """The strategies that ask an unchanged model, one for each model that has such a strategy."""
        return tuple(dict.fromkeys(self.run.bases.values()))

    def solved_by(self, base: str) -> list[str]:
        """Return the target tasks that a base answers too well for strategies to be told apart."""
        found = ((task, self.primary_cells.get((base, task))) for task in self.shares)
        return [task for task, cell in found if cell and cell.mean >= self.limits.ceiling]

    @property
    def solving(self) -> list[str]:
        """The bases that answer every target task they were asked that well; see `solved_by`."""
        asked = {base: [t for t in self.shares if (base, t) in self.primary_cells] for base in self.bases}
        return [base for base, tasks in asked.items() if tasks and self.solved_by(base) == tasks]

    def decisive(self, name: str) -> bool:
        """Whether the choice may depend on what an unfinished strategy lacks.

        A ceiling is never chosen, nor is a challenger that has answered all target tasks without being
        significantly better, whatever it forgets. The others are compared with incumbent and bases.
        """
        if name == self.incumbent or name in self.bases:
            return True
        if self.traits[name].ceiling:
            return False
        if name not in self.means:
            return True
        return self.means[name].estimate > 0 and self.p_holm[name] < self.limits.alpha

"""Which strategy to take: the checks that come first, the choice, and what would change it.

The rule, in order (``docs/deciding.md`` gives the reasons and the literature):

1. Checks that can end it: missing answers or measurements that the choice may depend on, failed items, leaked
   test items, a base that already answers everything, retrieval that finds too little to be judged.
2. A challenger must be significantly better than the incumbent (Holm over all challengers), must not be found
   to forget more than is accepted, and must not cost more than is accepted.
3. Among those, the best; and among those not significantly worse than the best, the cheapest at the given
   volume.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.analysis.costs import StrategyCost
from harness.analysis.findings import RunVerdict, Summary
from harness.analysis.rows import RunRows
from harness.deciding.candidates import candidates_of
from harness.deciding.checks import checks_of
from harness.deciding.cost import Use, judging_cost, scenarios
from harness.deciding.measured import Measured
from harness.deciding.prices import PriceSheet, load_prices, usual_prices
from harness.deciding.records import Candidate, Check, CostUnder, Decision, Limits, Outcome
from harness.deciding.turning import Ground, changes
from harness.deciding.wording import paragraph
from harness.stats import holm


@dataclass(frozen=True)
class Choosing:
    """One decision in the making, from what was measured."""

    measured: Measured

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every strategy that has answered all target tasks and whose cost is known, best first."""
        return candidates_of(self.measured)

    def decide(self) -> Decision:
        """Decide."""
        checks = tuple(checks_of(self.measured, self.candidates))
        outcome, winner = self._choice(checks)
        draft = Decision(
            run=self.measured.run.manifest.name,
            outcome=outcome,
            winner=winner,
            incumbent=self.measured.incumbent,
            paragraph="",
            checks=checks,
            candidates=self.candidates,
            unjudged=tuple(self._unjudged()),
            frontier=tuple(self._frontier()),
            changes=tuple(changes(self._ground, winner)) if outcome != "stopped" else (),
            scenarios=tuple(self._scenarios),
            prices=f"{self.measured.sheet.name} ({self.measured.sheet.dated})",
            currency=self.measured.sheet.currency,
            judging=judging_cost(self.measured.summary.judging, self.measured.prices_of),
            queries_per_month=self.measured.use.queries_per_month,
            limits=self.measured.limits,
        )
        return draft.model_copy(update={"paragraph": paragraph(draft)})

    @property
    def _ground(self) -> Ground:
        measured = self.measured
        return Ground(self.candidates, self.proven, measured.incumbent, measured.limits, measured.priced)

    @property
    def _scenarios(self) -> list[CostUnder]:
        costs = self._deployable_costs
        prices = {cost.strategy: self.measured.prices(cost.strategy) for cost in costs}
        return scenarios(costs, prices, self.measured.use)

    @property
    def _deployable_costs(self) -> list[StrategyCost]:
        return [
            self.measured.costs[name]
            for name in self.measured.means
            if name in self.measured.costs and not self.measured.traits[name].ceiling
        ]

    def _unjudged(self) -> Iterable[str]:
        for name in self.measured.traits:
            if name in self.measured.failed:
                yield f"{name} could not be prepared"
            elif lacking := self.measured.lacking(name):
                yield f"{name} is not finished, it lacks {lacking}"

    def _choice(self, checks: Sequence[Check]) -> tuple[Outcome, str | None]:
        by_name = {candidate.strategy: candidate for candidate in self.candidates}
        if any(check.ends for check in checks if check.name != "closed book"):
            return "stopped", None
        if self.measured.incumbent not in by_name:
            return "stopped", None
        solving = [by_name[base] for base in self.measured.solving if base in by_name]
        if any(check.ends for check in checks) and solving:
            least = min(solving, key=lambda candidate: candidate.month)
            return least.kind, least.strategy
        proven = self.proven
        if not proven:
            return "not yet proven", None
        best = max(proven, key=lambda candidate: candidate.mean)
        winner = self._cheapest_equal(best, proven)
        blind = any(check.name == "retrieval recall" and not check.good for check in checks)
        if blind and not self.measured.traits[winner.strategy].retrieves:
            return "not yet proven", None
        return winner.kind, winner.strategy

    @cached_property
    def proven(self) -> list[Candidate]:
        """Challengers that are significantly better than the incumbent and within the limits."""
        return [
            candidate
            for candidate in self.candidates
            if candidate.strategy != self.measured.incumbent
            and candidate.difference > 0
            and candidate.differs(self.measured.limits.alpha)
            and not candidate.excluded
        ]

    def _frontier(self) -> Iterable[str]:
        """Yield what is significantly better than all that is cheaper; at equal cost, higher score first."""
        able = [c for c in self.candidates if not self.measured.traits[c.strategy].ceiling]
        able.sort(key=lambda candidate: (candidate.per_1000, -candidate.mean))
        pairs = [(old, new) for at, new in enumerate(able) for old in able[:at]]
        against = {old.strategy: self.measured.against(old.strategy) for old in able}
        p_values = holm([against[old.strategy][new.strategy].p_value for old, new in pairs])
        unproven = {
            new.strategy
            for (old, new), p in zip(pairs, p_values, strict=True)
            if p >= self.measured.limits.alpha or new.mean <= old.mean
        }
        return (candidate.strategy for candidate in able if candidate.strategy not in unproven)

    def _cheapest_equal(self, best: Candidate, proven: Sequence[Candidate]) -> Candidate:
        """Return the cheapest of those that are not significantly worse than the best."""
        against = self.measured.against(best.strategy)
        others = [candidate for candidate in proven if candidate is not best]
        corrected = holm([against[candidate.strategy].p_value for candidate in others])
        equal = [c for c, p in zip(others, corrected, strict=True) if p >= self.measured.limits.alpha]
        return min([best, *equal], key=lambda candidate: (candidate.month, -candidate.mean))


def choose(
    run: RunRows,
    sheet: PriceSheet | None = None,
    use: Use | None = None,
    limits: Limits | None = None,
    weights: Mapping[str, float] | None = None,
) -> Decision:
    """Decide which strategy to take; see `Choosing`. The default sheet is the one for the run's machine."""
    return _choosing(run, sheet, use, limits, weights).decide()


def conclude(
    run: RunRows, sheet: PriceSheet | None = None, use: Use | None = None
) -> tuple[Summary, Decision]:
    """Return a run's summary with its verdict, and the decision behind that verdict."""
    choosing = _choosing(run, sheet, use, None, None)
    decision = choosing.decide()
    verdict = RunVerdict(line=decision.paragraph, winner=decision.winner)
    return choosing.measured.summary.model_copy(update={"verdict": verdict}), decision


def _choosing(
    run: RunRows,
    sheet: PriceSheet | None,
    use: Use | None,
    limits: Limits | None,
    weights: Mapping[str, float] | None,
) -> Choosing:
    prices = sheet or load_prices(usual_prices(run.manifest))
    return Choosing(Measured(run, prices, use or Use(), limits or Limits(), weights or {}))

"""Which strategy to take: the checks that come first, the choice, and what would change it.

The rule, in order (``docs/deciding.md`` gives the reasons and the literature):

1. Checks that can end it: answers or measurements that are missing where the choice may turn on them, failed
   items, leaked test items, a base that answers everything already, retrieval that finds too little to be
   judged.
2. A challenger must be proven better than the incumbent (Holm over all of them), must not be found to
   forget more than is accepted, and must not cost more than is accepted.
3. Among those, the best; and among those not proven worse than the best, the cheapest at the given volume.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from harness.analysis.findings import Cell, StrategyCost, Summary, Verdict
from harness.analysis.rows import RunRows
from harness.analysis.scores import share_right
from harness.analysis.summary import summary_of
from harness.deciding.cost import (
    Priced,
    Use,
    break_even_queries,
    break_even_volume,
    priced,
    scenarios,
    weighed,
)
from harness.deciding.prices import PriceSheet, load_prices, usual_prices
from harness.deciding.records import Candidate, Check, Decision, Limits, Outcome, Retained, TaskLead
from harness.deciding.retention import Evidence, KeptTask, judged
from harness.deciding.turning import changes
from harness.deciding.wording import STATED, paragraph
from harness.stats import Macro, holm, mean_bounds

Kind = Literal["prompt", "retrieve", "fine-tune", "combine"]
KINDS: Mapping[str, Kind] = {
    "zero_shot": "prompt",
    "few_shot": "prompt",
    "rag": "retrieve",
    "lora": "fine-tune",
    "qlora": "fine-tune",
    "adapter": "fine-tune",
}


_SHOWN = 3
"""Most things that a strategy lacks which are named one by one."""


def kind_of(use: str) -> Kind:
    """Return what an entry's `use` amounts to; parts of different kinds are a combination."""
    kinds = {KINDS.get(part.strip(), "prompt") for part in use.split("+")}
    return next(iter(kinds)) if len(kinds) == 1 else "combine"


@dataclass(frozen=True)
class Choosing:
    """One decision in the making.

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

    def decide(self) -> Decision:
        """Decide."""
        checks = tuple(self._checks())
        outcome, winner = self._choice(checks)
        draft = Decision(
            run=self.run.manifest.name,
            outcome=outcome,
            winner=winner,
            incumbent=self.incumbent,
            paragraph="",
            checks=checks,
            candidates=self.candidates,
            unjudged=tuple(self._unjudged()),
            frontier=tuple(self._frontier()),
            changes=tuple(changes(self, winner)) if outcome != "stopped" else (),
            scenarios=tuple(scenarios(self._deployable_costs, self.sheet, self.use)),
            prices=f"{self.sheet.name} ({self.sheet.dated})",
            currency=self.sheet.currency,
            queries_per_month=self.use.queries_per_month,
            limits=self.limits,
        )
        return draft.model_copy(update={"paragraph": paragraph(draft)})

    @property
    def incumbent(self) -> str:
        """The strategy in use."""
        return self.run.incumbent

    # --- The table ---

    @cached_property
    def summary(self) -> Summary:
        """The run's summary."""
        return summary_of(self.run)

    @cached_property
    def _means(self) -> dict[str, Macro]:
        return self._against(self.incumbent)

    @cached_property
    def _costs(self) -> dict[str, StrategyCost]:
        return {cost.strategy: weighed(cost, self._shares) for cost in self.summary.costs}

    @property
    def _deployable_costs(self) -> list[StrategyCost]:
        return [
            self._costs[name] for name in self._means if name in self._costs and not self._is_oracle(name)
        ]

    @cached_property
    def _entries(self) -> Mapping[str, Any]:
        entries: Mapping[str, Any] = self.run.manifest.experiment["strategies"]
        return entries

    def _options(self, name: str) -> list[Mapping[str, Any]]:
        """Return the options of a strategy and those of its parts."""
        options: Mapping[str, Any] = self._entries[name]["options"]
        return [options, *(value for value in options.values() if isinstance(value, dict))]

    def _is_oracle(self, name: str) -> bool:
        return any(options.get("oracle") for options in self._options(name))

    @cached_property
    def _scores(self) -> dict[str, float]:
        """Weighted mean of the target tasks' primary scores."""
        found = self._primary_cells
        return {
            strategy: sum(share * found[strategy, task].mean for task, share in self._shares.items())
            for strategy in self._means
            if all((strategy, task) in found for task in self._shares)
        }

    @cached_property
    def _shares(self) -> dict[str, float]:
        """Weight of each target task as a share of all."""
        weights = {i.name: self.weights.get(i.name, 1.0) for i in self.run.infos if i.role == "target"}
        return {name: weight / sum(weights.values()) for name, weight in weights.items()}

    @cached_property
    def _primary_cells(self) -> dict[tuple[str, str], Cell]:
        """Strategy and target task to the cell that decides."""
        return {(c.strategy, c.task): c for c in self.summary.cells if c.primary and c.task in self._shares}

    def _score_bounds(self, name: str) -> tuple[float, float]:
        """Return the 95 % interval of a strategy's mean score, from those of its tasks."""
        cells = [(share, self._primary_cells[name, task]) for task, share in self._shares.items()]
        low, high = mean_bounds([(share, cell.mean, cell.ci_low, cell.ci_high) for share, cell in cells])
        return max(low, 0.0), min(high, 1.0)

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every strategy that has answered all target tasks and whose cost is known, best first."""
        names = [name for name in self._means if {name, self.incumbent} <= self._costs.keys()]
        return tuple(sorted(map(self._candidate, names), key=lambda each: -each.mean))

    @cached_property
    def _p_holm(self) -> dict[str, float]:
        """Challenger to its corrected p-value; one that is not finished counts as one that shows nothing."""
        names = [name for name in self._entries if name != self.incumbent and not self._is_oracle(name)]
        p_values = [self._means[name].p_value if name in self._means else 1.0 for name in names]
        return dict(zip(names, holm(p_values), strict=True))

    @property
    def _level(self) -> float:
        """Level of the first of Holm's tests: what a challenger must hold beside all others."""
        return self.limits.alpha / max(1, len(self._p_holm))

    def priced(self, name: str) -> Priced:
        """Return what a strategy costs."""
        return priced(self._costs[name], self._right(name), self.sheet, self.use)

    def _right(self, name: str) -> float:
        """Return the weighed share of items of the target tasks that a strategy has right."""
        infos = {info.name: info for info in self.run.infos}
        return sum(
            share
            * share_right(self.run.scores[name][task], infos[task].primary_metric, infos[task].right_from)
            for task, share in self._shares.items()
        )

    def _candidate(self, name: str) -> Candidate:
        mean, cost, old = self._means[name], self.priced(name), self.priced(self.incumbent)
        low, high = mean.interval(self.limits.alpha) if name != self.incumbent else (0.0, 0.0)
        mean_low, mean_high = self._score_bounds(name)
        retained, paid_back = self._forgetting(name), break_even_queries(cost, old)
        return Candidate(
            strategy=name,
            kind=kind_of(self._entries[name]["use"]),
            mean=self._scores[name],
            mean_low=mean_low,
            mean_high=mean_high,
            difference=mean.estimate,
            ci_low=low,
            ci_high=high,
            p_holm=self._p_holm.get(name),
            detectable=mean.detectable(self._level),
            needed=mean.items_to_detect(mean.estimate, self._level),
            n_items=mean.n,
            n_groups=sum(task.n_clusters for task in mean.tasks),
            n_seeds=max(task.n_seeds for task in mean.tasks),
            per_1000=cost.per_1000,
            per_1000_low=cost.per_1000_bounds and cost.per_1000_bounds[0],
            per_1000_high=cost.per_1000_bounds and cost.per_1000_bounds[1],
            per_1000_correct=cost.per_1000_correct if math.isfinite(cost.per_1000_correct) else None,
            once=cost.once,
            once_known=cost.once_known,
            once_stated=cost.once_stated,
            month=cost.month,
            break_even_queries=paid_back,
            break_even_volume=break_even_volume(cost, old),
            break_even_known=old.once_known and (cost.once_known or paid_back is None),
            retained=retained,
            excluded=tuple(self._excluded(name, retained, cost)),
            tasks=tuple(self._leads(name)),
        )

    def _leads(self, name: str) -> Iterable[TaskLead]:
        for each in self.summary.contrasts:
            if each.strategy == name and each.task in self._shares:
                yield TaskLead(
                    task=each.task,
                    mean=self._primary_cells[name, each.task].mean,
                    incumbent_mean=self._primary_cells[self.incumbent, each.task].mean,
                    difference=each.difference,
                    ci_low=each.ci_low,
                    ci_high=each.ci_high,
                    p_holm=each.p_holm,
                )

    def _excluded(self, name: str, retained: Retained, cost: Priced) -> Iterable[str]:
        if self._is_oracle(name):
            yield "shows the right passages: a ceiling, not a system"
        if retained.state == "found":
            beyond = retained.ci_high is not None and retained.ci_high < 0
            margin = f"{100 * self.limits.max_forgetting:.1f} points"
            yield f"forgets more than {margin}" if beyond else f"forgets: {retained.grounds[0]}"
        most = self.limits.max_cost_per_1000
        if most is not None and cost.per_1000 > most:
            yield f"costs more than {most:g} {self.sheet.currency} per 1,000 answers"
        if name in self._failed:
            yield "could not be prepared with every seed"
        if lacking := self._lacking(name):
            yield f"is not finished: it lacks {lacking}"

    def _forgetting(self, name: str) -> Retained:
        adapted = self._costs[name].prepare.tuned or any(p.adapter for p in self.run.probes.get(name, ()))
        if not adapted:
            return Retained(state="none possible")
        summary = self.summary
        cells = {(c.strategy, c.task): c for c in summary.cells if c.primary}
        tasks = []
        for info, found in self.run.against(self.run.base, "retention").of_strategy(name):
            cell, now = cells[self.run.base, info.name], cells[name, info.name].mean
            base = cell.mean, cell.ci_low
            tasks.append(KeptTask.of(info.name, found, base, now, info.random_baseline, self.limits))
        return judged(
            Evidence(
                tasks=tasks,
                information=[each for each in summary.information if each.strategy == name],
                drift=next((each for each in summary.drift if each.strategy == name), None),
                contrasts=[each for each in summary.forgetting if each.strategy == name],
                flips=[f for f in summary.flips if f.strategy == name and f.role == "retention"],
                missing=self._unmeasured(name),
            ),
            self.limits,
        )

    # --- What is not there ---

    @cached_property
    def _failed(self) -> set[str]:
        """Strategies that could not be prepared with every seed."""
        return {failure.strategy for failure in self.summary.failures}

    def _lacking(self, name: str) -> str:
        """Return what a strategy lacks that running again would give; "" where it is finished."""
        found = [each.text for each in self.run.missing if each.strategy == name and not each.error]
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        return ", ".join(found[:_SHOWN]) + more

    def _unmeasured(self, name: str) -> list[str]:
        """Return what is not there of a strategy or of the base and tells whether it forgets."""
        kept = {info.name for info in self.run.infos if info.role == "retention"}
        found = [
            each.text if each.strategy == name else f"{each.text} of {each.strategy}"
            for each in self.run.missing
            if (each.task in kept and each.strategy in (name, self.run.base))
            or (each.what == "measurements" and each.strategy == name)
        ]
        base = self.run.base
        return [*found, f"{base}, which could not be prepared"] if base in self._failed and kept else found

    def _decisive(self, name: str) -> bool:
        """Whether the choice may turn on what an unfinished strategy lacks.

        A ceiling is never chosen, and a challenger that has answered all target tasks without being proven
        better is not either, whatever it forgets. The others are compared with incumbent and base.
        """
        if name in (self.incumbent, self.run.base):
            return True
        if self._is_oracle(name):
            return False
        if name not in self._means:
            return True
        return self._means[name].estimate > 0 and self._p_holm[name] < self.limits.alpha

    def _finished(self) -> Check:
        lacking = {name: text for name in self._entries if (text := self._lacking(name))}
        told = "; ".join(f"{name} lacks {text}" for name, text in lacking.items())
        return Check(
            name="finished",
            good=not lacking,
            ends=any(map(self._decisive, lacking)),
            text=f"not finished: {told}; run `trilemma run` again" if lacking else "every answer is there",
        )

    def _unjudged(self) -> Iterable[str]:
        for name in self._entries:
            if name in self._failed:
                yield f"{name} could not be prepared"
            elif lacking := self._lacking(name):
                yield f"{name} is not finished, it lacks {lacking}"

    # --- The checks ---

    def _checks(self) -> Iterable[Check]:
        yield self._finished()
        summary, limits = self.summary, self.limits
        share = summary.errors / max(1, summary.items)
        text = f"{summary.errors} of {summary.items} answers failed ({share:.1%})"
        if summary.failures:
            text += f"; could not be prepared: {', '.join(sorted(self._failed))}"
        yield Check(
            name="errors",
            good=not summary.errors and not summary.failures,
            ends=share > limits.max_errors,
            text=text,
        )
        yield self._leakage()
        yield from self._same_prompts()
        yield self._ceiling()
        yield from self._recall()
        yield from self._parity()
        yield from self._stated()

    def _leakage(self) -> Check:
        infos = [info for info in self.run.infos if info.role == "target"]
        leaks = {info.name: self.run.manifest.leaks.get(info.name, 0) for info in infos}
        ends = any(leaks[info.name] > self.limits.max_leaks * info.n_test for info in infos)
        named = [f"{count} of {name}" for name, count in leaks.items() if count]
        text = "no test item stands in the training data, nor nearly so"
        if named:
            text = (
                f"test items that stand in the training data, or nearly so: {', '.join(named)} "
                "(`trilemma tasks validate` names them)"
            )
        return Check(name="leakage", good=not named, ends=ends, text=text)

    def _same_prompts(self) -> Iterable[Check]:
        """Name the strategies that asked nothing else than the base on all target tasks."""
        n_targets = sum(info.role == "target" for info in self.run.infos)
        same = [name for name in self._means if len(self.run.same_as_base(name)) == n_targets]
        if same:
            text = f"asks exactly what {self.run.base} asks on every target task: {', '.join(same)}"
            yield Check(name="prompts", good=False, ends=False, text=text)

    def _ceiling(self) -> Check:
        primary = {info.name: info.primary_metric for info in self.run.infos if info.role == "target"}
        means = {
            cell.task: cell.mean
            for cell in self.summary.cells
            if cell.strategy == self.run.base and primary.get(cell.task) == cell.metric
        }
        solved = [task for task, mean in means.items() if mean >= self.limits.ceiling]
        text = "no target task is answered by the base alone"
        if solved:
            text = f"the base answers without any help: {', '.join(solved)}"
        return Check(
            name="closed book", good=not solved, ends=bool(means) and len(solved) == len(means), text=text
        )

    def _recall(self) -> Iterable[Check]:
        """Whether retrieval finds enough to be judged, and what perfect retrieval would give."""
        cells = [
            cell
            for cell in self.summary.cells
            if cell.metric == "recall" and cell.complete and not self._is_oracle(cell.strategy)
        ]
        targets = {info.name for info in self.run.infos if info.role == "target"}
        for task in sorted({cell.task for cell in cells} & targets):
            found = {cell.strategy: self._recall_of(cell) for cell in cells if cell.task == task}
            best, (recall, failed) = max(found.items(), key=lambda each: each[1][0])
            good = recall >= self.limits.min_recall
            text = f"{task}: {best} is shown a right document for {recall:.0%} of the questions"
            if failed:
                text += f" ({failed} that failed count as without)"
            ceiling = [
                cell
                for cell in self.summary.cells
                if cell.task == task and cell.primary and cell.complete and self._is_oracle(cell.strategy)
            ]
            if ceiling:
                top = max(ceiling, key=lambda cell: cell.mean)
                text += f"; with the right passages {top.strategy} scores {100 * top.mean:.1f}"
            yield Check(name="retrieval recall", good=good, ends=False, text=text)

    def _recall_of(self, cell: Cell) -> tuple[float, int]:
        """Return recall over all questions, and how many failed: those were shown nothing."""
        scores = self.run.scores[cell.strategy][cell.task]
        failed = len(scores.failed - scores.of(cell.metric).keys())
        return cell.mean * cell.n / (cell.n + failed), failed

    def _stated(self) -> Iterable[Check]:
        """Say whose costs of training are an adapter's own word."""
        if named := [cost.strategy for cost in self.summary.costs if cost.prepare.stated]:
            text = f"what training took is {STATED}, not measured here: {', '.join(named)}"
            yield Check(name="training cost", good=False, ends=False, text=text)

    def _parity(self) -> Iterable[Check]:
        """Whether retrieval was given the examples that fine-tuning learned from."""
        if not any(candidate.kind in ("fine-tune", "combine") for candidate in self.candidates):
            return
        arms = [
            name
            for name in self._entries
            if any(
                options.get("source") in ("train", "both") or options.get("select") == "knn"
                for options in self._options(name)
            )
        ]
        text = f"the training examples are also retrieved by: {', '.join(arms)}"
        if not arms:
            text = (
                "no strategy retrieves the training examples, so fine-tuning is credited with what the "
                "others were never given; add `rag_train: {use: rag, source: train}`"
            )
        yield Check(name="information parity", good=bool(arms), ends=False, text=text)

    # --- The choice ---

    def _choice(self, checks: Sequence[Check]) -> tuple[Outcome, str | None]:
        by_name = {candidate.strategy: candidate for candidate in self.candidates}
        if any(check.ends for check in checks if check.name != "closed book"):
            return "stopped", None
        if self.incumbent not in by_name:
            return "stopped", None
        if any(check.ends for check in checks) and self.run.base in by_name:
            return "prompt", self.run.base
        proven = self.proven()
        if not proven:
            return "not yet proven", None
        best = max(proven, key=lambda candidate: candidate.mean)
        winner = self._cheapest_equal(best, proven)
        blind = any(check.name == "retrieval recall" and not check.good for check in checks)
        if blind and winner.kind not in ("retrieve", "combine"):
            return "not yet proven", None
        return winner.kind, winner.strategy

    def proven(self) -> list[Candidate]:
        """Challengers that are better than the incumbent beyond doubt and hold the limits."""
        return [
            candidate
            for candidate in self.candidates
            if candidate.strategy != self.incumbent
            and candidate.difference > 0
            and candidate.differs(self.limits.alpha)
            and not candidate.excluded
        ]

    def _frontier(self) -> Iterable[str]:
        """Yield what is proven better than all that costs less; at equal cost the higher score is first."""
        able = [candidate for candidate in self.candidates if not self._is_oracle(candidate.strategy)]
        able.sort(key=lambda candidate: (candidate.per_1000, -candidate.mean))
        pairs = [(old, new) for at, new in enumerate(able) for old in able[:at]]
        against = {old.strategy: self._against(old.strategy) for old in able}
        p_values = holm([against[old.strategy][new.strategy].p_value for old, new in pairs])
        unproven = {
            new.strategy
            for (old, new), p in zip(pairs, p_values, strict=True)
            if p >= self.limits.alpha or new.mean <= old.mean
        }
        return (candidate.strategy for candidate in able if candidate.strategy not in unproven)

    def _against(self, reference: str) -> dict[str, Macro]:
        return self.run.against(reference, "target").means(self.weights)

    def _cheapest_equal(self, best: Candidate, proven: Sequence[Candidate]) -> Candidate:
        """Return the cheapest of those that are not proven worse than the best."""
        against = self._against(best.strategy)
        others = [candidate for candidate in proven if candidate is not best]
        corrected = holm([against[candidate.strategy].p_value for candidate in others])
        equal = [c for c, p in zip(others, corrected, strict=True) if p >= self.limits.alpha]
        return min([best, *equal], key=lambda candidate: (candidate.month, -candidate.mean))


def choose(
    run: RunRows,
    sheet: PriceSheet | None = None,
    use: Use | None = None,
    limits: Limits | None = None,
    weights: Mapping[str, float] | None = None,
) -> Decision:
    """Decide which strategy to take; see `Choosing`. Without a sheet, the usual one for the run's machine."""
    return _choosing(run, sheet, use, limits, weights).decide()


def conclude(
    run: RunRows, sheet: PriceSheet | None = None, use: Use | None = None
) -> tuple[Summary, Decision]:
    """Return a run's summary with its verdict, and the decision that this is."""
    choosing = _choosing(run, sheet, use, None, None)
    decision = choosing.decide()
    verdict = Verdict(line=decision.paragraph, winner=decision.winner)
    return choosing.summary.model_copy(update={"verdict": verdict}), decision


def _choosing(
    run: RunRows,
    sheet: PriceSheet | None,
    use: Use | None,
    limits: Limits | None,
    weights: Mapping[str, float] | None,
) -> Choosing:
    prices = sheet or load_prices(usual_prices(run.manifest))
    return Choosing(run, prices, use or Use(), limits or Limits(), weights or {})

"""The table a choice is made from: each strategy with score, lead, cost, and what rules it out."""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness.deciding.cost import Priced, break_even_queries, break_even_volume
from harness.deciding.measured import Measured
from harness.deciding.records import Candidate, Retained, TaskLead
from harness.deciding.retention import Evidence, KeptTask, judged
from harness.stats import mean_bounds


def candidates_of(measured: Measured) -> tuple[Candidate, ...]:
    """Return every strategy that has answered all target tasks and whose cost is known, best first."""
    names = [name for name in measured.means if {name, measured.incumbent} <= measured.costs.keys()]
    return tuple(sorted((_candidate(measured, name) for name in names), key=lambda each: -each.mean))


def _level(measured: Measured) -> float:
    """Level of the first of Holm's tests: the level a challenger must meet given all the others."""
    return measured.limits.alpha / max(1, len(measured.p_holm))


def _candidate(measured: Measured, name: str) -> Candidate:
    mean, cost, old = measured.means[name], measured.priced(name), measured.priced(measured.incumbent)
    low, high = mean.interval(measured.limits.alpha) if name != measured.incumbent else (0.0, 0.0)
    mean_low, mean_high = _score_bounds(measured, name)
    retained, paid_back = _forgetting(measured, name), break_even_queries(cost, old)
    return Candidate(
        strategy=name,
        kind=measured.traits[name].kind,
        model=measured.run.manifest.answered_by[name],
        adapted=measured.traits[name].adapts,
        mean=measured.scores[name],
        mean_low=mean_low,
        mean_high=mean_high,
        difference=mean.estimate,
        ci_low=low,
        ci_high=high,
        p_holm=measured.p_holm.get(name),
        detectable=mean.detectable(_level(measured)),
        needed=mean.items_to_detect(mean.estimate, _level(measured)),
        n_items=mean.n,
        n_groups=mean.n_clusters,
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
        excluded=tuple(_excluded(measured, name, retained, cost)),
        tasks=tuple(_leads(measured, name)),
    )


def _score_bounds(measured: Measured, name: str) -> tuple[float, float]:
    """Return the 95 % interval of a strategy's mean score, from the intervals of its tasks."""
    cells = [(share, measured.primary_cells[name, task]) for task, share in measured.shares.items()]
    low, high = mean_bounds([(share, cell.mean, cell.ci_low, cell.ci_high) for share, cell in cells])
    return max(low, 0.0), min(high, 1.0)


def _leads(measured: Measured, name: str) -> Iterable[TaskLead]:
    for each in measured.summary.contrasts:
        if each.strategy == name and each.task in measured.shares:
            yield TaskLead(
                task=each.task,
                mean=measured.primary_cells[name, each.task].mean,
                incumbent_mean=measured.primary_cells[measured.incumbent, each.task].mean,
                difference=each.difference,
                ci_low=each.ci_low,
                ci_high=each.ci_high,
                p_holm=each.p_holm,
            )


def _excluded(measured: Measured, name: str, retained: Retained, cost: Priced) -> Iterable[str]:
    if measured.traits[name].ceiling:
        yield "shows the right passages: a ceiling, not a system"
    if retained.state == "found":
        beyond = retained.ci_high is not None and retained.ci_high < 0
        margin = f"{100 * measured.limits.max_forgetting:.1f} points"
        yield f"forgets more than {margin}" if beyond else f"forgets: {retained.grounds[0]}"
    most = measured.limits.max_cost_per_1000
    if most is not None and cost.per_1000 > most:
        yield f"costs more than {most:g} {measured.sheet.currency} per 1,000 answers"
    if name in measured.failed:
        yield "could not be prepared with every seed"
    if lacking := measured.lacking(name):
        yield f"is not finished: it lacks {lacking}"


def _forgetting(measured: Measured, name: str) -> Retained:
    if not measured.traits[name].adapts:
        return Retained(state="none possible")
    summary, run = measured.summary, measured.run
    tasks = []
    for info, found in run.retained.of_strategy(name):
        now, base = (run.scores[each][info.name] for each in (name, run.bases[name]))
        tasks.append(KeptTask.of(info, found, now, base, run.clusters[info.name], measured.limits))
    return judged(
        Evidence(
            tasks=tasks,
            information=[each for each in summary.information if each.strategy == name],
            drift=next((each for each in summary.drift if each.strategy == name), None),
            contrasts=[each for each in summary.forgetting if each.strategy == name],
            flips=[f for f in summary.flips if f.strategy == name and f.role == "retention"],
            missing=measured.unmeasured(name),
        ),
        measured.limits,
    )

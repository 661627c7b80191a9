"""Budgets of a candidate: failed answers, tokens, seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from harness.analysis.answers import latencies_of
from harness.analysis.rows import RunRows
from harness.deciding.wording import percent
from harness.gate.baseline import tokens_per_item
from harness.gate.judge import CheckResult, GateVerdict
from harness.gate.sides import Candidate, unlike
from harness.gate.spec import Against


def budgets_of(candidate: Candidate) -> Iterable[CheckResult]:
    """Yield the checks of a candidate's budgets: errors over all answers, the rest over target tasks."""
    gate, run, name = candidate.gate, candidate.run, candidate.name
    yield _errors(candidate)
    tasks = _traffic(candidate)
    if gate.budgets.tokens_per_item is not None:
        against: Against = "base" if candidate.baseline is None else "baseline"
        new, old = _tokens(candidate, tasks)
        yield _ratio(candidate, "tokens an item", tasks, against, new, old, gate.budgets.tokens_per_item)
    if gate.budgets.latency is not None:
        new, old = (_median_latency(run, strategy, tasks) for strategy in (name, candidate.base))
        yield _ratio(candidate, "latency", tasks, "base", new, old, gate.budgets.latency)


def _errors(candidate: Candidate) -> CheckResult:
    """Check that the share of failed answers is within its limit; not comparable without answers."""
    budget, tasks = candidate.gate.budgets.error_rate, candidate.asked.tasks
    found = [found for task in tasks if (found := candidate.run.answers.get(candidate.name, {}).get(task))]
    n, failed = sum(each.n for each in found), sum(each.n_failed for each in found)
    text = f"{failed} of {n} answers failed (budget {percent(budget, 1)})"
    reasons = dict.fromkeys(reason for task in tasks for reason in unlike(candidate, task, None))
    verdict: GateVerdict = "ERROR" if n and failed / n > budget else "PASS"
    if verdict == "PASS" and reasons:
        verdict, text = "NOT COMPARABLE", f"cannot be told: {'; '.join(reasons)}"
    return CheckResult(name="errors", verdict=verdict, text=text, n=n)


def _ratio(
    candidate: Candidate,
    label: str,
    tasks: Sequence[str],
    against: Against,
    new: float,
    old: float,
    budget: float,
) -> CheckResult:
    reasons = dict.fromkeys(reason for task in tasks for reason in unlike(candidate, task, against))
    if reasons or not new or not old:
        text = f"cannot be compared: {'; '.join(reasons) or 'one side has no answers'}"
        return CheckResult(name=label, verdict="NOT COMPARABLE", text=text)
    ratio = new / old
    verdict: GateVerdict = "PASS" if ratio <= budget else "FAIL"
    text = f"{ratio:.2f} times the reference (budget {budget:g})"
    return CheckResult(name=label, verdict=verdict, text=text)


def _traffic(candidate: Candidate) -> list[str]:
    """Return the tasks that represent what users ask: the target tasks, or all if there is none."""
    tasks = candidate.asked.tasks
    return [name for name, found in tasks.items() if found.task.role == "target"] or [*tasks]


def _tokens(candidate: Candidate, tasks: Sequence[str]) -> tuple[float, float]:
    """Return mean tokens per item of candidate and reference, with equal task weights."""
    run, baseline = candidate.run, candidate.baseline
    new = [tokens_per_item(run, candidate.name, task) for task in tasks]
    if baseline is None:
        old = [tokens_per_item(run, candidate.base, task) for task in tasks]
    else:
        old = [baseline.tasks[task].tokens_per_item for task in tasks if task in baseline.tasks]
    return float(np.mean(new)) if new else 0.0, float(np.mean(old)) if old else 0.0


def _median_latency(run: RunRows, strategy: str, tasks: Sequence[str]) -> float:
    by_task = run.answers.get(strategy, {})
    latencies = latencies_of(by_task[task] for task in tasks if task in by_task)
    return float(np.median(latencies)) if len(latencies) else 0.0

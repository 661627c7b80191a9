"""What a candidate's answers may take: failures, tokens, seconds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from harness.analysis.answers import latencies_of
from harness.analysis.rows import RunRows
from harness.gate.baseline import Baseline, tokens_per_item
from harness.gate.judge import CheckResult, Verdict
from harness.gate.spec import GateFile


def budgets_of(gate: GateFile, run: RunRows, name: str, baseline: Baseline | None) -> Iterable[CheckResult]:
    """Yield the checks of a candidate's budgets."""
    budgets = gate.budgets
    answers = run.answers.get(name, {}).values()
    n, failed = sum(found.n for found in answers), sum(found.n_failed for found in answers)
    share = failed / n if n else 1.0
    text = f"{failed} of {n} answers failed (budget {budgets.error_rate:.1%})"
    verdict: Verdict = "PASS" if share <= budgets.error_rate else "ERROR"
    yield CheckResult(name="errors", verdict=verdict, text=text, n=n)
    if budgets.tokens_per_item is not None:
        yield _ratio("tokens an item", *_tokens(run, name, baseline), budgets.tokens_per_item)
    if budgets.latency is not None:
        new, old = (_median_latency(run, strategy) for strategy in (name, run.base))
        yield _ratio("latency", new, old, budgets.latency)


def _ratio(name: str, new: float, old: float, budget: float) -> CheckResult:
    if not new or not old:
        return CheckResult(name=name, verdict="NOT COMPARABLE", text="one side has no answers")
    ratio = new / old
    verdict: Verdict = "PASS" if ratio <= budget else "FAIL"
    return CheckResult(
        name=name, verdict=verdict, text=f"{ratio:.2f} times the reference (budget {budget:g})"
    )


def _tokens(run: RunRows, name: str, baseline: Baseline | None) -> tuple[float, float]:
    """Tokens of a mean item, each task weighing the same, on the tasks that both sides have."""
    common = [
        task
        for task in run.traffic
        if (baseline is None or task in baseline.tasks) and task in run.answers[name]
    ]
    new = [tokens_per_item(run, name, task) for task in common]
    old = [
        baseline.tasks[t].tokens_per_item if baseline else tokens_per_item(run, run.base, t) for t in common
    ]
    return float(np.mean(new)) if new else 0.0, float(np.mean(old)) if old else 0.0


def _median_latency(run: RunRows, strategy: str) -> float:
    by_task = run.answers.get(strategy, {})
    latencies = latencies_of(by_task[task] for task in run.traffic if task in by_task)
    return float(np.median(latencies)) if len(latencies) else 0.0

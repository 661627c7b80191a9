"""The two sides of a check: what a candidate scored on a task, and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.analysis.rows import RunRows
from harness.analysis.scores import Scores, pair
from harness.config import model_told
from harness.deciding.wording import percent
from harness.gate.asked import Asked
from harness.gate.baseline import Baseline, differences
from harness.gate.spec import Against, GateFile, TaskCheck
from harness.stats import Paired


@dataclass(frozen=True)
class Candidate:
    """A candidate, and everything that its checks need.

    Attributes:
        name: The candidate, a strategy of the run.
        gate: The gate.
        asked: What is asked of it.
        run: The run with its answers and the base's.
        baseline: The baseline of what is in use; None without one.
        level: One-sided level at which it passes.
    """

    name: str
    gate: GateFile
    asked: Asked
    run: RunRows
    baseline: Baseline | None
    level: float
    _unlike: dict[tuple[str, str], list[str]] = field(default_factory=dict, init=False, repr=False)

    def unlike(self, strategy: str, task: str) -> list[str]:
        """Return, as a new list, why a strategy's answers to a task are not what is asked; cached."""
        if (strategy, task) not in self._unlike:
            self._unlike[strategy, task] = self.asked.unlike(self.run, strategy, task)
        return [*self._unlike[strategy, task]]

    @property
    def base(self) -> str:
        """The strategy that asks the candidate's model unchanged; "" if the run has none."""
        return self.run.bases.get(self.name, "")


@dataclass(frozen=True)
class Sides:
    """A task on which candidate and reference have the same items under the same conditions."""

    metric: str
    new: Scores
    old: Scores
    found: Paired
    right_from: float | None = None


Comparisons = Mapping[tuple[str, Against], Sides | tuple[str, ...]]
"""Task and reference to both sides, or to the reasons why they cannot be compared."""


def compare_all(candidate: Candidate) -> Comparisons:
    """Compare a candidate on every task that its gate checks."""
    gate, tasks = candidate.gate, candidate.asked.tasks
    wanted = [(task, check.against) for check in gate.checks for task in gate.matched(check, tasks)]
    if gate.forgetting is not None:
        wanted += [(task, "base") for task in retained(candidate.asked)]
    return {(task, against): _sides(candidate, task, against) for task, against in wanted}


def retained(asked: Asked) -> list[str]:
    """Return the retention tasks."""
    return [name for name, found in asked.tasks.items() if found.task.role == "retention"]


def checked_tasks(gate: GateFile, asked: Asked) -> dict[str, TaskCheck]:
    """Return the tasks that are checked, each with the last check that names it."""
    return {task: check for check in gate.checks for task in gate.matched(check, asked.tasks)}


def unlike(candidate: Candidate, task: str, against: Against | None) -> list[str]:
    """Say why a candidate cannot be compared on a task; empty if it can.

    Args:
        candidate: The candidate.
        task: One of the tasks that are asked.
        against: What it is compared with; None if only its own answers count.
    """
    run, asked = candidate.run, candidate.asked
    reasons = candidate.unlike(candidate.name, task)
    if against == "base":
        if not candidate.base:
            model = model_told(run.manifest.answered_by[candidate.name])
            return [f"the run has no strategy that asks {model} as it came"]
        reasons += candidate.unlike(candidate.base, task) or _failed(candidate, task)
    elif against == "baseline" and not reasons:
        if candidate.baseline is None:
            return ["there is no baseline"]
        reasons = differences(candidate.baseline, run.manifest, candidate.name, task, asked.tasks[task].items)
    return list(dict.fromkeys(reasons))


def _failed(candidate: Candidate, task: str) -> list[str]:
    """Say if too many of the base's answers failed: they count as wrong and flatter the candidate."""
    run, budget = candidate.run, candidate.gate.budgets.error_rate
    found = run.answers[candidate.base][task]
    if found.n_failed <= budget * found.n:
        return []
    return [
        f"{found.n_failed} of {found.n} answers of {candidate.base} to {task} failed "
        f"(budget {percent(budget, 1)})"
    ]


def _sides(candidate: Candidate, task: str, against: Against) -> Sides | tuple[str, ...]:
    if reasons := unlike(candidate, task, against):
        return tuple(reasons)
    run = candidate.run
    new = run.scores[candidate.name][task]
    old = (
        candidate.baseline.scores(task)
        if against == "baseline" and candidate.baseline
        else run.scores[candidate.base][task]
    )
    metric = run.manifest.metrics[task][0]
    found = pair(new, old, metric, run.clusters[task])
    right_from = run.manifest.tasks[task].right_from
    return Sides(metric, new, old, found, right_from) if found else (f"{task} has no items",)

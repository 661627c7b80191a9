"""The two sides of a check: what a candidate scored on a task, and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.analysis.rows import RunRows
from harness.analysis.scores import Scores, pair
from harness.gate.baseline import Baseline, differences
from harness.gate.spec import Against, GateFile, TaskCheck
from harness.stats import Paired
from harness.types import Task


@dataclass(frozen=True)
class Sides:
    """A task on which candidate and reference have the same items under the same conditions."""

    metric: str
    new: Scores
    old: Scores
    found: Paired
    right_from: float | None = None


Compared = Mapping[tuple[str, Against], Sides | tuple[str, ...]]
"""Task and reference to both sides, or to the reasons why they cannot be compared."""
Tasks = Mapping[str, Task]
"""The tasks that a gate's experiment has, by name."""


def compare_all(gate: GateFile, run: RunRows, name: str, baseline: Baseline | None, tasks: Tasks) -> Compared:
    """Compare a candidate on every one of the gate's ``tasks`` that it looks at."""
    wanted = [(task, check.against) for check in gate.checks for task in gate.matched(check, tasks)]
    if gate.forgetting is not None:
        wanted += [(task, "base") for task in retained(tasks)]
    return {
        (task, against): _other_task(run, tasks[task]) or _sides(run, name, task, against, baseline)
        for task, against in wanted
    }


def retained(tasks: Tasks) -> list[str]:
    """Return the retention tasks."""
    return [name for name, task in tasks.items() if task.role == "retention"]


def checked_tasks(gate: GateFile, tasks: Tasks) -> dict[str, TaskCheck]:
    """Return the tasks that are checked, each with the last check that names it."""
    return {task: check for check in gate.checks for task in gate.matched(check, tasks)}


def _other_task(run: RunRows, task: Task) -> tuple[str, ...]:
    """Say why a run's answers to a task are none to the gate's; empty where they are."""
    mine = run.manifest.tasks.get(task.name)
    if mine is None:
        return (f"{task.name} is not in the run",)
    if mine.digest != task.digest:
        return (f"{task.name} has other items, templates or settings than in the gate's experiment",)
    return ()


def _sides(
    run: RunRows, name: str, task: str, against: Against, baseline: Baseline | None
) -> Sides | tuple[str, ...]:
    metric = run.manifest.metrics[task][0]
    if against == "base":
        old = run.scores.get(run.base, {}).get(task)
    elif baseline is None:
        return ("there is no baseline",)
    elif reasons := differences(baseline, run.manifest, {task: metric}):
        return tuple(reasons)
    else:
        old = baseline.scores(task)
    new = run.scores.get(name, {}).get(task)
    if old is None or new is None:
        return (f"{task} was not answered by {name if new is None else run.base}",)
    if missing := sorted(set(old.of(metric)) - set(new.of(metric))):
        return (f"{len(missing)} items of {task} have no answer, {missing[0]} first",)
    found = pair(new, old, metric, run.clusters[task])
    right_from = run.manifest.tasks[task].right_from
    return Sides(metric, new, old, found, right_from) if found else (f"{task} has no items",)

"""The two sides of a check: what a candidate scored on a task, and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.analysis.rows import RunRows
from harness.analysis.scores import Scores, pair
from harness.gate.baseline import Baseline, differences
from harness.gate.spec import Against, GateFile, TaskCheck
from harness.stats import Paired


@dataclass(frozen=True)
class Sides:
    """A task on which candidate and reference have the same items under the same conditions."""

    metric: str
    new: Scores
    old: Scores
    found: Paired


Compared = Mapping[tuple[str, Against], Sides | tuple[str, ...]]
"""Task and reference to both sides, or to the reasons why they cannot be compared."""


def compare_all(gate: GateFile, run: RunRows, name: str, baseline: Baseline | None) -> Compared:
    """Compare a candidate on every task that the gate looks at."""
    wanted = [
        (task, check.against) for check in gate.checks for task in gate.matched(check, run.manifest.tasks)
    ]
    if gate.forgetting is not None:
        wanted += [(task, "base") for task in retained(run)]
    return {(task, against): _sides(run, name, task, against, baseline) for task, against in wanted}


def retained(run: RunRows) -> list[str]:
    """Return the retention tasks."""
    return [info.name for info in run.infos if info.role == "retention"]


def checked_tasks(gate: GateFile, run: RunRows) -> dict[str, TaskCheck]:
    """Return the tasks that are checked, each with the last check that names it."""
    return {task: check for check in gate.checks for task in gate.matched(check, run.manifest.tasks)}


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
    return Sides(metric, new, old, found) if found else (f"{task} has no items",)

"""What a gate can see before anything is run: sizes, margins, chances of an equally good candidate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import InputError
from harness.gate.spec import GateFile
from harness.stats import POWER, Suite, fewest_units, least_margin, least_times
from harness.types import Frozen, Task


class PlannedCheck(Frozen):
    """One check as its items allow it.

    ``n`` items stand in ``n_clusters`` independent groups; ``fewest`` is how many groups of one size the
    margin takes if none of them changes. ``passes`` and ``fails`` are how often an equally good candidate,
    which flips the expected share of items, passes and fails this check (0.0 to 1.0); ``needed`` is how many
    such items let it pass in four runs of five, None where thousands of times as many do not.
    """

    name: str
    n: int
    n_clusters: int
    margin: float
    fewest: int
    passes: float
    fails: float
    needed: int | None

    @property
    def enough(self) -> bool:
        """Whether an equally good candidate passes in four runs of five."""
        return self.needed is not None and self.n >= self.needed


class Plan(Frozen):
    """All checks, and how often an equally good candidate passes and fails them together (0.0 to 1.0).

    The checks are taken to err independently of each other. ``times`` is how many times as many items of
    every check let it pass them all in four runs of five, None where thousands of times as many do not.
    """

    checks: tuple[PlannedCheck, ...]
    passes: float
    fails: float
    times: float | None


def plan(gate: GateFile, tasks: Mapping[str, Task], sizes: Mapping[str, Sequence[int]], place: Path) -> Plan:
    """Return what every check can see.

    Args:
        gate: The gate.
        tasks: The experiment's tasks.
        sizes: Of each task, the test items of each cluster that will be asked; ones where items stand alone.
        place: The gate file, for errors.

    Raises:
        InputError: A check could not pass even if no item changed.
    """
    asked = [
        (key, name, margin, tuple(tuple(sizes[task]) for task in names))
        for key, name, margin, names in _asked(gate, tasks)
    ]
    for key, name, margin, of_tasks in asked:
        _refuse_too_few(key, name, margin, of_tasks, gate.alpha, place)
    suites = [
        (Suite(each, gate.expected_flips, gate.expected_together), margin) for _, _, margin, each in asked
    ]
    checks = tuple(
        _planned(gate, name, margin, suite, len(asked))
        for (_, name, margin, _), (suite, _) in zip(asked, suites, strict=True)
    )

    def enough(times: float) -> bool:
        passing = (suite.chances(margin, gate.alpha, gate.alpha, times)[0] for suite, margin in suites)
        return math.prod(passing) >= POWER

    return Plan(
        checks=checks,
        passes=math.prod(check.passes for check in checks),
        fails=1 - math.prod(1 - check.fails for check in checks),
        times=least_times(enough),
    )


def _asked(gate: GateFile, tasks: Mapping[str, Task]) -> list[tuple[str, str, float, list[str]]]:
    """Return key, name, margin and tasks of every check of a difference."""
    found: list[tuple[str, str, float, list[str]]] = []
    for index, check in enumerate(gate.checks):
        names = gate.matched(check, tasks)
        groups = [(check.tasks, names)] if check.together else [(name, [name]) for name in names]
        found += [(f"checks.{index}", name, check.margin, group) for name, group in groups]
    if gate.forgetting is not None:
        retained = [name for name, task in tasks.items() if task.role == "retention"]
        found.append(("forgetting", "forgetting", gate.forgetting, retained))
    return found


def _refuse_too_few(
    key: str, name: str, margin: float, sizes: Sequence[Sequence[int]], alpha: float, place: Path
) -> None:
    best = math.hypot(*(least_margin(each, alpha) for each in sizes)) / len(sizes)
    if best < margin:
        return
    n, groups = sum(map(sum, sizes)), sum(map(len, sizes))
    told = f"{n} items of {name}" if groups == n else f"{n} items of {name} in {groups} groups"
    alike = "" if groups == n else " of one size"
    takes = f"{fewest_units(margin, alpha, len(sizes))}{alike} that do not change"
    problem = f"{told} cannot hold a margin of {margin:g}: it takes {takes}"
    remedy = f"ask more {'items' if groups == n else 'groups'}, or set a margin above {best:.3f}"
    raise InputError(place, key, problem, remedy)


def _planned(gate: GateFile, name: str, margin: float, suite: Suite, n_checks: int) -> PlannedCheck:
    passes, fails = suite.chances(margin, gate.alpha, gate.alpha / n_checks)
    times = suite.times_for_power(margin, gate.alpha)
    return PlannedCheck(
        name=name,
        n=suite.n,
        n_clusters=sum(map(len, suite.sizes)),
        margin=margin,
        fewest=fewest_units(margin, gate.alpha, len(suite.sizes)),
        passes=passes,
        fails=fails,
        needed=None if times is None else math.ceil(times * suite.n),
    )

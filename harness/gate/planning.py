"""What a gate can see before anything is run: sizes, margins, chances of an equally good candidate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import InputError
from harness.gate.spec import GateFile
from harness.progress import Progress, SilentProgress
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


_SHOWN_FROM = 5_000
"""Units of all checks from which on planning takes a second or more, and shows how far it is."""


def plan(
    gate: GateFile,
    tasks: Mapping[str, Task],
    sizes: Mapping[str, Sequence[int]],
    place: Path,
    progress: Progress | None = None,
) -> Plan:
    """Return what every check can see.

    Args:
        gate: The gate.
        tasks: The experiment's tasks.
        sizes: Of each task, the test items of each cluster that will be asked; ones where items stand alone.
        place: The gate file, for errors.
        progress: Where a plan that takes long shows how far it is.

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
    units = sum(len(each) for _, _, _, of_tasks in asked for each in of_tasks)
    watched = progress if progress and units >= _SHOWN_FROM else SilentProgress()
    with watched.step("planning the checks", len(asked) + 1) as step:
        checks = []
        for (_, name, margin, _), (suite, _) in zip(asked, suites, strict=True):
            checks.append(_planned(gate, name, margin, suite, len(asked)))
            step.advance(1, name)
        times = least_times(lambda times: _all_pass(suites, gate.alpha, times) >= POWER)
        step.advance(1, "all together")
    return Plan(
        checks=tuple(checks),
        passes=math.prod(check.passes for check in checks),
        fails=1 - math.prod(1 - check.fails for check in checks),
        times=times,
    )


def _all_pass(suites: Sequence[tuple[Suite, float]], alpha: float, times: float) -> float:
    return math.prod(suite.passes(margin, alpha, times) for suite, margin in suites)


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
    times = suite.times_for_power(margin, gate.alpha)
    return PlannedCheck(
        name=name,
        n=suite.n,
        n_clusters=sum(map(len, suite.sizes)),
        margin=margin,
        fewest=fewest_units(margin, gate.alpha, len(suite.sizes)),
        passes=suite.passes(margin, gate.alpha),
        fails=suite.fails(margin, gate.alpha, gate.alpha / n_checks),
        needed=None if times is None else math.ceil(times * suite.n),
    )

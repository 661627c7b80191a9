"""What a gate can detect, before any run: sizes, margins, and an equal candidate's chances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError
from harness.gate.spec import GateFile
from harness.progress import Progress, SilentProgress, Step
from harness.stats import POWER, Suite, fewest_units, least_times
from harness.types import Frozen, Task


class PlannedCheck(Frozen):
    """What one check can detect with its items.

    ``n`` items form ``n_clusters`` independent groups; ``fewest`` is how many groups of one size the margin
    needs if none of them changes. ``passes`` and ``fails`` are how often an equally good candidate, which
    flips the expected share of items, passes and fails this check (0.0 to 1.0); ``needed`` is how many such
    items let it pass in 80 % of runs, None if thousands of times as many would not.
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
        """Whether an equally good candidate passes in 80 % of runs."""
        return self.needed is not None and self.n >= self.needed


class Plan(Frozen):
    """All checks, and how often an equally good candidate passes and fails them together (0.0 to 1.0).

    The checks are assumed to err independently of each other. ``times`` is how many times as many items in
    every check let it pass them all in 80 % of runs, None if thousands of times as many would not.
    """

    checks: tuple[PlannedCheck, ...]
    passes: float
    fails: float
    times: float | None


_SHOWN_FROM = 5_000
"""Units of all checks from which planning takes a second or more, and shows its progress."""


@dataclass(frozen=True)
class _Asked:
    """A check of a difference: ``key`` is its place in the gate file."""

    key: str
    name: str
    margin: float
    suite: Suite


def plan(
    gate: GateFile,
    tasks: Mapping[str, Task],
    sizes: Mapping[str, Sequence[int]],
    place: Path,
    progress: Progress | None = None,
) -> Plan:
    """Return what each check can detect, and all of them together.

    Args:
        gate: The gate.
        tasks: The experiment's tasks.
        sizes: For each task, how many items of each cluster will be asked; ones if items are independent.
        place: The gate file, for errors.
        progress: Where a slow plan shows its progress.

    Raises:
        InputError: A check could not pass even if no item changed.
    """
    asked = _asked(gate, tasks, sizes, place)

    def all_pass(times: float) -> bool:
        return math.prod(each.suite.passes(each.margin, gate.alpha, times) for each in asked) >= POWER

    with _watched(progress, asked, len(asked) + 1) as step:
        checks = _planned(gate, asked, step)
        times = least_times(all_pass)
        step.advance(1, "all together")
    return Plan(
        checks=checks,
        passes=math.prod(check.passes for check in checks),
        fails=1 - math.prod(1 - check.fails for check in checks),
        times=times,
    )


def planned_checks(
    gate: GateFile,
    tasks: Mapping[str, Task],
    sizes: Mapping[str, Sequence[int]],
    place: Path,
    progress: Progress | None = None,
) -> tuple[PlannedCheck, ...]:
    """Return what each check can detect by itself, as a gate prints before it runs; see `plan`."""
    asked = _asked(gate, tasks, sizes, place)
    with _watched(progress, asked, len(asked)) as step:
        return _planned(gate, asked, step)


def _asked(
    gate: GateFile, tasks: Mapping[str, Task], sizes: Mapping[str, Sequence[int]], place: Path
) -> list[_Asked]:
    """Return every check of a difference; refuse the first that could not pass."""
    found: list[tuple[str, str, float, list[str]]] = []
    for index, check in enumerate(gate.checks):
        names = gate.matched(check, tasks)
        groups = [(check.tasks, names)] if check.together else [(name, [name]) for name in names]
        found += [(f"checks.{index}", name, check.margin, group) for name, group in groups]
    if gate.forgetting is not None:
        retained = [name for name, task in tasks.items() if task.role == "retention"]
        found.append(("forgetting", "forgetting", gate.forgetting, retained))
    flips, together = gate.expected_flips, gate.expected_together
    asked = [
        _Asked(key, name, margin, Suite(tuple(tuple(sizes[task]) for task in names), flips, together))
        for key, name, margin, names in found
    ]
    for each in asked:
        _refuse_too_few(each, gate.alpha, place)
    return asked


def _watched(progress: Progress | None, asked: Sequence[_Asked], total: int) -> AbstractContextManager[Step]:
    units = sum(each.suite.n_clusters for each in asked)
    watched = progress if progress and units >= _SHOWN_FROM else SilentProgress()
    return watched.step("planning the checks", total)


def _refuse_too_few(asked: _Asked, alpha: float, place: Path) -> None:
    suite, margin, best = asked.suite, asked.margin, asked.suite.least_margin(alpha)
    if best < margin:
        return
    n, groups = suite.n, suite.n_clusters
    told = f"{n} items of {asked.name}" if groups == n else f"{n} items of {asked.name} in {groups} groups"
    alike = "" if groups == n else " of one size"
    takes = f"{fewest_units(margin, alpha, len(suite.sizes))}{alike} that do not change"
    problem = f"{told} cannot hold a margin of {margin:g}: it takes {takes}"
    remedy = f"ask more {'items' if groups == n else 'groups'}, or set a margin above {best:.3f}"
    raise InputError(place, asked.key, problem, remedy)


def _planned(gate: GateFile, asked: Sequence[_Asked], step: Step) -> tuple[PlannedCheck, ...]:
    checks = []
    for each in asked:
        suite, margin = each.suite, each.margin
        times = suite.times_for_power(margin, gate.alpha)
        checks.append(
            PlannedCheck(
                name=each.name,
                n=suite.n,
                n_clusters=suite.n_clusters,
                margin=margin,
                fewest=fewest_units(margin, gate.alpha, len(suite.sizes)),
                passes=suite.passes(margin, gate.alpha),
                fails=suite.fails(margin, gate.alpha, gate.alpha / len(asked)),
                needed=None if times is None else math.ceil(times * suite.n),
            )
        )
        step.advance(1, each.name)
    return tuple(checks)

"""The records of a history: runs, and every strategy on every task over them."""

from __future__ import annotations

from typing import Literal

from harness.analysis.across_runs import (
    Reading,
)
from harness.types import Frozen, Role


class RunFacts(Frozen):
    """One run of a history.

    ``label`` is its name, with the folder where several runs have that name. ``models`` are its models as
    they are called, each with the digest of its weights. ``changed`` names what differs from the run before
    beside tasks and strategies.
    """

    label: str
    name: str
    folder: str
    created: str
    git_revision: str
    models: dict[str, str]
    verdict: str | None
    changed: tuple[str, ...]


class Change(Frozen):
    """Difference ``this - earlier`` in the primary metric, on the items that both runs have.

    ``earlier`` is the place of that run among the history's. ``p_holm`` is corrected for all changes of the
    history.
    """

    earlier: int
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    p_holm: float
    n: int
    reading: Reading


class Obstacle(Frozen):
    """Why a score is not compared with that of the run ``earlier``.

    One of both is ``unfinished``, or ``settings`` differ; without either no item is in both.
    """

    earlier: int
    settings: tuple[str, ...]
    unfinished: bool = False


class Figure(Frozen):
    """A strategy's score on a task in its primary metric, with its 95 % interval, all in [0, 1].

    ``errors`` of the ``n`` items failed and count as 0.
    """

    metric: str
    mean: float
    ci_low: float
    ci_high: float
    n: int
    errors: int


class Point(Figure):
    """The score in the run at place ``run``.

    The first run that has the strategy and task has neither ``change`` nor ``obstacle``; every other one has
    one of the two.
    """

    run: int
    change: Change | None = None
    obstacle: Obstacle | None = None


class Series(Frozen):
    """A strategy on a task over the runs that have it, oldest first."""

    strategy: str
    points: tuple[Point, ...]


class TaskHistory(Frozen):
    """All strategies on one task; role and metric are those of the newest run that has the task."""

    task: str
    role: Role
    metric: str
    series: tuple[Series, ...]


class Finding(Frozen):
    """A proven change: place of the later run, and what changed."""

    task: str
    strategy: str
    run: int
    change: Change


class History(Frozen):
    """Runs, oldest first, and every strategy on every task over them."""

    schema_version: Literal[2] = 2
    runs: tuple[RunFacts, ...]
    tasks: tuple[TaskHistory, ...]
    regressions: tuple[Finding, ...]
    improvements: tuple[Finding, ...]
    n_compared: int
    n_not_comparable: int

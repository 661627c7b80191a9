"""The records of ``summary.json``, a stable schema: shares in [0, 1], times in seconds, sizes in bytes."""

from __future__ import annotations

from typing import Literal

from harness.analysis.costs import Judging, StrategyCost
from harness.analysis.losses import (
    BehaviourChange,
    Continual,
    InformationChange,
    StrategyDrift,
    TaskFlips,
    Tradeoff,
)
from harness.execution.drift import Noise
from harness.types import Failure, Frozen, Kind, Role


class TaskInfo(Frozen):
    """A task as the summary names it; ``n_test`` items were asked.

    ``remarks`` are what loading it has changed or passed over.
    """

    name: str
    kind: Kind
    role: Role
    description: str
    primary_metric: str
    n_test: int
    random_baseline: float
    right_from: float | None = None
    remarks: tuple[str, ...] = ()


class Cell(Frozen):
    """One metric of one strategy on one task.

    ``mean`` and its 95 % interval are in [0, 1]. ``n`` items enter; ``errors`` of them failed and count as 0,
    and so do those with ``malformed`` answers, which held no answer as the task wants it. ``complete`` is
    False where answers of the strategy to the task are missing: the score is that of those which are there.
    Seeds and repeats are averaged within the item first, so they are not more ``n``.
    """

    strategy: str
    task: str
    metric: str
    primary: bool
    mean: float
    ci_low: float
    ci_high: float
    n: int
    errors: int
    malformed: int = 0
    complete: bool = True


class Contrast(Frozen):
    """Difference ``strategy - reference`` in a task's primary metric on the same items.

    ``p_holm`` is ``p_value`` corrected for all contrasts of the task. ``wins`` and ``losses`` count the items
    on which one of the two is better. ``detectable`` is the least true difference that such data would show
    (at 5 % over all strategies of the task, with power 0.8). ``bca_low`` and ``bca_high`` are a second
    opinion from the bootstrap.
    """

    strategy: str
    reference: str
    task: str
    metric: str
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    p_holm: float
    n: int
    n_clusters: int
    n_seeds: int
    wins: int
    losses: int
    method: str
    test: str
    detectable: float
    bca_low: float | None = None
    bca_high: float | None = None


class MacroContrast(Frozen):
    """Mean over tasks of the differences from the reference, every task weighing the same.

    ``p_holm`` is ``p_value`` corrected for all strategies that are compared with the reference.
    """

    strategy: str
    reference: str
    role: Role
    mean: float
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    p_holm: float
    n_tasks: int
    n_items: int
    n_seeds: int
    detectable: float


class Attribution(Frozen):
    """Where a retrieving strategy's answers to one task's questions come from, in items.

    Only items that name the documents which hold their answer count. Retrieval has found one when it showed
    any of them. ``generation_missed`` had it shown and is wrong all the same, ``from_memory`` is right
    without it, ``retrieval_missed`` is wrong without it.
    """

    strategy: str
    task: str
    n: int
    found_and_right: int
    generation_missed: int
    from_memory: int
    retrieval_missed: int


class TagScore(Frozen):
    """The primary score of the items that carry one tag; ``mean`` and its 95 % interval are in [0, 1]."""

    strategy: str
    task: str
    tag: str
    mean: float
    ci_low: float
    ci_high: float
    n: int


class StrategyFailure(Frozen):
    """A strategy that could not be prepared."""

    strategy: str
    seed: int
    error: Failure


class Missing(Frozen):
    """What a strategy lacks of what the experiment asks: ``done`` of ``wanted`` are there.

    ``answers`` are those to the ``task``: every item with every seed and repeat. Of a ``preparation``, and of
    the ``measurements`` that are made of adapted weights beside their answers, there is one for each seed;
    ``error`` is why those could not be made.
    """

    strategy: str
    what: Literal["answers", "preparation", "measurements"]
    task: str = ""
    done: int
    wanted: int
    error: str = ""

    @property
    def text(self) -> str:
        """What is lacking, as one clause."""
        of = f"{self.done:,} of {self.wanted:,}"
        if self.what == "answers":
            return f"{self.task} ({of} answers)"
        named = "its preparation" if self.what == "preparation" else "measurements of its weights"
        return f"{named} ({of} seeds)" + (f": {self.error}" if self.error else "")


class PreparationNote(Frozen):
    """What a strategy's preparation says that a reader must know: ``notes`` of its record."""

    strategy: str
    seed: int
    text: str


class RunVerdict(Frozen):
    """The decision in a paragraph, under the usual prices; ``winner`` is None while nothing is proven."""

    line: str
    winner: str | None


class Summary(Frozen):
    """All of ``summary.json``.

    ``contrasts`` are against the incumbent on target tasks. ``forgetting``, ``behaviour``, ``drift`` and
    ``information`` are against the strategy that asks the same model as it came, by ``bases``, where a
    strategy without one has no entry; ``noise`` are these bases against themselves. ``answered_by`` names the
    model of each strategy. ``tags`` has the tags of at least ten items, where a task has more than one of
    them. ``missing`` says what is not finished: such strategies are compared with no other on the tasks that
    they lack.
    """

    schema_version: Literal[2] = 2
    name: str
    incumbent: str
    bases: dict[str, str]
    answered_by: dict[str, str]
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    tasks: tuple[TaskInfo, ...]
    cells: tuple[Cell, ...]
    contrasts: tuple[Contrast, ...]
    forgetting: tuple[Contrast, ...]
    flips: tuple[TaskFlips, ...]
    tradeoffs: tuple[Tradeoff, ...]
    behaviour: tuple[BehaviourChange, ...]
    drift: tuple[StrategyDrift, ...]
    information: tuple[InformationChange, ...] = ()
    noise: tuple[Noise, ...]
    attribution: tuple[Attribution, ...]
    tags: tuple[TagScore, ...]
    continual: tuple[Continual, ...]
    macro: tuple[MacroContrast, ...]
    costs: tuple[StrategyCost, ...]
    judging: tuple[Judging, ...] = ()
    failures: tuple[StrategyFailure, ...]
    missing: tuple[Missing, ...] = ()
    notes: tuple[PreparationNote, ...] = ()
    items: int
    errors: int
    verdict: RunVerdict | None = None

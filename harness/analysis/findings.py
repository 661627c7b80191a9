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

    ``remarks`` say what loading it changed or skipped.
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

    ``mean`` and its 95 % interval are in [0, 1]. ``n`` is the number of items; ``errors`` of them failed and
    count as 0, as do ``malformed`` answers, which did not have the form that the task wants. ``complete`` is
    False if answers of the strategy to the task are missing: the score is over the existing ones.
    Seeds and repeats are averaged within the item first, so they do not increase ``n``.
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
    on which one of the two is better. ``detectable`` is the smallest true difference that such data would
    detect (at 5 % over all strategies of the task, with power 0.8). ``bca_low`` and ``bca_high`` are the
    bootstrap's BCa interval, as a cross-check.
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
    """Mean over tasks of the differences from the reference, with equal task weights.

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

    Only items that name the documents with their answer count. Retrieval succeeded if it showed any of them.
    ``generation_missed``: it was shown, but the answer is wrong; ``from_memory``: it was not shown, but the
    answer is right; ``retrieval_missed``: it was not shown, and the answer is wrong.
    """

    strategy: str
    task: str
    n: int
    found_and_right: int
    generation_missed: int
    from_memory: int
    retrieval_missed: int


class TagScore(Frozen):
    """The primary score of the items with one tag; ``mean`` and its 95 % interval are in [0, 1]."""

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
    """What a strategy has not finished of what the experiment asks: ``done`` of ``wanted`` exist.

    ``answers`` are to the ``task``: every item with every seed and repeat. There is one ``preparation`` for
    each seed, and one set of the ``measurements`` that are made on adapted weights in addition to their
    answers; ``error`` says why those could not be made.
    """

    strategy: str
    what: Literal["answers", "preparation", "measurements"]
    task: str = ""
    done: int
    wanted: int
    error: str = ""

    @property
    def text(self) -> str:
        """What is missing, as one clause."""
        of = f"{self.done:,} of {self.wanted:,}"
        if self.what == "answers":
            return f"{self.task} ({of} answers)"
        named = "its preparation" if self.what == "preparation" else "measurements of its weights"
        return f"{named} ({of} seeds)" + (f": {self.error}" if self.error else "")


class PreparationNote(Frozen):
    """What a reader must know about a strategy's preparation: ``notes`` of its record."""

    strategy: str
    seed: int
    text: str


class RunVerdict(Frozen):
    """The decision in a paragraph, with the default prices; ``winner`` is None if nothing is significant."""

    line: str
    winner: str | None


class Summary(Frozen):
    """All of ``summary.json``.

    ``contrasts`` are against the incumbent on target tasks. ``forgetting``, ``behaviour``, ``drift`` and
    ``information`` are against the strategy that asks the same model unchanged, listed in ``bases``, where a
    strategy without one has no entry; ``noise`` compares these bases with themselves. ``answered_by`` names
    the model of each strategy. ``tags`` has the tags with at least ten items, if a task has more than one
    such tag. ``missing`` says what is not finished: an unfinished strategy is not compared on the tasks that
    it has not finished.
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

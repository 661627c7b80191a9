"""The records of ``summary.json``, a stable schema: shares in [0, 1], times in seconds, sizes in bytes."""

from __future__ import annotations

from typing import Literal

from harness.types import Failure, Frozen, Kind, PrepareCost, Role


class TaskInfo(Frozen):
    """A task as the summary names it; ``n_test`` items were asked."""

    name: str
    kind: Kind
    role: Role
    description: str
    primary_metric: str
    n_test: int
    random_baseline: float


class Cell(Frozen):
    """One metric of one strategy on one task.

    ``mean`` and its 95 % interval are in [0, 1]. ``n`` items enter; ``errors`` of them failed and count as 0.
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


class Contrast(Frozen):
    """Difference ``strategy - reference`` in a task's primary metric on the same items."""

    strategy: str
    reference: str
    task: str
    metric: str
    difference: float
    ci_low: float
    ci_high: float
    n: int
    method: str


class MacroContrast(Frozen):
    """Mean over tasks of the differences from the reference, every task weighing the same."""

    strategy: str
    reference: str
    role: Role
    mean: float
    difference: float
    ci_low: float
    ci_high: float
    n_tasks: int
    n_items: int


class StrategyCost(Frozen):
    """What a strategy costs, measured. ``prepare`` is the mean over seeds; tokens are means per item."""

    strategy: str
    prepare: PrepareCost
    prompt_tokens: float
    cached_prompt_tokens: float
    completion_tokens: float
    embedding_tokens: float
    latency_p50_s: float
    latency_p95_s: float
    n_answers: int
    cut: int


class StrategyFailure(Frozen):
    """A strategy that could not be prepared."""

    strategy: str
    seed: int
    error: Failure


class Verdict(Frozen):
    """The closing line; ``winner`` is None while nothing is proven."""

    line: str
    winner: str | None


class Summary(Frozen):
    """All of ``summary.json``.

    ``contrasts`` are against the incumbent on target tasks, ``forgetting`` against ``base``, the strategy
    that asks the model as it came, on retention tasks.
    """

    schema_version: Literal[1] = 1
    name: str
    incumbent: str
    base: str
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    tasks: tuple[TaskInfo, ...]
    cells: tuple[Cell, ...]
    contrasts: tuple[Contrast, ...]
    forgetting: tuple[Contrast, ...]
    macro: tuple[MacroContrast, ...]
    costs: tuple[StrategyCost, ...]
    failures: tuple[StrategyFailure, ...]
    items: int
    errors: int
    verdict: Verdict

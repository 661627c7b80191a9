"""The records of what answers, preparing and judging took; a part of ``summary.json``.

Times are in seconds.
"""

from __future__ import annotations

from harness.execution.drift import MergedLatency
from harness.types import Frozen, PrepareCost


class AnswerCost(Frozen):
    """What a mean answer takes, measured.

    ``shared_prompt_tokens`` are those that all prompts of a task begin with, which a cache can keep.
    ``device_s`` is the time an answer took in its batch, and ``flops`` estimates its arithmetic as
    2 x weights x tokens.
    """

    prompt_tokens: float
    cached_prompt_tokens: float
    completion_tokens: float
    embedding_tokens: float
    shared_prompt_tokens: float
    device_s: float
    flops: float


AMOUNTS = ("prompt_tokens", "completion_tokens", "embedding_tokens", "device_s")
"""Figures of an answer that a price is put on; names of `AnswerCost`."""


class TaskCost(AnswerCost):
    """What a strategy's mean answer on one task takes, and which share of the traffic the task has.

    ``covariance`` is that of the means of `AMOUNTS`, in this order, over the ``n_clusters`` items or clusters
    of items that were answered: what another draw of items would have changed. Empty where it is not known.
    """

    task: str
    n_answers: int
    share: float = 1.0
    latency_p50_s: float = 0.0
    latency_p95_s: float = 0.0
    n_clusters: int = 0
    covariance: tuple[tuple[float, ...], ...] = ()


class StrategyCost(AnswerCost):
    """What a strategy costs, measured. ``prepare`` is the mean over seeds; the rest is that of a mean answer.

    Answers are those to the target tasks, each task weighing the same: retention tasks are an examination,
    no traffic. ``tasks`` has each by itself; each weighs the same in the quantiles of latency, too.
    ``merged`` compares the adapter apart from its base and merged into it.
    """

    strategy: str
    prepare: PrepareCost
    latency_p50_s: float
    latency_p95_s: float
    tasks: tuple[TaskCost, ...] = ()
    merged: tuple[MergedLatency, ...] = ()
    n_answers: int
    cut: int


class Judging(Frozen):
    """What metrics took that ask ``model``, on the answers of one strategy to one task: no part of its cost.

    ``n`` judgements asked it; the rest are sums over them.
    """

    strategy: str
    task: str
    model: str
    n: int
    prompt_tokens: int
    completion_tokens: int
    latency_s: float

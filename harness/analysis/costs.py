"""Records of what answering, preparing and judging cost; part of ``summary.json``.

Times are in seconds.
"""

from __future__ import annotations

from harness.execution.drift import MergedLatency
from harness.types import Frozen, PrepareCost


class AnswerCost(Frozen):
    """Measured cost of a mean answer.

    ``shared_prompt_tokens`` are the common prefix of all prompts of a task, which can be cached.
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
"""The priced figures of an answer; fields of `AnswerCost`."""


class TaskCost(AnswerCost):
    """Cost of a strategy's mean answer on one task, and the task's share of the traffic.

    ``covariance`` is that of the means of `AMOUNTS`, in this order, over the ``n_clusters`` answered items or
    clusters of items: the sampling error from the draw of items. Empty if it is not known.
    """

    task: str
    n_answers: int
    share: float = 1.0
    latency_p50_s: float = 0.0
    latency_p95_s: float = 0.0
    n_clusters: int = 0
    covariance: tuple[tuple[float, ...], ...] = ()


class StrategyCost(AnswerCost):
    """Measured cost of a strategy. ``prepare`` is the mean over seeds; the rest is for a mean answer.

    Only answers to the target tasks count, with equal task weights: retention tasks are tests, not traffic.
    ``tasks`` has each task by itself; tasks weigh the same in the latency quantiles, too. ``merged`` compares
    latency with the adapter separate from its base and merged into it.
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
    """Cost of the metrics that ask ``model`` about one strategy's answers to one task; not a strategy cost.

    ``n`` is the number of judgements that asked it; the other figures are sums over them.
    """

    strategy: str
    task: str
    model: str
    n: int
    prompt_tokens: int
    completion_tokens: int
    latency_s: float

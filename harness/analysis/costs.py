"""What strategies cost, measured on the traffic: the target tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.analysis.answers import Answers
from harness.analysis.findings import StrategyCost, TaskTraffic, Traffic
from harness.analysis.rows import RunRows
from harness.types import PrepareCost

_SQUARED = ("prompt_tokens_se", "completion_tokens_se", "device_s_se")


def costs_of(run: RunRows) -> Iterable[StrategyCost]:
    """Yield the cost of every strategy that was prepared and has an answer to the traffic."""
    for strategy, by_task in run.answers.items():
        found = {
            name: by_task[name] for name in run.traffic if name in by_task and len(by_task[name].latencies_s)
        }
        mine = [p.cost for p in run.prepared if p.strategy == strategy and p.error is None]
        if not found or not mine:
            continue
        traffic = [_traffic(name, each, run.manifest.model.parameters) for name, each in found.items()]
        shares = {name: 1 / len(found) for name in found}
        p50, p95 = latency_quantiles(list(found.values()), (0.5, 0.95))
        yield StrategyCost(
            strategy=strategy,
            prepare=_mean_cost(mine, adapted=any(probe.adapter for probe in run.probes[strategy])),
            by_task=tuple(traffic),
            latency_p50_s=p50,
            latency_p95_s=p95,
            merged=tuple(probe.merged for probe in run.probes[strategy] if probe.merged),
            n_answers=sum(len(each.latencies_s) for each in found.values()),
            cut=sum(each.n_cut for each in found.values()),
            **mean_traffic(traffic, shares).model_dump(),
        )


def mean_traffic(tasks: Sequence[TaskTraffic], shares: Mapping[str, float]) -> Traffic:
    """Return the weighted mean of several tasks, whose errors are independent.

    Args:
        tasks: What a mean answer to each task takes.
        shares: Weight of each task; those that are not there weigh 0, and the rest is scaled to sum to 1.
    """
    weights = [shares.get(each.task, 0.0) for each in tasks]
    total = sum(weights) or 1.0
    parts = [(weight / total, each) for weight, each in zip(weights, tasks, strict=True)]
    means: dict[str, float] = {}
    for name in Traffic.model_fields:
        power = 2 if name in (*_SQUARED, "tokens_covariance") else 1
        values = [getattr(each, name) ** (2 if name in _SQUARED else 1) for _, each in parts]
        mean = sum(weight**power * value for (weight, _), value in zip(parts, values, strict=True))
        means[name] = mean**0.5 if name in _SQUARED else mean
    return Traffic(**means)


def _traffic(task: str, found: Answers, parameters: int) -> TaskTraffic:
    n, usage = len(found.latencies_s), found.usage
    spread = _covariances(found)
    prompt_se, completion_se, device_se = np.sqrt(np.diag(spread))
    p50, p95 = latency_quantiles([found], (0.5, 0.95))
    return TaskTraffic(
        task=task,
        prompt_tokens=usage.prompt / n,
        cached_prompt_tokens=usage.cached_prompt / n,
        completion_tokens=usage.completion / n,
        embedding_tokens=found.embedding_tokens / n,
        shared_prompt_tokens=found.shared_tokens / n,
        device_s=float(np.mean(found.latencies_s)),
        flops=2.0 * parameters * (usage.prompt + found.decoded_tokens) / n,
        prompt_tokens_se=float(prompt_se),
        completion_tokens_se=float(completion_se),
        tokens_covariance=float(spread[0, 1]),
        device_s_se=float(device_se),
        latency_p50_s=p50,
        latency_p95_s=p95,
        n_answers=n,
    )


def _covariances(found: Answers) -> Any:
    """Return the covariances of the means of prompt tokens, completion tokens and seconds, shape (3, 3)."""
    n = len(found.measured)
    return np.cov(found.measured, rowvar=False) / n if n > 1 else np.zeros((3, 3))


def latency_quantiles(tasks: Sequence[Answers], shares: Sequence[float]) -> list[float]:
    """Return quantiles of the seconds of an answer, every task weighing the same."""
    if len(tasks) == 1:
        return [float(np.quantile(tasks[0].latencies_s, share)) for share in shares]
    values = np.concatenate([each.latencies_s for each in tasks])
    weights = np.concatenate([np.full(len(e.latencies_s), 1 / len(e.latencies_s)) for e in tasks])
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) / len(tasks)
    at = np.minimum(np.searchsorted(below, np.array(shares) - 1e-12), len(values) - 1)
    return [float(value) for value in values[order][at]]


def _mean_cost(costs: Sequence[PrepareCost], adapted: bool) -> PrepareCost:
    """Return the mean over seeds; what was trained or measured with an adapter answers with one."""
    means: dict[str, Any] = {}
    for name, field in PrepareCost.model_fields.items():
        mean = float(np.mean([getattr(cost, name) for cost in costs]))
        means[name] = round(mean) if field.annotation is int else mean
    adapted = adapted or any(cost.adapted or cost.trained_tokens for cost in costs)
    return PrepareCost(**means | {"adapted": adapted})

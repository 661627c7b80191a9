"""``summary.json``: what a run found, as a pure function of its manifest and its store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.comparison import Comparison, Table
from harness.drift import Probes
from harness.findings import (
    BehaviourChange,
    Cell,
    StrategyCost,
    StrategyDrift,
    StrategyFailure,
    Summary,
    TaskFlips,
    TaskInfo,
    Verdict,
)
from harness.forgetting import behaviour_changes, continual_of, flips_of, mean_drift
from harness.scores import Clusters, clusters_of, mean_with_interval, scores_of
from harness.store import Preparation, Store
from harness.tasks.selection import chosen
from harness.types import ItemResult, PrepareCost, Role, RunManifest, Task, TaskItem, TokenUsage
from harness.verdict import decide


def summarize(manifest: RunManifest, store: Store) -> Summary:
    """Compute the summary of a run from its stored rows; no model is needed."""
    experiment = manifest.experiment
    asked = {
        name: {item.id for item in chosen(list(store.items(task.digest).values()), experiment["limit"])}
        for name, task in manifest.tasks.items()
    }
    rows = {
        strategy: {
            task: [row for row in store.results([recipe]) if row.item_id in asked[task]]
            for task, recipe in recipes.items()
        }
        for strategy, recipes in manifest.recipes.items()
    }
    scores = {
        strategy: {task: scores_of(found, manifest.metrics[task]) for task, found in by_task.items() if found}
        for strategy, by_task in rows.items()
    }
    prepared = store.preparations(manifest.preparations.values())
    infos = tuple(
        _task_info(task, manifest.metrics[name][0], len(asked[name])) for name, task in manifest.tasks.items()
    )
    items = {name: store.items(task.digest) for name, task in manifest.tasks.items()}
    clusters = {name: clusters_of(task, items[name]) for name, task in manifest.tasks.items()}
    probes = {
        name: [Probes.model_validate_json(kept) for kept in store.probes(recipe).values()]
        for name, recipe in manifest.preparations.items()
    }
    references: dict[Role, str] = {"target": str(experiment["incumbent"]), "retention": base_of(experiment)}
    compared = {role: Comparison.of(scores, infos, role, name, clusters) for role, name in references.items()}
    draft = Summary(
        name=manifest.name,
        incumbent=references["target"],
        base=references["retention"],
        strategies=tuple(manifest.recipes),
        seeds=tuple(experiment["seeds"]),
        tasks=infos,
        cells=tuple(_cells(scores, infos, clusters)),
        contrasts=compared["target"].contrasts(),
        forgetting=compared["retention"].contrasts(),
        flips=tuple(_flips(scores, infos, references["retention"])),
        behaviour=tuple(_behaviour(rows, manifest.tasks, items, clusters, references["retention"])),
        drift=tuple(drift for drift in (_drift(name, probes[name]) for name in rows) if drift),
        noise=tuple(each for found in probes.values() for probe in found for each in probe.noise),
        continual=tuple(continual_of(experiment["strategies"], _means(scores, infos))),
        macro=tuple(macro for each in compared.values() for macro in each.macros(scores)),
        costs=tuple(_costs(rows, prepared, probes, manifest.model.parameters)),
        failures=tuple(
            StrategyFailure(strategy=p.strategy, seed=p.seed, error=p.error) for p in prepared if p.error
        ),
        items=sum(len(found) for by_task in rows.values() for found in by_task.values()),
        errors=sum(
            row.error is not None for by_task in rows.values() for found in by_task.values() for row in found
        ),
        verdict=Verdict(line="", winner=None),
    )
    return draft.model_copy(update={"verdict": decide(draft)})


def base_of(experiment: Mapping[str, Any]) -> str:
    """Return the strategy that asks the model as it came: plain zero-shot, or else the incumbent."""
    entries = experiment["strategies"].items()
    return next(
        (name for name, entry in entries if entry["use"] == "zero_shot"), str(experiment["incumbent"])
    )


def _task_info(task: Task, primary_metric: str, n_test: int) -> TaskInfo:
    return TaskInfo(
        name=task.name,
        kind=task.kind,
        role=task.role,
        description=task.description,
        primary_metric=primary_metric,
        n_test=n_test,
        random_baseline=task.random_baseline,
    )


def _cells(scores: Table, infos: Sequence[TaskInfo], clusters: Mapping[str, Clusters]) -> Iterable[Cell]:
    primary = {info.name: info.primary_metric for info in infos}
    for strategy, by_task in scores.items():
        for task, found in by_task.items():
            for metric in found.by_metric:
                items = found.of(metric)
                if not items:
                    continue
                mean, low, high, n = mean_with_interval(found, metric, clusters[task])
                yield Cell(
                    strategy=strategy,
                    task=task,
                    metric=metric,
                    primary=metric == primary[task],
                    mean=mean,
                    ci_low=low,
                    ci_high=high,
                    n=n,
                    errors=len(found.failed & items.keys()),
                )


def _flips(scores: Table, infos: Sequence[TaskInfo], base: str) -> Iterable[TaskFlips]:
    for strategy, by_task in scores.items():
        for info in (info for info in infos if info.role == "retention" and strategy != base):
            if info.name in by_task and info.name in scores.get(base, {}):
                new, old = by_task[info.name], scores[base][info.name]
                yield flips_of(strategy, info.name, info.primary_metric, new, old)


def _behaviour(
    rows: Mapping[str, Mapping[str, Sequence[ItemResult]]],
    tasks: Mapping[str, Task],
    items: Mapping[str, Mapping[str, TaskItem]],
    clusters: Mapping[str, Clusters],
    base: str,
) -> Iterable[BehaviourChange]:
    for strategy, by_task in rows.items():
        for name, task in tasks.items() if strategy != base and base in rows else ():
            new, old = by_task[name], rows[base][name]
            yield from behaviour_changes(strategy, task, items[name], new, old, clusters[name])


def _drift(strategy: str, probes: Sequence[Probes]) -> StrategyDrift | None:
    return mean_drift(strategy, [probe.drift for probe in probes if probe.drift])


def _means(scores: Table, infos: Sequence[TaskInfo]) -> dict[str, dict[str, float]]:
    """Strategy, then task, to the mean primary score."""
    primary = {info.name: info.primary_metric for info in infos}
    return {
        strategy: {
            task: float(np.mean(list(found.of(primary[task]).values())))
            for task, found in by_task.items()
            if found.of(primary[task])
        }
        for strategy, by_task in scores.items()
    }


def _costs(
    rows: Mapping[str, Mapping[str, Sequence[ItemResult]]],
    prepared: Sequence[Preparation],
    probes: Mapping[str, Sequence[Probes]],
    parameters: int,
) -> Iterable[StrategyCost]:
    for strategy, by_task in rows.items():
        answered = [row for found in by_task.values() for row in found if row.generation and row.request]
        mine = [p.cost for p in prepared if p.strategy == strategy and p.error is None]
        if not answered or not mine:
            continue
        usage = sum((row.generation.usage for row in answered if row.generation), TokenUsage())
        embedding = sum(row.request.embedding_tokens for row in answered if row.request)
        latencies = [row.generation.latency_s for row in answered if row.generation]
        n = len(answered)
        yield StrategyCost(
            strategy=strategy,
            prepare=_mean_cost(mine),
            prompt_tokens=usage.prompt / n,
            cached_prompt_tokens=usage.cached_prompt / n,
            completion_tokens=usage.completion / n,
            embedding_tokens=embedding / n,
            shared_prompt_tokens=sum(map(_shared_tokens, by_task.values())) / n,
            device_s=float(np.mean(latencies)),
            flops=2.0 * parameters * (usage.prompt + usage.completion) / n,
            latency_p50_s=float(np.percentile(latencies, 50)),
            latency_p95_s=float(np.percentile(latencies, 95)),
            merged=tuple(probe.merged for probe in probes[strategy] if probe.merged),
            n_answers=n,
            cut=sum(row.request.cut > 0 for row in answered if row.request),
        )


def _shared_tokens(rows: Sequence[ItemResult]) -> float:
    """Prompt tokens that a cache of the common beginning of a task's prompts would serve, of all its rows.

    The beginning is found in characters; tokens are taken to be spread evenly over them.
    """
    texts = {}
    total = 0
    for row in (row for row in rows if row.request and row.generation):
        assert row.request is not None
        assert row.generation is not None
        texts[row.item_id] = "\n".join(message.content for message in row.request.messages)
        total += row.generation.usage.prompt
    if len(texts) < 2:
        return 0.0
    first, last = min(texts.values()), max(texts.values())
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return total * shared * len(texts) / max(1, sum(map(len, texts.values())))


def _mean_cost(costs: Sequence[PrepareCost]) -> PrepareCost:
    names = PrepareCost.model_fields
    means: dict[str, Any] = {name: np.mean([getattr(cost, name) for cost in costs]) for name in names}
    return PrepareCost(
        **{name: (round(v) if names[name].annotation is int else float(v)) for name, v in means.items()}
    )

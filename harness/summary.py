"""``summary.json``: what a run found, as a pure function of its manifest and its store."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.findings import (
    Cell,
    Contrast,
    MacroContrast,
    StrategyCost,
    StrategyFailure,
    Summary,
    TaskInfo,
    Verdict,
)
from harness.stats import interval, paired_difference
from harness.store import Preparation, Store
from harness.tasks.selection import chosen
from harness.types import ItemResult, PrepareCost, Role, RunManifest, Task, TokenUsage
from harness.verdict import decide


@dataclass(frozen=True)
class Scores:
    """Per-item scores of one strategy on one task: item id to mean over seeds and repeats."""

    by_metric: Mapping[str, Mapping[str, float]]
    failed: frozenset[str]


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
        strategy: {
            task: item_scores(found, manifest.metrics[task]) for task, found in by_task.items() if found
        }
        for strategy, by_task in rows.items()
    }
    prepared = store.preparations(manifest.preparations.values())
    infos = tuple(
        _task_info(task, manifest.metrics[name][0], len(asked[name])) for name, task in manifest.tasks.items()
    )
    references: dict[Role, str] = {"target": str(experiment["incumbent"]), "retention": base_of(experiment)}
    draft = Summary(
        name=manifest.name,
        incumbent=references["target"],
        base=references["retention"],
        strategies=tuple(manifest.recipes),
        seeds=tuple(experiment["seeds"]),
        tasks=infos,
        cells=tuple(_cells(scores, infos)),
        contrasts=tuple(_contrasts(scores, infos, "target", references["target"])),
        forgetting=tuple(_contrasts(scores, infos, "retention", references["retention"])),
        macro=tuple(
            macro for role, name in references.items() for macro in _macros(scores, infos, role, name)
        ),
        costs=tuple(_costs(rows, prepared)),
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


def item_scores(rows: Iterable[ItemResult], metrics: Sequence[str]) -> Scores:
    """Average the rows of one strategy and task within each item.

    A failed row scores 0 in every one of the task's ``metrics``. Other scores (of retrieval) are averaged
    over the rows that have them.
    """
    rows = list(rows)
    names = [*metrics, *sorted({name for row in rows for name in row.scores} - set(metrics))]
    values: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in names}
    for row in rows:
        found = dict.fromkeys(metrics, 0.0) if row.error is not None else row.scores
        for name, score in found.items():
            values[name][row.item_id].append(score)
    means = {
        name: {i: float(np.mean(v)) for i, v in found.items()} for name, found in values.items() if found
    }
    return Scores(means, frozenset(row.item_id for row in rows if row.error is not None))


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


def _cells(scores: Mapping[str, Mapping[str, Scores]], infos: Sequence[TaskInfo]) -> Iterable[Cell]:
    primary = {info.name: info.primary_metric for info in infos}
    for strategy, by_task in scores.items():
        for task, found in by_task.items():
            for metric, by_item in found.by_metric.items():
                values = list(by_item.values())
                low, high = interval(values)
                yield Cell(
                    strategy=strategy,
                    task=task,
                    metric=metric,
                    primary=metric == primary[task],
                    mean=float(np.mean(values)),
                    ci_low=low,
                    ci_high=high,
                    n=len(values),
                    errors=len(found.failed & by_item.keys()),
                )


def _paired(new: Mapping[str, float], old: Mapping[str, float]) -> tuple[list[float], list[float]]:
    common = sorted(new.keys() & old.keys())
    return [new[i] for i in common], [old[i] for i in common]


def _contrasts(
    scores: Mapping[str, Mapping[str, Scores]], infos: Sequence[TaskInfo], role: Role, reference: str
) -> Iterable[Contrast]:
    for strategy, by_task in scores.items():
        for info in (info for info in infos if info.role == role):
            old = scores.get(reference, {}).get(info.name)
            if strategy == reference or old is None or info.name not in by_task:
                continue
            pair = _paired(_primary(by_task[info.name], info), _primary(old, info))
            if not pair[0]:
                continue
            found = paired_difference(*pair)
            yield Contrast(
                strategy=strategy,
                reference=reference,
                task=info.name,
                metric=info.primary_metric,
                difference=found.estimate,
                ci_low=found.low,
                ci_high=found.high,
                n=found.n,
                method=found.method,
            )


def _primary(scores: Scores, info: TaskInfo) -> Mapping[str, float]:
    return scores.by_metric.get(info.primary_metric, {})


def _macros(
    scores: Mapping[str, Mapping[str, Scores]], infos: Sequence[TaskInfo], role: Role, reference: str
) -> Iterable[MacroContrast]:
    """Yield for each strategy the mean over the role's tasks of the paired differences.

    The tasks' intervals are combined by square and add (MOVER; Zou & Donner, 2008): the distance from the
    estimate to a bound is the root of the summed squares of the tasks' distances, over their number.
    """
    tasks = [info for info in infos if info.role == role and info.name in scores.get(reference, {})]
    for strategy, by_task in scores.items():
        if not tasks or any(info.name not in by_task for info in tasks):
            continue
        olds = [_primary(scores[reference][info.name], info) for info in tasks]
        pairs = [_paired(_primary(by_task[i.name], i), old) for i, old in zip(tasks, olds, strict=True)]
        if not all(new for new, _ in pairs):
            continue
        found = [paired_difference(new, old) for new, old in pairs]
        estimate = float(np.mean([d.estimate for d in found]))
        down = math.hypot(*(d.estimate - d.low for d in found)) / len(found)
        up = math.hypot(*(d.high - d.estimate for d in found)) / len(found)
        same = strategy == reference
        yield MacroContrast(
            strategy=strategy,
            reference=reference,
            role=role,
            mean=float(np.mean([np.mean(new) for new, _ in pairs])),
            difference=estimate,
            ci_low=0.0 if same else estimate - down,
            ci_high=0.0 if same else estimate + up,
            n_tasks=len(found),
            n_items=sum(d.n for d in found),
        )


def _costs(
    rows: Mapping[str, Mapping[str, Sequence[ItemResult]]], prepared: Sequence[Preparation]
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
            latency_p50_s=float(np.percentile(latencies, 50)),
            latency_p95_s=float(np.percentile(latencies, 95)),
            n_answers=n,
            cut=sum(row.request.cut > 0 for row in answered if row.request),
        )


def _mean_cost(costs: Sequence[PrepareCost]) -> PrepareCost:
    names = PrepareCost.model_fields
    means: dict[str, Any] = {name: np.mean([getattr(cost, name) for cost in costs]) for name in names}
    return PrepareCost(
        **{name: (round(v) if names[name].annotation is int else float(v)) for name, v in means.items()}
    )

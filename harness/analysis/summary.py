"""``summary.json``: what a run found, as a pure function of its manifest and its store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from harness.analysis.answers import Answers, JudgingUse
from harness.analysis.breakdown import attribution_of, items_by_tag
from harness.analysis.costs import AnswerCost, Judging, StrategyCost, TaskCost
from harness.analysis.findings import Attribution, Cell, PreparationNote, StrategyFailure, Summary, TagScore
from harness.analysis.forgetting import behaviour_changes, continual_of, flips_of, mean_drift, tradeoffs_of
from harness.analysis.losses import BehaviourChange, InformationChange, StrategyDrift, TaskFlips
from harness.analysis.retention import information_changes
from harness.analysis.rows import RunRows
from harness.analysis.scores import Clusters, mean_with_interval
from harness.execution.drift import WeightMeasurements
from harness.stats import covariance_of_means, weighted_quantile
from harness.types import PrepareCost


def summary_of(run: RunRows) -> Summary:
    """Compute the summary of a run from its rows."""
    target, retention = run.against(run.incumbent), run.retained
    answers = [found for by_task in run.answers.values() for found in by_task.values()]
    macro = (*target.macros(run.scores), *retention.macros(run.scores))
    flips = tuple(_flips(run))
    lost = [flip for flip in flips if flip.role == "retention"]
    kept = {each.strategy for each in macro if each.role == "retention"}
    gains = {
        each.strategy: each.difference for each in macro if each.role == "target" and each.strategy in kept
    }
    return Summary(
        name=run.manifest.name,
        incumbent=run.incumbent,
        bases=dict(run.bases),
        answered_by={name: run.manifest.answered_by[name] for name in run.manifest.recipes},
        strategies=tuple(run.manifest.recipes),
        seeds=tuple(run.manifest.experiment["seeds"]),
        tasks=run.infos,
        cells=tuple(_cells(run)),
        contrasts=target.contrasts(),
        forgetting=retention.contrasts(),
        flips=flips,
        tradeoffs=tuple(tradeoffs_of(gains, lost)),
        behaviour=tuple(_behaviour(run)),
        drift=tuple(drift for drift in (_drift(name, run.probes[name]) for name in run.probes) if drift),
        information=tuple(_information(run)),
        noise=tuple(each for probes in run.probes.values() for probe in probes for each in probe.noise),
        attribution=tuple(_attribution(run)),
        tags=tuple(_tags(run)),
        continual=tuple(continual_of(run.manifest.experiment["strategies"], run.traits, _means(run))),
        macro=macro,
        costs=tuple(_costs(run)),
        judging=tuple(_judging(run)),
        failures=tuple(
            StrategyFailure(strategy=p.strategy, seed=p.seed, error=p.error) for p in run.prepared if p.error
        ),
        missing=run.missing,
        notes=(*_notes(run), *_asked_notes(run)),
        items=sum(found.n for found in answers),
        errors=sum(found.n_failed for found in answers),
    )


def _judging(run: RunRows) -> Iterable[Judging]:
    """Yield what judging cost, by the model asked; a metric that names none asks the first model."""
    first = next(iter(run.manifest.models))
    for strategy, by_task in run.answers.items():
        for task, found in by_task.items():
            stated = run.manifest.judged_by.get(task, {})
            taken: dict[str, list[JudgingUse]] = {}
            for score, use in found.judging.items():
                taken.setdefault(stated.get(score, first), []).append(use)
            for model, uses in taken.items():
                yield Judging(
                    strategy=strategy,
                    task=task,
                    model=model,
                    n=sum(use.n for use in uses),
                    prompt_tokens=sum(use.usage.prompt for use in uses),
                    completion_tokens=sum(use.usage.completion for use in uses),
                    latency_s=sum(use.latency_s for use in uses),
                )


def _notes(run: RunRows) -> Iterable[PreparationNote]:
    """Yield the notes of every part of every preparation; a shared one only once."""
    seen = set[tuple[int, str, str]]()
    for prepared in run.prepared:
        for name, text in prepared.notes:
            if (prepared.seed, name, text) not in seen:
                seen.add((prepared.seed, name, text))
                yield PreparationNote(strategy=prepared.strategy, seed=prepared.seed, text=text)


def _asked_notes(run: RunRows) -> Iterable[PreparationNote]:
    """Yield what a reader must know about prompts: those identical to the base's, and withheld examples."""
    targets = [info.name for info in run.infos if info.role == "target"]
    for strategy, by_task in run.answers.items():
        texts = []
        if same := run.same_as_base(strategy):
            what = "every target task" if len(same) == len(targets) else ", ".join(same)
            base = run.bases[strategy]
            texts.append(f"asks exactly what {base} asks on {what}: its scores there are {base}'s")
        for name in targets:
            if name in by_task and (n := by_task[name].n_withheld):
                texts.append(
                    f"for {n} of {by_task[name].n} answers on {name}, training examples that ask the same as "
                    "the item were withheld"
                )
        seed = run.manifest.experiment["seeds"][0]
        yield from (PreparationNote(strategy=strategy, seed=seed, text=text) for text in texts)


def _cells(run: RunRows) -> Iterable[Cell]:
    primary = {info.name: info.primary_metric for info in run.infos}
    for strategy, by_task in run.scores.items():
        for task, found in by_task.items():
            for metric in found.by_metric:
                items = found.of(metric)
                if not items:
                    continue
                mean, low, high, n = mean_with_interval(found, metric, run.clusters[task])
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
                    complete=run.is_whole(strategy, task),
                    malformed=len(run.answers[strategy][task].malformed.keys() & items.keys()),
                )


def _flips(run: RunRows) -> Iterable[TaskFlips]:
    for strategy, by_task in run.scores.items():
        for info in run.infos:
            reference = run.bases.get(strategy) if info.role == "retention" else run.incumbent
            if reference is None or reference == strategy:
                continue
            olds = run.scores.get(reference, {})
            if all(run.is_whole(name, info.name) for name in (strategy, reference)):
                yield flips_of(
                    strategy, reference, info, by_task[info.name], olds[info.name], run.clusters[info.name]
                )


def _attribution(run: RunRows) -> Iterable[Attribution]:
    shown = {task: names[0] for task, names in run.manifest.shown.items()}
    for strategy, by_task in run.scores.items():
        for info in run.infos:
            if info.name in by_task and info.name in shown:
                found = attribution_of(strategy, info, by_task[info.name], shown[info.name])
                yield from [found] if found else []


def _tags(run: RunRows) -> Iterable[TagScore]:
    for info in run.infos:
        by_tag = items_by_tag(run.items[info.name], run.asked(info.name))
        for strategy, by_task in run.scores.items():
            for tag, items in by_tag.items() if info.name in by_task else ():
                part = by_task[info.name].only(items)
                if part.of(info.primary_metric):
                    mean, low, high, n = mean_with_interval(
                        part, info.primary_metric, run.clusters[info.name]
                    )
                    yield TagScore(
                        strategy=strategy, task=info.name, tag=tag, mean=mean, ci_low=low, ci_high=high, n=n
                    )


def _behaviour(run: RunRows) -> Iterable[BehaviourChange]:
    for strategy, by_task in run.answers.items():
        base = run.bases.get(strategy, strategy)
        for name, task in run.manifest.tasks.items() if strategy != base else ():
            if run.is_whole(strategy, name) and run.is_whole(base, name):
                new, old = by_task[name], run.answers[base][name]
                missing = run.unanswerable[name]
                yield from behaviour_changes(strategy, task, missing, new, old, run.clusters[name])


def _drift(strategy: str, probes: Sequence[WeightMeasurements]) -> StrategyDrift | None:
    return mean_drift(strategy, [probe.drift for probe in probes if probe.drift])


def _information(run: RunRows) -> Iterable[InformationChange]:
    for strategy, probes in run.probes.items():
        yield from information_changes(strategy, [probe.information for probe in probes], run.clusters)


def _means(run: RunRows) -> dict[str, dict[str, float]]:
    """Strategy, then task, to the mean primary score."""
    primary = {info.name: info.primary_metric for info in run.infos}
    return {
        strategy: {
            task: float(np.mean(list(found.of(primary[task]).values())))
            for task, found in by_task.items()
            if run.is_whole(strategy, task) and found.of(primary[task])
        }
        for strategy, by_task in run.scores.items()
    }


def _costs(run: RunRows) -> Iterable[StrategyCost]:
    for strategy, by_task in run.answers.items():
        mine = [p.cost for p in run.prepared if p.strategy == strategy and p.error is None]
        asked = {
            task: by_task[task] for task in run.traffic if task in by_task and len(by_task[task].answered)
        }
        if not mine or not asked or not all(run.is_whole(strategy, task) for task in run.traffic):
            continue
        share, parameters = 1 / len(asked), run.manifest.model_of(strategy).identity.parameters
        tasks = [
            _task_cost(task, found, run.clusters[task], share, parameters) for task, found in asked.items()
        ]
        latencies = [(share, found.latencies_s) for found in asked.values()]
        yield StrategyCost(
            strategy=strategy,
            prepare=_mean_cost(mine).model_copy(update={"adapted": run.traits[strategy].adapts}),
            **mean_task_cost(tasks),
            latency_p50_s=weighted_quantile(latencies, 0.5),
            latency_p95_s=weighted_quantile(latencies, 0.95),
            tasks=tuple(tasks),
            merged=tuple(probe.merged for probe in run.probes[strategy] if probe.merged),
            n_answers=sum(task.n_answers for task in tasks),
            cut=sum(each.n_cut for each in asked.values()),
        )


def _task_cost(task: str, found: Answers, clusters: Clusters, share: float, parameters: int) -> TaskCost:
    usage, n = found.usage, len(found.answered)
    names = [clusters.get(item, item) for item in found.answered]
    covariance, n_clusters = covariance_of_means(found.amounts, names)
    return TaskCost(
        task=task,
        n_answers=n,
        share=share,
        latency_p50_s=weighted_quantile([(1.0, found.latencies_s)], 0.5),
        latency_p95_s=weighted_quantile([(1.0, found.latencies_s)], 0.95),
        n_clusters=n_clusters,
        covariance=tuple(map(tuple, covariance.tolist())),
        prompt_tokens=usage.prompt / n,
        cached_prompt_tokens=usage.cached_prompt / n,
        completion_tokens=usage.completion / n,
        embedding_tokens=found.embedding_tokens / n,
        shared_prompt_tokens=found.shared_tokens / n,
        device_s=float(found.latencies_s.mean()),
        flops=2.0 * parameters * (usage.prompt + (usage.scored or usage.completion)) / n,
    )


def mean_task_cost(tasks: Sequence[TaskCost]) -> dict[str, float]:
    """Return the figures of a mean answer by name: the tasks' figures weighted by their traffic."""
    names = AnswerCost.model_fields
    return {name: sum(task.share * getattr(task, name) for task in tasks) for name in names}


def _mean_cost(costs: Sequence[PrepareCost]) -> PrepareCost:
    names = PrepareCost.model_fields
    means: dict[str, Any] = {name: np.mean([getattr(cost, name) for cost in costs]) for name in names}
    return PrepareCost(**{name: _as(names[name].annotation, value) for name, value in means.items()})


def _as(kind: Any, mean: float) -> Any:
    return mean > 0 if kind is bool else round(mean) if kind is int else float(mean)

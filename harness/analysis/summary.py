"""``summary.json``: what a run found, as a pure function of its manifest and its store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from harness.analysis.breakdown import attribution_of, items_by_tag
from harness.analysis.costs import costs_of
from harness.analysis.findings import (
    Attribution,
    BehaviourChange,
    Cell,
    PreparationNote,
    StrategyDrift,
    StrategyFailure,
    Summary,
    TagScore,
    TaskFlips,
)
from harness.analysis.forgetting import behaviour_changes, continual_of, flips_of, mean_drift, tradeoffs_of
from harness.analysis.rows import RunRows
from harness.analysis.scores import mean_with_interval
from harness.drift import Probes


def summary_of(run: RunRows) -> Summary:
    """Compute the summary of a run that has been read."""
    target, retention = run.against(run.incumbent, "target"), run.against(run.base, "retention")
    answers = [found for by_task in run.answers.values() for found in by_task.values()]
    macro = (*target.macros(run.scores), *retention.macros(run.scores))
    flips = tuple(_flips(run))
    lost = [flip for flip in flips if flip.role == "retention"]
    gains = {each.strategy: each.difference for each in macro if each.role == "target"}
    return Summary(
        name=run.manifest.name,
        incumbent=run.incumbent,
        base=run.base,
        strategies=tuple(run.manifest.recipes),
        seeds=tuple(run.manifest.experiment["seeds"]),
        tasks=run.infos,
        cells=tuple(_cells(run)),
        contrasts=target.contrasts(),
        forgetting=retention.contrasts(),
        flips=flips,
        tradeoffs=tuple(tradeoffs_of(gains, lost)) if any(i.role == "retention" for i in run.infos) else (),
        behaviour=tuple(_behaviour(run)),
        drift=tuple(drift for drift in (_drift(name, run.probes[name]) for name in run.probes) if drift),
        noise=tuple(each for probes in run.probes.values() for probe in probes for each in probe.noise),
        attribution=tuple(_attribution(run)),
        tags=tuple(_tags(run)),
        continual=tuple(continual_of(run.manifest.experiment["strategies"], _means(run))),
        macro=macro,
        costs=tuple(costs_of(run)),
        failures=tuple(
            StrategyFailure(strategy=p.strategy, seed=p.seed, error=p.error) for p in run.prepared if p.error
        ),
        notes=tuple(_notes(run)),
        items=sum(found.n for found in answers),
        errors=sum(found.n_failed for found in answers),
    )


def _notes(run: RunRows) -> Iterable[PreparationNote]:
    """Yield the notes of every part of every preparation; one that several strategies share comes once."""
    seen = set[tuple[int, str, str]]()
    for prepared in run.prepared:
        for name, part in prepared.record.items():
            for text in part.get("notes", ()) if isinstance(part, dict) else ():
                if (prepared.seed, name, text) not in seen:
                    seen.add((prepared.seed, name, text))
                    yield PreparationNote(strategy=prepared.strategy, seed=prepared.seed, text=text)


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
                    right=_share(found.right(metric)) if metric == primary[task] else None,
                    malformed=len(run.answers[strategy][task].malformed.keys() & items.keys()),
                )


def _share(right: Mapping[str, bool]) -> float:
    return sum(right.values()) / len(right)


def _flips(run: RunRows) -> Iterable[TaskFlips]:
    for strategy, by_task in run.scores.items():
        for info in run.infos:
            reference = run.base if info.role == "retention" else run.incumbent
            olds = run.scores.get(reference, {})
            if strategy != reference and info.name in by_task and info.name in olds:
                yield flips_of(strategy, reference, info, by_task[info.name], olds[info.name])


def _attribution(run: RunRows) -> Iterable[Attribution]:
    for strategy, by_task in run.scores.items():
        for info in run.infos:
            if info.name in by_task and (found := attribution_of(strategy, info, by_task[info.name])):
                yield found


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
    base = run.answers.get(run.base, {})
    for strategy, by_task in run.answers.items():
        for name, task in run.manifest.tasks.items() if strategy != run.base else ():
            if name in by_task and name in base:
                new, old = by_task[name], base[name]
                missing = run.unanswerable[name]
                yield from behaviour_changes(strategy, task, missing, new, old, run.clusters[name])


def _drift(strategy: str, probes: Sequence[Probes]) -> StrategyDrift | None:
    return mean_drift(strategy, [probe.drift for probe in probes if probe.drift])


def _means(run: RunRows) -> dict[str, dict[str, float]]:
    """Strategy, then task, to the mean primary score."""
    primary = {info.name: info.primary_metric for info in run.infos}
    return {
        strategy: {
            task: float(np.mean(list(found.of(primary[task]).values())))
            for task, found in by_task.items()
            if found.of(primary[task])
        }
        for strategy, by_task in run.scores.items()
    }

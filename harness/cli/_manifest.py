"""The manifest of a run, from its experiment and what was composed of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.config import Experiment
    from harness.execution.runner import Plan
    from harness.protocols import Model
    from harness.runs.manifest import ModelRecord, RunManifest


def manifest_of(experiment: Experiment, config: Path, plan: Plan) -> RunManifest:
    """Return the manifest of a run that has been composed."""
    from harness.digests import digest_of
    from harness.embedders.embedder import embedder_digest
    from harness.runs.manifest import RunManifest
    from harness.runs.provenance import git_revision, hardware, package_versions
    from harness.scoring import names_of
    from harness.tasks.validate import leaked

    versions = package_versions()
    resolved = experiment.model_dump(mode="json")
    return RunManifest(
        trilemma_version=versions["trilemma"],
        name=experiment.name,
        experiment=resolved,
        experiment_digest=digest_of(resolved),
        place=str(config),
        tasks={task.task.name: task.task for task in plan.tasks},
        metrics={name: names_of(found, "answer") for name, found in plan.metrics.items()},
        shown={name: shown for name, found in plan.metrics.items() if (shown := names_of(found, "passages"))},
        recipes={name: dict(by_task) for name, by_task in plan.recipes.items()},
        preparations=dict(plan.preparations),
        traits={chain.name: chain.traits for chain in plan.chains},
        models={name: _record(model) for name, model in plan.models.items()},
        answered_by={chain.name: chain.model for chain in plan.chains},
        embedder=experiment.embedder,
        embedder_digest=embedder_digest(experiment.embedder),
        judging=dict(plan.judging),
        judged_by=dict(_judged_by(plan)),
        remarks={task.task.name: task.remarks for task in plan.tasks if task.remarks},
        leaks={task.task.name: count for task in plan.tasks if (count := leaked(task))},
        asked={name: len(items) for name, items in plan.tests.items()},
        probing=plan.probing.digest,
        packages=versions,
        git_revision=git_revision(config.resolve().parent),
        hardware=hardware(),
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )


def _judged_by(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the tasks whose metrics ask a model, each with the name of the first that they ask."""
    from harness.scoring import AsksModel

    for task, metrics in plan.metrics.items():
        if asked := [metric.asks for metric in metrics if isinstance(metric, AsksModel)]:
            yield task, asked[0] or next(iter(plan.models))


def _record(model: Model) -> ModelRecord:
    from harness.powers import context_length_of
    from harness.runs.manifest import ModelRecord

    return ModelRecord(
        identity=model.identity,
        context_length=context_length_of(model),
        context_source=model.capabilities.context_source,
        template_date=model.capabilities.template_date,
        asked_with=dict(model.capabilities.asked_with),
    )

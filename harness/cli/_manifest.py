"""The manifest of a run, from its experiment and the composed run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli._judging import judged_by

if TYPE_CHECKING:
    from harness.config import Experiment
    from harness.execution.plan import Plan
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
        models={name: record_of(model) for name, model in plan.models.items()},
        answered_by={chain.name: chain.model for chain in plan.chains},
        embedder=experiment.embedder,
        embedder_digest=embedder_digest(experiment.embedder),
        judging=dict(plan.judging),
        judged_by=judged_by(plan.metrics, plan.models),
        remarks={task.task.name: task.remarks for task in plan.tasks if task.remarks},
        leaks={task.task.name: count for task in plan.tasks if (count := leaked(task))},
        asked={name: len(items) for name, items in plan.tests.items()},
        probing=plan.probing.digest,
        packages=versions,
        git_revision=git_revision(config.resolve().parent),
        hardware=hardware(),
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )


def record_of(model: Model) -> ModelRecord:
    """Return a model's record for the manifest."""
    from harness.powers import context_length_of
    from harness.runs.manifest import ModelRecord

    return ModelRecord(
        identity=model.identity,
        context_length=context_length_of(model),
        context_source=model.capabilities.context_source,
        template_date=model.capabilities.template_date,
        asked_with=dict(model.capabilities.asked_with),
    )

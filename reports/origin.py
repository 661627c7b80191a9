"""Where a run comes from: its models, machine, versions and digests, as names with values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.config import model_label
from harness.runs.manifest import ModelRecord, RunManifest
from reports._language import words
from reports.numbers import count
from reports.run_data import RunData

T = words("report")


def facts_of(run: RunData) -> Iterator[tuple[str, str]]:
    """Yield name and value of the facts on the first page about how the run was made."""
    t, summary, manifest = T.provenance_short, run.summary, run.manifest
    told = (
        f"{model_label(name, record.identity.name)} ({record.identity.dtype})"
        for name, record in manifest.models.items()
    )
    yield t.model, ", ".join(told)
    yield t.compared, summary.incumbent
    yield (
        t.asked,
        t.asked_text.format(
            strategies=len(summary.strategies),
            tasks=len(summary.tasks),
            answers=count(summary.items),
            seeds=", ".join(map(str, summary.seeds)),
        ),
    )
    missing = sum(each.wanted - each.done for each in summary.missing if each.what == "answers")
    none = not missing and not summary.errors
    yield (
        t.missing,
        t.missing_none if none else t.missing_text.format(items=count(missing), errors=count(summary.errors)),
    )
    yield (
        t.made,
        t.made_text.format(
            created=manifest.created[:16].replace("T", " "),
            version=manifest.trilemma_version,
            revision=(manifest.git_revision or T.configuration.names.unknown)[:12],
        ),
    )
    devices = manifest.hardware.get("cuda_devices")
    yield (
        t.machine,
        t.machine_text.format(
            processor=manifest.hardware.get("processor") or T.configuration.names.unknown,
            cores=manifest.hardware.get("cores", "?"),
            devices=_plain(devices) if devices else t.no_device,
        ),
    )
    weights = ", ".join(record.identity.weights_digest[:12] for record in manifest.models.values())
    yield t.digests, t.digests_text.format(experiment=manifest.experiment_digest[:12], weights=weights)


def provenance_of(manifest: RunManifest) -> Iterator[tuple[str, str]]:
    """Yield name and value of everything that identifies the run, digests in full."""
    t = T.configuration.names
    yield t.made, manifest.created
    yield t.version, manifest.trilemma_version
    yield t.revision, manifest.git_revision or t.unknown
    yield t.place, manifest.place
    yield t.experiment, manifest.experiment_digest
    for name, record in manifest.models.items():
        for key, value in _model(record):
            yield key if len(manifest.models) == 1 else f"{name}: {key}", value
    yield t.embedder, manifest.embedder or t.no_embedder
    for name, task in manifest.tasks.items():
        yield t.task.format(name=name, version=task.version), task.digest
    yield from ((t.hardware.format(key=key), _plain(value)) for key, value in manifest.hardware.items())
    packages = [f"{name} {version}" for name, version in sorted(manifest.packages.items())]
    yield t.packages, ", ".join(packages)


def _model(record: ModelRecord) -> Iterator[tuple[str, str]]:
    t, model = T.configuration.names, record.identity
    yield t.model, t.model_text.format(name=model.name, dtype=model.dtype, quantization=model.quantization)
    yield t.weights, model.weights_digest
    if record.context_length:
        n = f"{record.context_length:,}"
        yield t.context_length, t.context_length_text.format(n=n, said=record.context_source)
    if record.template_date:
        yield t.template_date, t.template_date_text.format(date=record.template_date)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)

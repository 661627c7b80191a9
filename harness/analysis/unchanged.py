"""Whether a run is as it was written: what a verdict rests on is not what somebody has put there since."""

from __future__ import annotations

from pathlib import Path

from harness.errors import InputError
from harness.runs.seals import Changed
from harness.runs.store import Store
from harness.types import RunManifest

_REMEDY = "restore the folder, or run the experiment again into another one (--out DIR)"


def refuse_changed(manifest_file: Path, manifest: RunManifest, store: Store) -> None:
    """Refuse a run whose manifest, rows, items or answers are not those that were written.

    Args:
        manifest_file: The run's manifest as it stands in the folder.
        manifest: What was read of it.
        store: The run's rows.

    Raises:
        InputError: The first difference.
    """
    if not store.is_manifest(manifest_file.read_text(encoding="utf-8")):
        raise InputError(manifest_file, "", "is not the manifest that the run wrote", _REMEDY)
    names = _groups(manifest)
    for found in store.changed(names):
        raise InputError(store.path, names[found.kind, found.scope], _told(found), _REMEDY)


def _told(found: Changed) -> str:
    return f"{found.kind}: {found.told}"


def _groups(manifest: RunManifest) -> dict[tuple[str, str], str]:
    """Return the groups of rows that a verdict rests on, each with what they are of."""
    groups = {("generations", ""): "what the model wrote"}
    groups |= {("items", task.digest): name for name, task in manifest.tasks.items()}
    for strategy, recipe in manifest.preparations.items():
        groups |= {("preparations", recipe): strategy, ("probes", recipe): strategy}
    for strategy, by_task in manifest.recipes.items():
        for task, recipe in by_task.items():
            groups |= {(kind, recipe): f"{strategy} on {task}" for kind in ("answers", "judgements")}
    return groups

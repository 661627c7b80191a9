"""The one way to read a run folder: manifest and store together, verified unchanged if asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import InputError
from harness.files import write_whole
from harness.runs.damage import readable
from harness.runs.manifest import MANIFEST, RunManifest, read_manifest
from harness.runs.seals import Changed
from harness.runs.store import Store

_REMEDY = "restore the folder, or run the experiment again into another one (--out DIR)"


@contextmanager
def opened(run_dir: Path, unchanged: bool = False) -> Iterator[tuple[RunManifest, Store]]:
    """Open a run for reading; an exception that a damaged file causes in the block becomes one line.

    Args:
        run_dir: The run folder.
        unchanged: Whether to require that it is as it was written, since a decision depends on it.

    Raises:
        InputError: It is not a run folder, has another schema version, is damaged, or has been changed.
    """
    manifest = read_manifest(run_dir)
    with Store.open(run_dir, read_only=True) as store, readable(store.path):
        if unchanged:
            _refuse_changed(run_dir / MANIFEST, manifest, store)
        yield manifest, store


def rewrite(run_dir: Path, manifest: RunManifest, store: Store) -> None:
    """Write a run's manifest, replacing any existing one, with its digest.

    A kill leaves the old or the new one, and either counts as written by the run.
    """
    text = manifest.model_dump_json(indent=1) + "\n"
    store.announce_manifest(text)
    write_whole(run_dir / MANIFEST, text)
    store.write_manifest_digest(text)


def _refuse_changed(manifest_file: Path, manifest: RunManifest, store: Store) -> None:
    """Refuse a run whose manifest, rows, items or answers are not those that were written.

    Args:
        manifest_file: The run's manifest file.
        manifest: Its parsed content.
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
    """Return the groups of rows that a verdict depends on, each with what it belongs to."""
    groups = {("generations", ""): "what the model wrote"}
    groups |= {("items", task.digest): name for name, task in manifest.tasks.items()}
    for strategy, recipe in manifest.preparations.items():
        groups |= {("preparations", recipe): strategy, ("probes", recipe): strategy}
    for strategy, by_task in manifest.recipes.items():
        for task, recipe in by_task.items():
            groups |= {(kind, recipe): f"{strategy} on {task}" for kind in ("answers", "judgements")}
    return groups

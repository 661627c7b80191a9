"""How far a run is, read while another process writes it, without blocking that process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import InputError
from harness.runs.lock import is_locked
from harness.runs.manifest import MANIFEST, RunManifest
from harness.runs.opening import opened
from harness.runs.store import Store
from reports.history.reading import stored_verdict
from reports.server.folders import SUMMARY, Entry

State = Literal["finished", "running", "stopped", "unreadable"]


@dataclass(frozen=True)
class Progress:
    """Answers of one strategy to one task: ``done`` of ``total``, and how many of them failed."""

    strategy: str
    task: str
    done: int
    errors: int
    total: int


@dataclass(frozen=True)
class Status:
    """A run folder as it is now; only ``entry``, ``state`` and ``reason`` are known of an unreadable one."""

    entry: Entry
    state: State
    reason: str = ""
    name: str = ""
    created: str = ""
    verdict: str | None = None
    strategies: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    progress: tuple[Progress, ...] = ()

    @property
    def done(self) -> int:
        """Answers so far."""
        return sum(each.done for each in self.progress)

    @property
    def errors(self) -> int:
        """Answers that failed."""
        return sum(each.errors for each in self.progress)

    @property
    def total(self) -> int:
        """Answers that the experiment asks for."""
        return sum(each.total for each in self.progress)


def status_of(entry: Entry) -> Status:
    """Read a run folder; whatever cannot be read is a state, not an error."""
    if entry.refusal:
        return Status(entry, "unreadable", entry.refusal)
    running = is_locked(entry.path)
    try:
        with opened(entry.path) as (manifest, store):
            progress = tuple(_progress(manifest, store))
    except InputError as error:
        return Status(entry, "running" if running else "unreadable", str(error))
    whole = all(each.done >= each.total for each in progress)
    ended = whole or _newer(entry.path / SUMMARY, entry.path / MANIFEST)
    return Status(
        entry=entry,
        state="running" if running else "finished" if ended else "stopped",
        name=manifest.name,
        created=manifest.created,
        verdict=stored_verdict(entry.path) if ended else None,
        strategies=tuple(manifest.recipes),
        tasks=tuple(manifest.tasks),
        progress=progress,
    )


def _progress(manifest: RunManifest, store: Store) -> Iterator[Progress]:
    times = len(manifest.experiment["seeds"]) * manifest.experiment.get("repeats", 1)
    for strategy, by_task in manifest.recipes.items():
        for task, recipe in by_task.items():
            total = times * manifest.asked[task]
            done, errors = store.counts(recipe, manifest.judging.get(task, ""))
            yield Progress(strategy, task, min(done, total), min(errors, total), total)


def _newer(file: Path, other: Path) -> bool:
    try:
        return file.stat().st_mtime_ns >= other.stat().st_mtime_ns
    except OSError:
        return False

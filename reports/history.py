"""Several runs over time: what became better or worse from one to the next on the same items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from harness.analysis.across_runs import (
    Compared,
    Reading,
    corrected,
    difference,
    unfinished,
)
from harness.analysis.comparison import Table
from harness.analysis.findings import Missing, Verdict
from harness.analysis.rows import RunRows, load_rows
from harness.analysis.scores import Clusters, mean_with_interval
from harness.config import model_label
from harness.errors import InputError
from harness.files import LARGEST_TEXT, read_input
from harness.runs.comparing import other_settings, other_task
from harness.runs.damage import readable
from harness.runs.manifest import MANIFEST, RunManifest
from harness.runs.schema import FILE_NAME
from harness.types import Frozen, Role


class RunFacts(Frozen):
    """One run of a history.

    ``label`` is its name, with the folder where several runs have that name. ``models`` are its models as
    they are called, each with the digest of its weights. ``changed`` names what differs from the run before
    beside tasks and strategies.
    """

    label: str
    name: str
    folder: str
    created: str
    git_revision: str
    models: dict[str, str]
    verdict: str | None
    changed: tuple[str, ...]


class Change(Frozen):
    """Difference ``this - earlier`` in the primary metric, on the items that both runs have.

    ``earlier`` is the place of that run among the history's. ``p_holm`` is corrected for all changes of the
    history.
    """

    earlier: int
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    p_holm: float
    n: int
    reading: Reading


class Obstacle(Frozen):
    """Why a score is not compared with that of the run ``earlier``.

    One of both is ``unfinished``, or ``settings`` differ; without either no item is in both.
    """

    earlier: int
    settings: tuple[str, ...]
    unfinished: bool = False


class Figure(Frozen):
    """A strategy's score on a task in its primary metric, with its 95 % interval, all in [0, 1].

    ``errors`` of the ``n`` items failed and count as 0.
    """

    metric: str
    mean: float
    ci_low: float
    ci_high: float
    n: int
    errors: int


class Point(Figure):
    """The score in the run at place ``run``.

    The first run that has the strategy and task has neither ``change`` nor ``obstacle``; every other one has
    one of the two.
    """

    run: int
    change: Change | None = None
    obstacle: Obstacle | None = None


class Series(Frozen):
    """A strategy on a task over the runs that have it, oldest first."""

    strategy: str
    points: tuple[Point, ...]


class TaskHistory(Frozen):
    """All strategies on one task; role and metric are those of the newest run that has the task."""

    task: str
    role: Role
    metric: str
    series: tuple[Series, ...]


class Finding(Frozen):
    """A proven change: place of the later run, and what changed."""

    task: str
    strategy: str
    run: int
    change: Change


class History(Frozen):
    """Runs, oldest first, and every strategy on every task over them."""

    schema_version: Literal[2] = 2
    runs: tuple[RunFacts, ...]
    tasks: tuple[TaskHistory, ...]
    regressions: tuple[Finding, ...]
    improvements: tuple[Finding, ...]
    n_compared: int
    n_not_comparable: int


@dataclass(frozen=True)
class StoredRun:
    """What a history keeps of a run: scores without texts, and ``cells``, strategy and task to a figure."""

    folder: Path
    created: dt.datetime
    manifest: RunManifest
    scores: Table
    clusters: Mapping[str, Clusters]
    missing: Sequence[Missing]
    cells: Mapping[tuple[str, str], Figure]


# --- Reading ---


def load_history(folders: Sequence[Path]) -> History:
    """Read run folders and compare each run with the one before.

    Raises:
        InputError: One of them cannot be read, holds no results, or is named twice.
    """
    seen: set[Path] = set()
    for folder in folders:
        if folder.resolve() in seen:
            raise InputError(folder, "", "is named twice", "name each run folder once")
        seen.add(folder.resolve())
    return history_of(sorted(map(_stored, folders), key=lambda run: run.created))


def _stored(folder: Path) -> StoredRun:
    rows = load_rows(folder)
    created = _created(folder, rows.manifest)
    with readable(folder / FILE_NAME):
        return StoredRun(
            folder, created, rows.manifest, rows.scores, rows.clusters, rows.missing, dict(_cells(rows))
        )


def _cells(rows: RunRows) -> Iterator[tuple[tuple[str, str], Figure]]:
    for strategy, by_task in rows.scores.items():
        for task, scores in by_task.items():
            metric = rows.manifest.metrics[task][0]
            if not (items := scores.of(metric)):
                continue
            mean, low, high, n = mean_with_interval(scores, metric, rows.clusters[task])
            errors = len(scores.failed & items.keys())
            yield (
                (strategy, task),
                Figure(metric=metric, mean=mean, ci_low=low, ci_high=high, n=n, errors=errors),
            )


def _created(folder: Path, manifest: RunManifest) -> dt.datetime:
    try:
        created = dt.datetime.fromisoformat(manifest.created)
    except ValueError:
        remedy = "use the manifest that `trilemma run` wrote"
        raise InputError(folder / MANIFEST, "created", "is not a time", remedy, manifest.created) from None
    return created if created.tzinfo else created.replace(tzinfo=dt.UTC)


class _KeptSummary(BaseModel):
    verdict: Verdict | None = None
    missing: tuple[Missing, ...] = ()


def stored_verdict(folder: Path, missing: Sequence[Missing] | None = None) -> str | None:
    """Return the verdict line that a run ended with; None where it has none yet.

    With what is ``missing`` now, a verdict of another state of the run is none.
    """
    try:
        kept = _KeptSummary.model_validate_json(read_input(folder / "summary.json", LARGEST_TEXT))
    except (InputError, ValidationError):
        return None
    if kept.verdict is None or (missing is not None and tuple(missing) != kept.missing):
        return None
    return kept.verdict.line


# --- Comparing ---


def history_of(runs: Sequence[StoredRun]) -> History:
    """Compare runs that are in order, oldest first."""
    changes = _changes(runs)
    tasks = tuple(_task_histories(runs, changes))
    points = [
        (task.task, series.strategy, point)
        for task in tasks
        for series in task.series
        for point in series.points
    ]
    findings = [
        Finding(task=task, strategy=strategy, run=point.run, change=point.change)
        for task, strategy, point in points
        if point.change
    ]
    return History(
        runs=tuple(_facts(runs)),
        tasks=tasks,
        regressions=tuple(each for each in findings if each.change.reading == "worse"),
        improvements=tuple(each for each in findings if each.change.reading == "better"),
        n_compared=len(findings),
        n_not_comparable=sum(point.obstacle is not None for _, _, point in points),
    )


def _facts(runs: Sequence[StoredRun]) -> Iterator[RunFacts]:
    names = [run.manifest.name for run in runs]
    for place, run in enumerate(runs):
        name = run.manifest.name
        yield RunFacts(
            label=name if names.count(name) == 1 else f"{name} ({run.folder})",
            name=name,
            folder=str(run.folder),
            created=run.created.astimezone(dt.UTC).isoformat(timespec="seconds"),
            git_revision=run.manifest.git_revision,
            models={
                model_label(name, record.identity.name): record.identity.weights_digest
                for name, record in run.manifest.models.items()
            },
            verdict=stored_verdict(run.folder, run.missing),
            changed=other_settings(runs[place - 1].manifest, run.manifest) if place else (),
        )


_Place = tuple[str, str, int]
"""Task, strategy, and the place of the later run."""


def _changes(runs: Sequence[StoredRun]) -> dict[_Place, Change | Obstacle]:
    """Compare every score with that of the run before which has the strategy and task."""
    found: dict[_Place, Change | Obstacle] = {}
    rows: dict[_Place, tuple[int, Compared]] = {}
    for task in _in_newest_order(run.manifest.tasks for run in runs):
        for strategy in _in_newest_order(run.scores for run in runs):
            having = [place for place, run in enumerate(runs) if (strategy, task) in run.cells]
            for earlier, later in pairwise(having):
                old, new = runs[earlier], runs[later]
                settings = other_task(old.manifest, new.manifest, task)
                half = bool(unfinished(strategy, task, old, new))
                row = None if settings or half else difference(strategy, task, old, new)
                if row:
                    rows[task, strategy, later] = earlier, row
                else:
                    obstacle = Obstacle(earlier=earlier, settings=settings, unfinished=half)
                    found[task, strategy, later] = obstacle
    shown = corrected([row for _, row in rows.values()])
    for (place, (earlier, _)), row in zip(rows.items(), shown, strict=True):
        found[place] = _change(earlier, row)
    return found


def _change(earlier: int, row: Compared) -> Change:
    low, high = row.found.interval()
    return Change(
        earlier=earlier,
        difference=row.found.estimate,
        ci_low=low,
        ci_high=high,
        p_value=row.found.p_value,
        p_holm=row.p_holm,
        n=row.found.n,
        reading=row.reading,
    )


def _task_histories(
    runs: Sequence[StoredRun], changes: Mapping[_Place, Change | Obstacle]
) -> Iterator[TaskHistory]:
    for task in _in_newest_order(run.manifest.tasks for run in runs):
        newest = next(run.manifest for run in reversed(runs) if task in run.manifest.tasks)
        series = [
            Series(strategy=strategy, points=points)
            for strategy in _in_newest_order(run.scores for run in runs)
            if (points := tuple(_points(runs, task, strategy, changes)))
        ]
        role, metric = newest.tasks[task].role, newest.metrics[task][0]
        yield TaskHistory(task=task, role=role, metric=metric, series=tuple(series))


def _points(
    runs: Sequence[StoredRun], task: str, strategy: str, changes: Mapping[_Place, Change | Obstacle]
) -> Iterator[Point]:
    for place, run in enumerate(runs):
        if figure := run.cells.get((strategy, task)):
            against = changes.get((task, strategy, place))
            yield Point(
                **figure.model_dump(),
                run=place,
                change=against if isinstance(against, Change) else None,
                obstacle=against if isinstance(against, Obstacle) else None,
            )


def _in_newest_order(names: Iterable[Iterable[str]]) -> list[str]:
    """Return all names once, those of the newest run first and in its order."""
    return list(dict.fromkeys(name for of_run in reversed(list(names)) for name in of_run))

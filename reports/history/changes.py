"""What improved or regressed from one run to the next, on the same items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from harness.analysis.across_runs import (
    RunDifference,
    corrected,
    difference,
    unfinished,
)
from harness.config import model_label
from harness.errors import InputError
from harness.runs.comparing import other_settings, other_task
from reports.history.reading import StoredRun, read_run, stored_verdict
from reports.history.records import (
    Change,
    Finding,
    History,
    Obstacle,
    Point,
    RunFacts,
    Series,
    TaskHistory,
)


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
    return history_of(sorted(map(read_run, folders), key=lambda run: run.created))


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
    """Compare every score with that of the previous run that has the strategy and task."""
    found: dict[_Place, Change | Obstacle] = {}
    rows: dict[_Place, tuple[int, RunDifference]] = {}
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


def _change(earlier: int, row: RunDifference) -> Change:
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

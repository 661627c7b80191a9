"""Reading what a history keeps of a run folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from harness.analysis.comparison import Table
from harness.analysis.findings import Missing, RunVerdict
from harness.analysis.rows import RunRows, load_rows
from harness.analysis.scores import Clusters, mean_with_interval
from harness.errors import InputError
from harness.files import LARGEST_TEXT, read_input
from harness.runs.damage import readable
from harness.runs.manifest import MANIFEST, RunManifest
from harness.runs.schema import FILE_NAME
from reports.history.records import Figure


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


def read_run(folder: Path) -> StoredRun:
    """Read one run folder.

    Raises:
        InputError: It cannot be read, or holds no results.
    """
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
    verdict: RunVerdict | None = None
    missing: tuple[Missing, ...] = ()


def stored_verdict(folder: Path, missing: Sequence[Missing] | None = None) -> str | None:
    """Return the verdict line that a run ended with; None if it has none yet.

    With ``missing`` given, a verdict from another state of the run does not count.
    """
    try:
        kept = _KeptSummary.model_validate_json(read_input(folder / "summary.json", LARGEST_TEXT))
    except (InputError, ValidationError):
        return None
    if kept.verdict is None or (missing is not None and tuple(missing) != kept.missing):
        return None
    return kept.verdict.line

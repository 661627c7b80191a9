"""Everything a report shows of a run, read from its folder; no model is needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateError
from pydantic import ValidationError

from harness.analysis.findings import Summary
from harness.analysis.rows import RunRows
from harness.analysis.unchanged import refuse_changed
from harness.deciding.choosing import conclude
from harness.deciding.cost import Use
from harness.deciding.prices import PriceSheet
from harness.deciding.records import Decision
from harness.errors import InputError
from harness.files import LARGEST_RECORD, read_input_text
from harness.runs.reading import Preparation
from harness.runs.schema import FILE_NAME
from harness.runs.store import Store
from harness.types import RunManifest
from reports.explorer.items import AskedItem, AskedItems

MANIFEST = "manifest.json"
_DAMAGES = (
    sqlite3.Error, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
    TemplateError,
)  # fmt: skip
"""What reading raises where a file is not as a run writes it."""


@dataclass(frozen=True)
class RunData:
    """A run as reports see it."""

    manifest: RunManifest
    summary: Summary
    decision: Decision
    preparations: tuple[Preparation, ...]
    items: Sequence[AskedItem]


def load_run(run_dir: Path, sheet: PriceSheet | None = None, use: Use | None = None) -> RunData:
    """Read a run folder.

    Args:
        run_dir: The folder.
        sheet: Prices of the decision; by default those of the kind of machine it was run on.
        use: How the answer will be used.

    Raises:
        InputError: It is no run folder, is of another version, is damaged, or holds no results yet.
    """
    return run_of(load_rows(run_dir), sheet, use)


def run_of(rows: RunRows, sheet: PriceSheet | None = None, use: Use | None = None) -> RunData:
    """Draw the conclusions of a run that has been read."""
    with readable(rows.run_dir / FILE_NAME):
        summary, decision = conclude(rows, sheet, use)
        return RunData(
            manifest=rows.manifest,
            summary=summary,
            decision=decision,
            preparations=tuple(rows.prepared),
            items=AskedItems(rows),
        )


def load_rows(run_dir: Path, unchanged: bool = False) -> RunRows:
    """Read what a run has stored.

    Args:
        run_dir: The run folder.
        unchanged: Whether it must be as it was written, since something is decided by it.

    Raises:
        InputError: It is no run folder, is of another version, is damaged, or holds no results yet; or it
            has been changed.
    """
    manifest = load_manifest(run_dir)
    with Store.open(run_dir, read_only=True) as store, readable(store.path):
        if unchanged:
            refuse_changed(run_dir / MANIFEST, manifest, store)
        rows = RunRows.load(manifest, store)
    require_results(rows)
    return rows


def require_results(rows: RunRows) -> None:
    """Refuse a run without any.

    Raises:
        InputError: It holds no results yet.
    """
    if not any(rows.scores.values()):
        remedy = "let `trilemma run` finish at least one batch first"
        raise InputError(rows.run_dir, "", "holds no results yet", remedy)


def load_manifest(run_dir: Path) -> RunManifest:
    """Read the manifest of a run folder.

    Raises:
        InputError: The folder or the file is missing, or is not a manifest that this version reads.
    """
    path = run_dir / MANIFEST
    if not run_dir.is_dir():
        raise InputError(
            run_dir, "", "there is no such run folder", "name a folder that `trilemma run` wrote"
        )
    try:
        text = read_input_text(path, LARGEST_RECORD, missing="name a folder that `trilemma run` wrote")
        return _whole(RunManifest.model_validate_json(text))
    except _DAMAGES as error:
        raise _damaged(path, error) from None


def _whole(manifest: RunManifest) -> RunManifest:
    """Return a manifest whose parts belong together.

    Raises:
        ValueError: A strategy or a task lacks what a run writes of it.
    """
    experiment = manifest.experiment
    if lacking := [
        key for key in ("strategies", "incumbent", "seeds", "limit", "model") if key not in experiment
    ]:
        raise ValueError(f"experiment.{lacking[0]} is missing")
    for name, recipes in manifest.recipes.items():
        if name not in experiment["strategies"] or name not in manifest.preparations:
            raise ValueError(f"the strategy {name} is not in the experiment")
        if recipes.keys() != manifest.tasks.keys():
            raise ValueError(f"recipes.{name} does not name the tasks")
    if experiment["incumbent"] not in manifest.recipes:
        raise ValueError(f"the incumbent {experiment['incumbent']} is none of the strategies")
    if without := [name for name in manifest.tasks if not manifest.metrics.get(name)]:
        raise ValueError(f"metrics.{without[0]} is missing")
    return manifest


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn whatever a damaged file makes the block raise into one line."""
    try:
        yield
    except _DAMAGES as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> InputError:
    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False)[0]
        problem = f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}"
    else:
        problem = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
    problem = " ".join(problem.split())[:200]
    remedy = "use the version of trilemma that wrote it, or run the experiment again"
    return InputError(path, "", f"cannot be read ({problem})", remedy)

"""Everything that a report shows about a run, read from its folder; no model is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.analysis.findings import Summary
from harness.analysis.rows import RunRows, load_rows
from harness.deciding.choosing import conclude
from harness.deciding.cost import Use
from harness.deciding.prices import PriceSheet
from harness.deciding.records import Decision
from harness.runs.damage import readable
from harness.runs.manifest import RunManifest
from harness.runs.reading import Preparation
from harness.runs.schema import FILE_NAME
from reports.explorer.items import AskedItem, AskedItems


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
        InputError: It is not a run folder, is of another version, is damaged, or holds no results yet.
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

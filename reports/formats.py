"""The formats of reports by name: what writes a run folder, and what renders the history of several."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.deciding.cost import Use
    from harness.deciding.prices import PriceSheet
    from reports.run_data import RunData


@dataclass(frozen=True)
class Reported:
    """What a report is written from.

    Attributes:
        run_dir: The run folder.
        sheet: Prices of the decision; by default those of the kind of machine the run was made on.
        use: How the answer will be used.
    """

    run_dir: Path
    sheet: PriceSheet | None = None
    use: Use | None = None

    @cached_property
    def run(self) -> RunData:
        """The stored run, with its decision."""
        from reports.run_data import load_run

        return load_run(self.run_dir, self.sheet, self.use)


def _html(reported: Reported, path: Path) -> None:
    from reports.html import render

    _write(path, render(reported.run))


def _pdf(reported: Reported, path: Path) -> None:
    from reports.html import render
    from reports.pdf import write_pdf

    write_pdf(render(reported.run), path)


def _md(reported: Reported, path: Path) -> None:
    from reports.markdown import markdown

    _write(path, markdown(reported.run))


def _json(reported: Reported, path: Path) -> None:
    found = {
        "summary": reported.run.summary.model_dump(mode="json"),
        "decision": reported.run.decision.model_dump(mode="json"),
    }
    _write(path, json.dumps(found, indent=1) + "\n")


def _csv(reported: Reported, path: Path) -> None:
    from reports.tables.answers import answer_table
    from reports.tables.csv import csv_text

    _write(path, csv_text(answer_table(reported.run_dir)))


def _parquet(reported: Reported, path: Path) -> None:
    from reports.tables.answers import answer_table, write_parquet

    write_parquet(answer_table(reported.run_dir), path)


def _write(path: Path, text: str) -> None:
    from harness.files import write_whole

    write_whole(path, text)


FORMATS: dict[str, Callable[[Reported, Path], None]] = {
    "html": _html,
    "pdf": _pdf,
    "md": _md,
    "json": _json,
    "csv": _csv,
    "parquet": _parquet,
}
"""Each writes a file, whole or not at all; it raises InputError where a run cannot be read."""


def _history_html(run_dirs: Sequence[Path]) -> str:
    from reports.history.changes import load_history
    from reports.history.page import render_history

    return render_history(load_history(run_dirs))


def _history_md(run_dirs: Sequence[Path]) -> str:
    from reports.history.changes import load_history
    from reports.history.markdown import history_markdown

    return history_markdown(load_history(run_dirs))


def _history_json(run_dirs: Sequence[Path]) -> str:
    from reports.history.changes import load_history

    return load_history(run_dirs).model_dump_json(indent=1) + "\n"


HISTORY_FORMATS: dict[str, Callable[[Sequence[Path]], str]] = {
    "html": _history_html,
    "md": _history_md,
    "json": _history_json,
}
"""Each returns the history of run folders, given in any order."""

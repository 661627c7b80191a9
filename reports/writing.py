"""Writing a report of a run folder in any of its formats."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.deciding.cost import Use
from harness.deciding.prices import PriceSheet
from harness.errors import InputError, MissingDependencyError
from harness.files import write_whole
from reports.formats import FORMATS, HISTORY_FORMATS, Reported
from reports.run_data import RunData, load_run


def write_report(
    run_dir: Path,
    path: Path | None = None,
    kind: str = "html",
    sheet: PriceSheet | None = None,
    use: Use | None = None,
) -> Path:
    """Write a report, by default into the run folder as ``report.KIND``; return its path.

    Args:
        run_dir: The run folder.
        path: The file to write.
        kind: One of ``reports.formats.FORMATS``.
        sheet: Prices of the decision; by default those of the kind of machine the run was made on.
        use: How the answer will be used.

    Raises:
        InputError: The run cannot be read, or the file cannot be written.
    """
    path = path or run_dir / f"report.{kind}"
    with _writable(path):
        FORMATS[kind](Reported(run_dir, sheet, use), path)
    return path


def write_page(run: RunData, path: Path) -> Path:
    """Write the HTML report of a run that has been read; return its path.

    Raises:
        InputError: The file cannot be written.
    """
    from reports.html import render

    with _writable(path):
        write_whole(path, render(run))
    return path


def write_history(run_dirs: Sequence[Path], path: Path | None = None, kind: str = "html") -> Path:
    """Write the history of several runs, by default as ``history.KIND`` here; return its path.

    Args:
        run_dirs: The run folders, in any order.
        path: The file to write.
        kind: One of ``reports.formats.HISTORY_FORMATS``.

    Raises:
        InputError: The format is for one run only, a run cannot be read, or the file cannot be written.
    """
    if kind not in HISTORY_FORMATS:
        *known, last = HISTORY_FORMATS
        remedy = f"use {', '.join(known)} or {last}, or name one run"
        raise InputError("--format", "", "is for one run only", remedy, kind)
    path = path or Path(f"history.{kind}")
    text = HISTORY_FORMATS[kind](run_dirs)
    with _writable(path):
        write_whole(path, text)
    return path


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"cannot be written: {error.strerror}"
        raise InputError(path, "", problem, "name a file that you may write to with --out") from None


def write_charts(
    run_dir: Path, folder: Path, sheet: PriceSheet | None = None, use: Use | None = None
) -> list[Path]:
    """Write the charts of a run's first page into a folder, as SVG, PNG and PDF for slides; return the files.

    Raises:
        InputError: The run cannot be read, or a file cannot be written.
        MissingDependencyError: altair or vl-convert-python is not installed.
    """
    if importlib.util.find_spec("altair") is None:
        raise MissingDependencyError("--charts", "altair", "report")
    from reports.charts import page_one
    from reports.drawing import write_figures

    run = load_run(run_dir, sheet, use)
    return write_figures(page_one(run.decision, run.summary.forgetting), folder)

"""Writing a report of a run folder in any of its formats."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.deciding.cost import Use
from harness.deciding.prices import PriceSheet
from harness.errors import InputError, MissingDependencyError
from harness.files import write_whole
from reports.run_data import RunData, load_run


def write_report(
    run_dir: Path,
    path: Path | None = None,
    kind: str = "html",
    sheet: PriceSheet | None = None,
    use: Use | None = None,
) -> Path:
    """Write a report, by default into the run folder as ``report.KIND``; return where it stands.

    Args:
        run_dir: The run folder.
        path: The file to write.
        kind: ``html``, ``pdf``, ``md``, ``json`` (summary and decision), or every answer as ``csv`` or
            ``parquet``.
        sheet: Prices of the decision; by default those of the kind of machine the run was made on.
        use: How the answer will be used.

    Raises:
        InputError: The run cannot be read, or the file cannot be written.
    """
    path = path or run_dir / f"report.{kind}"
    with _writable(path):
        if kind == "parquet":
            from reports.tables.answers import answer_table, write_parquet

            write_parquet(answer_table(run_dir), path)
        elif kind == "pdf":
            from reports.pdf import write_pdf

            write_pdf(_text(run_dir, "html", sheet, use), path)
        else:
            write_whole(path, _text(run_dir, kind, sheet, use))
    return path


def write_page(run: RunData, path: Path) -> Path:
    """Write the HTML report of a run that has been read; return where it stands.

    Raises:
        InputError: The file cannot be written.
    """
    from reports.html import render

    with _writable(path):
        write_whole(path, render(run))
    return path


def write_history(run_dirs: Sequence[Path], path: Path | None = None, kind: str = "html") -> Path:
    """Write the history of several runs, by default as ``history.KIND`` here; return where it stands.

    Args:
        run_dirs: The run folders, in any order.
        path: The file to write.
        kind: ``html``, ``md`` or ``json``.

    Raises:
        InputError: The kind is of one run only, a run cannot be read, or the file cannot be written.
    """
    if kind not in ("html", "md", "json"):
        raise InputError("--format", "", "is for one run only", "use html, md or json, or name one run", kind)
    path = path or Path(f"history.{kind}")
    text = _history_text(run_dirs, kind)
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


def _history_text(run_dirs: Sequence[Path], kind: str) -> str:
    from reports.history import load_history

    history = load_history(run_dirs)
    if kind == "json":
        return history.model_dump_json(indent=1) + "\n"
    if kind == "md":
        from reports.history_markdown import history_markdown

        return history_markdown(history)
    from reports.history_page import render_history

    return render_history(history)


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


def _text(run_dir: Path, kind: str, sheet: PriceSheet | None, use: Use | None) -> str:
    if kind == "csv":
        from reports.tables.answers import answer_table
        from reports.tables.csv import csv_text

        return csv_text(answer_table(run_dir))
    run = load_run(run_dir, sheet, use)
    if kind == "md":
        from reports.markdown import markdown

        return markdown(run)
    if kind == "json":
        found = {
            "summary": run.summary.model_dump(mode="json"),
            "decision": run.decision.model_dump(mode="json"),
        }
        return json.dumps(found, indent=1) + "\n"
    from reports.html import render

    return render(run)

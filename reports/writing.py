"""Writing a report of a run folder in any of its formats."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from harness.deciding.cost import Use
from harness.deciding.prices import PriceSheet
from harness.errors import InputError, MissingDependencyError
from reports._data import load_run


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
    try:
        if kind == "parquet":
            from reports.tables import write_parquet

            write_parquet(run_dir, path)
        elif kind == "pdf":
            from reports.pdf import write_pdf

            write_pdf(_text(run_dir, "html", sheet, use), path)
        else:
            path.write_bytes(_text(run_dir, kind, sheet, use).encode("utf-8", "replace"))
    except OSError as error:
        problem = f"cannot be written: {error.strerror}"
        raise InputError(path, "", problem, "name a file that you may write to with --out") from None
    return path


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
        from reports.tables import csv_text

        return csv_text(run_dir)
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

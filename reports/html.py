"""One self-contained HTML page of a run: no script, no request, nothing that a model wrote is believed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.deciding.cost import Use
from harness.deciding.prices import PriceSheet
from harness.deciding.wording import money, p_value
from harness.errors import InputError
from reports import _charts, _text
from reports._data import RunData, load_run
from reports._view import page_of

__all__ = ["RunData", "load_run", "render", "write_report"]

FILE_NAME = "report.html"


def render(run: RunData) -> str:
    """Return the report as one HTML document; equal runs give equal text.

    Whatever stands in prompts, passages, answers and names is escaped, and characters that a page cannot hold
    or that would mislead its reader are made visible. The result can always be encoded as UTF-8.
    """
    page = page_of(run)
    style = (Path(__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
    return _environment().get_template("report.html.jinja").render(page=page, style=Markup(style))


def write_report(
    run_dir: Path, path: Path | None = None, sheet: PriceSheet | None = None, use: Use | None = None
) -> Path:
    """Write the report of a run folder, by default into it as ``report.html``; return where it stands.

    Args:
        run_dir: The run folder.
        path: The file to write.
        sheet: Prices of the decision; by default those of the kind of machine the run was made on.
        use: How the answer will be used.

    Raises:
        InputError: The run cannot be read, or the file cannot be written.
    """
    page = render(load_run(run_dir, sheet, use)).encode("utf-8")
    path = path or run_dir / FILE_NAME
    try:
        path.write_bytes(page)
    except OSError as error:
        problem = f"cannot be written: {error.strerror}"
        raise InputError(path, "", problem, "name a file that you may write to with --out") from None
    return path


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_text.harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        score=_text.score,
        points=_text.points,
        count=_text.count,
        duration=_text.duration,
        size=_text.size,
        exact=_text.exact,
        excerpt=_text.excerpt,
        money=money,
        p_value=p_value,
    )
    environment.globals.update(chart_width=_charts.WIDTH, chart_height=_charts.HEIGHT)
    return environment

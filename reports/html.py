"""One self-contained HTML page of a run: one script, no requests, nothing a model wrote is trusted."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from reports import theme
from reports._environment import environment
from reports._language import words
from reports.explorer.page import explorer_of
from reports.explorer.payload import LIMIT_BYTES
from reports.report_page import page_of
from reports.run_data import RunData, load_run

__all__ = ["RunData", "load_run", "render"]


def render(run: RunData, explorer_bytes: int = LIMIT_BYTES) -> str:
    """Return the report as one HTML document; equal runs give equal text.

    Prompts, passages, answers and names are escaped, and characters that a page cannot hold or that would
    mislead its reader are made visible. The result can always be encoded as UTF-8. The data of single items
    take at most ``explorer_bytes``; the page says what it leaves out.
    """
    page, explorer = page_of(run), explorer_of(run, explorer_bytes)
    style = theme.css() + (Path(__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
    template = environment(t=words("report")).get_template("report.html.jinja")
    return template.render(page=page, style=Markup(style), explorer=explorer)

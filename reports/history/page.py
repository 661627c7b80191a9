"""The history as one self-contained HTML page: no script, no request."""

from __future__ import annotations

from reports._pages import page
from reports.history.records import History
from reports.tables.history import runs_table, task_table


def render_history(history: History, back: str = "") -> str:
    """Return the page; equal histories give equal text.

    Args:
        history: What to show.
        back: Address of the page to go back to, if any.
    """
    shown = [task for task in history.tasks if any(series.points for series in task.series)]
    roles = {
        role: [(task, task_table(history, task)) for task in shown if task.role == role]
        for role in ("target", "retention")
    }
    return page("history.html.jinja", history=history, runs=runs_table(history), roles=roles, back=back)

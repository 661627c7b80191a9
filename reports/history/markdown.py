"""The history as Markdown: for a pull request, a wiki, a mail."""

from __future__ import annotations

from collections.abc import Iterator

from harness.deciding.wording import p_value, points
from reports._pages import WORDS
from reports.history.records import Finding, History
from reports.tables.history import runs_table, task_table
from reports.tables.markdown import plain, table_lines
from reports.tables.model import SIGNS


def history_markdown(history: History) -> str:
    """Return what regressed, what improved, the runs, and a table for every task."""
    t = WORDS
    lines = [f"# {t('history_title', n=len(history.runs))}", "", *_found(history), ""]
    for table in (runs_table(history), *(task_table(history, task) for task in history.tasks)):
        lines += [f"## {plain(table.title)}", "", *table_lines(table), ""]
    lines.append(t("legend"))
    return "\n".join(lines) + "\n"


def _found(history: History) -> Iterator[str]:
    t = WORDS
    if history.regressions:
        yield f"**{t('regressed', n=len(history.regressions))}**"
    else:
        what = "nothing_regressed" if history.n_compared else "nothing_compared"
        yield f"**{t(what)}** {t(f'{what}_why')}"
    yield ""
    for each in (*history.regressions, *history.improvements):
        yield f"- {_finding(history, each)}"


def _finding(history: History, each: Finding) -> str:
    t, change = WORDS, each.change
    text = t(
        "finding",
        strategy=plain(each.strategy),
        task=plain(each.task),
        difference=points(change.difference),
        low=points(change.ci_low),
        high=points(change.ci_high),
        p=plain(p_value(change.p_holm)),
        n=change.n,
    )
    later, earlier = (plain(history.runs[place].label) for place in (each.run, change.earlier))
    runs = t("finding_runs", later=later, earlier=earlier)
    return f"{SIGNS[change.reading]} {t(change.reading)}: {text}: {runs}"

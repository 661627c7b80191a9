"""The history as Markdown: for a pull request, a wiki, a mail."""

from __future__ import annotations

from collections.abc import Iterator

from harness.deciding.wording import p_value, points
from reports._pages import WORDS
from reports.history import Finding, History, Point, TaskHistory
from reports.tables.markdown import plain

_SIGNS = {"worse": "▼", "better": "▲"}


def history_markdown(history: History) -> str:
    """Return what regressed, what improved, the runs, and a table for every task."""
    t = WORDS
    lines = [f"# {t('history_title', n=len(history.runs))}", "", *_found(history), ""]
    lines += [f"## {t('runs_heading')}", "", *_runs(history), ""]
    for task in history.tasks:
        lines += [f"## {plain(task.task)}", "", *_table(history, task), ""]
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
    return f"{_SIGNS[change.reading]} {t(change.reading)}: {text}: {runs}"


def _runs(history: History) -> Iterator[str]:
    t = WORDS
    heads = ("run", "folder", "created", "revision", "base_model", "verdict")
    yield "| " + " | ".join(t(head) for head in heads) + " |"
    yield "|" + "---|" * len(heads)
    for run in history.runs:
        model = ", ".join(f"{name} {digest[:12]}" for name, digest in run.models.items())
        if run.changed:
            model += f", {t('changed', what=', '.join(run.changed))}"
        cells = (run.name, run.folder, run.created, run.git_revision or t("none"), model)
        verdict = plain(run.verdict or t("no_verdict"), 600)
        yield "| " + " | ".join([*map(plain, cells), verdict]) + " |"


def _table(history: History, task: TaskHistory) -> Iterator[str]:
    yield f"| {WORDS('strategy')} | " + " | ".join(plain(run.label) for run in history.runs) + " |"
    yield "|" + "---|" * (1 + len(history.runs))
    for series in task.series:
        by_run = {point.run: point for point in series.points}
        cells = [_cell(by_run.get(place)) for place in range(len(history.runs))]
        yield f"| {plain(series.strategy)} | " + " | ".join(cells) + " |"


def _cell(point: Point | None) -> str:
    if point is None:
        return ""
    mean, low, high = (points(value, sign=False) for value in (point.mean, point.ci_low, point.ci_high))
    text = f"{mean} ({low} to {high})"
    if point.change:
        sign = _SIGNS.get(point.change.reading, "")
        text += f"; {points(point.change.difference)} {sign} {WORDS(point.change.reading.replace(' ', '_'))}"
    elif point.obstacle:
        what = ", ".join(point.obstacle.settings)
        why = WORDS("other_task", what=what) if what else WORDS("no_common_items")
        why = WORDS("not_finished") if point.obstacle.unfinished else why
        text += f"; ≠ {WORDS('not_comparable')}: {plain(why)}"
    return " ".join(text.split())

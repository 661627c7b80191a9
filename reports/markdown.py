"""The report in short, as Markdown: for a pull request, a wiki, a mail."""

from __future__ import annotations

from collections.abc import Iterator

from reports._language import words
from reports.check_lines import check_lines
from reports.remarks import remarks_of
from reports.run_data import RunData
from reports.tables.decision import candidates_table
from reports.tables.forgetting import lost_table
from reports.tables.markdown import plain, table_lines
from reports.tables.model import Table
from reports.tables.scores import score_table

_LONGEST = 500
_LONGEST_PARAGRAPH = 2_000


def markdown(run: RunData) -> str:
    """Return verdict, strategies, scores, what was lost, checks and what would change the decision."""
    return "\n".join(_lines(run)) + "\n"


def _lines(run: RunData) -> Iterator[str]:
    t, summary, decision = words("report"), run.summary, run.decision
    yield f"# {plain(summary.name)}"
    yield ""
    yield plain(decision.paragraph, _LONGEST_PARAGRAPH)
    yield ""
    for remark in remarks_of(summary):
        yield from (plain(str(remark), _LONGEST), "")
    yield from _titled(candidates_table(decision))
    for role in ("target", "retention"):
        if (table := score_table(summary, role)).rows:
            yield from _titled(table)
    if (lost := lost_table(summary)).rows:
        yield from _titled(lost)
    yield f"## {plain(t.decision.checks)}"
    yield ""
    for line in check_lines(decision):
        word = f"**{line.word}**" if line.standing == "ends" else line.word
        yield f"- {word}, {line.name}: {plain(line.text, _LONGEST)}"
    if decision.changes:
        yield ""
        yield f"## {plain(t.changes)}"
        yield ""
        yield from (f"- {plain(change, _LONGEST)}" for change in decision.changes)


def _titled(table: Table) -> Iterator[str]:
    yield f"## {plain(table.title)}"
    yield ""
    yield from table_lines(table)
    yield ""

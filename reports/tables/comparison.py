"""The table of two runs, strategy by strategy and task by task."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.across_runs import RunDifference
from reports.tables.model import COUNT, NAME, P_VALUE, POINTS, SCORE, TEXT, Row, Table, TableCell, TableWords


def comparison_table(first: str, later: str, found: Sequence[RunDifference]) -> Table:
    """One row for each strategy and task that both runs have; names are those of the runs."""
    t = TableWords("comparison")
    columns = (
        t.column("strategy", NAME),
        t.column("task", NAME),
        t.column("metric", TEXT),
        t.column("before", SCORE),
        t.column("after", SCORE),
        t.column("difference", POINTS, "beside"),
        t.column("p", P_VALUE),
        t.column("n", COUNT),
        t.column("reading", TEXT),
    )
    rows = tuple(_row(each, t) for each in found)
    return Table(t.key, t("title", first=first, later=later), columns, rows, empty=t("empty"))


def _row(each: RunDifference, t: TableWords) -> Row:
    ends = each.found.interval()
    reading = t({"better": "better", "worse": "worse"}.get(each.reading, "open"))
    return Row(
        (
            each.strategy,
            each.task,
            each.metric,
            each.before,
            each.after,
            TableCell(each.found.estimate, interval=ends),
            each.p_holm,
            each.found.n,
            reading,
        ),
        mark="" if each.reading == "not proven" else each.reading,
    )

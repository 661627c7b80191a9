"""The table of whether retrieval or generation is behind the answers of retrieving strategies."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.findings import Attribution
from reports.numbers import score
from reports.tables.model import COUNT, NAME, TEXT, Remark, Row, Table, TableCell, TableWords


def attribution_table(found: Sequence[Attribution]) -> Table:
    """One row for each strategy and task: items by whether a right passage was shown."""
    t = TableWords("attribution")
    keys = ("retrieval_missed", "generation_missed", "found_and_right", "from_memory")
    kinds = {"strategy": NAME, "task": TEXT, "n": COUNT} | dict.fromkeys(keys, COUNT)
    rows = tuple(
        Row(
            (
                each.strategy,
                each.task,
                each.n,
                *(_counted(getattr(each, key), each.n, t) for key in keys),
            )
        )
        for each in found
    )
    return Table(t.key, t("title"), t.columns(kinds), rows)


def _counted(n: int, of: int, t: TableWords) -> TableCell:
    return TableCell(n, remarks=(Remark(t("share", share=score(n / of))),))

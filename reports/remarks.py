"""What a reader must know about a run besides its figures: failures, malformed answers, notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.analysis.findings import Cell, Summary
from reports._language import words
from reports.numbers import count
from reports.page_text import excerpt

_LONGEST = 500


@dataclass(frozen=True)
class RunRemark:
    """A sentence with what it is about; a ``warning`` says that figures are affected."""

    head: str
    text: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.head} {self.text}"


def remarks_of(summary: Summary) -> Iterator[RunRemark]:
    """Yield warnings, then notes."""
    t = words("report").remarks
    if summary.errors:
        some = t.failed.format(errors=count(summary.errors), items=count(summary.items))
        yield RunRemark(some, t.failed_counted, warning=True)
    for cell in malformed_cells(summary):
        values = {"n": count(cell.n), "malformed": count(cell.malformed), "strategy": cell.strategy}
        yield RunRemark(f"{cell.task}:", t.malformed.format(**values), warning=True)
    for each in summary.failures:
        head = t.not_prepared.format(strategy=each.strategy, seed=each.seed)
        yield RunRemark(head, f"{each.error.kind}: {each.error.message}", warning=True)
    for task in summary.tasks:
        yield from (RunRemark(f"{task.name}:", f"{excerpt(text, _LONGEST)}.") for text in task.remarks)
    for note in summary.notes:
        seed = t.seed.format(seed=note.seed) if len(summary.seeds) > 1 else ""
        yield RunRemark(f"{note.strategy}{seed}:", f"{note.text}.")


def malformed_cells(summary: Summary) -> list[Cell]:
    """Return the primary scores of tasks and strategies with malformed answers."""
    return [cell for cell in summary.cells if cell.primary and cell.malformed]


def tasks_all_malformed(summary: Summary) -> list[str]:
    """Return the tasks to which every strategy has given only malformed answers."""
    met = {cell.task for cell in summary.cells if cell.primary and cell.malformed < cell.n}
    return sorted({cell.task for cell in malformed_cells(summary)} - met)

"""Warnings while a run answers: no answer has the wanted form, or a metric fails."""

from __future__ import annotations

from collections.abc import Sequence

from harness.execution.judging import METRIC_ERROR
from harness.progress import Progress
from harness.types import ItemResult, LoadedTask

MALFORMED_NOTED = 100
"""Answers of a task after which a run warns that none of them matches the task's ``answer`` rule."""


class MalformedWatch:
    """Warns once that no answer of a task so far matches its ``answer`` rule.

    Args:
        task: The task.
        strategy: The strategy whose answers are watched.
        progress: Where the warning goes.
        told: Strategies already warned about; this one is added.
        met: Strategies that gave an answer matching the rule; this one is added.
    """

    def __init__(
        self, task: LoadedTask, strategy: str, progress: Progress, told: set[str], met: set[str]
    ) -> None:
        self._task, self._strategy, self._progress = task, strategy, progress
        self._told, self._met, self._seen = told, met, 0

    def see(self, results: Sequence[ItemResult]) -> None:
        """Count results as they come."""
        answered = [result.extracted for result in results if result.extracted]
        self._seen += len(answered)
        if any(not part.malformed for part in answered):
            self._met.add(self._strategy)
        if self._seen >= MALFORMED_NOTED and self._strategy not in self._told | self._met:
            self._told.add(self._strategy)
            remedy = (
                "others' have it" if self._met else "look at some, and correct the rule or the instruction"
            )
            self._progress.say(
                f"{self._task.place}: answer: none of the first {self._seen} answers of {self._strategy} has "
                f"what it wants, so all count as wrong; {remedy}"
            )


class MetricWatch:
    """Warns at the end of a task which metric failed, on how many answers, and with what first error."""

    def __init__(self, task: LoadedTask, strategy: str, progress: Progress) -> None:
        self._task, self._strategy, self._progress = task, strategy, progress
        self._seen, self._failed, self._first = 0, 0, ""

    def see(self, results: Sequence[ItemResult]) -> None:
        """Count results as they come."""
        self._seen += len(results)
        for result in results:
            if result.error and result.error.kind == METRIC_ERROR:
                self._failed += 1
                self._first = self._first or f"item {result.item_id}: {result.error.message}"

    def end(self) -> None:
        """Warn, if a metric failed."""
        if self._failed:
            self._progress.say(
                f"{self._task.place}: metrics: {self._failed} of {self._seen} answers of {self._strategy} "
                f"could not be scored and count as failed ({self._first}); fix the metric and run again: "
                "the answers are kept, and judged again"
            )

"""Self-consistency: several answers are sampled, and the most frequent one is taken.

Wang et al., 2023, Self-Consistency Improves Chain of Thought Reasoning in Language Models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from harness.config import Options
from harness.protocols import Answered, PrepareContext, Prepared
from harness.tasks.answers import extract
from harness.traits import Traits
from harness.types import (
    Answer,
    AnswerRule,
    Exchange,
    Failure,
    PrepareCost,
    Request,
    Task,
    TaskItem,
    TrainingData,
)
from strategies.prompting.samples import finished_samples

__all__ = ["SelfConsistency"]


class SelfConsistencyOptions(Options):
    """``n`` answers are sampled at ``temperature``."""

    n: int = Field(default=5, ge=2, le=100)
    temperature: float = Field(default=0.7, gt=0.0, le=5.0, allow_inf_nan=False)


class SelfConsistency:
    """Samples several answers and takes the most frequent one.

    Choices that are scored cannot be sampled: a task with them is asked as it is.
    """

    options_type = SelfConsistencyOptions
    traits = Traits(kind="prompt")

    def __init__(self, options: SelfConsistencyOptions) -> None:
        self._options = options

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse nothing: any task can be asked several times, or as it is."""

    def prepare(self, context: PrepareContext) -> Prepared:
        """Ask what the strategy before it asks, several times, and vote over its answers."""
        vote = _Vote(self._options, context)
        whole = [data.task.name for data in context.tasks if _takes_all(data.task)]
        return Prepared(context.model, vote.build, PrepareCost(), {"notes": notes_of(whole)}, vote.finish)


def _takes_all(task: Task) -> bool:
    """Whether the whole text written for a task is its answer, reasons and wording included."""
    return not task.scores_choices and task.answer == AnswerRule()


def notes_of(tasks: Sequence[str]) -> list[str]:
    """Return what a reader must know where samples are compared as whole texts."""
    if not tasks:
        return []
    return [
        f"on {', '.join(tasks)} samples agree only where they are the same word for word, and else the first "
        "one is taken: a task needs an `answer` rule, such as `extract: number`, for a vote over its answers"
    ]


@dataclass(frozen=True)
class _Vote:
    """The strategy before, asked several times."""

    options: SelfConsistencyOptions
    before: PrepareContext

    def build(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        """Build the requests of the strategy before, each for ``n`` samples."""
        return [self._sampled(request) for request in self.before.build(task, items)]

    def _sampled(self, request: Request | Failure) -> Request | Failure:
        if isinstance(request, Failure) or request.choices:
            return request
        decoding = request.decoding.model_copy(update={"temperature": self.options.temperature})
        return request.model_copy(update={"decoding": decoding, "n": self.options.n})

    def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Answered:
        """Return the first sample of those that agree with most others, or the samples' further requests."""
        if exchanges[0].request.choices:
            return self.before.finish(task, item, exchanges)
        found = finished_samples(self.before.finish, task, item, exchanges)
        answers = [each for each in found if isinstance(each, Answer)]
        failures = [each for each in found if isinstance(each, Failure)]
        if answers:
            return elected(task, item, answers)
        return failures[0] if failures else [each for each in found if isinstance(each, Request)]


def elected(task: Task, item: TaskItem, answers: Sequence[Answer]) -> Answer:
    """Return the first of the answers that most agree with; in a tie, the first seen.

    Answers agree where what the task's ``answer`` rule extracts from them is equal, case and white space
    aside. A malformed answer has no vote; where all are malformed, the first is returned.
    """
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        part = extract(task, item, answer)
        if not part.malformed:
            groups.setdefault(" ".join(part.text.casefold().split()), []).append(answer)
    return max(groups.values(), key=len)[0] if groups else answers[0]

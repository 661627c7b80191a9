"""From stored answers to scores: what of each answer is judged, and what every metric gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.protocols import Case, Metric
from harness.tasks.answers import extract
from harness.types import Extracted, Generation, Request, Task, TaskItem


@dataclass(frozen=True)
class Answered:
    """One item with its answer; ``prior`` judges the same choices under the prompt without the input."""

    item: TaskItem
    request: Request
    generation: Generation
    prior: Generation | None = None


@dataclass(frozen=True)
class Judgement:
    """What of an answer was judged, and its scores by name, in [0, 1]."""

    extracted: Extracted
    scores: dict[str, float]


def judge(task: Task, metrics: Sequence[Metric], answered: Sequence[Answered]) -> list[Judgement]:
    """Judge answers to items of one task, in order.

    An answer that is malformed gets 0 from every metric that judges answers.
    """
    found = [extract(task, each.item, each.generation) for each in answered]
    cases = [
        Case(task, each.item, each.request, each.generation, part.text, each.prior)
        for each, part in zip(answered, found, strict=True)
    ]
    judgements = [Judgement(part, {}) for part in found]
    for metric in metrics:
        of_answers = getattr(metric, "judges", "answer") == "answer"
        sound = [i for i, part in enumerate(found) if not (of_answers and part.malformed)]
        scored = dict(zip(sound, metric.score([cases[i] for i in sound]), strict=True))
        nothing = dict.fromkeys(metric.names, 0.0)
        for i, judgement in enumerate(judgements):
            judgement.scores.update(scored.get(i, nothing))
    return judgements

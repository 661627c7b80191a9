"""From stored answers to scores: what of each answer is judged, and what every metric gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from harness.errors import TrilemmaError, shorten
from harness.protocols import Case, Metric
from harness.tasks.answers import extract
from harness.types import Answer, Extracted, Failure, Generation, Request, Task, TaskItem

METRIC_ERROR = "metric_error"
"""Kind of the failure of an item that a metric could not score; its answer is kept, and judged again."""
_ROUNDING = 1e-6
"""How far a score may lie outside [0, 1] by its arithmetic."""


@dataclass(frozen=True)
class Answered:
    """One item with its answer; ``prior`` judges the same choices under the prompt without the input."""

    item: TaskItem
    request: Request
    answer: Answer
    prior: Generation | None = None


@dataclass(frozen=True)
class Judgement:
    """What of an answer was judged, and its scores by name, in [0, 1]; ``error`` where a metric failed."""

    extracted: Extracted
    scores: dict[str, float] = field(default_factory=dict)
    error: Failure | None = None


def judge(task: Task, metrics: Sequence[Metric], answered: Sequence[Answered]) -> list[Judgement]:
    """Judge answers to items of one task, in order.

    An answer that is malformed gets 0 from every metric that judges answers. A metric that fails on an item,
    by raising or by what it returns, fails this item alone.

    Raises:
        TrilemmaError: A metric refuses an item, because what stands in it cannot be judged.
    """
    found = [extract(task, each.item, each.answer) for each in answered]
    cases = [
        Case(task, each.item, each.request, each.answer, part.text, each.prior)
        for each, part in zip(answered, found, strict=True)
    ]
    scores: list[dict[str, float]] = [{} for _ in cases]
    errors: dict[int, Failure] = {}
    for metric in metrics:
        of_answers = getattr(metric, "judges", "answer") == "answer"
        sound = [i for i, part in enumerate(found) if not (of_answers and part.malformed)]
        given = dict(zip(sound, _scored(metric, [cases[i] for i in sound]), strict=True))
        for i, mine in enumerate(scores):
            score = given.get(i, dict.fromkeys(metric.names, 0.0))
            if isinstance(score, Failure):
                errors.setdefault(i, score)
            else:
                mine.update(score)
    return [
        Judgement(part, {}, errors[i]) if i in errors else Judgement(part, scores[i])
        for i, part in enumerate(found)
    ]


def _scored(metric: Metric, cases: Sequence[Case]) -> list[dict[str, float] | Failure]:
    """Return a metric's scores of each case, or how it failed; one by one where all at once failed."""
    if not cases:
        return []
    try:
        return [*_checked(metric, metric.score(cases), len(cases))]
    except TrilemmaError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a metric may be anybody's code
        if len(cases) == 1:
            text = shorten(f"{metric.names[0]}: {type(error).__name__}: {error}", 500)
            return [Failure(kind=METRIC_ERROR, message=text)]
    return [score for case in cases for score in _scored(metric, [case])]


def _checked(metric: Metric, given: Any, n: int) -> list[dict[str, float]]:
    """Return scores as they must be.

    Raises:
        ValueError: There are not ``n``, or one has other names or a value that is no number in [0, 1].
    """
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != n:
        found = len(given) if isinstance(given, Sequence) else type(given).__name__
        raise ValueError(f"score() must return a list of {n}, one for each case, and returned {found}")
    return [_checked_one(metric, scores) for scores in given]


def _checked_one(metric: Metric, scores: Any) -> dict[str, float]:
    whole = getattr(metric, "judges", "answer") == "answer"  # others may have nothing to judge
    names = set(metric.names)
    if not isinstance(scores, Mapping) or scores.keys() - names or (whole and scores.keys() != names):
        raise ValueError(f"must give {', '.join(sorted(names))} by name, and gave {shorten(scores)}")
    for name, value in scores.items():
        if not isinstance(value, Real) or not -_ROUNDING <= float(value) <= 1 + _ROUNDING:
            raise ValueError(f"{name} must be a number in [0, 1], and is {shorten(value)}")
    return {name: min(max(float(value), 0.0), 1.0) for name, value in scores.items()}

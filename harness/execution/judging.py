"""Judges stored answers: extracts the judged part of each and lets every metric score it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from harness.errors import TrilemmaError, plain, shorten
from harness.scoring import Case, Metric, needs_of
from harness.tasks.answers import extract
from harness.types import Answer, Exchange, Extracted, Failure, Generation, Judgement, Request, Task, TaskItem

METRIC_ERROR = "metric_error"
"""Kind of the failure of an item that a metric could not score; its answer is kept, and judged again."""
LONGEST = 20_000
"""Maximum characters kept of an explanation."""
_ROUNDING = 1e-6
"""How far a score may be outside [0, 1] through rounding."""


@dataclass(frozen=True)
class Answered:
    """One item with its answer; ``prior`` judges the same choices under the prompt without the input."""

    item: TaskItem
    request: Request
    answer: Answer
    prior: Generation | None = None
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class Judged:
    """The judged part of an answer, and its scores by name, in [0, 1]; ``error`` if a metric failed.

    ``details`` are the judgements that contain more than a value.
    """

    extracted: Extracted
    scores: dict[str, float] = field(default_factory=dict)
    details: dict[str, Judgement] = field(default_factory=dict)
    error: Failure | None = None


def judge(task: Task, metrics: Sequence[Metric], answered: Sequence[Answered]) -> list[Judged]:
    """Judge answers to items of one task, in order.

    A malformed answer gets 0 from every metric that judges answers. A metric that fails on an item, by
    raising, by an invalid result, or by reporting it, fails only this item.

    Raises:
        TrilemmaError: A metric refuses an item, because its content cannot be judged.
    """
    found = [extract(task, each.item, each.answer) for each in answered]
    cases = [
        Case(task, each.item, each.request, each.answer, part.text, each.prior, each.exchanges)
        for each, part in zip(answered, found, strict=True)
    ]
    given: list[dict[str, Judgement]] = [{} for _ in cases]
    errors: dict[int, Failure] = {}
    for metric in metrics:
        of_answers = needs_of(metric).judges == "answer"
        sound = [i for i, part in enumerate(found) if not (of_answers and part.malformed)]
        mine = dict(zip(sound, _scored(metric, [cases[i] for i in sound]), strict=True))
        for i, so_far in enumerate(given):
            score = mine.get(i, dict.fromkeys(metric.names, Judgement()))
            if isinstance(score, Failure):
                errors.setdefault(i, score)
            else:
                so_far.update(score)
    return [_judged(*each, errors.get(i)) for i, each in enumerate(zip(found, given, strict=True))]


def _judged(part: Extracted, given: Mapping[str, Judgement], error: Failure | None) -> Judged:
    details = {name: each for name, each in given.items() if each != Judgement(value=each.value)}
    failed = [f"{name}: {each.error.message}" for name, each in given.items() if each.error]
    if error is None and failed:
        error = Failure(kind=METRIC_ERROR, message=shorten(failed[0], 500))
    scores = {} if error else {name: each.value for name, each in given.items()}
    return Judged(part, scores, details, error)


def _scored(metric: Metric, cases: Sequence[Case]) -> list[dict[str, Judgement] | Failure]:
    """Return a metric's judgements of each case, or how it failed; one by one if the whole batch failed."""
    if not cases:
        return []
    try:
        return [*_checked(metric, metric.score(cases), len(cases))]
    except TrilemmaError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a metric may be third-party code
        if len(cases) == 1:
            text = plain(shorten(f"{metric.names[0]}: {type(error).__name__}: {error}", 500))
            return [Failure(kind=METRIC_ERROR, message=text)]
    return [score for case in cases for score in _scored(metric, [case])]


def _checked(metric: Metric, given: Any, n: int) -> list[dict[str, Judgement]]:
    """Return validated judgements.

    Raises:
        ValueError: There are not ``n``, or one has other names or a value that is not a number in [0, 1].
    """
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != n:
        found = len(given) if isinstance(given, Sequence) else type(given).__name__
        raise ValueError(f"score() must return a list of {n}, one for each case, and returned {found}")
    return [_checked_one(metric, scores) for scores in given]


def _checked_one(metric: Metric, scores: Any) -> dict[str, Judgement]:
    whole = needs_of(metric).judges == "answer"  # others may have nothing to judge
    names = set(metric.names)
    if not isinstance(scores, Mapping) or scores.keys() - names or (whole and scores.keys() != names):
        raise ValueError(f"must give {', '.join(sorted(names))} by name, and gave {shorten(scores)}")
    return {name: _checked_score(name, score) for name, score in scores.items()}


def _checked_score(name: str, score: Any) -> Judgement:
    value = score.value if isinstance(score, Judgement) else score
    if not isinstance(value, Real) or not -_ROUNDING <= float(value) <= 1 + _ROUNDING:
        raise ValueError(f"{name} must be a number in [0, 1], and is {shorten(value)}")
    whole = score if isinstance(score, Judgement) else Judgement()
    if score is whole:
        whole = whole.model_copy(update={"explanation": _cut(whole.explanation), "error": _told(whole.error)})
        whole.check_kept()
    return whole.model_copy(update={"value": min(max(float(value), 0.0), 1.0)})


def _cut(explanation: Any) -> Any:
    return shorten(explanation, LONGEST) if len(str(explanation)) > LONGEST else explanation


def _told(error: Failure | None) -> Failure | None:
    return error and error.model_copy(update={"message": shorten(error.message, 500)})

"""From the names in a task to metrics that are ready to score."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from harness.config import parse
from harness.errors import InputError, MissingDependencyError
from harness.metrics.retrieval import Retrieval
from harness.plugins import check_known, load, sound
from harness.scoring import Metric, Needs, ReadsFiles, StatesNeeds, needs_of
from harness.types import MetricSpec, Task, TaskItem

_HUB = "evaluate:"


def load_metrics(task: Task, place: object, items: Iterable[TaskItem] = ()) -> list[Metric]:
    """Return the metrics of a task, in its order, followed by those that its items ask for.

    Args:
        task: The task.
        place: Its ``task.yaml``, for errors and as the start of relative paths.
        items: The items to be judged.

    Raises:
        InputError: A metric is unknown, has a wrong option, does not fit the task's kind, or gives a score
            that another one already gives; or the first one does not judge answers.
        MissingDependencyError: A library it needs is not installed.
    """
    metrics: list[Metric] = []
    taken: set[str] = set()
    for index, spec in enumerate(task.metrics):
        key = f"metrics.{index}"
        metric = load_metric(spec, task, place, key)
        if again := taken & set(metric.names):
            raise InputError(
                place, key, f"gives the score {min(again)} a second time", "name each metric once", spec.use
            )
        taken |= set(metric.names)
        metrics.append(metric)
    if needs_of(metrics[0]).judges != "answer":
        problem = "judges what was shown, and cannot rank answers"
        raise InputError(
            place, "metrics.0", problem, "put one that judges answers first", task.metrics[0].use
        )
    return metrics if not taken.isdisjoint(Retrieval.names) else [*metrics, *Retrieval.asked_by(items)]


def load_metric(spec: MetricSpec, task: Task, place: object, key: str) -> Metric:
    """Return one metric, ready to score the items of ``task``; see ``load_metrics`` for the errors."""
    check_known("metrics", spec.use, place, key)
    if spec.use.startswith(_HUB):
        return _hub_metric(spec, place, key)
    kind: Any = load("metrics", spec.use, place, key)
    if hasattr(kind, "options_type"):
        parse(kind.options_type, spec.options, place, key)
    else:
        _check_arguments(kind, spec, place, key)
    with sound(place, key, spec.use):
        metric: Metric = kind(**spec.options)
        _check(metric, spec.use, task, place, key)
    return metric


def _check(metric: Metric, use: str, task: Task, place: object, key: str) -> None:
    if lacking := [name for name in ("names", "kinds", "score") if not hasattr(metric, name)]:
        raise InputError(place, key, f"is no metric: it has no `{lacking[0]}`", "add it", use)
    names = metric.names
    if not isinstance(names, tuple | list) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(place, key, "is no metric: `names` must be a tuple of names", "correct it", use)
    if len(set(names)) < len(names):
        raise InputError(place, key, "is no metric: `names` has one twice", "name each score once", use)
    if not isinstance(metric.kinds, tuple | list | set | frozenset):
        raise InputError(place, key, "is no metric: `kinds` must be a tuple of kinds", "correct it", use)
    if isinstance(metric, StatesNeeds) and not isinstance(metric.needs, Needs):
        raise InputError(place, key, "is no metric: `needs` must be a Needs", "correct it", use)
    if isinstance(metric, ReadsFiles) and not isinstance(metric.files_digest, str):
        raise InputError(place, key, "is no metric: `files_digest` must be a text", "correct it", use)
    if task.kind not in metric.kinds:
        raise InputError(place, key, f"does not fit a task of the kind {task.kind}", "choose another", use)
    stated = metric.needs if isinstance(metric, StatesNeeds) else Needs()
    if task.kind == "choice" and stated.every_choice and not task.scores_choices:
        problem = "needs log-likelihoods of choices, and here they are answered in words"
        raise InputError(place, key, problem, "use choice_accuracy", use)


def _hub_metric(spec: MetricSpec, place: object, key: str) -> Metric:
    try:
        from harness.metrics._hub import HubMetric, HubOptions
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"{place}: {key}", error.name or "evaluate", "metrics") from None
    return HubMetric(spec.use, parse(HubOptions, spec.options, place, key), place, key)


def _check_arguments(kind: Any, spec: MetricSpec, place: object, key: str) -> None:
    try:
        inspect.signature(kind).bind(**spec.options)
    except TypeError as error:
        raise InputError(place, key, f"cannot be built: {error}", "correct its options", spec.use) from None

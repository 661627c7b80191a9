"""How answers are judged: loading metrics, and the digests of everything their scores depend on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.scoring import Metric
    from harness.types import LoadedTask, ModelIdentity, TaskItem

Metrics = Mapping[str, tuple["Metric", ...]]


def metrics_of(
    tasks: Iterable[LoadedTask], tests: Mapping[str, Sequence[TaskItem]], models: Collection[str]
) -> Metrics:
    """Return the metrics of each task, by its name.

    Args:
        tasks: The tasks.
        tests: Those of their items that are asked.
        models: Names of the experiment's models.

    Raises:
        InputError: One cannot be loaded, or asks a model that the experiment does not have.
    """
    from harness.errors import InputError, nearest
    from harness.metrics import load_metrics
    from harness.scoring import AsksModel

    found = {}
    for task in tasks:
        metrics = load_metrics(task.task, task.place, tests[task.task.name])
        for metric in metrics:
            if isinstance(metric, AsksModel) and metric.asks and metric.asks not in models:
                problem = f"{metric.names[0]} asks a model that the experiment does not have"
                raise InputError(task.place, "metrics", problem, nearest(metric.asks, models), metric.asks)
        found[task.task.name] = tuple(metrics)
    return found


def needed_of(task: LoadedTask, metrics: Sequence[Metric]) -> tuple[str, ...]:
    """Return what metrics need of a task's choices besides the likeliest one: it changes the requests."""
    from harness.scoring import needs_of

    needs = [needs_of(metric) for metric in metrics] if task.task.scores_choices else []
    return tuple(name for name in ("every_choice", "prior") if any(getattr(each, name) for each in needs))


def judges_of(metrics: Sequence[Metric], models: Mapping[str, ModelIdentity]) -> tuple[str, ...]:
    """Return digests of what scores depend on besides the task: files, asked models, third-party code.

    Args:
        metrics: Some metrics.
        models: The experiment's models by name, the first one first.
    """
    from harness.digests import code_digest, digest_of
    from harness.scoring import AsksModel, ReadsFiles, model_of

    found = [m.files_digest for m in metrics if isinstance(m, ReadsFiles) and m.files_digest]
    found += [digest_of(model_of(m, models).model_dump()) for m in metrics if isinstance(m, AsksModel)]
    others = (type(metric) for metric in metrics if not type(metric).__module__.startswith("harness."))
    return (*found, *(digest for kind in others if (digest := code_digest(kind))))


def judged_by(metrics: Metrics, models: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the tasks whose metrics ask a model, each with a mapping of score name to model name.

    Args:
        metrics: The metrics of each task.
        models: Names of the experiment's models, the first one first.
    """
    from harness.scoring import AsksModel

    first = next(iter(models))
    asked = {
        task: {name: m.asks or first for m in found if isinstance(m, AsksModel) for name in m.names}
        for task, found in metrics.items()
    }
    return {task: names for task, names in asked.items() if names}


def judging_of(task: LoadedTask, metrics: Sequence[Metric], models: Mapping[str, ModelIdentity]) -> str:
    """Return the digest of everything that judging answers depends on."""
    from importlib.metadata import version

    from harness.digests import digest_of

    specs = [spec.model_dump(mode="json") for spec in task.task.metrics]
    return digest_of([task.task.judging, specs, list(judges_of(metrics, models)), version("trilemma")])

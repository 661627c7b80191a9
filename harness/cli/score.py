"""``trilemma score``: judge the answers of a run again, after its tasks' metrics have changed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli._concluding import conclude_run
from harness.cli._judging import judged_by, judges_of, judging_of, metrics_of, needed_of
from harness.cli._manifest import record_of
from harness.cli._plugins import allow_plugin
from harness.cli._running import opened_models, resumable, tasks_of
from harness.errors import InputError

if TYPE_CHECKING:
    from harness.cli._judging import Metrics
    from harness.config import Experiment
    from harness.progress import Progress
    from harness.protocols import Model
    from harness.runs.manifest import RunManifest
    from harness.types import LoadedTask

_AGAIN = "run `trilemma run` again, which asks what has changed"


@click.command()
@click.argument("run_dir", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--metric", "added", multiple=True, metavar="NAME",
    help="Judge by this metric too, on every task that it fits; may be repeated.",
)  # fmt: skip
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE",
    help="The experiment file [default: where it was when the run was made].",
)  # fmt: skip
@allow_plugin
def score(run_dir: Path, added: tuple[str, ...], config: Path | None) -> int:
    """Judge the answers of the run folder RUN anew, asking no strategy again.

    The tasks are read as they are now: their metrics, `answer` rules, `right_from` and accepted answers may
    have changed, what they ask may not. The scores, summary.json and report.html become those of the new
    judging.
    """
    from harness.progress import progress_for
    from harness.runs.lock import locked
    from harness.runs.manifest import read_manifest

    read_manifest(run_dir)
    with resumable(), locked(run_dir):
        _score(run_dir, added, config, progress_for(sys.stderr))
        return conclude_run(run_dir)


def _score(run_dir: Path, added: Sequence[str], config: Path | None, progress: Progress) -> None:
    from harness.config import load_experiment
    from harness.execution.scoring_pass import Wanted, scorings
    from harness.runs.opening import opened, rewrite
    from harness.runs.store import Store
    from harness.tasks.selection import chosen

    with opened(run_dir, unchanged=True) as (manifest, _):
        place = config or Path(manifest.place)
    if config is None and not place.is_file():
        raise InputError(place, "", "there is no such experiment file any more", "name it with --config FILE")
    experiment = load_experiment(place)
    tasks = _with_added(_same_questions(manifest, experiment, place), added)
    tests = {task.task.name: chosen(task.test, manifest.experiment["limit"]) for task in tasks}
    metrics = metrics_of(tasks, tests, experiment.models)
    for task in tasks:
        _check_needed(manifest, task, metrics)
    models = _models(experiment, place, run_dir, metrics, progress)
    known = {name: model.identity for name, model in models.items()}
    judges = {name: judges_of(found[:1], known) for name, found in metrics.items()}
    judging = {task.task.name: judging_of(task, metrics[task.task.name], known) for task in tasks}
    seeds, repeats = manifest.experiment["seeds"], manifest.experiment["repeats"]
    with Store.open(run_dir) as store:
        for task in tasks:
            store.write_items(task.task.digest, tests[task.task.name])
        for name, scoring in scorings(tasks, metrics, judging, store, models).items():
            wanted = Wanted({item.id for item in tests[name]}, seeds, repeats)
            for strategy, recipes in manifest.recipes.items():
                store.forget_misjudged(recipes[name], judging[name])
                scoring.rest(strategy, recipes[name], wanted, progress)
        judged = _judged_so(place, tasks, metrics) | {
            "judges": {name: found for name, found in judges.items() if found},
            "judging": judging,
            "judged_by": judged_by(metrics, experiment.models),
            "models": manifest.models
            | {name: record_of(model) for name, model in models.items() if name not in manifest.models},
        }
        rewrite(run_dir, manifest.model_copy(update=judged), store)


def _same_questions(manifest: RunManifest, experiment: Experiment, place: Path) -> tuple[LoadedTask, ...]:
    """Load the tasks of an experiment and refuse those whose questions differ from the run's."""
    if experiment.name != manifest.name:
        problem, remedy = "is another experiment than the run's", f"name that of {manifest.name}"
        raise InputError(place, "name", problem, remedy, experiment.name)
    tasks = tasks_of(experiment, place)
    names = sorted(task.task.name for task in tasks)
    if names != sorted(manifest.tasks):
        problem = "are others than the run's"
        raise InputError(place, "tasks", problem, _AGAIN, ", ".join(names))
    for task in tasks:
        if task.task.digest != manifest.tasks[task.task.name].digest:
            problem = "asks other questions than the run was asked"
            raise InputError(task.place, "", problem, _AGAIN, task.task.name)
    return tasks


def _with_added(tasks: tuple[LoadedTask, ...], added: Sequence[str]) -> tuple[LoadedTask, ...]:
    """Return the tasks with metrics added to those that they fit.

    Raises:
        InputError: A metric is unknown, or fits none of the tasks.
    """
    from harness.metrics import load_metric
    from harness.plugins import check_known
    from harness.tasks.identity import with_metric
    from harness.types import MetricSpec

    for name in dict.fromkeys(added):
        check_known("metrics", name, "--metric", "")
        spec, refused, fitting = MetricSpec(use=name), list[InputError](), []
        for task in tasks:
            try:
                load_metric(spec, task.task, task.place, "--metric")
                own = name in {each.use for each in task.task.metrics}
                fitting.append(task if own else with_metric(task, spec))
            except InputError as error:
                refused.append(error)
                fitting.append(task)
        if len(refused) == len(tasks):
            raise refused[0]
        tasks = tuple(fitting)
    return tasks


def _check_needed(manifest: RunManifest, task: LoadedTask, metrics: Metrics) -> None:
    """Refuse metrics that need more about the choices than the run recorded."""
    told = {
        "every_choice": "the log-likelihood of every choice",
        "prior": "the choices without the input",
    }
    name = task.task.name
    for needed in needed_of(task, metrics[name]):
        if needed not in manifest.needed.get(name, ()):
            problem = f"need {told[needed]}, which the run was not asked for"
            raise InputError(task.place, "metrics", problem, _AGAIN)


def _models(
    experiment: Experiment, place: Path, run_dir: Path, metrics: Metrics, progress: Progress
) -> Mapping[str, Model]:
    """Open the models that metrics ask, if any."""
    from harness.plugins import sound
    from harness.scoring import AsksModel, RunsOnDevice

    every = [metric for found in metrics.values() for metric in found]
    asked = any(isinstance(metric, AsksModel) for metric in every)
    device = next(iter(experiment.models.values())).options.get("device", "auto")
    for metric in every:
        if isinstance(metric, RunsOnDevice) and device != "auto":
            with sound(place, "metrics", metric.names[0]):
                metric.on_device(device)
    if not asked:
        return {}
    progress.say("loading libraries ...")
    return opened_models(experiment, place, run_dir, progress)


def _judged_so(place: Path, tasks: Sequence[LoadedTask], metrics: Metrics) -> dict[str, Any]:
    """Return the manifest entries of tasks and their metrics."""
    from harness.scoring import names_of

    return {
        "place": str(place),
        "tasks": {task.task.name: task.task for task in tasks},
        "metrics": {name: names_of(found, "answer") for name, found in metrics.items()},
        "shown": {name: shown for name, found in metrics.items() if (shown := names_of(found, "passages"))},
    }

"""Composing a run from an experiment, and completing it; shared by `run` and `gate`."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli._judging import Metrics, judges_of, judging_of, metrics_of, needed_of
from harness.cli._manifest import manifest_of
from harness.errors import EXIT_INTERRUPTED, InputError
from harness.files import LARGEST_RECORD, read_input_text

if TYPE_CHECKING:
    from harness.config import Experiment
    from harness.execution.composition import Apart, Chain
    from harness.execution.plan import MeasuringPlan, Plan
    from harness.progress import Progress
    from harness.protocols import Model
    from harness.runs.manifest import RunManifest
    from harness.types import LoadedTask, TaskItem


def complete(
    experiment: Experiment,
    config: Path,
    run_dir: Path,
    progress: Progress,
    only: Sequence[str] = (),
    apart: Apart | None = None,
    loaded: tuple[LoadedTask, ...] | None = None,
) -> RunManifest:
    """Do what a run has not finished and return its manifest.

    Args:
        experiment: What to run.
        config: The experiment file, for relative paths and errors.
        run_dir: The run folder, which the caller has locked.
        progress: Receives every step.
        only: Names of the strategies to run; all if empty.
        apart: Strategies that are refused individually; it records those that are. With it the folder may
            hold answers of another model, which are left in place.
        loaded: The experiment's tasks, if they are already loaded.

    Raises:
        InputError: Something in the experiment is invalid, or the folder holds another run.
        KeyboardInterrupt: It was stopped; finished items are kept.
    """
    chains, tasks = checked(experiment, config, loaded)
    for task in tasks:
        for remark in task.remarks:
            progress.say(f"{task.place}: {remark}")
    progress.say("loading libraries ...")
    from harness.execution.runner import execute
    from harness.runs.manifest import claim
    from harness.runs.opening import rewrite
    from harness.runs.store import Store

    plan, manifest = _compose(experiment, config, run_dir, chains, tasks, progress)
    manifest = claim(run_dir, manifest, any_model=apart is not None)
    if only:
        plan = dataclasses.replace(plan, chains=tuple(chain for chain in plan.chains if chain.name in only))
    if apart:
        plan = dataclasses.replace(plan, apart=apart)
    with Store.open(run_dir) as store:
        rewrite(run_dir, manifest, store)
        execute(plan, store, progress)
    return manifest


@contextmanager
def resumable() -> Iterator[None]:
    """End a command stopped with Ctrl-C with a line that says how to resume it, and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        command = shlex.join(["trilemma", *sys.argv[1:]])
        click.echo(f"stopped; finished items are kept. Resume with: {command}", err=True)
        sys.exit(EXIT_INTERRUPTED)


def checked(
    experiment: Experiment, config: Path, loaded: tuple[LoadedTask, ...] | None = None
) -> tuple[tuple[Chain, ...], tuple[LoadedTask, ...]]:
    """Build strategies and tasks and let them refuse invalid input; no model library is imported.

    Args:
        experiment: What to run.
        config: The experiment file, for relative paths and errors.
        loaded: Its tasks, if they are already loaded.
    """
    from harness.backends import backend_of
    from harness.config import model_key
    from harness.plugins import sound
    from harness.tasks.validate import check_answerable

    place = str(config)
    for name, options in experiment.models.items():
        backend = backend_of(options, place, model_key(name))
        with sound(place, model_key(name), options.use):
            backend.check(place, model_key(name))
    chains = chains_of(experiment, place)
    tasks = tasks_of(experiment, config) if loaded is None else loaded
    for task in tasks:
        check_answerable(task)
    for chain in chains:
        chain.check([task.data for task in tasks], place)
    return chains, tasks


def tasks_of(experiment: Experiment, config: Path) -> tuple[LoadedTask, ...]:
    """Load the tasks of an experiment; choice tasks in the form that is asked of all its models."""
    from harness.backends import backend_of
    from harness.config import model_key, model_told
    from harness.tasks.in_words import in_words
    from harness.tasks.loading import load_tasks

    unable = [
        model_told(name)
        for name, options in experiment.models.items()
        if not backend_of(options, str(config), model_key(name)).scores_choices
    ]
    tasks = load_tasks(experiment.tasks, config)
    return tuple(in_words(task, " and ".join(unable)) for task in tasks) if unable else tasks


def chains_of(experiment: Experiment, place: str) -> tuple[Chain, ...]:
    """Build the strategies of an experiment."""
    from harness.execution.composition import chain_of

    return tuple(chain_of(name, experiment.strategies, place) for name in experiment.strategies)


# --- Composition ---


def opened_models(
    experiment: Experiment, config: Path, run_dir: Path, progress: Progress
) -> dict[str, Model]:
    """Return the models of an experiment by name, the first one first; their weights are loaded on use."""
    from harness.backends import Opening, opened_model
    from harness.config import model_key

    place = str(config)
    shared: dict[Any, Any] = {}
    models: dict[str, Model] = {}
    for name, options in experiment.models.items():
        opening = Opening(place, model_key(name), run_dir / "artifacts", progress, shared)
        models[name] = opened_model(options, opening)
    return models


def _compose(
    experiment: Experiment,
    config: Path,
    run_dir: Path,
    chains: tuple[Chain, ...],
    tasks: tuple[LoadedTask, ...],
    progress: Progress,
) -> tuple[Plan, RunManifest]:
    from harness.digests import digest_of
    from harness.embedders.embedder import check_embedder, load_embedder
    from harness.execution.asking import Settings
    from harness.execution.plan import Plan
    from harness.tasks.selection import chosen
    from harness.user_cache import cache_folder

    cached = cache_folder()
    models = opened_models(experiment, config, run_dir, progress)
    device = next((m.capabilities.device for m in models.values() if m.capabilities.device), None)
    check_embedder(experiment.embedder)
    tests = {task.task.name: chosen(task.test, experiment.limit) for task in tasks}
    metrics = metrics_of(tasks, tests, experiment.models)
    _put_on_device(metrics, device, config)
    data = {task.task.name: task.task.digest for task in tasks}
    needed = {task.task.name: needed_of(task, metrics[task.task.name]) for task in tasks}
    identities = {name: model.identity for name, model in models.items()}
    judges = {name: judges_of(found[:1], identities) for name, found in metrics.items()}
    preparations = _preparations(experiment, config, chains, models, data)
    recipes = {
        chain.name: {
            name: digest_of([preparations[chain.name], name, digest, *needed[name]])
            for name, digest in data.items()
        }
        for chain in chains
    }
    plan = Plan(
        place=str(config),
        run_dir=run_dir,
        chains=chains,
        tasks=tasks,
        tests=tests,
        metrics=metrics,
        judging={task.task.name: judging_of(task, metrics[task.task.name], identities) for task in tasks},
        recipes=recipes,
        preparations=preparations,
        models=models,
        embedder=cache(lambda: load_embedder(experiment.embedder, cached, device)),
        seeds=experiment.seeds,
        settings=Settings(experiment.repeats, experiment.temperature, experiment.on_long_prompt),
        probing=_probing(experiment, config, chains, tests),
    )
    noted = {
        "needed": {name: found for name, found in needed.items() if found},
        "judges": {name: found for name, found in judges.items() if found},
    }
    return plan, manifest_of(experiment, config, plan).model_copy(update=noted)


def _put_on_device(metrics: Metrics, device: str | None, config: Path) -> None:
    """Put the networks that metrics run themselves on the models' device."""
    from harness.plugins import sound
    from harness.scoring import RunsOnDevice

    for metric in (metric for found in metrics.values() for metric in found):
        if isinstance(metric, RunsOnDevice):
            with sound(config, "metrics", metric.names[0]):
                metric.on_device(device)


def _preparations(
    experiment: Experiment,
    config: Path,
    chains: Sequence[Chain],
    models: Mapping[str, Model],
    data: Mapping[str, str],
) -> dict[str, str]:
    """Return each strategy's digest of all that its preparation depends on; ``data`` digests the tasks."""
    from harness.digests import digest_of
    from harness.embedders.embedder import embedder_digest
    from harness.powers import context_length_of

    common = {
        name: {
            "weights": model.identity.model_dump(),
            "embedder": [experiment.embedder, embedder_digest(experiment.embedder)],
            "on_long_prompt": experiment.on_long_prompt,
            "temperature": experiment.temperature,
            "asked_with": dict(model.capabilities.asked_with),
            "context_length": context_length_of(model),
        }
        for name, model in models.items()
    }
    return {
        chain.name: digest_of([common[chain.model], chain.name, chain.recipe(str(config)), data])
        for chain in chains
    }


def _probing(
    experiment: Experiment, config: Path, chains: Sequence[Chain], tests: Mapping[str, Sequence[TaskItem]]
) -> MeasuringPlan:
    """Return what is to be measured besides the answers.

    Raises:
        InputError: The general text cannot be read.
    """
    from harness.digests import digest_of
    from harness.execution.plan import MeasuringPlan
    from harness.traits import base_of

    options = experiment.forgetting
    if options is None:
        return MeasuringPlan()
    text = _general_text(options.text, config) if options.text else ""
    ids = {name: [[item.id, *item.targets] for item in items] for name, items in tests.items()}
    traits, models = {c.name: c.traits for c in chains}, {c.name: c.model for c in chains}
    bases = (base_of(chain.name, traits, models) for chain in chains)
    return MeasuringPlan(
        text=text,
        prompts=options.prompts,
        noise_items=options.noise_items,
        answers=options.answers,
        timed_items=options.timed_items,
        bases=frozenset(base for base in bases if base is not None),
        digest=digest_of([options.model_dump(), text, ids]),
    )


def _general_text(name: str, config: Path) -> str:
    """Return the text that `forgetting.text` names: the built-in one, or a file beside the experiment."""
    from harness.tasks.references import builtin_file

    path = builtin_file("general", "heldout.txt") if name == "builtin:general" else config.parent / name
    try:
        return read_input_text(
            path, LARGEST_RECORD, within=None if name == "builtin:general" else config.parent
        )
    except InputError as error:
        remedy = "name a text file, builtin:general, or null"
        raise InputError(config, "forgetting.text", error.problem, remedy, name) from None

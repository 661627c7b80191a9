"""``manifest.json``: what a run was made from, and which rows of its store are current."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.files import LARGEST_RECORD, check_input, read_input_text
from harness.runs.damage import readable
from harness.strict_json import read_json
from harness.traits import Traits
from harness.types import Frozen, ModelIdentity, Task

MANIFEST = "manifest.json"
SCHEMA_VERSION = 2


class ModelRecord(Frozen):
    """One model of a run, and how it was asked.

    ``context_length`` is the maximum number of prompt and answer tokens together, 0 if not known, and
    ``context_source`` is where that was read, or that it was assumed. ``template_date`` is the date given to
    the chat template as today's, "" if it writes none. ``asked_with`` are the settings that its answers
    depend on besides its identity.
    """

    identity: ModelIdentity
    context_length: int = 0
    context_source: str = ""
    template_date: str = ""
    asked_with: dict[str, Any] = {}


class RunManifest(Frozen):
    """What a run was made from, and which rows of its store are current.

    ``recipes[strategy][task]`` and ``preparations[strategy]`` name the recipes of the store's rows.
    ``traits[strategy]`` are the traits that each declares. ``metrics[task]`` are the names of its scores; the
    first is the primary one. ``shown[task]`` are the scores of what was shown, the first of which is the
    share of what is needed. ``judges[task]`` are digests of files and models that its primary score depends
    on besides the task, and ``judging[task]`` is the digest of all that judging depends on, under which
    judgements are stored. ``judged_by[task][score]`` names the model that is asked for it. ``needed[task]``
    is what metrics need of its choices besides the likeliest one. ``models`` are those of the experiment by
    name, and ``answered_by[strategy]`` names the one that a strategy is prepared over. ``embedder_digest`` is
    the digest of the embedder's folder, "" if it is not a folder. ``leaks[task]`` counts the test items that
    are also in its training data, exactly or nearly. ``remarks[task]`` say what loading it changed or
    skipped. ``asked[task]`` counts the test items that are asked, and ``probing`` is the digest of what is
    measured besides the answers, "" for nothing.
    """

    schema_version: int = SCHEMA_VERSION
    trilemma_version: str
    name: str
    experiment: dict[str, Any]
    experiment_digest: str
    place: str
    tasks: dict[str, Task]
    metrics: dict[str, tuple[str, ...]]
    shown: dict[str, tuple[str, ...]] = {}
    recipes: dict[str, dict[str, str]]
    preparations: dict[str, str]
    traits: dict[str, Traits]
    models: dict[str, ModelRecord]
    answered_by: dict[str, str]
    embedder: str
    embedder_digest: str = ""
    judges: dict[str, tuple[str, ...]] = {}
    judging: dict[str, str] = {}
    judged_by: dict[str, dict[str, str]] = {}
    needed: dict[str, tuple[str, ...]] = {}
    leaks: dict[str, int] = {}
    asked: dict[str, int]
    probing: str = ""
    remarks: dict[str, tuple[str, ...]] = {}
    packages: dict[str, str]
    git_revision: str
    hardware: dict[str, Any]
    created: str

    @property
    def several_models(self) -> bool:
        """Whether strategies use different models, so that each must be named with its model."""
        return len(set(self.answered_by.values())) > 1

    def model_of(self, strategy: str) -> ModelRecord:
        """Return the model that a strategy is prepared over."""
        return self.models[self.answered_by[strategy]]


# --- Reading and writing ---


def read_manifest(run_dir: Path) -> RunManifest:
    """Read the manifest of a run folder.

    Raises:
        InputError: The folder or the file is missing, or is not a manifest of this schema version.
    """
    path, remedy = run_dir / MANIFEST, "name a folder that `trilemma run` wrote"
    if not run_dir.is_dir():
        raise InputError(run_dir, "", "there is no such run folder", remedy)
    with readable(path):
        text = read_input_text(path, LARGEST_RECORD, missing=remedy)
        version = read_json(text).get("schema_version")
        if version != SCHEMA_VERSION:
            raise ValueError(f"has schema version {version}, not {SCHEMA_VERSION}")
        return _whole(RunManifest.model_validate_json(text))


def _whole(manifest: RunManifest) -> RunManifest:
    """Return the manifest after checking that it is complete.

    Raises:
        ValueError: A strategy or a task lacks what a run writes for it.
    """
    experiment = manifest.experiment
    if lacking := [
        key for key in ("strategies", "incumbent", "seeds", "limit", "models") if key not in experiment
    ]:
        raise ValueError(f"experiment.{lacking[0]} is missing")
    for name, recipes in manifest.recipes.items():
        if name not in experiment["strategies"] or name not in manifest.preparations:
            raise ValueError(f"the strategy {name} is not in the experiment")
        if manifest.answered_by.get(name) not in manifest.models.keys() & experiment["models"].keys():
            raise ValueError(f"answered_by.{name} names no model")
        if name not in manifest.traits:
            raise ValueError(f"traits.{name} is missing")
        if recipes.keys() != manifest.tasks.keys():
            raise ValueError(f"recipes.{name} does not name the tasks")
    if experiment["incumbent"] not in manifest.recipes:
        raise ValueError(f"the incumbent {experiment['incumbent']} is not one of the strategies")
    for name in manifest.tasks:
        if not manifest.metrics.get(name):
            raise ValueError(f"metrics.{name} is missing")
        if name not in manifest.asked:
            raise ValueError(f"asked.{name} is missing")
    return manifest


def claim(run_dir: Path, manifest: RunManifest, any_model: bool = False) -> RunManifest:
    """Return the manifest to write, unless the folder holds another experiment's run.

    A run folder belongs to one name and set of tasks, and keeps its creation time. Strategies, options, seeds
    and limit may change, as rows know their recipe; models may be added and removed, but at least one must
    stay unless ``any_model``.

    Raises:
        InputError: It holds another experiment's run.
    """
    path = run_dir / MANIFEST
    if os.path.lexists(path):
        try:
            check_input(path, LARGEST_RECORD, within=run_dir)
            old = read_manifest(run_dir)
        except InputError as error:
            remedy = "use --out DIR, or delete the folder"
            raise InputError(path, error.key, error.problem, remedy) from None
        pairs = [
            ("name", old.name, manifest.name),
            ("tasks", sorted(old.tasks), sorted(manifest.tasks)),
        ]
        problem = "the folder holds a run of another experiment"
        remedy = "use --out DIR for this one, or delete the folder"
        for key, was, now in pairs:
            if was != now:
                raise InputError(run_dir, key, problem, remedy, was)
        if not any_model and _weights(old).isdisjoint(_weights(manifest)):
            named = ", ".join(record.identity.name for record in old.models.values())
            raise InputError(run_dir, "models", f"{problem}, with none of these models", remedy, named)
        manifest = manifest.model_copy(update={"created": old.created})
    return manifest


def _weights(manifest: RunManifest) -> set[str]:
    return {record.identity.weights_digest for record in manifest.models.values()}

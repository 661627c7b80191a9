"""The committed baseline: per-item scores of what is in use, byte for byte the same on every machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError

from harness.analysis.rows import RunRows
from harness.analysis.scores import Scores
from harness.errors import InputError
from harness.files import LARGEST_TEXT, read_input_text, write_whole
from harness.types import Frozen, RunManifest


class BaselineItem(Frozen):
    """One item: its primary score for each seed."""

    scores: tuple[float, ...]


class BaselineTask(Frozen):
    """One task. ``tokens_per_item`` are prompt and answer tokens of a mean item."""

    digest: str
    metric: str
    tokens_per_item: float
    items: dict[str, BaselineItem]


class Baseline(Frozen):
    """What a candidate is compared with. It holds no times, so that it is the same on every machine.

    ``model`` digests the base's weights, tokenizer and template; ``decoding`` is all that determines an
    answer beside them. ``reason`` is why it was promoted.
    """

    format: Literal[1] = 1
    reason: str
    run: str
    strategy: str
    model: str
    decoding: dict[str, Any]
    tasks: dict[str, BaselineTask]

    def scores(self, task: str) -> Scores:
        """Return the scores of a task as those of a run."""
        items = sorted(self.tasks[task].items)
        matrix = np.array([self.tasks[task].items[item].scores for item in items]).T
        return Scores(tuple(items), tuple(range(len(matrix))), {self.tasks[task].metric: matrix}, frozenset())


def decoding_of(manifest: RunManifest) -> dict[str, Any]:
    """Return what determines answers beside model and prompts."""
    experiment = manifest.experiment
    return {
        **{key: experiment.get(key) for key in ("temperature", "repeats", "limit", "on_long_prompt")},
        "template_options": experiment["model"].get("template_options"),
        "dtype": manifest.model.dtype,
    }


def baseline_of(run: RunRows, strategy: str, reason: str) -> Baseline:
    """Make a baseline of one strategy of a run.

    Raises:
        InputError: The run has no such strategy, or it has not answered every item.
    """
    manifest = run.manifest
    tasks = {}
    for info in run.infos:
        found = run.scores.get(strategy, {}).get(info.name)
        by_item = found.of(info.primary_metric) if found else {}
        if len(by_item) < info.n_test:
            remedy = "let `trilemma run` finish it first"
            raise InputError(
                manifest.name,
                strategy,
                f"has answered {len(by_item)} of {info.n_test} items of {info.name}",
                remedy,
            )
        tasks[info.name] = BaselineTask(
            digest=manifest.tasks[info.name].digest,
            metric=info.primary_metric,
            tokens_per_item=tokens_per_item(run, strategy, info.name),
            items={
                item: BaselineItem(scores=tuple(float(score) for score in scores))
                for item, scores in sorted(by_item.items())
            },
        )
    return Baseline(
        reason=reason,
        run=manifest.name,
        strategy=strategy,
        model=manifest.model.weights_digest,
        decoding=decoding_of(manifest),
        tasks=tasks,
    )


def tokens_per_item(run: RunRows, strategy: str, task: str) -> float:
    """Return prompt and answer tokens of a mean answered item; 0.0 where none was answered."""
    found = run.answers.get(strategy, {}).get(task)
    return found.tokens_per_item if found else 0.0


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline whole, keys sorted."""
    text = json.dumps(baseline.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def load_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        InputError: It is missing, damaged, or of another format.
    """
    try:
        remedy = "write it with `trilemma baseline promote RUN --reason ...`"
        return Baseline.model_validate_json(read_input_text(path, LARGEST_TEXT, missing=remedy))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise InputError(path, where, fault["msg"], "restore the file, or promote a run again") from None


def differences(baseline: Baseline, manifest: RunManifest, tasks: Mapping[str, str]) -> list[str]:
    """Return why a run cannot be compared with a baseline; empty where it can.

    Args:
        baseline: The baseline.
        manifest: The run's manifest.
        tasks: The tasks to compare, each with its primary metric.
    """
    found = []
    if baseline.model != manifest.model.weights_digest:
        found.append(f"another base model ({manifest.model.weights_digest[:12]}, not {baseline.model[:12]})")
    now = decoding_of(manifest)
    found += [
        f"{key} is {now.get(key)!r}, was {was!r}"
        for key, was in baseline.decoding.items()
        if now.get(key) != was
    ]
    for name, metric in tasks.items():
        task = baseline.tasks.get(name)
        if task is None:
            found.append(f"{name} is not in the baseline")
        elif task.digest != manifest.tasks[name].digest:
            found.append(f"{name} has other items, templates or settings than in the baseline")
        elif task.metric != metric:
            found.append(f"{name} is judged by {metric}, was by {task.metric}")
    return found

"""Trilemma as it is measured: run from its own command line in a process of its own."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.measuring import Cost, timed
from benchmarks.speed.workload import SHOTS, STOP, Workload
from harness.runs.manifest import read_manifest
from harness.runs.store import Store
from harness.types import ItemResult

TASKS = ("generation", "choice")


@dataclass(frozen=True)
class Answer:
    """What was asked and what came back: greedy text, or the number of the likeliest option."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class Outcome:
    """What one process took, and its answers by task and item."""

    cost: Cost
    answers: Mapping[tuple[str, str], Answer]


def few_shot(n_shots: int) -> dict[str, object]:
    """Return the strategy that shows the same ``n_shots`` examples in every prompt; with 0 it shows none."""
    return {"few_shot": {"k": n_shots, "select": "fixed"}} if n_shots else {"zero_shot": {}}


def experiment(
    workload: Workload, tasks: Sequence[str], strategies: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return an experiment file that asks the workload.

    Args:
        workload: What is asked.
        tasks: Those of ``TASKS`` that are asked.
        strategies: As they stand in the file; by default one with the examples of the workload.
    """
    common: dict[str, object] = {"prompt": workload.prompt}
    if (corpus := workload.folder / "corpus.jsonl").exists():
        common["corpus"] = {"path": str(corpus)}
    items = {task: {split: str(workload.rows(task, split)) for split in ("train", "test")} for task in TASKS}
    generation = {
        "name": "generation",
        "kind": "generate",
        "metrics": ["exact_match"],
        "max_new_tokens": workload.max_new_tokens,
        "items": items["generation"],
        "stop": [STOP],
        **common,
    }
    choice = {
        "name": "choice",
        "kind": "choice",
        "metrics": ["choice_accuracy"],
        "items": items["choice"],
        **common,
    }
    setup = workload.setup
    return {
        "name": "speed",
        "model": {"path": str(workload.model), "device": setup.device, "dtype": setup.dtype},
        "tasks": [task for task in (generation, choice) if task["name"] in tasks],
        "strategies": strategies or few_shot(SHOTS if workload.shots == "fixed" else 0),
        "forgetting": None,
    }


class Trilemma:
    """`trilemma run`.

    Args:
        workload: What it is asked.
        work: A folder for its files.
        strategies: See ``experiment``.
    """

    name = "trilemma"

    def __init__(
        self, workload: Workload, work: Path, strategies: Mapping[str, object] | None = None
    ) -> None:
        self.workload, self.strategies = workload, strategies
        self._work, self._folder = work, work / "trilemma"

    def measure(self, tasks: Sequence[str], limit: int | None = None) -> Cost:
        """Ask ``limit`` items of each task, or all, in a new run folder.

        Raises:
            RuntimeError: The run failed, or an item did.
        """
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        shutil.rmtree(self._work / "cache", ignore_errors=True)  # every run embeds anew
        config = self._folder / "speed.yaml"
        config.write_text(json.dumps(experiment(self.workload, tasks, self.strategies)), encoding="utf-8")
        command = [sys.executable, "-c", "from harness.cli import main; main()", "run", str(config)]
        command += ["--limit", str(limit)] if limit else []
        return timed([*command, "--out", str(self._folder / "run")], self._work)

    def run(self, tasks: Sequence[str], limit: int) -> Outcome:
        """Measure, and read the answers."""
        return Outcome(self.measure(tasks, limit), self._answers())

    def _answers(self) -> dict[tuple[str, str], Answer]:
        from harness.models.transformers.model import TransformersModel
        from harness.models.transformers.options import TransformersOptions

        model = TransformersModel(TransformersOptions(path=str(self.workload.model)))
        answers = {}
        with Store.open(self._folder / "run") as store:
            for row in self._results(store):
                assert row.request, row.error
                assert row.answer, row.error
                text = row.answer.text
                chosen = str(row.request.choices.index(text)) if row.request.choices else text
                answers[row.task, row.item_id] = Answer(model.render(row.request.messages), chosen)
        return answers

    def examples(self) -> dict[str, list[str]]:
        """Return for each task the ids of the examples that the last run showed, in order."""
        with Store.open(self._folder / "run") as store:
            rows = self._results(store)
            return {row.task: list(row.request.examples) for row in rows if row.request}

    def _results(self, store: Store) -> Iterator[ItemResult]:
        manifest = read_manifest(self._folder / "run")
        for by_task in manifest.recipes.values():
            for task, recipe in by_task.items():
                yield from store.results([recipe], manifest.judging[task])

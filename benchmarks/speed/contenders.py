"""The two that are measured, each run from its own command line in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.workload import MAX_NEW_TOKENS, SHOTS, STOP, Row, Workload, write_rows
from harness.store import Store
from harness.types import RunManifest

PEER = "lm_eval[hf]==0.4.13"
PEER_TORCH = "torch==2.13.0"
PEER_BATCH = 16
TASKS = ("generation", "choice")


@dataclass(frozen=True)
class Answer:
    """What was asked and what came back: greedy text, or the number of the likeliest option."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class Outcome:
    """One process from its start to its end.

    Attributes:
        cpu_s: User and system time of the process and its children.
        wall_s: Elapsed time.
        peak_mib: Peak resident memory.
        answers: By task and item.
    """

    cpu_s: float
    wall_s: float
    peak_mib: float
    answers: Mapping[tuple[str, str], Answer]


def environment(work: Path) -> dict[str, str]:
    """Return one thread, no hub, and a cache of its own."""
    return os.environ | {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_CACHE": str(work / "datasets"),
        "TOKENIZERS_PARALLELISM": "false",
    }


def timed(command: Sequence[str], work: Path) -> tuple[float, float, float]:
    """Run a command to its end and return its CPU seconds, wall seconds and peak MiB.

    Raises:
        RuntimeError: It failed; the message ends with what it said last.
    """
    log = work / "log.txt"
    started = time.perf_counter()
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment(work), stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ...: {log.read_text()[-2000:]}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024


# --- Trilemma ---


class Trilemma:
    """`trilemma run` with one strategy."""

    name = "trilemma"

    def __init__(self, workload: Workload, work: Path) -> None:
        self._workload, self._work = workload, work

    def run(self, tasks: Sequence[str], limit: int) -> Outcome:
        """Ask ``limit`` items of each task in a new run folder."""
        folder = self._work / "trilemma"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        config = folder / "speed.yaml"
        config.write_text(json.dumps(self._experiment(tasks)), encoding="utf-8")
        command = [sys.executable, "-c", "from harness.cli import main; main()", "run", str(config)]
        command += ["--limit", str(limit)]
        cost = timed([*command, "--out", str(folder / "run")], self._work)
        return Outcome(*cost, self._answers(folder / "run"))

    def _experiment(self, tasks: Sequence[str]) -> dict[str, object]:
        workload = self._workload
        shots = (
            {"few_shot": {"k": SHOTS, "select": "fixed"}} if workload.shots == "fixed" else {"zero_shot": {}}
        )
        common = {
            "prompt": workload.prompt,
            "items": {split: str(workload.folder / f"{split}.jsonl") for split in ("train", "test")},
        }
        generation = {
            "name": "generation",
            "kind": "generate",
            "metrics": ["exact_match"],
            "max_new_tokens": MAX_NEW_TOKENS,
            "stop": [STOP],
            **common,
        }
        choice = {
            "name": "choice",
            "kind": "choice",
            "metrics": ["choice_accuracy"],
            **common,
        }
        return {
            "name": "speed",
            "model": {"path": str(workload.model), "device": "cpu", "dtype": "float32"},
            "tasks": [task for task in (generation, choice) if task["name"] in tasks],
            "strategies": shots,
            "forgetting": None,
        }

    def _answers(self, run_dir: Path) -> dict[tuple[str, str], Answer]:
        from harness.config import ModelOptions
        from harness.models.huggingface import HuggingFaceModel

        model = HuggingFaceModel(ModelOptions(path=str(self._workload.model)))
        manifest = RunManifest.model_validate_json((run_dir / "manifest.json").read_text(encoding="utf-8"))
        recipes = [recipe for by_task in manifest.recipes.values() for recipe in by_task.values()]
        answers = {}
        with Store.open(run_dir) as store:
            for row in store.results(recipes):
                assert row.request, row.error
                assert row.generation, row.error
                text = row.generation.text
                chosen = str(row.request.choices.index(text)) if row.request.choices else text
                answers[row.task, row.item_id] = Answer(model.render(row.request.messages), chosen)
        return answers

    def examples(self) -> dict[str, list[str]]:
        """Return for each task the ids of the examples that the last run showed, in order."""
        with Store.open(self._work / "trilemma" / "run") as store:
            manifest = (self._work / "trilemma" / "run" / "manifest.json").read_text(encoding="utf-8")
            recipes = RunManifest.model_validate_json(manifest).recipes
            rows = store.results([recipe for by_task in recipes.values() for recipe in by_task.values()])
            return {row.task: list(row.request.examples) for row in rows if row.request}


# --- lm_eval ---


class LmEval:
    """`lm_eval` in an environment of its own, with the same prompts.

    Args:
        workload: What it is asked.
        work: A folder for its files.
        python: The interpreter that has it.
        examples: For each task the ids of the examples that every prompt shows, in order.
    """

    name = "lm_eval"

    def __init__(
        self, workload: Workload, work: Path, python: Path, examples: Mapping[str, Sequence[str]]
    ) -> None:
        self._workload, self._work, self._python = workload, work, python
        rows = {row["id"]: row for row in _rows(workload.folder / "train.jsonl")}
        shutil.rmtree(work / "tasks", ignore_errors=True)
        (work / "tasks").mkdir()
        for task in TASKS:
            shown = [rows[name] for name in examples[task]]
            write_rows(work / f"{task}-examples.jsonl", shown or list(rows.values()))
            (work / "tasks" / f"{task}.yaml").write_text(json.dumps(self._task(task)), encoding="utf-8")

    def _task(self, task: str) -> dict[str, object]:
        files = {
            "train": str(self._work / f"{task}-examples.jsonl"),
            "test": str(self._workload.folder / "test.jsonl"),
        }
        own: dict[str, object]
        if task == "generation":
            own = {
                "output_type": "generate_until",
                "generation_kwargs": {"until": [STOP], "max_gen_toks": MAX_NEW_TOKENS, "do_sample": False},
                "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
                "doc_to_target": "{{target}}",
            }
        else:
            own = {
                "output_type": "multiple_choice",
                # The token that ends a turn is part of a choice for Trilemma, so it is one here.
                "doc_to_choice": "{{options}}",
                "target_delimiter": "",
                "doc_to_target": "{{gold}}",
                "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
                "fewshot_config": {
                    "sampler": "first_n",
                    "doc_to_choice": "{{choices}}",
                    "target_delimiter": "",
                },
            }
        fixed = self._workload.shots == "fixed"
        return {
            "task": task,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": files},
            "fewshot_split": "train",
            "test_split": "test",
            "num_fewshot": SHOTS if fixed else 0,
            "doc_to_text": self._workload.prompt,
            "fewshot_config": {"sampler": "first_n"},
            **own,
        }

    def run(self, tasks: Sequence[str], limit: int) -> Outcome:
        """Ask the first ``limit`` items of each task."""
        out = self._work / "lm_eval"
        shutil.rmtree(out, ignore_errors=True)
        model = f"pretrained={self._workload.model},dtype=float32"
        command = [str(self._python), "-m", "lm_eval", "run", "--model", "hf", "--model_args", model]
        command += ["--tasks", ",".join(tasks), "--include_path", str(self._work / "tasks")]
        command += ["--batch_size", str(PEER_BATCH), "--device", "cpu", "--limit", str(limit)]
        cost = timed([*command, "--output_path", str(out), "--log_samples"], self._work)
        return Outcome(*cost, self._answers(out))

    def _answers(self, out: Path) -> dict[tuple[str, str], Answer]:
        answers = {}
        for path in out.rglob("samples_*.jsonl"):
            task = next(task for task in TASKS if path.name.startswith(f"samples_{task}_"))
            for row in _rows(path):
                prompt = row["arguments"]["gen_args_0"]["arg_0"]
                if task == "generation":
                    answer = row["resps"][0][0].strip()
                else:
                    values = [float(response[0][0]) for response in row["resps"]]
                    answer = str(values.index(max(values)))
                answers[task, row["doc"]["id"]] = Answer(prompt, answer)
        return answers


def peer_python(cache: Path, *packages: str) -> Path:
    """Return the interpreter of an environment with ``packages``, made in ``cache`` where there is none yet.

    It is called after the first of them, and has the torch that Trilemma is measured with.
    """
    python = cache / packages[0].replace("[hf]", "").replace("==", "-") / "bin" / "python"
    ready = python.parent / ".ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        for wanted in ((PEER_TORCH,), packages):  # torch alone first, so that no other build is pulled
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
        ready.touch()
    return python


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

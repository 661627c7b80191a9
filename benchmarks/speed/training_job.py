"""What one training is to do, how its time is taken, and how its result is written and read."""

from __future__ import annotations

import argparse
import json
import math
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from benchmarks.speed.workload import MAX_NEW_TOKENS, STOP, Workload
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.progress import SilentProgress
from harness.protocols import PrepareContext
from harness.tasks.loading import load_task
from harness.tasks.prompting import plain_requests
from harness.types import TrainingData
from strategies.lora import LoraOptions
from strategies.tuning.data import batches, collect, tokenise

TokenRow = dict[str, list[int]]


@dataclass(frozen=True)
class Job:
    """One training; every contender gets the same but for ``packing`` and ``defaults``.

    Attributes:
        model: Folder of the base.
        task: A ``task.yaml`` whose train items are learned.
        batches: JSON with ``rows`` of token ids and labels, and ``order``, the rows of each batch.
        work: Folder for what is written on the way.
        result: Where the outcome goes, as JSON.
        precision: What products are computed in; bfloat16 is autocast over float32 weights.
        defaults: Whether trl trains with its own defaults in place of the settings of the others.
        collect: Thresholds of Python's garbage collector; those of Trilemma's command line.
    """

    model: str
    task: str
    batches: str
    work: str
    result: str
    steps: int
    batch_size: int
    device: Literal["cpu", "cuda"]
    dtype: Literal["float32", "bfloat16"]
    quantization: Literal["none", "nf4"]
    precision: Literal["float32", "bfloat16"] = "float32"
    defaults: bool = False
    packing: bool = False
    rank: int = 16
    alpha: int = 32
    learning_rate: float = 1e-3
    seed: int = 0
    threads: int = 1
    collect: tuple[int, int, int] = (100_000, 20, 50)

    @classmethod
    def read(cls, path: Path) -> Job:
        """Return the job in a JSON file."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, path: Path) -> None:
        """Write the job as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


@dataclass(frozen=True)
class Spent:
    """Seconds of the processor, and elapsed."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


class Clock:
    """Measures from its making on; waits for the device first, so that its work is counted."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._wait()
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> Spent:
        """Return what was spent up to now."""
        self._wait()
        return Spent(time.process_time() - self._cpu, time.perf_counter() - self._wall)

    def _wait(self) -> None:
        if self._device == "cuda":
            torch.cuda.synchronize()


def write_result(
    job: Job, training: Spent, tokens: int, losses: Sequence[float], prepare: Spent | None = None
) -> None:
    """Write the outcome where the job wants it, with the peak of memory: the device's, or the process's."""
    if job.device == "cuda":
        peak = torch.cuda.max_memory_allocated() / 2**20
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    order = json.loads(Path(job.batches).read_text(encoding="utf-8"))
    lengths = [len(row["input_ids"]) for row in order["rows"]]
    result = {
        "training": asdict(training),
        "prepare": asdict(prepare) if prepare else None,
        "tokens": tokens,
        "positions": positions(lengths, order["order"]),
        "losses": list(losses),
        "peak_mib": peak,
    }
    Path(job.result).write_text(json.dumps(result), encoding="utf-8")


def positions(lengths: Sequence[int], order: Sequence[Sequence[int]]) -> int:
    """Return the tokens of all batches with their padding."""
    return sum(len(batch) * max(lengths[i] for i in batch) for batch in order)


def write_task(workload: Workload) -> Path:
    """Write a task whose train items are the workload's questions; return its file."""
    path = workload.folder / "task.yaml"
    task = {
        "name": "training",
        "kind": "generate",
        "metrics": ["exact_match"],
        "prompt": workload.prompt,
        "max_new_tokens": MAX_NEW_TOKENS,
        "stop": [STOP],
        "items": {"train": "test.jsonl", "test": "train.jsonl"},
    }
    path.write_text(json.dumps(task), encoding="utf-8")
    return path


def token_rows(model_path: str, tasks: Sequence[Path], work: Path) -> list[TokenRow]:
    """Return the train items of tasks as the strategies tokenise them, without loading a model's weights."""
    model = TransformersModel(TransformersOptions(path=model_path, device="cpu"))
    context = context_of(model, tuple(load_task(task).data for task in tasks), work)
    texts = collect(LoraOptions(), context, model)
    return tokenise(texts, model.context_length, context).train


def job_for(options: argparse.Namespace, model: Path, task: Path, folder: Path) -> Job:
    """Return the job that the command line asks for; its files stand in ``folder``."""
    return Job(
        model=str(model),
        task=str(task),
        batches=str(folder / "batches.json"),
        work=str(folder / "training"),
        result=str(folder / "result.json"),
        steps=options.steps,
        batch_size=options.batch,
        device=options.device,
        dtype=options.dtype,
        quantization=options.quantization,
        precision=options.precision,
    )


def write_batches(job: Job, rows: Sequence[TokenRow]) -> None:
    """Write rows and the batches that Trilemma makes of them."""
    epochs = math.ceil(job.steps / math.ceil(len(rows) / job.batch_size))
    order = batches([len(row["input_ids"]) for row in rows], job.batch_size, epochs, job.seed)
    content = {"rows": list(rows), "order": order[: job.steps]}
    Path(job.batches).write_text(json.dumps(content), encoding="utf-8")


def context_of(
    model: TransformersModel,
    tasks: tuple[TrainingData, ...],
    work: Path,
    seed: int = 0,
    progress: SilentProgress | None = None,
) -> PrepareContext:
    """Return what a strategy is given: the plain prompt, and no embedder."""

    def no_embedder() -> Any:
        raise AssertionError("training needs no embedder")

    return PrepareContext(
        model=model,
        build=plain_requests,
        tasks=tasks,
        seed=seed,
        artifacts=work,
        embedder=no_embedder,
        progress=progress or SilentProgress(),
    )

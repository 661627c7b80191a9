"""A small task, a context and an interruption, for tests that train."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from harness.models.transformers.options import TransformersOptions
from harness.progress import SilentProgress
from harness.protocols import PrepareContext
from harness.tasks.prompting import plain_requests
from harness.types import MetricSpec, Task, TaskItem, TrainingData

COLOURS = ("red", "blue", "green", "black")


def colour_items(split: str, count: int) -> tuple[TaskItem, ...]:
    return tuple(
        TaskItem(
            id=f"{split}-{i}",
            input=f"the {'long ' * (i % 3)}{COLOURS[i % 4]} boat",
            targets=(COLOURS[i % 4],),
            split=split,
        )
        for i in range(count)
    )


def colour_task(n_train: int = 16, n_validation: int = 4, **changes: Any) -> TrainingData:
    """Make a task whose answer is the colour that the question names."""
    keys = {"name": "colours", "kind": "generate", "instruction": "Name the colour."}
    task = Task(**(keys | {"metrics": (MetricSpec(use="exact_match"),)} | changes))
    return TrainingData(
        task=task,
        train=colour_items("train", n_train),
        validation=colour_items("validation", n_validation),
    )


def context(model: Any, artifacts: Path, *tasks: TrainingData, **changes: Any) -> PrepareContext:
    """Return what a strategy gets, over the plain prompt."""

    def no_embedder():
        raise AssertionError("training needs no embedder")

    values = {
        "model": model,
        "build": plain_requests,
        "tasks": tasks or (colour_task(),),
        "seed": 0,
        "artifacts": artifacts,
        "embedder": no_embedder,
        "progress": SilentProgress(),
    }
    return PrepareContext(**(values | changes))


def load(folder: Path, device: Literal["cpu", "cuda"] = "cpu") -> Any:
    """Load a model by the class that evaluation uses, on one thread: sums come in one order, and fast."""
    import torch

    from harness.models.transformers.model import TransformersModel

    torch.set_num_threads(1)
    return TransformersModel(TransformersOptions(path=str(folder), device=device))


class InterruptedTrainingError(Exception):
    pass


class StopsAt(SilentProgress):
    """Progress that ends training in the middle of a step: by an exception, or by killing the process."""

    def __init__(self, step: int, kill: bool = False) -> None:
        self._left, self._kill = step, kill
        self.steps: list[tuple[int, int]] = []

    @contextmanager
    def step(self, label: str, total: int, done: int = 0) -> Iterator[StopsAt]:
        self.steps.append((total, done))
        self._left -= done
        yield self

    def advance(self, count: int = 1, note: str = "") -> None:
        self._left -= count
        if self._left == 0:
            if self._kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise InterruptedTrainingError


LOSS_POINTS = 3  # so that losses are logged at other steps than checkpoints are written
OPTIONS: dict[str, Any] = {
    **{"rank": 2, "dropout": 0.1, "batch_size": 4, "epochs": 3, "eval_steps": 3, "learning_rate": 3e-3},
    "precision": "float32",  # whatever the processor: sums are compared
}

if __name__ == "__main__":  # python -m tests.unit._training MODEL ARTIFACTS STEP: train until killed there
    from strategies.lora import Lora, LoraOptions
    from strategies.tuning import loop as _training_loop

    _training_loop.LOSS_POINTS = LOSS_POINTS
    killed_at = StopsAt(int(sys.argv[3]), kill=True)
    place = context(load(Path(sys.argv[1])), Path(sys.argv[2]), progress=killed_at)
    Lora(LoraOptions(**OPTIONS)).prepare(place)

"""One training by Trilemma's own strategy: `python -m benchmarks.speed.train_trilemma JOB.json`.

Writes what it took to the file that the job names. ``training`` begins where the adapter is in place and ends
with the last step, its four checkpoints included; nothing is validated. ``prepare`` is all that
the strategy does.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from benchmarks.speed.training_job import Clock, Job, Spent, context_of, write_result
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.progress import SilentProgress
from harness.tasks.loading import load_task
from strategies.lora import Lora, LoraOptions
from strategies.qlora import QLora


class Stopwatch(SilentProgress):
    """Progress that records how long its one step took."""

    def __init__(self, device: str) -> None:
        self._device = device
        self.spent = Spent()

    @contextmanager
    def step(self, label: str, total: int, done: int = 0) -> Iterator[Any]:
        """Open a step, and measure it to its end."""
        clock = Clock(self._device)
        with super().step(label, total, done) as step:
            yield step
        self.spent = clock.read()


def main() -> None:
    """Train as the job says."""
    job = Job.read(Path(sys.argv[1]))
    gc.set_threshold(*job.collect)
    torch.set_num_threads(job.threads)
    watch = Stopwatch(job.device)
    model = TransformersModel(TransformersOptions(path=job.model, device=job.device, dtype=job.dtype))
    context = context_of(model, (load_task(Path(job.task)).data,), Path(job.work), job.seed, watch)
    options = LoraOptions(
        rank=job.rank,
        alpha=job.alpha,
        learning_rate=job.learning_rate,
        batch_size=job.batch_size,
        max_steps=job.steps,
        scheduler="constant",
        warmup_ratio=0.0,
        max_validation_items=0,
        eval_steps=max(1, job.steps // 4),
        precision=job.precision if job.dtype == "float32" else "auto",
    )
    clock = Clock(job.device)
    strategy = QLora(options) if job.quantization == "nf4" else Lora(options)
    prepared = strategy.prepare(context)
    write_result(
        job,
        training=watch.spent,
        prepare=clock.read(),
        tokens=prepared.cost.trained_tokens,
        losses=[loss for _, loss in prepared.record["loss"]],
    )


if __name__ == "__main__":
    main()

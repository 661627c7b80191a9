"""The engine without its start: model, requests and a clock in one process."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.speed.contenders import experiment
from benchmarks.speed.measuring import positive, say
from benchmarks.speed.models import Setup, add_setup, setup_of
from benchmarks.speed.workload import Workload, make
from harness.powers import answered
from harness.types import Generation, Request

if TYPE_CHECKING:
    from harness.models.transformers.model import TransformersModel


def one_thread() -> None:
    """Let torch use one thread that sleeps while it waits; before torch is imported."""
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    import torch
    import transformers

    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


@contextmanager
def opened(description: str | None) -> Iterator[tuple[Inside, argparse.Namespace]]:
    """Read the command line of a program that measures in its own process, and make model and data for it."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=positive, default=500, metavar="N", help="items of each task [500]")
    parser.add_argument("--repeats", type=positive, default=3, metavar="N", help="times all is answered [3]")
    add_setup(parser)
    options = parser.parse_args()
    one_thread()
    setup = setup_of(options)
    say("Making model and data ...")
    with tempfile.TemporaryDirectory(prefix="trilemma-inside-") as work:
        yield Inside(make(Path(work), "fixed", options.limit, setup), Path(work)), options


def heading(options: argparse.Namespace) -> str:
    """Say what was measured, above the tables of it."""
    return (
        f"{options.limit} items of each task, model {options.size}, {options.device}, {options.dtype}; "
        f"{options.repeats} repeats, median (lowest to highest).\n\n"
    )


def clock_of(setup: Setup) -> Callable[[], float]:
    """Return a clock in seconds: CPU time of this process, on a GPU elapsed time once it is idle."""
    if setup.device == "cpu":
        return time.process_time
    import torch

    def elapsed() -> float:
        torch.cuda.synchronize()
        return time.perf_counter()

    return elapsed


@dataclass
class Inside:
    """A workload as the engine sees it.

    Args:
        workload: The model and what it is asked.
        folder: For the files of a run.
    """

    workload: Workload
    folder: Path

    @cached_property
    def model(self) -> TransformersModel:
        """The model behind the harness's `Model` protocol."""
        from harness.models.transformers.model import TransformersModel
        from harness.models.transformers.options import TransformersOptions

        setup = self.workload.setup
        chosen: dict[str, Any] = {"device": setup.device, "dtype": setup.dtype}
        return TransformersModel(TransformersOptions(path=str(self.workload.model), **chosen))

    def requests(self, task: str) -> list[Request]:
        """Return what a run would ask of the model for one task."""
        from harness.config import resolve_experiment
        from harness.embedders.embedder import load_embedder
        from harness.execution.composition import chain_of
        from harness.progress import SilentProgress
        from harness.protocols import PrepareContext
        from harness.tasks.loading import load_tasks
        from harness.tasks.prompting import plain_requests

        file = self.folder / "speed.yaml"
        chosen = resolve_experiment(experiment(self.workload, [task]), file)
        (loaded,) = load_tasks(chosen.tasks, file)
        context = PrepareContext(
            model=self.model,
            build=plain_requests,
            tasks=(loaded.data,),
            seed=chosen.seeds[0],
            artifacts=self.folder / "artifacts",
            embedder=lambda: load_embedder(chosen.embedder, self.folder / "artifacts"),
            progress=SilentProgress(),
        )
        prepared = chain_of(chosen.incumbent, chosen.strategies, str(file)).prepare(context)
        built = prepared.build(loaded.task, [item.without_answer() for item in loaded.test])
        return [request for request in built if isinstance(request, Request)]

    def answers(self, requests: list[Request], task: str) -> list[Generation]:
        """Answer all requests as a run does, batch by batch, and return the answers in order.

        Raises:
            RuntimeError: One could not be answered.
        """
        found: dict[int, Generation] = {}
        for batch in self.model.batches(requests):
            for i, answer in zip(batch, answered(self.model, [requests[i] for i in batch]), strict=True):
                if not isinstance(answer, Generation):
                    raise RuntimeError(f"{task}, item {requests[i].item_id}: {answer.message}")
                found[i] = answer
        return [found[i] for i in range(len(requests))]

    def prompt_ids(self, requests: list[Request]) -> list[list[int]]:
        """Return the token ids of every prompt."""
        texts = [self.model.render(request.messages) for request in requests]
        return [self.model.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]

    def option_ids(self, requests: list[Request]) -> list[list[list[int]]]:
        """Return the token ids of every option behind a space, with the token that ends a text."""
        tokenizer = self.model.tokenizer
        end = [tokenizer.eos_token_id]
        return [
            [
                tokenizer(f" {choice}", add_special_tokens=False)["input_ids"] + end
                for choice in request.choices
            ]
            for request in requests
        ]

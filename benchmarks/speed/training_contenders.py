"""The three that train, each in a new process: Trilemma, a bare loop, and trl's SFTTrainer."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.speed.measuring import timed
from benchmarks.speed.training_job import Job, Spent

PEER_PACKAGES = ("trl==1.16.0", "peft==0.21.2", "transformers==5.23.0")
PEERS = ("trl", "trl, packed", "trl, its defaults")
LAST = 10


@dataclass(frozen=True)
class Outcome:
    """One training in a process of its own.

    Attributes:
        training: From ready batches to the last step.
        prepare: All that Trilemma's strategy does, from its start to the adapter that answers.
        process: The whole process, imports included.
        tokens: Real tokens that were trained on.
        positions: Those and the padding.
        losses: As it logged them: of each step, or means of the last ``LAST``.
        peak_mib: Peak memory of the process, or on CUDA of the device.
    """

    training: Spent
    prepare: Spent | None
    process: Spent
    tokens: int
    positions: int
    losses: tuple[float, ...]
    peak_mib: float

    @property
    def padding(self) -> float:
        """The share of all positions that is padding, in [0, 1]."""
        return 1 - self.tokens / self.positions


@dataclass(frozen=True)
class Contender:
    """One that trains: its name in the table, and its program."""

    name: str
    program: Sequence[str]
    logs_each_step: bool = True
    packing: bool = False
    defaults: bool = False

    def run(self, job: Job, folder: Path) -> Outcome:
        """Train as the job says; its files and the log stand in ``folder``.

        Raises:
            RuntimeError: The program failed; the message ends with what it said last.
        """
        shutil.rmtree(job.work, ignore_errors=True)
        Path(job.work).mkdir()
        Path(job.result).unlink(missing_ok=True)
        replace(job, packing=self.packing, defaults=self.defaults).write(folder / "job.json")
        cost = timed([*self.program, str(folder / "job.json")], folder)
        result = json.loads(Path(job.result).read_text(encoding="utf-8"))
        return Outcome(
            training=Spent(**result["training"]),
            prepare=Spent(**result["prepare"]) if result["prepare"] else None,
            process=Spent(cost.cpu_s, cost.wall_s),
            tokens=result["tokens"],
            positions=result["positions"],
            losses=tuple(result["losses"]),
            peak_mib=result["peak_mib"],
        )

    def last_loss(self, outcome: Outcome) -> float:
        """Return the mean loss of the last ``LAST`` steps that were logged together."""
        last = outcome.losses[-LAST if self.logs_each_step else -1 :]
        return sum(last) / len(last)


OURS = Contender("Trilemma", (sys.executable, "-m", "benchmarks.speed.train_trilemma"))
BARE = Contender("bare loop", (sys.executable, "-m", "benchmarks.speed.train_bare"))


def peers(python: Path) -> tuple[Contender, ...]:
    """Return trl, run by an interpreter that has it: padded, packed, and with its own defaults."""
    program = (str(python), str(Path(__file__).with_name("train_trl.py")))
    return (
        Contender("trl", program, logs_each_step=False),
        Contender("trl, packed", program, logs_each_step=False, packing=True),
        Contender("trl, its defaults", program, logs_each_step=False, defaults=True),
    )

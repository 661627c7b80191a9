"""What a training does when memory runs out: batches in smaller parts, then activation checkpointing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from harness.files import write_whole
from strategies.tuning.options import TrainingOptions

_FILE = "memory.json"


@dataclass(frozen=True)
class Fit:
    """How batches are made to fit the memory; kept beside the checkpoints, so that resuming is exact.

    Attributes:
        parts: Number of parts each batch is split into; their gradients are added up.
        checkpointing: Whether activations are recomputed where they are needed (gradient checkpointing),
            although the experiment does not ask for it.
    """

    parts: int = 1
    checkpointing: bool = False

    def smaller(self, options: TrainingOptions) -> Fit | None:
        """Return what needs less memory: twice the parts, then checkpointing; None when both are used up."""
        if self.parts < options.batch_size:
            return replace(self, parts=min(2 * self.parts, options.batch_size))
        if options.gradient_checkpointing or self.checkpointing:
            return None
        return replace(self, checkpointing=True)

    def rows(self, batch_size: int) -> int:
        """Return the most rows of a part."""
        return -(-batch_size // self.parts)

    def notes(self, options: TrainingOptions) -> list[str]:
        """Return notes for the reader; none where everything fitted as requested."""
        if self == Fit():
            return []
        rows = self.rows(options.batch_size)
        steps = -(-options.batch_size // rows) * options.gradient_accumulation
        how = f"batch_size {rows} and gradient_accumulation {steps}" if self.parts > 1 else ""
        also = "gradient_checkpointing" if self.checkpointing else ""
        return [
            f"memory ran out, so training went on with {' and '.join(filter(None, (how, also)))}: the same "
            "examples in the same steps, more slowly"
        ]


def fit_in(work: Path) -> Fit:
    """Return how the training in ``work`` fits, as far as is known."""
    try:
        found = json.loads((work / _FILE).read_text(encoding="utf-8"))
        return Fit(parts=max(1, int(found["parts"])), checkpointing=bool(found["checkpointing"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Fit()


def keep_fit(work: Path, fit: Fit) -> None:
    """Keep how the training in ``work`` fits, for when it is resumed."""
    write_whole(work / _FILE, json.dumps(asdict(fit)) + "\n")

"""What a training costs, measured while it runs."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

import torch

from harness.types import PrepareCost
from strategies.tuning.data import IGNORED
from strategies.tuning.modules import multiplied


class Meter:
    """Measures a training; a resumed one continues from the cost at its checkpoint.

    ``multiplied`` gives for each weight of the base how many of its numbers a token is multiplied with.
    """

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._trained_since: float | None = None
        self._before = PrepareCost()
        self._tokens: Any = 0
        self._supervised: Any = 0
        self.multiplied: dict[str, float] = {}

    def start(self, module: Any, before: PrepareCost) -> None:
        """Start or restart, with a base that has no adapter yet and the cost so far."""
        if self._trained_since is not None:
            self._began = time.perf_counter()
            self._tokens = self._supervised = 0
        self._before = before
        self._trained_since = time.perf_counter()
        self.multiplied = multiplied(module)
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()

    def count(self, inputs: dict[str, Any]) -> None:
        """Count one batch that is trained on."""
        self._tokens = self._tokens + inputs["attention_mask"].sum()
        self._supervised = self._supervised + (inputs["labels"] != IGNORED).sum()

    def reading(self, flops_a_token: float = 0.0) -> PrepareCost:
        """Return the cost up to now; the method gives the FLOPs of training on one token."""
        now = time.perf_counter()
        tokens = self._before.trained_tokens + int(self._tokens)
        return PrepareCost(
            trained_tokens=tokens,
            supervised_tokens=self._before.supervised_tokens + int(self._supervised),
            wall_s=self._before.wall_s + now - self._began,
            device_s=self._before.device_s + now - (self._trained_since or now),
            peak_memory_bytes=max(self._before.peak_memory_bytes, _peak_memory_bytes()),
            flops=flops_a_token * tokens,
        )


def _peak_memory_bytes() -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

"""What a training costs, measured while it runs."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

import torch

from harness.types import PrepareCost
from strategies._training_data import IGNORED


class Meter:
    """Measures a training; goes on from what a killed one had cost at the checkpoint it is resumed from."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._trained_since: float | None = None
        self._before = PrepareCost()
        self._tokens: Any = 0
        self._supervised: Any = 0
        self._matmul_parameters = 0

    def start(self, module: Any, before: PrepareCost) -> None:
        """Begin, or begin again, with a base that has no adapter yet, and what led to here had cost."""
        if self._trained_since is not None:
            self._began = time.perf_counter()
            self._tokens = self._supervised = 0
        self._before = before
        self._trained_since = time.perf_counter()
        self._matmul_parameters = _matmul_parameters(module)
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()

    def count(self, inputs: dict[str, Any]) -> None:
        """Count one batch that is trained on."""
        self._tokens = self._tokens + inputs["attention_mask"].sum()
        self._supervised = self._supervised + (inputs["labels"] != IGNORED).sum()

    def reading(self, adapter_parameters: int = 0) -> PrepareCost:
        """Return the cost up to now.

        FLOPs: 2 N a token forward and 2 N backward, N being the weights in matrix products of the frozen
        base, whose own gradient (another 2 N) is not computed; 6 a token for each adapter weight. Attention
        scores are left out. Kaplan et al., 2020, "Scaling Laws for Neural Language Models", section 2.1.
        """
        now = time.perf_counter()
        tokens = self._before.trained_tokens + int(self._tokens)
        a_token = 4 * self._matmul_parameters + 6 * adapter_parameters
        return PrepareCost(
            trained_tokens=tokens,
            supervised_tokens=self._before.supervised_tokens + int(self._supervised),
            wall_s=self._before.wall_s + now - self._began,
            device_s=self._before.device_s + now - (self._trained_since or now),
            peak_memory_bytes=max(self._before.peak_memory_bytes, _peak_memory_bytes()),
            flops=float(a_token) * tokens,
        )


def _matmul_parameters(module: Any) -> int:
    layers = [layer for layer in module.modules() if hasattr(layer, "in_features")]
    return sum(int(layer.in_features) * int(layer.out_features) for layer in layers)


def _peak_memory_bytes() -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

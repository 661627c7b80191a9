"""What a training costs, measured while it runs."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

import torch

from harness.types import PrepareCost
from strategies.tuning.data import IGNORED
from strategies.tuning.layers import number_of_experts, of_experts


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

        FLOPs: 2 N a token forward and 2 N backward, N being the weights of the frozen base that a token is
        multiplied with (of experts those that it is sent to), whose own gradient (another 2 N) is not
        computed; 6 a token for each adapter weight. Attention scores are left out. Kaplan et al., 2020,
        "Scaling Laws for Neural Language Models", section 2.1.
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
    """Return how many weights one token is multiplied with: of experts those that it is sent to."""
    from transformers.pytorch_utils import Conv1D

    text = module.config.get_text_config(decoder=True)
    read = {
        id(layer)
        for part in (module.get_decoder(), module.get_output_embeddings())
        if part
        for layer in part.modules()
    }
    active, n_experts, total = _active_share(text), number_of_experts(text), 0.0
    for name, layer in module.named_modules():
        if hasattr(layer, "in_features"):
            n = int(layer.in_features) * int(layer.out_features)
        elif isinstance(layer, Conv1D):
            n = int(layer.nx) * int(layer.nf)
        else:  # fused experts: matrices of all experts, one upon the other
            n = sum(each.numel() for each in layer.parameters(recurse=False) if each.dim() == 3)
        if text is module.config or id(layer) in read:
            fused = any(of_experts(name, each.shape, n_experts) for each in layer.parameters(recurse=False))
            total += n * (active if fused else 1)
    return round(total)


def _active_share(config: Any) -> float:
    """Return which part of the experts a token is sent to; 1 where the configuration does not say."""
    n_experts = number_of_experts(config)
    per_token = next(
        (
            n
            for kind in ("num_experts_per_tok", "moe_top_k", "top_k")
            if isinstance(n := getattr(config, kind, None), int)
        ),
        0,
    )
    return per_token / n_experts if n_experts and per_token else 1.0


def _peak_memory_bytes() -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

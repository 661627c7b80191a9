"""What the machine reaches: matrix products of several shapes, and reading memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.speed.flops import Shape
from benchmarks.speed.inside import clock_of
from benchmarks.speed.measuring import markdown, say
from benchmarks.speed.models import Setup

SQUARES = (256, 512, 1024, 2048)
"""Products that no model prescribes, among which the best rate may be."""

RATE_S = 0.3
"""Seconds that a rate is measured for, at least."""


@dataclass(frozen=True)
class Rates:
    """What the machine reaches.

    Attributes:
        by_shape: Operations a second of a product ``(rows, n_in) @ (n_in, n_out)``.
        bytes_s: Bytes a second read from a buffer as large as the model's weights.
        rows: How many rows a product has where prompts are encoded, and in a step of decoding.
    """

    by_shape: dict[tuple[int, int, int], float]
    bytes_s: float
    rows: tuple[int, int]

    @property
    def best(self) -> float:
        """The highest rate of any shape, in operations a second."""
        return max(self.by_shape.values())

    def table(self) -> str:
        """Return a Markdown table of all rates."""
        rows = [(f"{m} x {k} x {n}", f"{rate / 1e9:.1f}") for (m, k, n), rate in self.by_shape.items()]
        table = markdown(("matrix product (rows x in x out)", "GFLOP/s"), rows)
        return table + f"Reading a buffer as large as the weights: {self.bytes_s / 1e9:.1f} GB/s.\n\n"


def measured(module: Any, shape: Shape, setup: Setup) -> Rates:
    """Measure the products that the model in ``module`` does, and some that may be faster."""
    import torch

    from harness.models.transformers.batching import MAX_BATCH_ITEMS
    from harness.models.transformers.engine import CHUNK_TOKENS

    at_once = CHUNK_TOKENS, MAX_BATCH_ITEMS[setup.device]
    kind: dict[str, Any] = {"dtype": getattr(torch, setup.dtype), "device": setup.device}
    own = [*dict.fromkeys(shape.matrices), (shape.hidden, shape.vocabulary)]
    shapes = [(rows, *pair) for rows in at_once for pair in own]
    found = {}
    for m, k, n in dict.fromkeys([*shapes, *((size, size, size) for size in SQUARES)]):
        say(f"matrix product {m} x {k} x {n} ...")
        product = partial(torch.nn.functional.linear, torch.randn(m, k, **kind), torch.randn(n, k, **kind))
        found[m, k, n] = 2 * m * k * n / _each(product, setup)
    n_bytes = sum(weight.numel() * weight.element_size() for weight in module.parameters())
    buffer = torch.ones(n_bytes // 4, dtype=torch.float32, device=setup.device)
    return Rates(found, n_bytes / _each(buffer.sum, setup), at_once)


def _each(work: Callable[[], Any], setup: Setup) -> float:
    """Return the seconds that one call takes: the fastest of several rounds."""
    clock = clock_of(setup)
    work()
    rounds: list[float] = []
    started, n_calls = time.perf_counter(), 1
    while time.perf_counter() - started < RATE_S or len(rounds) < 3:
        before = clock()
        for _ in range(n_calls):
            work()
        took = clock() - before
        if took < RATE_S / 20:
            n_calls *= 2
        else:
            rounds.append(took / n_calls)
    return min(rounds)

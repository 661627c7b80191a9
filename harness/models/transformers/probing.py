"""How large a batch fits into a device's memory: measured with growing batches, in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import transformers

from harness.models.transformers.batching import is_out_of_memory
from harness.models.transformers.engine import Engine

SHARE = 0.8
"""Share of the free memory that a batch may take: an adapter, an embedder and fragments need the rest."""

SMALLEST = 1024
"""Tokens of the first batch that is tried."""


def probe(engine: Engine, n_rows: int, context_length: int) -> int:
    """Return the tokens of the largest batch, in powers of two, that fits beside the loaded weights.

    Args:
        engine: The model, on its device.
        n_rows: Rows of a batch.
        context_length: Most tokens of a row.
    """
    return largest_fitting(
        lambda tokens: _peak_bytes(
            lambda: _work(engine, n_rows, tokens // n_rows, min(tokens // 2, context_length)),
            engine.module.device,
        ),
        _doubling(n_rows * context_length),
        SHARE * _free_bytes(engine.module.device),
    )


def largest_fitting(take: Callable[[int], int], sizes: Iterator[int], most_bytes: float) -> int:
    """Try growing sizes until one does not fit, and return the one before it; the first if none fits.

    Args:
        take: Does the work of one size and returns the bytes that it took, or runs out of memory.
        sizes: At least one, the smallest first.
        most_bytes: A size that takes more does not fit.
    """
    fits = first = next(sizes)
    for size in (first, *sizes):
        try:
            if take(size) > most_bytes:
                break
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            break
        fits = size
    return fits


def _doubling(most: int) -> Iterator[int]:
    size = SMALLEST
    yield size
    while (size := 2 * size) <= most:
        yield size


@torch.inference_mode()
def _work(engine: Engine, n_rows: int, n_tokens: int, n_prefix: int) -> None:
    """Do the most memory-intensive work of a batch, as the model answers rows of that length.

    At least two rows share a prefix, so the prefixes of a batch have half of its tokens at most.
    """
    if engine.shares(n_tokens):
        engine.rehearse(n_rows, n_tokens, n_prefix)
        return
    ids = torch.arange(n_rows * n_tokens, device=engine.module.device).view(n_rows, -1) % engine.vocabulary
    config = transformers.GenerationConfig(max_new_tokens=2, do_sample=False, pad_token_id=0)
    engine.module.generate(input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=config)


def _peak_bytes(work: Callable[[], None], device: torch.device) -> int:
    """Do the work and return the bytes it took at its peak; 0 where the device does not count them."""
    if device.type != "cuda":
        work()
        return 0
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    try:
        work()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    finally:
        torch.cuda.empty_cache()


def _free_bytes(device: torch.device) -> float:
    """Return the free bytes; infinite where the device does not count them."""
    if device.type != "cuda":
        return float("inf")
    torch.cuda.empty_cache()
    return float(torch.cuda.mem_get_info()[0])

"""Whether the fast ways give what the plain one gives: tried on rows of the lengths that a run has.

What a model computes may hang on the length of a row in ways that no configuration is sure to state: rotary
positions that are scaled from some length on, windows and chunks of attention that its cache does not know.
Lengths are tried in powers of two, each when rows first reach it, on one row of tokens drawn once and for all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import transformers
from transformers import DynamicCache

from harness.models.batching import is_out_of_memory

SHORTEST = 16
"""Tokens of the first length that is tried."""

NOISE = {torch.float32: 1e-4, torch.float64: 1e-4}
"""Difference of logits, as a share of their range, that comes of rounding alone."""
NOISE_OF_16_BITS = 5e-2

Continue = Callable[[torch.Tensor], torch.Tensor]
"""Takes the next tokens of a row, shape ``(1, n_new)``; returns the logits of the last, ``(vocabulary,)``."""


class Trials:
    """What was tried of one model; lengths are in tokens.

    Args:
        most: The model's own length, beyond which nothing is tried unless rows go there.
        say: Told once of each way that does not hold.
    """

    def __init__(self, most: int | None, say: Callable[[str], None]) -> None:
        self._most, self._say = most, say
        self._holds_to: dict[str, int] = {}
        self._fails_from: dict[str, int] = {}

    def hold(self, way: str, n_tokens: int, trial: Callable[[int], bool], message: str) -> bool:
        """Tell whether a way of answering holds for rows of up to ``n_tokens`` tokens, trying it if need be.

        Args:
            way: Its name.
            n_tokens: Tokens of the longest row.
            trial: Tries a length.
            message: Is said with the length, once, where the way does not hold.
        """
        if n_tokens <= self._holds_to.get(way, 0):
            return True
        if n_tokens >= self._fails_from.get(way, n_tokens + 1):
            return False
        power = max(SHORTEST, 1 << (n_tokens - 1).bit_length())
        length = power if self._most is None or n_tokens > self._most else min(power, self._most)
        if self._passes(trial, length):
            self._holds_to[way] = length
            return True
        if way not in self._fails_from:
            self._say(message.format(length=length))
        self._fails_from[way] = min(n_tokens, power // 2 + 1)
        return False

    def _passes(self, trial: Callable[[int], bool], length: int) -> bool:
        """Try a length; one that does not fit the memory is taken for what half of it shows."""
        try:
            return trial(length)
        except Exception as error:
            if not is_out_of_memory(error):
                if isinstance(error, _NOT_TAKEN):
                    return False
                raise
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if length <= SHORTEST:
            raise torch.OutOfMemoryError("memory ran out over a row of a few tokens")
        return self._passes(trial, length // 2)


_NOT_TAKEN = (RuntimeError, TypeError, ValueError, IndexError, KeyError, AttributeError, NotImplementedError)
"""What a model raises that cannot be answered in a way at all."""


def tokens_of_trial(n_tokens: int, vocabulary: int) -> torch.Tensor:
    """Return token ids, shape ``(n_tokens,)``: the same ones always, without drawing from torch's own."""
    generator = torch.Generator().manual_seed(n_tokens)
    return torch.randint(vocabulary, (n_tokens,), generator=generator)


def continues(module: Any, ids: torch.Tensor, further: Continue) -> bool:
    """Compare a row that is read in parts, each twice as long as all before, with one that is read whole.

    However short or long the part that prompts share, some border of parts is like its own.

    Args:
        module: The model.
        ids: Token ids, shape ``(n_tokens,)``.
        further: Reads the next part.
    """
    ids = ids.to(module.device)
    ends = [8]
    while ends[-1] < len(ids):
        ends.append(min(2 * ends[-1], len(ids)))
    starts = [0, *ends[:-1]]
    parts = [further(ids[None, start:end]) for start, end in zip(starts, ends, strict=True)]
    kept = torch.tensor(ends, device=ids.device) - 1
    whole = module(input_ids=ids[None], use_cache=False, logits_to_keep=kept).logits[0]
    return alike(torch.stack(parts), whole)


def from_own_cache(module: Any) -> Continue:
    """Return what continues a row over the model's own cache, with its windows."""
    cache = DynamicCache(config=module.config.get_text_config(decoder=True))

    def further(ids: torch.Tensor) -> torch.Tensor:
        output = module(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        found: torch.Tensor = output.logits[0, -1]
        return found

    return further


def padded_alike(module: Any, ids: torch.Tensor) -> bool:
    """Compare what transformers generate for a long row and a short one together, with each of them alone.

    Args:
        module: The model.
        ids: Token ids, shape ``(n_tokens,)``, at least 8.
    """
    long, short = ids[:-2], ids[: len(ids) // 2 - 2]
    n_pads = len(long) - len(short)
    both = torch.stack([long, torch.cat([torch.zeros(n_pads, dtype=ids.dtype), short])])
    seen = torch.ones_like(both)
    seen[1, :n_pads] = 0
    together = _first_logits(module, both, seen)
    alone = [_first_logits(module, row[None], torch.ones_like(row[None])) for row in (long, short)]
    return alike(together, torch.cat(alone, dim=1))


def _first_logits(module: Any, ids: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Return the logits of the first new token of each row, shape ``(1, n_rows, vocabulary)``."""
    output = module.generate(
        input_ids=ids.to(module.device),
        attention_mask=seen.to(module.device),
        generation_config=transformers.GenerationConfig(
            max_new_tokens=1, do_sample=False, pad_token_id=0, output_logits=True, return_dict_in_generate=True
        ),
    )
    return torch.stack(output.logits)


def alike(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Tell whether logits differ by no more than rounding; shape ``(..., vocabulary)`` both."""
    noise = NOISE.get(expected.dtype, NOISE_OF_16_BITS)
    found, expected = found.float(), expected.float()
    ranges = expected.amax(dim=-1) - expected.amin(dim=-1)
    return bool(((found - expected).abs().amax(dim=-1) <= noise * ranges).all())

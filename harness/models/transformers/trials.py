"""Whether the fast ways give the same results as the plain one: tried on rows of a run's lengths.

What a model computes may depend on the length of a row in ways that a configuration may not state: rotary
positions scaled from some length on, or attention windows and chunks that its cache does not handle. Lengths
are tried in powers of two, each when rows first reach it, on fixed random tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import transformers
from transformers import DynamicCache

from harness.models.transformers.batching import is_out_of_memory
from harness.models.transformers.positions import forget_lengths
from harness.progress import SilentProgress

SHORTEST = 16
"""Tokens of the first length that is tried."""

NOISE = {torch.float32: 1e-4, torch.float64: 1e-4}
"""Difference of logits, as a share of their range, that rounding alone can cause."""
NOISE_OF_16_BITS = 5e-2

Continue = Callable[[torch.Tensor], torch.Tensor]
"""Takes the next tokens of a row, shape ``(1, n_new)``; returns the logits of the last, ``(vocabulary,)``."""


class Trials:
    """The trials of one model; lengths are in tokens.

    Args:
        say: Told once of each way that does not work.
    """

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self._say = say or SilentProgress().say
        self._holds_to: dict[str, int] = {}
        self._fails_from: dict[str, int] = {}

    def hold(
        self, way: str, n_tokens: int, most: int | None, trial: Callable[[int], bool], message: str
    ) -> bool:
        """Return whether a way of answering works for rows of up to ``n_tokens`` tokens, trying it if needed.

        Args:
            way: Its name.
            n_tokens: Tokens of the longest row.
            most: A length beyond which nothing is tried unless rows reach it.
            trial: Tries a length.
            message: Reported once, with the length, if the way does not work.
        """
        if n_tokens <= self._holds_to.get(way, 0):
            return True
        if n_tokens >= self._fails_from.get(way, n_tokens + 1):
            return False
        power = max(SHORTEST, 1 << (n_tokens - 1).bit_length())
        length = power if most is None or n_tokens > most else min(power, most)
        if self._passes(trial, length):
            self._holds_to[way] = length
            return True
        if way not in self._fails_from:
            self._say(message.format(length=length))
        self._fails_from[way] = min(n_tokens, power // 2 + 1)
        return False

    def _passes(self, trial: Callable[[int], bool], length: int) -> bool:
        """Try a length; one that does not fit the memory is given the result of half of it."""
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
"""What a model raises that does not support a way at all."""


def tokens_of_trial(n_tokens: int, vocabulary: int, device: torch.device) -> torch.Tensor:
    """Return token ids, shape ``(n_tokens,)``: always the same ones, without using torch's own generator."""
    generator = torch.Generator().manual_seed(n_tokens)
    return torch.randint(vocabulary, (n_tokens,), generator=generator).to(device)


def borders(n_tokens: int) -> list[int]:
    """Return the ends of a row's parts, each as long as all before it: 8, 16 ..., ``n_tokens``.

    Whatever the length of a shared prefix, some border is close to its end.
    """
    ends = [8]
    while ends[-1] < n_tokens:
        ends.append(min(2 * ends[-1], n_tokens))
    return ends


def in_parts(module: Any, ids: torch.Tensor, ends: Sequence[int], further: Continue) -> torch.Tensor:
    """Return the logits at the ends of parts that are read one after the other, ``(n_parts, vocabulary)``."""
    forget_lengths(module)
    starts = [0, *ends[:-1]]
    return torch.stack([further(ids[None, start:end]) for start, end in zip(starts, ends, strict=True)])


def at_once(module: Any, ids: torch.Tensor, ends: Sequence[int]) -> torch.Tensor:
    """Return the same logits where the row is read whole."""
    forget_lengths(module)
    kept = torch.tensor(ends, device=ids.device) - 1
    found: torch.Tensor = module(input_ids=ids[None], use_cache=False, logits_to_keep=kept).logits[0]
    return found


def own_cache_continues(module: Any, n_tokens: int) -> bool:
    """Compare a row that is read in parts over the model's own cache with one that is read whole."""
    ids, ends = _drawn(module, n_tokens), borders(n_tokens)
    cache = DynamicCache(config=module.config.get_text_config(decoder=True))

    def further(part: torch.Tensor) -> torch.Tensor:
        output = module(input_ids=part, past_key_values=cache, use_cache=True, logits_to_keep=1)
        found: torch.Tensor = output.logits[0, -1]
        return found

    return alike(in_parts(module, ids, ends, further), at_once(module, ids, ends))


def _drawn(module: Any, n_tokens: int) -> torch.Tensor:
    return tokens_of_trial(n_tokens, int(module.get_input_embeddings().weight.shape[0]), module.device)


def padded_alike(module: Any, n_tokens: int) -> bool:
    """Compare what transformers generate for a long row and a short one together, with each of them alone.

    The short one is as short as possible: any effect that starts at some length starts between the two.

    Args:
        module: The model.
        n_tokens: Of the long row and its answer, at least 8.
    """
    ids = _drawn(module, n_tokens)
    long, short = ids[:-1], ids[:6]
    n_pads = len(long) - len(short)
    both = torch.stack([long, torch.cat([torch.zeros_like(ids[:n_pads]), short])])
    seen = torch.ones_like(both)
    seen[1, :n_pads] = 0
    together = _first_logits(module, both, seen)
    alone = [_first_logits(module, row[None], torch.ones_like(row[None])) for row in (long, short)]
    return alike(together, torch.cat(alone, dim=1))


def _first_logits(module: Any, ids: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Return the logits of the first new token of each row, shape ``(1, n_rows, vocabulary)``."""
    forget_lengths(module)
    output = module.generate(
        input_ids=ids,
        attention_mask=seen,
        generation_config=transformers.GenerationConfig(
            max_new_tokens=1,
            do_sample=False,
            pad_token_id=0,
            output_logits=True,
            return_dict_in_generate=True,
        ),
    )
    return torch.stack(output.logits)


def alike(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether logits differ by no more than rounding; shape ``(..., vocabulary)`` both."""
    noise = NOISE.get(expected.dtype, NOISE_OF_16_BITS)
    found, expected = found.float(), expected.float()
    ranges = expected.amax(dim=-1) - expected.amin(dim=-1)
    return bool(((found - expected).abs().amax(dim=-1) <= noise * ranges).all())

"""Log-likelihoods of choices: the prompt is encoded once, and every choice continues from its cache.

Where all layers attend to the whole prompt, the choices stand side by side in one sequence, each seeing the
prompt and itself. Layers with a sliding window do not take such a mask: there the cache is copied for each
choice.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch

MAX_LOGITS = 1 << 26
"""Logits held at once, in numbers: choices are scored in parts that stay below."""


def log_likelihoods(module: Any, prompt: list[int], options: list[list[int]]) -> list[float]:
    """Return log p(option | prompt) in nats for every option.

    Args:
        module: A causal language model of transformers, in evaluation mode.
        prompt: Token ids of the prompt, at least one.
        options: Token ids of each option, at least one each.
    """
    ids = torch.tensor([prompt], device=module.device)
    output = module(input_ids=ids, use_cache=True, logits_to_keep=1)
    first, cache = output.logits[0, -1].float().log_softmax(-1), output.past_key_values
    side_by_side = not any(getattr(layer, "is_sliding", False) for layer in cache.layers)
    continued = _side_by_side if side_by_side else _one_by_row
    values = [float(first[option[0]]) for option in options]
    longer = [i for i, option in enumerate(options) if len(option) > 1]
    for part in _parts([options[i] for i in longer], MAX_LOGITS // first.shape[0]):
        chosen = [longer[k] for k in part]
        rest = continued(module, cache, len(prompt), [options[i] for i in chosen])
        for i, value in zip(chosen, rest, strict=True):
            values[i] += value
    return values


def _parts(options: list[list[int]], max_tokens: int) -> Iterator[list[int]]:
    """Yield indexes in order, as many as have ``max_tokens`` padded tokens together, and one at least."""
    part: list[int] = []
    longest = 0
    for i, option in enumerate(options):
        if part and (len(part) + 1) * max(longest, len(option)) > max_tokens:
            yield part
            part, longest = [], 0
        part.append(i)
        longest = max(longest, len(option))
    if part:
        yield part


def _side_by_side(module: Any, cache: Any, n_prompt: int, options: list[list[int]]) -> list[float]:
    """Return log p(second and later tokens) of each option, all of them in one sequence.

    A token sees the prompt and the tokens of its own option up to itself: mask of shape
    ``(1, 1, n_tokens, n_prompt + n_tokens)``, 0 where it sees and the least number where not.
    """
    rows = [option[:-1] for option in options]
    owner = torch.tensor([i for i, row in enumerate(rows) for _ in row], device=module.device)
    position = torch.tensor([n_prompt + k for row in rows for k in range(len(row))], device=module.device)
    own = (owner[:, None] == owner[None, :]) & (position[None, :] <= position[:, None])
    seen = torch.cat([own.new_ones(len(owner), n_prompt), own], dim=1)
    mask = torch.zeros(seen.shape, dtype=module.dtype, device=module.device)
    mask = mask.masked_fill(~seen, torch.finfo(module.dtype).min)[None, None]
    ids = torch.tensor([[token for row in rows for token in row]], device=module.device)
    logits = module(
        input_ids=ids, attention_mask=mask, position_ids=position[None], past_key_values=cache
    ).logits
    cache.crop(-len(owner))
    following = torch.tensor([token for option in options for token in option[1:]], device=module.device)
    logprobs = logits[0].float().log_softmax(-1).gather(-1, following[:, None])[:, 0]
    return [float(part.sum()) for part in logprobs.split([len(row) for row in rows])]


def _one_by_row(module: Any, cache: Any, n_prompt: int, options: list[list[int]]) -> list[float]:
    """Return log p(second and later tokens) of each option, each in a row with its copy of the cache."""
    longest = max(len(option) for option in options)
    ids = torch.tensor([option + [0] * (longest - len(option)) for option in options], device=module.device)
    real = torch.tensor([[i < len(o) for i in range(longest)] for o in options], device=module.device)
    copied = copy.deepcopy(cache)
    copied.batch_repeat_interleave(len(options))
    mask = torch.cat([real.new_ones(len(options), n_prompt), real[:, :-1]], dim=1).long()
    logits = module(input_ids=ids[:, :-1], attention_mask=mask, past_key_values=copied).logits
    logprobs = logits.float().log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    return [float(value) for value in (logprobs * real[:, 1:]).sum(dim=1)]

"""Log-likelihoods of choices: the prompt is encoded once and its cache is shared by all of them."""

from __future__ import annotations

import copy
from typing import Any

import torch

MAX_LOGITS = 1 << 26
"""Logits held at once, in numbers: choices are scored in parts that stay below."""


def log_likelihoods(module: Any, prompt: list[int], options: list[list[int]], max_tokens: int) -> list[float]:
    """Return log p(option | prompt) in nats for every option.

    Args:
        module: A causal language model of transformers.
        prompt: Token ids of the prompt, at least one.
        options: Token ids of each option, at least one each.
        max_tokens: Bound on the cached tokens of the options that are scored at once.
    """
    device = module.device
    ids = torch.tensor([prompt], device=device)
    first = module(input_ids=ids, use_cache=True, logits_to_keep=1)
    first_logprobs = first.logits[0, -1].float().log_softmax(-1)
    vocabulary = first_logprobs.shape[0]
    longest = max(len(option) for option in options)
    chunk = max(1, min(MAX_LOGITS // (longest * vocabulary), 4 * max_tokens // len(prompt)))
    values: list[float] = []
    for start in range(0, len(options), chunk):
        part = options[start : start + chunk]
        values += _continue(module, part, copy.deepcopy(first.past_key_values), len(prompt), first_logprobs)
    return values


def _continue(
    module: Any, options: list[list[int]], cache: Any, n_prompt: int, first: torch.Tensor
) -> list[float]:
    longest = max(len(option) for option in options)
    padded = [option + [0] * (longest - len(option)) for option in options]
    ids = torch.tensor(padded, device=module.device)
    real = torch.tensor([[i < len(o) for i in range(longest)] for o in options], device=module.device)
    values = first[ids[:, 0]]
    if longest > 1:
        cache.batch_repeat_interleave(len(options))
        mask = torch.cat([real.new_ones(len(options), n_prompt), real[:, :-1]], dim=1).long()
        logits = module(input_ids=ids[:, :-1], attention_mask=mask, past_key_values=cache).logits
        gathered = logits.float().log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
        values = values + (gathered * real[:, 1:]).sum(dim=1)
    return [float(value) for value in values]

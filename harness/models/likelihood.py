"""Log-likelihoods of choices: each prompt is encoded once, and every choice continues from it.

The choices of a prompt stand side by side in one row, each seeing the prompt and itself, and the rows of many
prompts make one batch. Beyond a sliding window the cache of one prompt is copied for each of its choices
instead, and models without a cache of keys and values read every choice whole.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from harness.models.engine import MAX_LOGITS, Engine, Rows
from harness.protocols import TokenLogProbs


def log_likelihoods(
    engine: Engine, prompts: Sequence[list[int]], options: Sequence[Sequence[list[int]]]
) -> tuple[list[list[float]], int]:
    """Return log p(option | prompt) in nats for every option of every prompt.

    Args:
        engine: The model.
        prompts: Token ids of each prompt, at least one each.
        options: For every prompt the token ids of its options, at least one each.

    Returns:
        The log-likelihoods of each prompt's options, and the number of tokens that the prompts shared.
    """
    pairs = list(zip(prompts, options, strict=True))
    if engine.shares(max(len(prompt) + len(option) for prompt, own in pairs for option in own)):
        return _together(engine, prompts, options)
    one = _copied if engine.has_keys_and_values else _whole
    return [one(engine.module, prompt, own) for prompt, own in pairs], 0


# --- Side by side ---


def _together(
    engine: Engine, prompts: Sequence[list[int]], options: Sequence[Sequence[list[int]]]
) -> tuple[list[list[float]], int]:
    # The last token of an option is predicted, but never read.
    read = [[len(option) - 1 for option in own] for own in options]
    parts = _parts(read, MAX_LOGITS // (len(prompts) * engine.vocabulary))
    room = max(
        (sum(read[i][k] for k in chosen) for part in parts for i, chosen in enumerate(part)), default=0
    )
    rows, logits, shared = engine.encode(prompts, room)
    first = logits.float().log_softmax(-1)
    heads = torch.tensor([[i, option[0]] for i, own in enumerate(options) for option in own]).unbind(1)
    values = torch.split(first[heads].double().cpu(), [len(own) for own in options])
    for part in parts:
        continued = _continued(
            engine, rows, [[options[i][k] for k in chosen] for i, chosen in enumerate(part)]
        )
        for value, chosen, more in zip(values, part, continued, strict=True):
            value[chosen] += more[: len(chosen)]
    return [value.tolist() for value in values], shared


def _parts(read: list[list[int]], most: int) -> list[list[list[int]]]:
    """Split the options of every row into parts of at most ``most`` tokens, or a single option.

    Args:
        read: For every row the tokens of each option that are read.
        most: Tokens of a row in one part.

    Returns:
        For every part and row the indexes of options; an option of which nothing is read is in no part.
    """
    split = [list(_split(sizes, most)) for sizes in read]
    n_parts = max(len(parts) for parts in split)
    return [[parts[n] if n < len(parts) else [] for parts in split] for n in range(n_parts)]


def _split(sizes: list[int], most: int) -> Iterator[list[int]]:
    part: list[int] = []
    tokens = 0
    for i, size in enumerate(sizes):
        if part and tokens + size > most:
            yield part
            part, tokens = [], 0
        if size:
            part.append(i)
            tokens += size
    if part:
        yield part


def _continued(engine: Engine, rows: Rows, options: list[list[list[int]]]) -> torch.Tensor:
    """Return log p(second and later tokens) of each option, float64, shape ``(n_rows, n_options + 1)``.

    A row's options stand in one sequence; a token sees the prompt, and its own option up to itself.
    Rows are filled up on the right with an option that nobody asked for, the last one.
    """
    filler = max(len(own) for own in options)
    table = [
        [
            (token, i, place, option[place + 1])
            for i, option in enumerate(own)
            for place, token in enumerate(option[:-1])
        ]
        for own in options
    ]
    width = max(len(row) for row in table)
    table = [row + [(0, filler, 0, 0)] * (width - len(row)) for row in table]
    ids, owner, place, following = torch.tensor(table, device=engine.module.device).unbind(-1)
    own = (owner[:, :, None] == owner[:, None, :]) & (place[:, None, :] <= place[:, :, None])
    logits = engine.branch(rows, ids, own, place).float()
    found = (logits.gather(-1, following[..., None])[..., 0] - logits.logsumexp(-1)).double().cpu()
    return found.new_zeros(len(options), filler + 1).scatter_add_(1, owner.cpu(), found)


# --- One prompt at a time ---


def _copied(module: Any, prompt: list[int], options: Sequence[list[int]]) -> list[float]:
    """Return log p(option | prompt) of each option, each in a row with its copy of the prompt's cache."""
    output = module(input_ids=torch.tensor([prompt], device=module.device), use_cache=True, logits_to_keep=1)
    first = output.logits[0, -1].float().log_softmax(-1)
    values = [float(first[option[0]]) for option in options]
    longer = [i for i, option in enumerate(options) if len(option) > 1]
    longest = max((len(option) for option in options), default=0)
    for start in range(0, len(longer), step := max(1, MAX_LOGITS // (first.shape[0] * longest))):
        chosen = longer[start : start + step]
        rest = _one_by_row(module, output.past_key_values, len(prompt), [options[i] for i in chosen])
        for i, value in zip(chosen, rest, strict=True):
            values[i] += value
    return values


def _one_by_row(module: Any, cache: Any, n_prompt: int, options: list[list[int]]) -> list[float]:
    """Return log p(second and later tokens) of each option."""
    longest = max(len(option) for option in options)
    ids = torch.tensor([option + [0] * (longest - len(option)) for option in options], device=module.device)
    real = torch.tensor([[i < len(o) for i in range(longest)] for o in options], device=module.device)
    copied = copy.deepcopy(cache)
    copied.batch_repeat_interleave(len(options))
    mask = torch.cat([real.new_ones(len(options), n_prompt), real[:, :-1]], dim=1).long()
    logits = module(input_ids=ids[:, :-1], attention_mask=mask, past_key_values=copied).logits
    logprobs = logits.float().log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    return [float(value) for value in (logprobs * real[:, 1:]).sum(dim=1)]


def _whole(module: Any, prompt: list[int], options: Sequence[list[int]]) -> list[float]:
    """Return log p(option | prompt) of each option, prompt and option read in one pass."""
    values = []
    for option in options:
        ids = torch.tensor([prompt + option[:-1]], device=module.device)
        log_probs = module(input_ids=ids).logits[0, -len(option) :].float().log_softmax(-1)
        following = torch.tensor(option, device=module.device)[:, None]
        values.append(float(log_probs.gather(-1, following).sum()))
    return values


# --- Texts ---


def text_log_probs(module: Any, texts: Sequence[list[int]], window: int, keep: int) -> TokenLogProbs:
    """Return how likely texts are, in windows that share no token.

    Args:
        module: The model.
        texts: Token ids of each text.
        window: Tokens that are read at once.
        keep: Most tokens whose whole distributions are returned.
    """
    windows = [ids[start : start + window] for ids in texts for start in range(0, len(ids), window)]
    n_tokens, nll, kept = 0, 0.0, []
    for ids in (ids for ids in windows if len(ids) > 1):
        tokens = torch.tensor([ids], device=module.device)
        log_probs = module(input_ids=tokens[:, :-1]).logits[0].float().log_softmax(-1)
        nll -= float(log_probs.gather(-1, tokens[0, 1:, None]).sum())
        if n_tokens < keep:
            kept.append(log_probs[: keep - n_tokens].cpu())
        n_tokens += len(ids) - 1
    return TokenLogProbs(n_tokens, nll, torch.cat(kept).numpy() if kept else None)

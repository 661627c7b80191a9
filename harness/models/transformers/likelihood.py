"""Log-likelihoods of choices: each prompt is encoded once, and every choice continues from it.

The choices of a prompt are a tree of tokens in one row, each token seeing the prompt and what it
continues, and the rows of many prompts make one batch. Where only the likeliest choice is wanted, a
best-first search reads as much of each tree as it needs. Beyond a sliding window the cache of one prompt is
copied for each of its choices instead, and models without a cache of keys and values read every choice whole.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import torch

from harness.models.transformers.cache import Rows
from harness.models.transformers.engine import MAX_LOGITS, Engine
from harness.models.transformers.positions import forget_lengths
from harness.models.transformers.tries import ROOT, Scored, Trie
from harness.protocols import TokenLogProbs

WIDTH = 4
"""Fewest nodes that a search reads of each row in one pass: fewer passes, at the cost of wasted nodes.

A search that has read many reads half as many at once, so that an undecided model takes few passes.
"""

PASS_TOKENS = 32
"""Fewest tokens of such a pass: few rows read more nodes each, since a pass reads all weights anyway."""

LEAVING = 4
"""Rows whose likeliest option is known leave the batch together, when they are a ``LEAVING``-th of it."""


def log_likelihoods(
    engine: Engine,
    prompts: Sequence[list[int]],
    options: Sequence[Sequence[list[int]]],
    every: bool = True,
) -> tuple[list[Scored], int]:
    """Return log p(option | prompt) in nats for the options of every prompt.

    Args:
        engine: The model.
        prompts: Token ids of each prompt, at least one each.
        options: For every prompt the token ids of its options, at least one each.
        every: Whether all are wanted. Otherwise only the likeliest is, and others may have an upper bound.

    Returns:
        What is known of each prompt's options, and the number of tokens that the prompts shared.
    """
    pairs = list(zip(prompts, options, strict=True))
    if len(prompts) > 1 and len(prompts) * engine.vocabulary > MAX_LOGITS:
        half = len(prompts) // 2
        first, shared = log_likelihoods(engine, prompts[:half], options[:half], every)
        rest, also = log_likelihoods(engine, prompts[half:], options[half:], every)
        return first + rest, min(shared, also)
    longest = max(len(prompt) + len(option) for prompt, own in pairs for option in own)
    if engine.shares(longest):
        return _together(engine, prompts, options, every)
    one = _copied if engine.copies(longest) else _whole
    return [_exact(one(engine.module, prompt, own), own) for prompt, own in pairs], 0


def _exact(values: list[float], options: Sequence[list[int]]) -> Scored:
    return Scored(values, [True] * len(values), sum(len(option) - 1 for option in options))


# --- Side by side ---


def _together(
    engine: Engine, prompts: Sequence[list[int]], options: Sequence[Sequence[list[int]]], every: bool
) -> tuple[list[Scored], int]:
    tries = [Trie(own) for own in options]
    most = max(1, MAX_LOGITS // (len(prompts) * engine.vocabulary))
    if not every:
        rows, logits, shared = engine.encode(prompts, PASS_TOKENS)
        _learn(tries, [[ROOT] for _ in prompts], logits[:, None])
        _search(engine, rows, tries, most)
        return [trie.scored() for trie in tries], shared
    # A choice that is longer than one pass is continued where the previous pass ended.
    kept = any(trie.longest_way > most for trie in tries)
    split = [trie.slices(most) if kept else trie.parts(most) for trie in tries]
    sizes = [list(map(len, parts)) for parts in split]
    room = max((sum(each) if kept else max(each, default=0) for each in sizes), default=0)
    rows, logits, shared = engine.encode(prompts, room)
    _learn(tries, [[ROOT] for _ in prompts], logits[:, None])
    branches = _Branches(engine, rows, tries)
    for parts in zip_longest(*split, fillvalue=[]):
        _learn(tries, parts, branches.read(parts, keep=kept))
    return [trie.scored() for trie in tries], shared


def _search(engine: Engine, rows: Rows, tries: list[Trie], most: int) -> None:
    """Read the most promising nodes of every row, ``most`` at once, until its likeliest option is known."""
    branches = _Branches(engine, rows, tries)
    while True:
        least = max(WIDTH, PASS_TOKENS // len(branches.tries))
        widths = [min(most, max(least, trie.n_read // 2)) for trie in branches.tries]
        chosen = [trie.promising(width) for trie, width in zip(branches.tries, widths, strict=True)]
        if not any(chosen):
            return
        going = [i for i, nodes in enumerate(chosen) if nodes]
        if LEAVING * (len(chosen) - len(going)) >= len(chosen):
            branches.leave(going)
            chosen = [chosen[i] for i in going]
        _learn(branches.tries, chosen, branches.read(chosen, keep=True))


class _Branches:
    """Rows, and the nodes of their trees that were read and are kept in the cache after each prompt.

    Args:
        engine: The model.
        rows: The prompts.
        tries: The options of each row.
    """

    def __init__(self, engine: Engine, rows: Rows, tries: list[Trie]) -> None:
        self.tries = tries
        self._engine, self._rows = engine, rows
        self._places: list[dict[int, int]] = [{ROOT: -1} for _ in tries]  # the place of each node in its row
        self._sees = np.zeros((len(tries), 0, 0), dtype=bool)  # which kept place attends to which

    def leave(self, going: list[int]) -> None:
        """Keep only these rows."""
        self._rows.keep(torch.tensor(going, device=self._rows.position.device))
        self.tries, self._places = [self.tries[i] for i in going], [self._places[i] for i in going]
        self._sees = self._sees[going]

    def read(self, chosen: Sequence[Sequence[int]], keep: bool) -> torch.Tensor:
        """Read nodes of every row, parents first, whose ancestors are kept or among them.

        Rows are padded on the right with an arbitrary token.

        Args:
            chosen: Nodes of each row.
            keep: Whether their children may be read later.

        Returns:
            Logits, shape ``(n_rows, n_most, vocabulary)``.
        """
        n_rows, n_kept, width = len(chosen), self._sees.shape[1], max(map(len, chosen))
        table = np.zeros((2, n_rows, width), dtype=np.int64)
        sees = np.zeros((n_rows, n_kept + width, n_kept + width), dtype=bool)
        sees[:, :n_kept, :n_kept] = self._sees
        sees[:, range(n_kept, n_kept + width), range(n_kept, n_kept + width)] = True
        places = self._places if keep else [dict(place) for place in self._places]
        for row, (trie, nodes, place) in enumerate(zip(self.tries, chosen, places, strict=True)):
            table[:, row, : len(nodes)] = [[trie.tokens[n] for n in nodes], [trie.depths[n] for n in nodes]]
            for at, node in enumerate(nodes, n_kept):
                parent = place[trie.parents[node]]
                if parent >= 0:
                    sees[row, at] |= sees[row, parent]
                place[node] = at
        if keep:
            self._sees = sees
        ids, depths = torch.from_numpy(table).to(self._rows.position.device)
        own = torch.from_numpy(sees[:, n_kept:]).to(ids.device)
        return self._engine.branch(self._rows, ids, own, (depths - 1).clamp(min=0), keep)


def _learn(tries: Sequence[Trie], read: Sequence[Sequence[int]], logits: torch.Tensor) -> None:
    """Tell every tree how likely the children of the read nodes are.

    Args:
        tries: One for each row.
        read: Nodes of each row.
        logits: Shape ``(n_rows, n_most, vocabulary)``.
    """
    wanted = [
        (row, at, trie.tokens[child])
        for row, (trie, nodes) in enumerate(zip(tries, read, strict=True))
        for at, node in enumerate(nodes)
        for child in trie.children[node]
    ]
    logits = logits.float()
    row, at, token = torch.tensor(wanted, device=logits.device).unbind(1)
    found = logits[row, at, token] - logits.logsumexp(-1)[row, at]
    # Rounding may put a probability above 1; a bound must not be below what it bounds.
    values = iter(found.double().clamp(max=0.0).tolist())
    for trie, nodes in zip(tries, read, strict=True):
        for node in nodes:
            trie.learn(node, {child: next(values) for child in trie.children[node]})


# --- One prompt at a time ---


def _copied(module: Any, prompt: list[int], options: Sequence[list[int]]) -> list[float]:
    """Return log p(option | prompt) of each option, each in a row with its own copy of the prompt's cache."""
    forget_lengths(module)
    output = module(input_ids=torch.tensor([prompt], device=module.device), use_cache=True, logits_to_keep=1)
    first = output.logits[0, -1].float().log_softmax(-1)
    values = [float(first[option[0]]) for option in options]
    longer = [i for i, option in enumerate(options) if len(option) > 1]
    longest = max((len(option) for option in options), default=0)
    for start in range(0, len(longer), step := max(1, MAX_LOGITS // (first.shape[0] * longest))):
        chosen = longer[start : start + step]
        width = max(1, MAX_LOGITS // (first.shape[0] * len(chosen)))
        rest = _one_by_row(module, output.past_key_values, len(prompt), [options[i] for i in chosen], width)
        for i, value in zip(chosen, rest, strict=True):
            values[i] += value
    return values


def _one_by_row(module: Any, cache: Any, n_prompt: int, options: list[list[int]], width: int) -> list[float]:
    """Return log p(second and later tokens) of each option, reading ``width`` tokens of all at once."""
    longest = max(len(option) for option in options)
    ids = torch.tensor([option + [0] * (longest - len(option)) for option in options], device=module.device)
    real = torch.tensor([[i < len(o) for i in range(longest)] for o in options], device=module.device)
    copied = copy.deepcopy(cache)
    copied.batch_repeat_interleave(len(options))
    mask = torch.cat([real.new_ones(len(options), n_prompt), real[:, :-1]], dim=1).long()
    found = []
    for start in range(0, longest - 1, width):
        end = min(start + width, longest - 1)
        logits = module(
            input_ids=ids[:, start:end], attention_mask=mask[:, : n_prompt + end], past_key_values=copied
        ).logits
        found.append(logits.float().log_softmax(-1).gather(-1, ids[:, start + 1 : end + 1, None])[..., 0])
    return [float(value) for value in (torch.cat(found, dim=1) * real[:, 1:]).sum(dim=1)]


def _whole(module: Any, prompt: list[int], options: Sequence[list[int]]) -> list[float]:
    """Return log p(option | prompt) of each option, prompt and option read in one pass."""
    values = []
    for option in options:
        following = torch.tensor(option, device=module.device)[:, None]
        parts = _last_log_probs(module, prompt + option[:-1], len(option))
        values.append(sum(float(part.gather(-1, following[at]).sum()) for at, part in parts))
    return values


def _last_log_probs(module: Any, ids: list[int], n_last: int) -> Iterator[tuple[slice, torch.Tensor]]:
    """Yield log-probabilities of every next token at the last positions of a row, some positions at a time.

    Where the model can leave out logits, no more are held than one pass may; the row is read once for each
    part.

    Args:
        module: The model.
        ids: Token ids of the row.
        n_last: Positions that are wanted.

    Yields:
        Which of the positions, and float32 of shape ``(n_positions, vocabulary)``.
    """
    row = torch.tensor([ids], device=module.device)
    if not leaves_out(module):
        forget_lengths(module)
        yield slice(0, n_last), module(input_ids=row).logits[0, -n_last:].float().log_softmax(-1)
        return
    width = max(1, MAX_LOGITS // int(module.get_input_embeddings().weight.shape[0]))
    for start in range(0, n_last, width):
        at = slice(start, min(start + width, n_last))
        positions = torch.arange(len(ids) - n_last, len(ids), device=row.device)[at]
        forget_lengths(module)
        logits = module(input_ids=row, logits_to_keep=n_last if width >= n_last else positions).logits
        yield at, logits[0].float().log_softmax(-1)


def leaves_out(module: Any) -> bool:
    """Whether a model can compute the logits of some positions only."""
    model = module.get_base_model() if hasattr(module, "get_base_model") else module
    return "logits_to_keep" in inspect.signature(model.forward).parameters


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
        forget_lengths(module)
        log_probs = module(input_ids=tokens[:, :-1]).logits[0].float().log_softmax(-1)
        nll -= float(log_probs.gather(-1, tokens[0, 1:, None]).sum())
        if n_tokens < keep:
            kept.append(log_probs[: keep - n_tokens].cpu())
        n_tokens += len(ids) - 1
    return TokenLogProbs(n_tokens, nll, torch.cat(kept).numpy() if kept else None)

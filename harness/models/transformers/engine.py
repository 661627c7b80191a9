"""Encoding a batch of prompts: their common prefix once, then the rest of each, row by row.

Everything that answers from here on, the greedy loop and the scoring of choices, continues from the rows'
keys and values. Models for which that does not work are identified in one place, ``Engine.shares``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from harness.models.transformers.attention import install
from harness.models.transformers.cache import KeysAndValues, Rows, roomy_cache
from harness.models.transformers.context import stated_length
from harness.models.transformers.positions import forget_lengths
from harness.models.transformers.prefixes import shared_length
from harness.models.transformers.trials import (
    Trials,
    alike,
    at_once,
    borders,
    in_parts,
    own_cache_continues,
    padded_alike,
    tokens_of_trial,
)

KEPT_PREFIXES = 2
"""Prefixes whose keys and values are kept: those of the batch before, and of the one before that."""

CHUNK_TOKENS = 2048
"""Tokens that are encoded at once: enough to keep the processor busy, few enough to fit its caches."""

MAX_LOGITS = 1 << 26
"""Most logits of choices held at once: choices are scored in parts that stay below this."""


class Engine:
    """One set of loaded weights, with or without an adapter, and the prefixes it has encoded.

    Prefixes are dropped with the weights that encoded them: no other model can use them.

    Args:
        module: A causal language model of transformers, in evaluation mode.
        trials: Earlier and new trials of these weights.
    """

    def __init__(self, module: Any, trials: Trials | None = None) -> None:
        self.module = module
        install(module)
        self._stated = stated_length(module.config.get_text_config(decoder=True))
        self._trials = trials or Trials()
        self._prefixes: OrderedDict[tuple[int, ...], list[KeysAndValues]] = OrderedDict()

    # --- Which models ---

    @cached_property
    def _layers(self) -> list[Any]:
        config = self.module.config.get_text_config(decoder=True)
        return list(DynamicCache(config=config).layers)

    @property
    def vocabulary(self) -> int:
        """Logits of one token."""
        return int(self.module.get_input_embeddings().weight.shape[0])

    @property
    def has_keys_and_values(self) -> bool:
        """Whether a prompt's cache can be copied and continued: no recurrent layers, no virtual tokens."""
        adapter = getattr(self.module, "active_peft_config", None)
        if getattr(adapter, "is_prompt_learning", False) or self.module.config.is_encoder_decoder:
            return False
        return {type(layer) for layer in self._layers} <= {DynamicLayer, DynamicSlidingWindowLayer}

    @cached_property
    def _window(self) -> int | None:
        """The narrowest attention window of any layer, in tokens."""
        windows = [layer.sliding_window for layer in self._layers if layer.is_sliding]
        return min(windows, default=None)

    def shares(self, n_tokens: int) -> bool:
        """Whether rows of up to ``n_tokens`` tokens can continue from a shared prefix: looked up, then tried.

        Not with recurrent layers, with virtual tokens of an adapter, nor beyond a sliding window; nor where
        rows that continue a prefix give other logits than whole prompts.
        """
        if not self.has_keys_and_values or (self._window is not None and n_tokens > self._window):
            return False
        message = (
            "prompts that begin alike are each read whole, which is slower: read in parts, this model gives "
            "something else with {length} tokens"
        )
        most = min((length for length in (self._stated, self._window) if length), default=None)
        return self._trials.hold("shared", n_tokens, most, self._tried, message)

    def copies(self, n_tokens: int) -> bool:
        """Whether rows of up to ``n_tokens`` tokens can continue a prompt over the model's own cache."""
        if not self.has_keys_and_values:
            return False
        message = (
            "each choice is read with its whole prompt, which is slower: continued from what is kept of the "
            "prompt, this model gives something else with {length} tokens"
        )
        return self._trials.hold(
            "copied", n_tokens, self._stated, partial(own_cache_continues, self.module), message
        )

    def pads(self, n_tokens: int) -> bool:
        """Whether transformers answer padded rows of up to ``n_tokens`` tokens together as they do alone."""
        message = (
            "prompts are answered one by one, which is slower: together with others of another length this "
            "model gives something else with {length} tokens"
        )
        return self._trials.hold(
            "padded", n_tokens, self._stated, partial(padded_alike, self.module), message
        )

    def _tried(self, n_tokens: int) -> bool:
        """Compare rows read in parts, and rows that continue a prefix, with one row read whole."""
        ids, ends = tokens_of_trial(n_tokens, self.vocabulary, self.module.device), borders(n_tokens)
        half, own = ends[-2], 4
        row = self._blank(n_tokens)
        parts = in_parts(self.module, ids, ends, lambda part: self.extend(row, part, keep=1)[0, -1])
        for layer in row.cache.layers:
            layer.crop(half)
        prefix = [layer.filled() for layer in row.cache.layers]
        # A row with so much padding that it takes up the length, then two in a batch.
        n_pads = n_tokens - half - own
        padded = self._blank(n_tokens, prefix)
        padded.seen[:, half : half + n_pads], padded.padded = False, True
        padded.position -= n_pads
        late = torch.cat([ids.new_zeros(n_pads), ids[half : half + own]])[None]
        parts = torch.cat([parts, self.extend(padded, late[:, :-1], keep=1)[0]])
        parts = torch.cat([parts, self.extend(padded, late[:, -1:])[0]])
        self._prefixes[tuple(ids[:half].tolist())] = prefix
        _, two = self._encode([ids[: half + n_own].tolist() for n_own in (own, 1)], half, 0)
        self._prefixes.clear()
        expected = [*ends, half + own - 1, half + own, half + own, half + 1]
        return alike(torch.cat([parts, two]), at_once(self.module, ids, expected))

    def _blank(self, n_tokens: int, prefix: list[KeysAndValues] | None = None) -> Rows:
        """Return one row, without tokens or with those of a prefix, with room for ``n_tokens`` in all."""
        cache = roomy_cache(len(self._layers), n_tokens, prefix)
        seen = torch.ones(1, n_tokens, dtype=torch.bool, device=self.module.device)
        position = torch.full((1,), cache.get_seq_length(), device=self.module.device)
        return Rows(cache, seen, position, padded=False)

    # --- Encoding ---

    def encode(self, prompts: Sequence[list[int]], room: int) -> tuple[Rows, torch.Tensor, int]:
        """Encode a batch of prompts.

        Args:
            prompts: Token ids of each prompt, at least one each.
            room: Tokens that will be added to each row later.

        Returns:
            The rows, the logits of each row's next token with shape ``(n_rows, vocabulary)``, and the number
            of tokens that were shared.
        """
        shared = shared_length(prompts)
        rows, logits = self._encode(prompts, shared, room)
        return rows, logits, shared

    def _encode(self, prompts: Sequence[list[int]], shared: int, room: int) -> tuple[Rows, torch.Tensor]:
        forget_lengths(self.module)
        device, n_rows = self.module.device, len(prompts)
        width = max(len(prompt) for prompt in prompts) - shared
        left = [width - len(prompt) + shared for prompt in prompts]
        prefix = self._prefix(tuple(prompts[0][:shared])) if shared else None
        cache = roomy_cache(len(self._layers), shared + width + room, prefix, n_rows)
        ids = torch.tensor([[0] * pad + p[shared:] for pad, p in zip(left, prompts, strict=True)]).to(device)
        pads = torch.tensor(left, device=device)
        seen = torch.ones(n_rows, shared + width + room, dtype=torch.bool, device=device)
        seen[:, shared : shared + width] = torch.arange(width, device=device) >= pads[:, None]
        first = torch.full((n_rows,), shared, device=device) - pads
        rows = Rows(cache, seen, first, padded=any(left))
        chunk = max(1, CHUNK_TOKENS // n_rows)
        for start in range(0, width, chunk):
            logits = self.extend(rows, ids[:, start : start + chunk], keep=1)
        return rows, logits[:, -1]

    def extend(self, rows: Rows, ids: torch.Tensor, keep: int = 0) -> torch.Tensor:
        """Add the same number of tokens to every row.

        Args:
            rows: What they continue.
            ids: Token ids, shape ``(n_rows, n_new)``.
            keep: Last positions whose logits are computed; 0 for all.

        Returns:
            Logits, shape ``(n_rows, n_kept, vocabulary)``.
        """
        n_new, used = ids.shape[1], rows.used
        steps = torch.arange(n_new, device=ids.device)
        positions = (rows.position[:, None] + steps).clamp(min=0)
        mask = None
        if rows.padded:
            seen = rows.seen[:, None, : used + n_new]
            if n_new > 1:
                seen = seen & (torch.arange(used + n_new, device=ids.device) <= used + steps[:, None])
            mask = self._additive(seen)
        rows.position = rows.position + n_new
        return self._forward(rows.cache, ids, positions, mask, keep)

    def branch(
        self, rows: Rows, ids: torch.Tensor, own: torch.Tensor, offsets: torch.Tensor, keep: bool = False
    ) -> torch.Tensor:
        """Read continuations that are side by side in each row, and drop or keep them afterwards.

        Args:
            rows: What they continue.
            ids: Token ids, shape ``(n_rows, n_new)``.
            own: Which tokens each new token sees, of those kept by calls before and the new ones, shape
                ``(n_rows, n_new, n_kept + n_new)``.
            offsets: Position of each token in its continuation, from 0, shape ``(n_rows, n_new)``.
            keep: Whether later calls may continue from the new tokens.

        Returns:
            Logits, shape ``(n_rows, n_new, vocabulary)``.
        """
        used, n_new = rows.used, ids.shape[1]
        if keep:
            rows.reserve(used + n_new)
        before = rows.seen[:, None, : used + n_new - own.shape[2]].expand(-1, n_new, -1)
        mask = self._additive(torch.cat([before, own], dim=2))
        logits = self._forward(rows.cache, ids, rows.position[:, None] + offsets, mask, 0)
        if not keep:
            for layer in rows.cache.layers:
                layer.crop(used)
        return logits

    def rehearse(self, n_rows: int, n_tokens: int, n_prefix: int = 0) -> None:
        """Allocate what a batch takes at its peak: room for all tokens, one chunk, logits of choices.

        Only the last tokens of a row are encoded. Those before need room, but its contents do not matter
        here, so a large batch takes hardly longer than a small one.

        Args:
            n_rows: Rows of the batch.
            n_tokens: Tokens of a row, at least 2; half of them at most are choices.
            n_prefix: Tokens of each prefix that is kept beside the batch.
        """
        device = self.module.device
        kept = [self._blank(n_prefix) for _ in range(KEPT_PREFIXES if n_prefix else 0)]
        for each in kept:
            self.extend(each, torch.zeros(1, 1, dtype=torch.long, device=device), keep=1)
        chunk = min(max(1, CHUNK_TOKENS // n_rows), n_tokens)
        choices = max(1, min(MAX_LOGITS // (n_rows * self.vocabulary), n_tokens // 2))
        ids = torch.arange(n_rows * max(chunk, choices), device=device).view(n_rows, -1) % self.vocabulary
        seen = torch.ones(n_rows, n_tokens, dtype=torch.bool, device=device)
        rows = Rows(roomy_cache(len(self._layers), n_tokens), seen, torch.zeros_like(ids[:, 0]), padded=True)
        self.extend(rows, ids[:, :1], keep=1)
        for layer in rows.cache.layers:
            layer.crop(n_tokens - chunk)
        self.extend(rows, ids[:, :chunk], keep=1).float().log_softmax(-1)
        for layer in rows.cache.layers:
            layer.crop(n_tokens - choices)
        own = torch.ones(n_rows, choices, choices, dtype=torch.bool, device=device).tril()
        offsets = torch.arange(choices, device=device).expand(n_rows, -1)
        self.branch(rows, ids[:, :choices], own, offsets).float().logsumexp(-1)

    def _forward(
        self, cache: Any, ids: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None, keep: int
    ) -> torch.Tensor:
        output = self.module(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=keep,
        )
        logits: torch.Tensor = output.logits
        return logits

    def _additive(self, seen: torch.Tensor) -> torch.Tensor:
        """Return what is added to attention scores, shape ``(n_rows, 1, n_queries, n_keys)``."""
        dtype = self.module.dtype
        mask = torch.zeros(seen.shape, dtype=dtype, device=seen.device)
        return mask.masked_fill_(~seen, torch.finfo(dtype).min)[:, None]

    def _prefix(self, ids: tuple[int, ...]) -> list[KeysAndValues]:
        """Return the keys and values of a prefix, which are always those of one pass over it alone."""
        kept = self._prefixes.pop(ids, None)
        if kept is None:
            rows, _ = self._encode([list(ids)], 0, 0)
            kept = [layer.filled() for layer in rows.cache.layers]
        self._prefixes[ids] = kept
        while len(self._prefixes) > KEPT_PREFIXES:
            self._prefixes.popitem(last=False)
        return kept

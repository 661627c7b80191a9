"""Answers, token by token, over the keys and values of a batch: each token the likeliest, or sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import StopStringCriteria

from harness.models.transformers.engine import Engine
from harness.models.transformers.sampling import Draws

STEPS = {"cuda": 8}
"""Tokens of a row between two checks of which rows have ended; on a CPU every token is checked.

A GPU computes asynchronously, and each check waits until it has finished.
"""

LEAVING = 4
"""Rows that are finished leave the batch together, when they are a ``LEAVING``-th of it."""


class StopStrings:
    """Tells which rows end with one of some strings, wherever the token boundaries are.

    Args:
        tokenizer: The model's tokenizer.
        stop: The strings.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str]) -> None:
        self._criteria = StopStringCriteria(tokenizer, list(stop))
        self._pad = int(tokenizer.pad_token_id or 0)
        self.n_last = int(self._criteria.maximum_token_len)

    def window(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the last token ids of each prompt, shape ``(n_rows, n_last)``."""
        filler = [self._pad] * self.n_last
        return torch.tensor([[*filler, *prompt[-self.n_last :]][-self.n_last :] for prompt in prompts])

    def hit(self, window: torch.Tensor) -> torch.Tensor:
        """Return for each row whether its last token completes a stop string, bool, shape ``(n_rows,)``."""
        found: torch.Tensor = self._criteria(window, None)
        return found


@dataclass
class _Answer:
    """An answer so far; what comes after its end is not part of it."""

    ids: list[int] = field(default_factory=list)
    ended: bool = False

    def add(self, token: int, ends: bool) -> None:
        if not self.ended:
            self.ids.append(token)
            self.ended = ends


def _listed(steps: list[torch.Tensor]) -> list[list[Any]]:
    """Return the contents of tensors of shape ``(n_rows,)``, step by step; waits for the device once."""
    return [steps[0].tolist()] if len(steps) == 1 else torch.stack(steps).tolist()


def decode(
    engine: Engine,
    prompts: Sequence[list[int]],
    limit: int,
    ends: Sequence[int],
    stop: StopStrings | None = None,
    draws: Draws | None = None,
) -> tuple[list[list[int]], int]:
    """Answer a batch of prompts.

    Args:
        engine: The model.
        prompts: Token ids of each prompt.
        limit: Most tokens of an answer, at least one.
        ends: Token ids that end an answer, and are its last token.
        stop: Strings that end an answer.
        draws: Draws the tokens; without it the likeliest one is taken each time.

    Returns:
        The new token ids of each prompt, and the number of tokens that the prompts shared.
    """
    rows, logits, shared = engine.encode(prompts, limit - 1)
    window = stop.window(prompts).to(logits.device) if stop else None
    answers = [_Answer() for _ in prompts]
    here = list(range(len(prompts)))  # which prompt each row answers
    steps, unread, hits = STEPS.get(logits.device.type, 1), [], []
    for n_new in range(1, limit + 1):
        tokens = draws.tokens(logits, here, n_new - 1) if draws else logits.argmax(dim=-1)
        unread.append(tokens)
        if stop and window is not None:
            window = torch.cat([window[:, 1:], tokens[:, None]], dim=1)
            hits.append(stop.hit(window))
        if n_new % steps == 0 or n_new == limit:
            stopped = _listed(hits) if hits else [[False] * len(here)] * len(unread)
            for step, at_stop in zip(_listed(unread), stopped, strict=True):
                for i, token, stops in zip(here, step, at_stop, strict=True):
                    answers[i].add(token, stops or token in ends)
            unread, hits = [], []
            staying = [row for row, i in enumerate(here) if not answers[i].ended]
            if not staying or n_new == limit:
                break
            if LEAVING * (len(here) - len(staying)) >= len(here):
                kept = torch.tensor(staying, device=tokens.device)
                rows.keep(kept)
                tokens, here = tokens[kept], [here[row] for row in staying]
                window = window[kept] if window is not None else None
        logits = engine.extend(rows, tokens[:, None])[:, -1]
    return [answer.ids for answer in answers], shared

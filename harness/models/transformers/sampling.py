"""Tokens sampled from a model's distribution: each row by its own random numbers, whatever its batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import LogitsProcessor

from harness.digests import digest_of
from harness.types import Request


class Draws:
    """The random numbers by which the tokens of some rows are sampled.

    A row's numbers depend only on its item, seed and repeat, one for each of its tokens. The token is found
    by inverting the cumulative distribution at its number, so a row alone and a row in a batch sample alike.

    Args:
        requests: One for each row, of the same decoding, whose temperature is above 0.
    """

    def __init__(self, requests: Sequence[Request]) -> None:
        decoding = requests[0].decoding
        self._temperature, self._top_p = decoding.temperature, decoding.top_p
        self._numbers = torch.stack([_numbers(request, decoding.max_new_tokens) for request in requests])

    def tokens(self, logits: torch.Tensor, rows: Sequence[int], step: int) -> torch.Tensor:
        """Draw a token for each row.

        Args:
            logits: Shape ``(n_rows, vocabulary)``.
            rows: Which request each row of ``logits`` answers.
            step: How many tokens the answers have so far.

        Returns:
            Token ids, int64, shape ``(n_rows,)``.
        """
        shares = (logits.float() / self._temperature).softmax(dim=-1).double()
        if self._top_p < 1:
            shares = _nucleus(shares, self._top_p)
        below = shares.cumsum(dim=-1)
        self._numbers = self._numbers.to(logits.device)  # once; every step would wait for a device
        numbers = self._numbers[list(rows), step]
        found = torch.searchsorted(below, (numbers * below[:, -1])[:, None], right=True)[:, 0]
        return found.clamp(max=logits.shape[-1] - 1)


class Drawing(LogitsProcessor):  # type: ignore[misc]
    """Makes greedy ``generate`` of transformers write the sampled tokens.

    Args:
        draws: Of all rows, in the order of the batch.
    """

    def __init__(self, draws: Draws) -> None:
        self._draws, self._step = draws, 0

    def __call__(self, _: Any, scores: torch.Tensor) -> torch.Tensor:
        """Return scores in which only the drawn token of each row is possible."""
        tokens = self._draws.tokens(scores, range(len(scores)), self._step)
        self._step += 1
        return torch.full_like(scores, float("-inf")).scatter(1, tokens[:, None], 0.0)


def _numbers(request: Request, n: int) -> torch.Tensor:
    """Return a request's numbers, float64 in [0, 1), shape ``(n,)``."""
    seed = int(digest_of([request.item_id, request.seed, request.repeat])[:15], 16)
    return torch.rand(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _nucleus(shares: torch.Tensor, top_p: float) -> torch.Tensor:
    """Return the probabilities of the fewest likeliest tokens that sum to ``top_p``, 0 for all others.

    Holtzman et al., 2020, "The Curious Case of Neural Text Degeneration".
    """
    ordered, order = shares.sort(dim=-1, descending=True)
    before = ordered.cumsum(dim=-1) - ordered
    return torch.zeros_like(shares).scatter(1, order, ordered.masked_fill(before >= top_p, 0.0))

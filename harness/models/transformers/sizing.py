"""Which requests are answered together: by decoding, prefix and length, within the available memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.models.transformers.batching import MAX_BATCH_CHOICE_ITEMS, MAX_BATCH_ITEMS, plan_batches
from harness.models.transformers.budgets import BatchBudgets, Setting
from harness.models.transformers.prefixes import families
from harness.models.transformers.prompts import Prompts
from harness.types import Request

SEARCHED_TOKENS = 64
"""Most tokens of choices that a search for the likeliest one usually reads of a row."""


@dataclass(frozen=True)
class Sizing:
    """Sizes of requests of one model, and the batches that they make.

    Attributes:
        prompts: What encodes them.
        wanted: Tokens of a batch as the experiment says, or "auto".
        budgets: Tokens of a batch, where the experiment does not say.
        setting: What these depend on.
        device: "cpu" or "cuda".
        probe: Measures how many tokens fit on a GPU.
    """

    prompts: Prompts
    wanted: int | Literal["auto"]
    budgets: BatchBudgets
    setting: Setting
    device: str
    probe: Callable[[], int]

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Return batches as indexes into requests with their final stop strings, longest first."""
        prompts = [self.prompts.prompt(request.messages).ids for request in requests]
        most = MAX_BATCH_CHOICE_ITEMS if requests and requests[0].choices else MAX_BATCH_ITEMS
        sizes, tokens = list(map(self.of, requests)), self._most_tokens
        return plan_batches(requests, sizes, families(prompts), tokens, most[self.device])

    def of(self, request: Request) -> int:
        """Return the most tokens of a request's row; for a search, a number that it rarely exceeds."""
        asked = len(self.prompts.prompt(request.messages).ids)
        if not request.choices:
            return asked + request.decoding.max_new_tokens
        choices = self.prompts.choices(request.messages, request.choices)
        answer = sum(map(len, choices.options))
        if not request.every_choice:
            answer = min(answer, SEARCHED_TOKENS)
        return asked + len(choices.lead) + answer

    @property
    def _most_tokens(self) -> int:
        if self.wanted != "auto":
            return self.wanted
        return self.budgets.of(self.setting, self.probe if self.device == "cuda" else None)

    def ran_out(self, requests: Sequence[Request]) -> None:
        """Note that memory ran out on a batch of these requests."""
        if self.wanted == "auto":
            self.budgets.ran_out(self.setting, len(requests) * max(map(self.of, requests)))

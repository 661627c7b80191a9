"""A model that answers by rule, so that runs can be tested in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.protocols import Capabilities
from harness.types import (
    ChoiceScore,
    Failure,
    Generation,
    Message,
    ModelIdentity,
    Request,
    TokenUsage,
)


def echo(request: Request) -> str:
    """Answer with the last word of the question."""
    return request.messages[-1].content.split()[-1]


@dataclass
class RuleModel:
    """Answers with ``rule(request)``; notes items in ``asked``; breaks after ``breaks_after`` of them."""

    rule: Callable[[Request], str] = echo
    capabilities = Capabilities(device="cpu")  # no field: a test may set another for all

    context_length: int = 1000
    batch_size: int = 4
    breaks_after: int | None = None
    identity: ModelIdentity = field(
        default_factory=lambda: ModelIdentity(name="rule", weights_digest="w" * 64)
    )
    asked: list[str] = field(default_factory=list)

    def render(self, messages: Sequence[Message]) -> str:
        return "\n".join(f"{m.role}: {m.content}" for m in messages)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return len(self.render(messages).split())

    def answer_tokens(self, request: Request) -> int:
        return max(
            (len(choice.split()) for choice in request.choices), default=request.decoding.max_new_tokens
        )

    def answer_form(self, request: Request) -> str:
        return ""

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        order = sorted(range(len(requests)), key=lambda i: (self.count_tokens(requests[i].messages), i))
        return [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        if self.breaks_after is not None and len(self.asked) >= self.breaks_after:
            raise KeyboardInterrupt
        self.asked += [request.item_id for request in requests]
        # The answer tells its batch, as floating point does: a resumed run must form the same batches.
        batch = len(requests)
        return [
            (
                Generation(
                    text=self.rule(request),
                    usage=TokenUsage(prompt=self.count_tokens(request.messages), completion=batch),
                ),
            )
            * request.n_samples
            for request in requests
        ]

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        self.asked += [request.item_id for request in requests]
        answers: list[Generation | Failure] = []
        for request in requests:
            liked = self.rule(request)
            choices = tuple(
                ChoiceScore(text=c, log_likelihood=-1.0 if c == liked else -2.0, n_tokens=1, n_chars=len(c))
                for c in request.choices
            )
            answers.append(Generation(text=liked, choices=choices, stop_reason="choice"))
        return answers

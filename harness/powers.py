"""What is done with a model that cannot do all that a model may be able to; see `harness.protocols`."""

from __future__ import annotations

from collections.abc import Sequence

from harness.digests import canonical_json
from harness.protocols import CountsTokens, Model, PlansBatches, ScoresChoices
from harness.types import Failure, Generation, Message, Request

BATCH = 32
"""Requests given together to a model that plans no batches."""


def prompt_of(model: Model, messages: Sequence[Message]) -> str:
    """Return the prompt that a model sees; of one that does not tell, the messages as JSON.

    Raises:
        UnrenderedError: The model's chat template would leave something of the messages out.
    """
    if isinstance(model, CountsTokens):
        return model.render(messages)
    return canonical_json([message.model_dump() for message in messages])


def form_of(model: Model, request: Request) -> str:
    """Return what an answer depends on beside the prompt; "" of a model that does not tell."""
    return model.answer_form(request) if isinstance(model, CountsTokens) else ""


def batches_of(model: Model, requests: Sequence[Request]) -> list[list[int]]:
    """Return indexes into ``requests`` grouped into batches; depends on the requests alone."""
    if isinstance(model, PlansBatches):
        return model.batches(requests)
    return [list(range(at, min(at + BATCH, len(requests)))) for at in range(0, len(requests), BATCH)]


def context_length_of(model: Model) -> int:
    """Return the tokens that prompt and answer may have together; 0 of a model that does not tell."""
    return model.context_length if isinstance(model, CountsTokens) else 0


def lengths(
    model: Model, request: Request, messages: Sequence[Message] | None = None
) -> tuple[int, int] | None:
    """Return the tokens of a prompt, and how many leave room for the whole answer in the model's context.

    None of a model that counts no tokens: it says itself that a prompt is too long, when it is asked.

    Args:
        model: What is asked.
        request: Has the messages, and says how long the answer may be.
        messages: What is asked in place of those of ``request``.
    """
    if not isinstance(model, CountsTokens):
        return None
    n_tokens = model.count_tokens(request.messages if messages is None else messages)
    return n_tokens, model.context_length - model.answer_tokens(request)


def generated(model: Model, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
    """Ask one batch, in order: of requests with choices, what scoring them gives, of others all samples.

    Args:
        model: What is asked.
        requests: All with choices, or all without.
    """
    if not requests or not requests[0].choices:
        return model.generate(requests)
    if isinstance(model, ScoresChoices):
        return [each if isinstance(each, Failure) else (each,) for each in model.score(requests)]
    unable = Failure(kind="choices_not_scored", message=f"{model.identity.name} cannot score choices")
    return [unable for _ in requests]


def answered(model: Model, requests: Sequence[Request]) -> list[Generation | Failure]:
    """Ask one batch for one answer each, in order: with choices the likeliest one, else what is generated."""
    return [each if isinstance(each, Failure) else each[0] for each in generated(model, requests)]

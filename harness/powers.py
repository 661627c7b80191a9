"""Fallbacks for models that lack optional abilities; see `harness.protocols`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.digests import canonical_json
from harness.errors import plain, shorten
from harness.protocols import CountsTokens, Model, PlansBatches, ScoresChoices
from harness.types import Failure, Generation, Message, Request

BATCH = 32
"""Requests given together to a model that plans no batches."""


def prompt_of(model: Model, messages: Sequence[Message]) -> str:
    """Return the prompt that a model sees, or the messages as JSON where the model cannot say.

    Raises:
        UnrenderedError: The model's chat template would leave something of the messages out.
    """
    if isinstance(model, CountsTokens):
        return model.render(messages)
    return canonical_json([message.model_dump() for message in messages])


def form_of(model: Model, request: Request) -> str:
    """Return what an answer depends on besides the prompt; "" where the model cannot say."""
    return model.answer_form(request) if isinstance(model, CountsTokens) else ""


def batches_of(model: Model, requests: Sequence[Request]) -> list[list[int]]:
    """Return indexes into ``requests`` grouped into batches; depends on the requests alone.

    Raises:
        ValueError: The model leaves a request out, or has one twice.
    """
    if isinstance(model, PlansBatches):
        found = [list(batch) for batch in model.batches(requests)]
        if sorted(index for batch in found for index in batch) != list(range(len(requests))):
            raise ValueError(f"batches() must have each of {len(requests)} requests once")
        return found
    return [list(range(at, min(at + BATCH, len(requests)))) for at in range(0, len(requests), BATCH)]


def context_length_of(model: Model) -> int:
    """Return the tokens that prompt and answer may have together; 0 where the model cannot say."""
    return model.context_length if isinstance(model, CountsTokens) else 0


def lengths(
    model: Model, request: Request, messages: Sequence[Message] | None = None
) -> tuple[int, int] | None:
    """Return the tokens of a prompt, and the most that leave room for the whole answer in the context.

    None for a model that cannot count tokens: it reports a prompt that is too long when it is asked.

    Args:
        model: The model.
        request: Has the messages, and says how long the answer may be.
        messages: What is asked instead of the messages of ``request``.
    """
    if not isinstance(model, CountsTokens):
        return None
    n_tokens = model.count_tokens(request.messages if messages is None else messages)
    return n_tokens, model.context_length - model.answer_tokens(request)


def generated(model: Model, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
    """Ask one batch, in order: requests with choices give their scoring, others all their samples.

    An invalid response to a request is a failure of this request alone.

    Args:
        model: The model.
        requests: All with choices, or all without.

    Raises:
        TypeError: The model returns something else than a list with an entry for each request.
    """
    if not requests:
        return []
    if not requests[0].choices:
        return _received("generate", requests, model.generate(requests))
    if isinstance(model, ScoresChoices):
        return _received("score", requests, model.score(requests), alone=True)
    unable = Failure(kind="choices_not_scored", message=f"{model.identity.name} cannot score choices")
    return [unable for _ in requests]


def answered(model: Model, requests: Sequence[Request]) -> list[Generation | Failure]:
    """Ask one batch for one answer each, in order: with choices the likeliest one, else what is generated."""
    return [each if isinstance(each, Failure) else each[0] for each in generated(model, requests)]


def _received(
    method: str, requests: Sequence[Request], found: Any, alone: bool = False
) -> list[tuple[Generation, ...] | Failure]:
    """Check and return what a model (any plug-in) gave; ``alone`` where a generation is not in a tuple."""
    if not isinstance(found, list | tuple) or len(found) != len(requests):
        n = f"{len(found)} entries" if isinstance(found, list | tuple) else type(found).__name__
        raise TypeError(f"{method}() must return a list of {len(requests)}, and returned {n}")
    given = [(each,) if alone and isinstance(each, Generation) else each for each in found]
    return [_one_received(method, *pair) for pair in zip(requests, given, strict=True)]


def _one_received(method: str, request: Request, found: Any) -> tuple[Generation, ...] | Failure:
    try:
        if isinstance(found, Failure):
            found.check_kept()
            return Failure(kind=shorten(found.kind, 80), message=shorten(found.message, 500))
        n = request.n_samples
        if not isinstance(found, tuple | list) or len(found) != n:
            raise TypeError(f"it must be {n} generations or a failure, and is {shorten(found)}")
        for each in found:
            if not isinstance(each, Generation):
                raise TypeError(f"it must be of generations, and has {shorten(each)}")
            each.check_kept()
    except (TypeError, ValueError) as error:
        message = shorten(f"what {method}() gives cannot be used: {error}", 500)
        return Failure(kind="malformed_generation", message=plain(message))
    return tuple(found)

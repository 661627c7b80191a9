"""Whether a prompt fits into the model's context, and the failure that says what did not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec

from harness.errors import UnrenderedError
from harness.powers import context_length_of, lengths
from harness.protocols import Model
from harness.tasks.prompting import unrendered
from harness.types import Failure, Message, Request

P = ParamSpec("P")


def or_failure(build: Callable[P, Request | Failure]) -> Callable[P, Request | Failure]:
    """Where one item's prompt cannot be written, let only this item fail, not those built with it."""

    @wraps(build)
    def built(*args: P.args, **keys: P.kwargs) -> Request | Failure:
        try:
            return build(*args, **keys)
        except UnrenderedError as error:
            return unrendered(error)

    return built


def fits(model: Model, request: Request, messages: Sequence[Message]) -> bool:
    """Tell whether ``messages``, asked in place of those of ``request``, leave room for the answer."""
    known = lengths(model, request, messages)
    return known is None or known[0] <= known[1]


def too_long(model: Model, request: Request, messages: Sequence[Message], what: str) -> Failure:
    """Return the failure of an item whose prompt with ``what`` ("3 passages") does not fit."""
    whole = context_length_of(model)
    n_tokens, room = lengths(model, request, messages) or (0, whole)
    return Failure(
        kind="prompt_too_long",
        message=(
            f"{request.task}: item {request.item_id}: the prompt with {what} has {n_tokens} tokens "
            f"and the answer needs {whole - room}, but the context holds {whole}"
        ),
    )

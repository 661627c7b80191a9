"""What fits into the model's context, and the one failure that says what did not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec

from harness.errors import UnrenderedError
from harness.protocols import Model
from harness.tasks.prompting import unrendered
from harness.types import Failure, Message, Request

P = ParamSpec("P")


def or_failure(build: Callable[P, Request | Failure]) -> Callable[P, Request | Failure]:
    """Let one item fail, not all that are built with it, where its prompt cannot be written."""

    @wraps(build)
    def built(*args: P.args, **keys: P.kwargs) -> Request | Failure:
        try:
            return build(*args, **keys)
        except UnrenderedError as error:
            return unrendered(error)

    return built


def room_tokens(model: Model, request: Request) -> int:
    """Return how many prompt tokens leave room for the whole answer of ``request``."""
    return model.context_length - model.answer_tokens(request)


def fits(model: Model, request: Request, messages: Sequence[Message]) -> bool:
    """Tell whether ``messages``, asked in place of those of ``request``, leave room for the answer."""
    return model.count_tokens(messages) <= room_tokens(model, request)


def too_long(model: Model, request: Request, messages: Sequence[Message], what: str) -> Failure:
    """Return the failure of an item whose prompt with ``what`` ("3 passages") does not fit."""
    return Failure(
        kind="prompt_too_long",
        message=(
            f"{request.task}: item {request.item_id}: the prompt with {what} has "
            f"{model.count_tokens(messages)} tokens and the answer needs {model.answer_tokens(request)}, "
            f"but the context holds {model.context_length}"
        ),
    )

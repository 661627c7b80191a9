"""From an item to messages: the one place where a task's templates are filled in.

Training and evaluation both come through ``plain_requests``, so a prompt that was trained on is the prompt
that is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from jinja2 import Template, meta

from harness.digests import digest_of
from harness.errors import InputError, UnrenderedError, shorten
from harness.powers import prompt_of
from harness.protocols import Model
from harness.tasks.sandbox import ENVIRONMENT, FAULTS, counted
from harness.types import Decoding, Failure, Message, Request, Task, TaskItem


@lru_cache(maxsize=256)
def compiled(source: str) -> Template:
    """Return the sandboxed Jinja2 template of ``source``; raises ``jinja2.TemplateError`` on a fault."""
    return ENVIRONMENT.from_string(source)


@lru_cache(maxsize=256)
def names_used(source: str) -> frozenset[str]:
    """Return the names a template takes from an item; raises ``jinja2.TemplateSyntaxError`` on a fault."""
    return frozenset(meta.find_undeclared_variables(ENVIRONMENT.parse(source)))


def fill(task: Task, source: str, item: TaskItem) -> str:
    """Fill one template of ``task`` with the item's fields.

    A template sees every column of the item but its answer, as ``input``, ``messages`` (the turns of a
    conversation), ``choices``, ``tags`` and the names in ``metadata``.

    Raises:
        InputError: The template names a field that the item does not have, or does what the sandbox forbids.
    """
    return render(task, compiled(source), item, fields_of(task, item)).strip()


def fields_of(task: Task, item: TaskItem) -> dict[str, Any]:
    """Return what a template of ``task`` sees of an item, by name."""
    choices = item.choices or task.choices
    fields = {**item.metadata, "input": item.input, "choices": choices, "tags": item.tags, "id": item.id}
    if item.history:
        turns = (*item.history, Message(role="user", content=item.input))
        fields["messages"] = [turn.model_dump() for turn in turns]
    return fields


def render(task: Task, template: Template, item: TaskItem, fields: Mapping[str, Any]) -> str:
    """Fill a template of ``task`` with the fields of an item.

    Raises:
        InputError: The template names a field that is not there, or does what the sandbox forbids.
    """
    try:
        with counted():
            return template.render(fields)
    except FAULTS as error:
        raise InputError(
            task.name,
            f"item {shorten(item.id, 40)}",
            f"the template cannot be filled: {shorten(str(error), 200)}",
            "fix the template or the item",
        ) from None


def plain_messages(task: Task, item: TaskItem) -> tuple[Message, ...]:
    """Return the system turn (where there is one), what was said before, and the user turn of an item.

    The system turn is the task's instruction; that of the item's own conversation follows it.
    """
    spoken = [turn for turn in item.history if turn.role != "system"]
    system = [fill(task, task.instruction, item)] if task.instruction else []
    system += [turn.content for turn in item.history if turn.role == "system"]
    user = Message(role="user", content=fill(task, task.prompt, item))
    first = [Message(role="system", content="\n\n".join(system))] if system else []
    return (*first, *spoken, user)


def unrendered(error: UnrenderedError) -> Failure:
    """Return the failure of an item whose prompt cannot be written."""
    return Failure(kind="prompt_not_rendered", message=str(error))


def rendered(model: Model, requests: Iterable[Request | Failure]) -> list[Request]:
    """Return the requests whose prompts a model's chat template writes without loss."""
    found = []
    for request in requests:
        if not isinstance(request, Failure):
            with suppress(UnrenderedError):
                prompt_of(model, request.messages)
                found.append(request)
    return found


def without_input(task: Task, item: TaskItem, messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return a prompt with the item's own words left out of its last turn, and everything else unchanged.

    What is left tells how likely each choice is before the item is known. Where a strategy has put the item
    into other words, the prompt without it is the plain one.
    """
    blank = item.model_copy(
        update={
            "input": "",
            "metadata": {key: _blank(value) for key, value in item.metadata.items()},
        }
    )
    asked, empty = fill(task, task.prompt, item), fill(task, task.prompt, blank)
    last = messages[-1]
    if not asked or asked not in last.content:
        return plain_messages(task, blank)
    content = last.content[::-1].replace(asked[::-1], empty[::-1], 1)[::-1]  # its last occurrence
    return (*messages[:-1], last.model_copy(update={"content": content.strip()}))


def _blank(value: Any) -> Any:
    """Return a value of an item's columns with every text in it empty."""
    if isinstance(value, dict):
        return {key: _blank(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_blank(entry) for entry in value]
    return "" if isinstance(value, str) else value


def plain_requests(
    task: Task, items: Sequence[TaskItem], temperature: float = 0.0
) -> list[Request | Failure]:
    """Build the zero-shot request of every item: the ``RequestBuilder`` that all strategies start from."""
    decoding = Decoding(max_new_tokens=task.max_new_tokens, temperature=temperature, stop=task.stop)
    return [
        Request(
            task=task.name,
            item_id=item.id,
            messages=plain_messages(task, item),
            choices=(item.choices or task.choices) if task.scores_choices else (),
            decoding=decoding,
        )
        for item in items
    ]


def greedy(request: Request) -> Request:
    """Return a request that is answered once, with the likeliest tokens."""
    decoding = request.decoding.model_copy(update={"temperature": 0.0})
    return request.model_copy(update={"decoding": decoding, "n": 1})


def template_digest(task: Task) -> str:
    """Return the digest of a task's templates: equal digests mean equal prompts for equal items."""
    return digest_of({"instruction": task.instruction, "prompt": task.prompt, "choices": list(task.choices)})

"""From an item to messages: the one place where a task's templates are filled in.

Training and evaluation both come through ``plain_requests``, so a prompt that was trained on is the prompt
that is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from harness.digests import digest_of
from harness.errors import InputError, shorten
from harness.types import Decoding, Failure, Message, Request, Task, TaskItem

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
)
# Chance has no place in a prompt: the same item must always give the same words.
_ENVIRONMENT.filters.pop("random")
_ENVIRONMENT.globals.pop("lipsum")


@lru_cache(maxsize=256)
def compiled(source: str) -> Template:
    """Return the sandboxed Jinja2 template of ``source``; raises ``jinja2.TemplateError`` on a fault."""
    return _ENVIRONMENT.from_string(source)


def fill(task: Task, source: str, item: TaskItem) -> str:
    """Fill one template of ``task`` with the item's fields.

    A template sees every column of the item but its answer, as ``input``, ``choices``, ``tags`` and the names
    in ``metadata``.

    Raises:
        InputError: The template names a field that the item does not have, or does what the sandbox forbids.
    """
    choices = item.choices or task.choices
    fields = {**item.metadata, "input": item.input, "choices": choices, "tags": item.tags, "id": item.id}
    try:
        return compiled(source).render(fields).strip()
    except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        raise InputError(
            task.name,
            f"item {shorten(item.id, 40)}",
            f"the template cannot be filled: {shorten(str(error), 200)}",
            "mend the template or the item",
        ) from None


@lru_cache(maxsize=256)
def _names_used(source: str) -> frozenset[str]:
    return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(source)))


def shown_text(task: Task, item: TaskItem) -> str:
    """Return what an item's prompt shows of the item, without the words that every prompt of the task has.

    Two items are the same question when these texts are the same.
    """
    names = _names_used(task.prompt) | _names_used(task.instruction)
    shown = [item.input] if "input" in names else []
    shown += [str(item.metadata[name]) for name in sorted(names & item.metadata.keys())]
    return "\n".join([*shown, *item.choices])


def plain_messages(task: Task, item: TaskItem) -> tuple[Message, ...]:
    """Return the system turn (where the task has an instruction) and the user turn of an item."""
    user = Message(role="user", content=fill(task, task.prompt, item))
    if not task.instruction:
        return (user,)
    return (Message(role="system", content=fill(task, task.instruction, item)), user)


def plain_requests(task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
    """Build the zero-shot request of every item: the ``RequestBuilder`` that all strategies start from."""
    decoding = Decoding(max_new_tokens=task.max_new_tokens, stop=task.stop)
    return [
        Request(
            task=task.name,
            item_id=item.id,
            messages=plain_messages(task, item),
            choices=(item.choices or task.choices) if task.kind == "choice" else (),
            decoding=decoding,
        )
        for item in items
    ]


def template_digest(task: Task) -> str:
    """Return the digest of a task's templates: equal digests mean equal prompts for equal items."""
    return digest_of({"instruction": task.instruction, "prompt": task.prompt, "choices": list(task.choices)})

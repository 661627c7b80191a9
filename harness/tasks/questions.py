"""What a prompt shows of an item, which decides everywhere whether two items ask the same question."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jinja2 import Template, nodes

from harness.errors import InputError
from harness.tasks.items import normalise
from harness.tasks.prompting import fields_of, render
from harness.tasks.sandbox import ENVIRONMENT, bounded
from harness.types import Task, TaskItem

_OPEN, _CLOSE = "\x00", "\x01"
# No item holds a NUL, and a \x01 of its own ends a mark early at worst.
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")


def _marked(value: Any) -> str:
    return f"{_OPEN}{bounded(value)}{_CLOSE}"


_TRACING = ENVIRONMENT.overlay(finalize=_marked)


@lru_cache(maxsize=256)
def _tracing(source: str) -> Template:
    """Return a template that marks what it shows of an item: every value, and the words of its branches."""
    tree = ENVIRONMENT.parse(source)
    for branch in tree.find_all((nodes.If, nodes.For)):
        for output in branch.find_all(nodes.Output):
            output.nodes = [
                nodes.Const(node.data, lineno=node.lineno) if isinstance(node, nodes.TemplateData) else node
                for node in output.nodes
            ]
    return _TRACING.from_string(tree)


def _shown_by(task: Task, source: str, item: TaskItem) -> list[str]:
    """Return the parts that one template shows of an item, without the words that all prompts have.

    Neither the id nor the task's own choices tell items apart, so the template is filled without them where
    it can be.
    """
    fields = fields_of(task, item)
    try:
        text = render(task, _tracing(source), item, {**fields, "id": "", "choices": item.choices})
    except InputError:
        text = render(task, _tracing(source), item, fields)
    parts, depth, place = [""], 0, 0
    for mark in _MARKS.finditer(text):
        between = text[place : mark.start()]
        if depth:
            parts[-1] += between
        elif between:
            parts.append("")
        depth = depth + 1 if mark.group() == _OPEN else max(0, depth - 1)
        place = mark.end()
    return [part.strip() for part in parts if part.strip()]


def _parts(task: Task, item: TaskItem) -> list[str]:
    asked = _shown_by(task, task.prompt, item)
    return [*(_shown_by(task, task.instruction, item) if task.instruction else []), *asked]


def shown_parts(task: Task, item: TaskItem) -> list[str]:
    """Return the parts of what `shown_text` returns: turns before the question, and values that are shown."""
    return [*(turn.content for turn in item.history), *_parts(task, item)]


def shown_text(task: Task, item: TaskItem) -> str:
    """Return what an item's prompt shows of the item, without the words that every prompt of the task has."""
    return "\n".join(shown_parts(task, item))


def question_key(task: Task, item: TaskItem) -> str:
    """Return what is equal for two items of a task when, and only when, they ask the same.

    It is made from all that the prompt shows of an item, whatever columns that comes from, and from the
    item's own choices in any order. Case, white space and Unicode's compatibility forms do not count, nor
    does the item's id.
    """
    ordered = item.model_copy(update={"choices": tuple(sorted(item.choices))}) if item.choices else item
    return normalise("\n".join([shown_text(task, ordered), *ordered.choices]))


def searched_text(task: Task, item: TaskItem) -> str:
    """Return the search query of an item: what its prompt shows, with what is asked last put first.

    An embedder that cannot see all of it then sees the question before a long context or the turns before it.
    """
    parts = _parts(task, item)
    asked = item.input.strip()
    first = [part for part in parts if part == asked]
    rest = [part for part in parts if part != asked]
    return "\n".join([*first, *rest, *(turn.content for turn in reversed(item.history))])


def asked_text(task: Task, item: TaskItem) -> str:
    """Return the question alone: the input where the prompt shows it, else everything that it shows."""
    asked = item.input.strip()
    return asked if asked in _parts(task, item) else shown_text(task, item)


def question_for_people(task: Task, item: TaskItem) -> str:
    """Return what a page shows as the question: the input, or with it the columns that the prompt shows."""
    try:
        parts = _parts(task, item)
    except InputError:  # an item of another version of the task
        parts = []
    return item.input if not parts or parts == [item.input.strip()] else "\n".join(parts)

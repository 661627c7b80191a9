"""Marks of chat templates that stand in data, as an injected turn does: they are read as text, and named."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.types import Document, TaskItem

_CONTROL = re.compile(
    r"<[|｜][^<>|｜\s]{1,40}[|｜]>"  # ChatML, Llama 3, DeepSeek, Phi
    r"|</?(?:start|end)_of_(?:turn|image)>|<(?:bos|eos|pad|unk)>|</?s>"
    r"|\[/?(?:INST|AVAILABLE_TOOLS|TOOL_RESULTS|SYSTEM_PROMPT)\]|<</?SYS>>"
)


def control_tokens(text: str) -> list[str]:
    """Return the marks of turns in a text, each once, in order of appearance."""
    return list(dict.fromkeys(match[0] for match in _CONTROL.finditer(text)))


def of_item(item: TaskItem) -> list[str]:
    """Return those in all that an item shows or accepts."""
    columns = (value for value in item.metadata.values() if isinstance(value, str))
    history = (turn.content for turn in item.history)
    return control_tokens("\n".join([item.input, *history, *item.targets, *item.choices, *columns]))


def of_documents(documents: Iterable[Document]) -> dict[str, list[str]]:
    """Return those of every document that has any, by its id."""
    found = {document.id: control_tokens(f"{document.title}\n{document.text}") for document in documents}
    return {name: marks for name, marks in found.items() if marks}

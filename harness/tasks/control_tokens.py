"""Finds control tokens of chat templates in data, such as an injected turn; they are read as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from harness.tasks.findings import Finding, finding_of, some_of
from harness.types import Document, TaskItem

_CONTROL = re.compile(
    r"<[|｜][^<>|｜\s]{1,40}[|｜]>"  # ChatML, Llama 3, DeepSeek, Phi
    r"|</?(?:start|end)_of_(?:turn|image)>|<(?:bos|eos|pad|unk)>|</?s>"
    r"|\[/?(?:INST|AVAILABLE_TOOLS|TOOL_RESULTS|SYSTEM_PROMPT)\]|<</?SYS>>"
)


def control_tokens(text: str) -> list[str]:
    """Return the control tokens in a text, each once, in order of appearance."""
    return list(dict.fromkeys(match[0] for match in _CONTROL.finditer(text)))


def findings(
    task: str, splits: Mapping[str, Sequence[TaskItem]], corpus: Iterable[Document]
) -> list[Finding]:
    """Return what is found in a task's items, by split, and in its documents."""
    found = []
    for split, items in splits.items():
        marked = {item.id: marks for item in items if (marks := _of_item(item))}
        shown = some_of({mark for marks in marked.values() for mark in marks})
        message = f"{{n}} {{items}} with control tokens of a chat template, which are read as text: {shown}"
        holders = [item for item in items if item.id in marked]
        found += finding_of("warning", "control_tokens", f"{task} {split}", message, holders)
    documents = {document.id: control_tokens(f"{document.title}\n{document.text}") for document in corpus}
    documents = {name: marks for name, marks in documents.items() if marks}
    if documents:
        shown = some_of({mark for marks in documents.values() for mark in marks}).format()
        message = f"control tokens of a chat template in documents: {shown}"
        found.append(
            Finding(
                severity="warning",
                code="control_tokens",
                place=f"{task} corpus",
                message=message,
                items=tuple(documents),
            )
        )
    return found


def _of_item(item: TaskItem) -> list[str]:
    """Return the control tokens in everything that an item shows or accepts."""
    columns = (value for value in item.metadata.values() if isinstance(value, str))
    history = (turn.content for turn in item.history)
    return control_tokens("\n".join([item.input, *history, *item.targets, *item.choices, *columns]))

"""Cases for metrics: one answered item at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.scoring import Case
from harness.types import (
    Answer,
    ChoiceScore,
    Generation,
    Kind,
    Message,
    MetricSpec,
    Passage,
    Request,
    Task,
    TaskItem,
)


def task(
    *metrics: str | tuple[str, dict[str, Any]], kind: Kind = "generate", refusal: str | None = None
) -> Task:
    specs = [(entry, {}) if isinstance(entry, str) else entry for entry in metrics or ("exact_match",)]
    return Task(
        name="capitals",
        kind=kind,
        metrics=tuple(MetricSpec(use=use, options=options) for use, options in specs),
        refusal=refusal,
    )


def case(
    answer: str,
    *targets: str,
    choices: Sequence[tuple[str, float]] = (),
    documents: Sequence[str] = (),
    shown: Sequence[str] = (),
    refusal: str | None = None,
    metadata: dict[str, Any] | None = None,
    prior: Generation | None = None,
) -> Case:
    passages = tuple(
        Passage(number=n, chunk_id=f"{name}#{n}", document_id=name, title="", text=name, score=1 / n)
        for n, name in enumerate(shown, start=1)
    )
    scored = tuple(
        ChoiceScore(text=text, log_likelihood=value, n_tokens=1, n_chars=len(text)) for text, value in choices
    )
    return Case(
        task=task(kind="choice" if choices else "generate", refusal=refusal),
        item=TaskItem(
            id="1",
            input="?",
            targets=targets,
            split="test",
            documents=tuple(documents),
            metadata=metadata or {},
        ),
        request=Request(
            task="capitals",
            item_id="1",
            messages=(Message(role="user", content="?"),),
            choices=tuple(choice.text for choice in scored),
            passages=passages,
        ),
        answer=Answer(text=answer, choices=scored),
        extracted=answer,
        prior=prior,
    )

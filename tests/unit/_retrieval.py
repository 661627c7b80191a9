"""A model and an embedder that take no time: the model counts words, the embedder hashes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from harness.progress import SilentProgress
from harness.protocols import Capabilities, Embedder, Model, PrepareContext, RequestBuilder
from harness.tasks.prompting import plain_requests
from harness.types import (
    Document,
    Failure,
    Generation,
    Message,
    MetricSpec,
    ModelIdentity,
    Request,
    Split,
    Task,
    TaskItem,
    TrainingData,
)


class WordModel:
    """Answers nothing; every word is a token, and every turn costs one more."""

    identity = ModelIdentity(name="words", weights_digest="0")
    capabilities = Capabilities(device="cpu")

    def __init__(self, context_length: int = 10_000) -> None:
        self.context_length = context_length

    def render(self, messages: Sequence[Message]) -> str:
        return "\n".join(f"<{message.role}> {message.content}" for message in messages) + "\n<assistant>"

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return len(self.render(messages).split())

    def answer_tokens(self, request: Request) -> int:
        return max(
            (len(choice.split()) for choice in request.choices), default=request.decoding.max_new_tokens
        )

    def answer_form(self, request: Request) -> str:
        return ""

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        return [[index] for index in range(len(requests))]

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        return [(Generation(text=""),) * request.n_samples for request in requests]

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        return [Generation(text=request.choices[0]) for request in requests]


class WordEmbedder:
    """Hashes words into a unit vector; texts that share words are near."""

    dim = 256

    def __init__(self, max_tokens: int = 128) -> None:
        self.max_tokens = max_tokens
        self.digest = f"words {max_tokens}"
        self.embedded: list[str] = []
        self.embedding_s = 0.0

    def embed(self, texts: Sequence[str]) -> Any:
        self.embedded += texts
        self.embedding_s += len(texts)
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.lower().replace(".", " ").replace("?", " ").split():
                row[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % self.dim] += 1.0
            row[0] += 1e-3
            row /= np.linalg.norm(row)
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> int:
        return sum(len(text.split()) + 2 for text in texts)


def item(number: int | str, text: str, answer: str, split: Split = "train") -> TaskItem:
    return TaskItem(id=str(number), input=text, targets=(answer,) if answer else (), split=split)


def data(
    train: Sequence[TaskItem] = (),
    corpus: Sequence[Document] = (),
    name: str = "task",
    role: Literal["target", "retention"] = "target",
    validation: Sequence[TaskItem] = (),
    **fields: Any,
) -> TrainingData:
    defaults = {
        "kind": "generate",
        "instruction": "Answer.",
        "prompt": "Question: {{ input }}",
        "max_new_tokens": 8,
        "metrics": (MetricSpec(use="exact_match"),),
    }
    task = Task(name=name, role=role, **{**defaults, **fields})
    return TrainingData(task=task, train=tuple(train), validation=tuple(validation), corpus=tuple(corpus))


def context(
    tmp_path: Path,
    *tasks: TrainingData,
    model: Model | None = None,
    embedder: Embedder | None = None,
    build: RequestBuilder = plain_requests,
    seed: int = 0,
    on_long_prompt: Literal["refuse", "cut"] = "cut",
) -> PrepareContext:
    chosen = embedder or WordEmbedder()
    return PrepareContext(
        model=model or WordModel(),
        build=build,
        tasks=tasks,
        seed=seed,
        artifacts=tmp_path / "artifacts",
        embedder=lambda: chosen,
        progress=SilentProgress(),
        on_long_prompt=on_long_prompt,
        place="experiment.yaml",
    )

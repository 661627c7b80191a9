"""From documents or training examples to an index of their embeddings, built once and opened again."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.digests import digest_of
from harness.errors import InputError
from harness.progress import Progress
from harness.protocols import Embedder
from harness.types import Document, Frozen, PrepareCost, TaskItem
from strategies._chunks import Chunk, chunk_document, text_to_read
from strategies._index import ChunkIndex

_EMBED_AT_ONCE = 256
_VERSION = 1  # raise when the same documents and options would give another index


class Chunking(Frozen):
    """How documents are cut. Tokens are the embedder's; a chunk's include its title and special tokens."""

    chunk_tokens: int = 120
    overlap_tokens: int = 20


@dataclass(frozen=True)
class Entry:
    """A chunk to be indexed; ``embedded`` is the text it is found by, ``chunk.text`` the text it shows."""

    chunk: Chunk
    embedded: str


@dataclass(frozen=True)
class Retriever:
    """An index with what it is made of. ``cost`` is what building it took, whether now or in another run."""

    digest: str
    index: ChunkIndex
    cost: PrepareCost
    record: dict[str, Any]


def document_entries(documents: Iterable[Document], embedder: Embedder, chunking: Chunking) -> list[Entry]:
    """Cut documents into chunks that are found by their title and text.

    A title longer than half of the budget is shown with the passage but is no part of what is embedded.
    """
    entries = []
    for document in documents:
        title = f"{document.title}\n" if document.title else ""
        if embedder.count_tokens([title]) > chunking.chunk_tokens // 2:
            title = ""
        entries += _entries_of(document, title, embedder, chunking)
    return entries


def _entries_of(document: Document, title: str, embedder: Embedder, chunking: Chunking) -> list[Entry]:
    def embedded(text: str) -> str:
        return title + text_to_read(document.title, text)

    chunks = chunk_document(
        document,
        lambda text: embedder.count_tokens([embedded(text)]),
        chunking.chunk_tokens,
        chunking.overlap_tokens,
    )
    return [Entry(chunk, embedded(chunk.text)) for chunk in chunks if text_to_read(chunk.title, chunk.text)]


def example_entries(items: Iterable[TaskItem]) -> list[Entry]:
    """Return training examples as chunks that are found by their input and shown with their answer."""
    return [
        Entry(
            Chunk(
                id=example_chunk_id(item),
                document_id=item.id,
                title="",
                text=f"{item.input} -> {item.targets[0]}",
                start=0,
                end=len(item.input),
            ),
            item.input,
        )
        for item in items
        if item.targets
    ]


def example_chunk_id(item: TaskItem) -> str:
    """Return the chunk id of a training example; those of documents end in a number."""
    return f"{item.id}#train"


def embed_entries(
    entries: Sequence[Entry], embedder: Embedder, progress: Progress, label: str
) -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
    """Return the vectors of ``entries``, shape ``(n_entries, dim)``, and the tokens that embedding cost."""
    parts, tokens = [], 0
    with progress.step(label, len(entries)) as step:
        for first in range(0, len(entries), _EMBED_AT_ONCE):
            texts = [entry.embedded for entry in entries[first : first + _EMBED_AT_ONCE]]
            parts.append(embedder.embed(texts))
            tokens += embedding_tokens(embedder, texts)
            step.advance(len(texts))
    return np.concatenate(parts) if parts else embedder.embed([]), tokens


def embedding_tokens(embedder: Embedder, texts: Iterable[str]) -> int:
    """Return the tokens the embedder reads for ``texts``: no more than it can see of each."""
    return sum(min(embedder.count_tokens([text]), embedder.max_tokens) for text in texts)


def open_or_build(
    root: Path,
    documents: Sequence[Document],
    examples: Sequence[TaskItem],
    embedder: Embedder,
    chunking: Chunking,
    progress: Progress,
) -> Retriever:
    """Return the index of documents and training examples: the one saved under ``root``, or a new one.

    Its folder is named by the digest of all that it is made from. A damaged one is built again.
    """
    digest = digest_of(
        {
            "version": _VERSION,
            "embedder": embedder.digest,
            "chunking": chunking.model_dump() if documents else None,
            "documents": [document.model_dump() for document in documents],
            "examples": [[item.id, item.input, item.targets[:1]] for item in examples],
        }
    )
    folder = root / digest
    try:
        index, about = ChunkIndex.open(folder)
        record = {**about["record"], "opened_or_built": "opened"}
        return Retriever(digest, index, PrepareCost.model_validate(about["cost"]), record)
    except (InputError, KeyError, ValueError):
        return _build(folder, documents, examples, embedder, chunking, progress)


def _build(
    folder: Path,
    documents: Sequence[Document],
    examples: Sequence[TaskItem],
    embedder: Embedder,
    chunking: Chunking,
    progress: Progress,
) -> Retriever:
    started, embedded_s = time.monotonic(), embedder.embedding_s
    entries = document_entries(documents, embedder, chunking) + example_entries(examples)
    cutting_s = time.monotonic() - started
    vectors, tokens = embed_entries(entries, embedder, progress, f"index of {len(entries)} chunks")
    # Vectors may come from another run. What they took to compute counts, whenever that was.
    started = time.monotonic() - cutting_s - (embedder.embedding_s - embedded_s)
    index = ChunkIndex(vectors.shape[1])
    index.add([entry.chunk for entry in entries], vectors)
    record = {
        "n_documents": len(documents) + len(examples),
        "n_chunks": len(index),
        "dim": index.dim,
        "mean_chunk_tokens": round(tokens / max(len(entries), 1), 1),
    }
    cost = PrepareCost(embedding_tokens=tokens, wall_s=time.monotonic() - started)
    # Saved twice: its own size and the time to write it are part of what it cost.
    size = index.save(folder, {"record": record, "cost": cost.model_dump()})
    cost = cost.model_copy(update={"wall_s": time.monotonic() - started, "artifact_bytes": size})
    record |= {"index_bytes": size}
    index.save(folder, {"record": record, "cost": cost.model_dump()})
    return Retriever(folder.name, index, cost, {**record, "opened_or_built": "built"})


def total_cost(retrievers: Iterable[Retriever]) -> PrepareCost:
    """Return what several indexes cost; one that several tasks share counts once."""
    costs = {retriever.digest: retriever.cost for retriever in retrievers}
    return sum(costs.values(), PrepareCost())


def same_examples(train: Iterable[TaskItem]) -> dict[str, list[TaskItem]]:
    """Group training items by normalised input, to find what an item must not be shown."""
    groups: dict[str, list[TaskItem]] = {}
    for item in train:
        groups.setdefault(_normalised(item.input), []).append(item)
    return groups


def must_not_see(item: TaskItem, groups: dict[str, list[TaskItem]]) -> list[TaskItem]:
    """Return the training items that would give ``item`` its own answer: itself, and those that ask the same.

    ``groups`` comes from ``same_examples`` over training items of unique ids.
    """
    same = groups.get(_normalised(item.input), [])
    if item.split == "train" and all(other.id != item.id for other in same):
        return [*same, item]
    return same


def _normalised(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())

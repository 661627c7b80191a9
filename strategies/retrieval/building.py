"""From documents or training examples to an index of their embeddings, built once and opened again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness.digests import digest_of
from harness.errors import InputError
from harness.progress import Progress
from harness.protocols import Embedder
from harness.tasks.questions import question_key, searched_text, shown_text
from harness.types import Document, Frozen, PrepareCost, Task, TaskItem
from strategies.retrieval.chunks import Chunk, chunk_document, text_to_read
from strategies.retrieval.index import ChunkIndex, IndexKind
from strategies.retrieval.index_files import replace_about
from strategies.retrieval.vectors import Vectors

_EMBED_AT_ONCE = 256
_VERSION = 3  # raise when the same documents and options would give another index


class Chunking(Frozen):
    """How documents are cut. Tokens are the embedder's; a chunk's include its title and special tokens."""

    chunk_tokens: int = 120
    overlap_tokens: int = 20


class IndexOptions(Frozen):
    """How an index is made: how documents are cut, and whether it is flat or IVF."""

    chunking: Chunking = Chunking()
    kind: IndexKind = "auto"


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


def document_entries(document: Document, embedder: Embedder, chunking: Chunking) -> list[Entry]:
    """Cut a document into chunks that are found by its title and their text.

    A title longer than half of the budget is shown with the passage but is no part of what is embedded.
    """
    title = f"{document.title}\n" if document.title else ""
    if embedder.count_tokens([title]) > chunking.chunk_tokens // 2:
        title = ""
    return _entries_of(document, title, embedder, chunking)


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


def example_entries(task: Task, items: Iterable[TaskItem]) -> list[Entry]:
    """Return the training examples that have an answer as chunks.

    One is found by what its prompt shows, and shown with that and its first answer.
    """
    entries = []
    for item in items:
        if item.targets:
            shown = shown_text(task, item)
            text = f"{shown} -> {item.targets[0]}"
            chunk = Chunk(example_chunk_id(item), item.id, title="", text=text, start=0, end=len(shown))
            entries.append(Entry(chunk, searched_text(task, item)))
    return entries


def example_chunk_id(item: TaskItem) -> str:
    """Return the chunk id of a training example; those of documents end in a number."""
    return f"{item.id}#train"


@dataclass(frozen=True)
class EmbeddedPart:
    """Some chunks with their vectors, shape ``(n_chunks, dim)``.

    Attributes:
        chunks: The chunks.
        vectors: Their vectors.
        tokens: Tokens that embedding cost.
        waited_s: Seconds that embedding took now; little where the vectors were kept from another run.
    """

    chunks: list[Chunk]
    vectors: Vectors
    tokens: int
    waited_s: float


def embedded(
    documents: Sequence[Document],
    examples: Sequence[Entry],
    embedder: Embedder,
    chunking: Chunking,
    progress: Progress,
) -> Iterator[EmbeddedPart]:
    """Cut and embed documents and training examples.

    Some hundred chunks are at work at a time, so that texts and vectors stand in memory once.
    """
    n_sources = len(documents) + len(examples)
    with progress.step(f"index of {n_sources} documents", n_sources) as step:

        def entries() -> Iterator[Entry]:
            for document in documents:
                yield from document_entries(document, embedder, chunking)
                step.advance()
            for entry in examples:
                yield entry
                step.advance()

        left = entries()
        while part := list(islice(left, _EMBED_AT_ONCE)):
            texts = [entry.embedded for entry in part]
            before = time.monotonic()
            vectors = embedder.embed(texts)
            waited_s = time.monotonic() - before
            chunks = [entry.chunk for entry in part]
            yield EmbeddedPart(chunks, vectors, embedding_tokens(embedder, texts), waited_s)


def embedding_tokens(embedder: Embedder, texts: Iterable[str]) -> int:
    """Return the tokens the embedder reads for ``texts``: no more than it can see of each."""
    return sum(min(embedder.count_tokens([text]), embedder.max_tokens) for text in texts)


def open_or_build(
    root: Path,
    documents: Sequence[Document],
    examples: Sequence[Entry],
    embedder: Embedder,
    options: IndexOptions,
    progress: Progress,
) -> Retriever:
    """Return the index of documents and training examples: the one saved under ``root``, or a new one.

    Its folder is named by the digest of all that it is made from. A damaged one is built again.
    """
    digest = digest_of(
        {
            "version": _VERSION,
            "embedder": embedder.digest,
            "chunking": options.chunking.model_dump() if documents else None,
            "index": options.kind,
            "documents": [document.model_dump() for document in documents],
            "examples": [[entry.chunk.id, entry.chunk.text, entry.embedded] for entry in examples],
        }
    )
    folder = root / digest
    try:
        index, about = ChunkIndex.open(folder, progress)
        record = {**about["record"], "opened_or_built": "opened"}
        return Retriever(digest, index, _stored_cost(about["cost"]), record)
    except (InputError, KeyError, ValueError):
        return _build(folder, documents, examples, embedder, options, progress)


def _stored_cost(stored: Any) -> PrepareCost:
    """Return what building took. Older versions wrote the same seconds under one of their two names."""
    cost = PrepareCost.model_validate(stored)
    return cost if cost.device_s else cost.model_copy(update={"device_s": cost.wall_s})


def _build(
    folder: Path,
    documents: Sequence[Document],
    examples: Sequence[Entry],
    embedder: Embedder,
    options: IndexOptions,
    progress: Progress,
) -> Retriever:
    started, embedded_s = time.monotonic(), embedder.embedding_s
    index, tokens, waited_s = None, 0, 0.0
    for part in embedded(documents, examples, embedder, options.chunking, progress):
        index = ChunkIndex(part.vectors.shape[1]) if index is None else index
        index.add(part.chunks, part.vectors)
        tokens, waited_s = tokens + part.tokens, waited_s + part.waited_s
    if index is None:
        index = ChunkIndex(embedder.embed([]).shape[1])
    index.fit(options.kind, progress)
    # Vectors may come from another run. What they took to compute counts, whenever that was.
    started += waited_s - (embedder.embedding_s - embedded_s)
    record = {
        "n_documents": len(documents) + len(examples),
        "n_chunks": len(index),
        "dim": index.dim,
        "mean_chunk_tokens": round(tokens / max(len(index), 1), 1),
        **index.record,
    }
    spent_s = time.monotonic() - started
    cost = PrepareCost(embedding_tokens=tokens, wall_s=spent_s, device_s=spent_s)
    size = index.save(folder, {"record": record, "cost": cost.model_dump()}, progress)
    # Its own size and the time to write it are part of what it cost.
    spent_s = time.monotonic() - started
    cost = cost.model_copy(update={"wall_s": spent_s, "device_s": spent_s, "artifact_bytes": size})
    record |= {"index_bytes": size}
    replace_about(folder, {"record": record, "cost": cost.model_dump()})
    return Retriever(folder.name, index, cost, {**record, "opened_or_built": "built"})


def total_cost(retrievers: Iterable[Retriever]) -> PrepareCost:
    """Return what several indexes cost; one that several tasks share counts once."""
    costs = {retriever.digest: retriever.cost for retriever in retrievers}
    return sum(costs.values(), PrepareCost())


def same_examples(task: Task, train: Iterable[TaskItem]) -> dict[str, list[TaskItem]]:
    """Group training items by what they ask, to find what an item must not be shown."""
    groups: dict[str, list[TaskItem]] = {}
    for item in train:
        groups.setdefault(question_key(task, item), []).append(item)
    return groups


def must_not_see(task: Task, item: TaskItem, groups: dict[str, list[TaskItem]]) -> list[TaskItem]:
    """Return the training items that would give ``item`` its own answer: itself, and those that ask the same.

    ``groups`` comes from ``same_examples`` over training items of unique ids.
    """
    same = groups.get(question_key(task, item), [])
    if item.split == "train" and all(other.id != item.id for other in same):
        return [*same, item]
    return same


def withheld(item: TaskItem, hidden: Iterable[TaskItem]) -> int:
    """Return how many examples an item is not shown because they ask the same, itself left out."""
    return sum(item.split != "train" or other.id != item.id for other in hidden)

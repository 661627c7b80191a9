"""From documents or training examples to an index of their embeddings, built once and opened again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness.digests import digest_of
from harness.errors import InputError
from harness.progress import Progress
from harness.protocols import Embedder
from harness.types import PrepareCost
from strategies.retrieval.chunks import Chunk, Entry, document_entries
from strategies.retrieval.index import ChunkIndex, IndexKind
from strategies.retrieval.index_files import replace_about
from strategies.retrieval.retriever import Source
from strategies.retrieval.vectors import Vectors

_EMBED_AT_ONCE = 256
_VERSION = 4  # raise when the same documents and options would give another index


@dataclass(frozen=True)
class Built:
    """An index with what it is made from. ``cost`` is what building it took, in this run or another."""

    digest: str
    index: ChunkIndex
    cost: PrepareCost
    record: dict[str, Any]


@dataclass(frozen=True)
class EmbeddedPart:
    """Some chunks with their vectors, shape ``(n_chunks, dim)``.

    Attributes:
        chunks: The chunks.
        vectors: Their vectors.
        tokens: Tokens that were embedded.
        waited_s: Seconds that embedding took in this run; few where vectors from another run are reused.
    """

    chunks: list[Chunk]
    vectors: Vectors
    tokens: int
    waited_s: float


def embedded(source: Source, embedder: Embedder, progress: Progress) -> Iterator[EmbeddedPart]:
    """Cut and embed documents and training examples.

    A few hundred chunks are processed at a time, so that texts and vectors are in memory only once.
    """
    n_sources = len(source.documents) + len(source.examples)
    with progress.step(f"index of {n_sources} documents", n_sources) as step:

        def count(text: str) -> int:
            return embedder.count_tokens([text])

        def entries() -> Iterator[Entry]:
            for document in source.documents:
                yield from document_entries(document, count, source.chunking)
                step.advance()
            for entry in source.examples:
                yield entry
                step.advance()

        left = entries()
        while part := list(islice(left, _EMBED_AT_ONCE)):
            texts = [entry.searched for entry in part]
            before = time.monotonic()
            vectors = embedder.embed(texts)
            waited_s = time.monotonic() - before
            chunks = [entry.chunk for entry in part]
            tokens = sum(tokens_read(embedder, text) for text in texts)
            yield EmbeddedPart(chunks, vectors, tokens, waited_s)


def tokens_read(embedder: Embedder, text: str) -> int:
    """Return the tokens the embedder reads of ``text``, up to its limit."""
    return min(embedder.count_tokens([text]), embedder.max_tokens)


def open_or_build(
    root: Path, source: Source, embedder: Embedder, kind: IndexKind, progress: Progress
) -> Built:
    """Return the index of documents and training examples: the one saved under ``root``, or a new one.

    Its folder is named by the digest of everything it is made from. A damaged index is built again.
    """
    digest = digest_of(
        {
            "version": _VERSION,
            "embedder": embedder.digest,
            "chunking": source.chunking.model_dump() if source.documents else None,
            "index": kind,
            "documents": [document.model_dump() for document in source.documents],
            "examples": [[entry.chunk.id, entry.chunk.text, entry.searched] for entry in source.examples],
        }
    )
    folder = root / digest
    try:
        index, about = ChunkIndex.open(folder, progress)
        record = {**about["record"], "reused_or_new": "reused"}
        return Built(digest, index, PrepareCost.model_validate(about["cost"]), record)
    except (InputError, KeyError, ValueError):
        return _build(folder, source, embedder, kind, progress)


def _build(folder: Path, source: Source, embedder: Embedder, kind: IndexKind, progress: Progress) -> Built:
    started, embedded_s = time.monotonic(), embedder.embedding_s
    index, tokens, waited_s = None, 0, 0.0
    for part in embedded(source, embedder, progress):
        index = ChunkIndex(part.vectors.shape[1]) if index is None else index
        index.add(part.chunks, part.vectors)
        tokens, waited_s = tokens + part.tokens, waited_s + part.waited_s
    if index is None:
        index = ChunkIndex(embedder.embed([]).shape[1])
    index.fit(kind, progress)
    # Vectors may come from another run. The time they took to compute counts all the same.
    started += waited_s - (embedder.embedding_s - embedded_s)
    record = {
        "n_documents": len(source.documents) + len(source.examples),
        "n_chunks": len(index),
        "dim": index.dim,
        "mean_chunk_tokens": round(tokens / max(len(index), 1), 1),
        **index.record,
    }
    spent_s = time.monotonic() - started
    cost = PrepareCost(embedding_tokens=tokens, wall_s=spent_s, device_s=spent_s)
    size = index.save(folder, {"record": record, "cost": cost.model_dump()}, progress)
    # Its own size and the time to write it are part of its cost.
    spent_s = time.monotonic() - started
    cost = cost.model_copy(update={"wall_s": spent_s, "device_s": spent_s, "artifact_bytes": size})
    record |= {"index_bytes": size}
    replace_about(folder, {"record": record, "cost": cost.model_dump()})
    return Built(folder.name, index, cost, {**record, "reused_or_new": "new"})

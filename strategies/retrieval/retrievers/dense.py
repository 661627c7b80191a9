"""Dense retrieval: chunks whose embedding is near that of the query, from a FAISS index."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from harness.config import Options
from harness.errors import InputError
from harness.protocols import Embedder, PrepareContext
from harness.types import PrepareCost
from strategies.retrieval.building import Built, open_or_build, tokens_read
from strategies.retrieval.chunks import Hit
from strategies.retrieval.index import IndexKind
from strategies.retrieval.retriever import Found, Retriever, Source

__all__ = ["Dense"]


class DenseOptions(Options):
    """How near a chunk must be, and how it is searched.

    ``min_score`` is the lowest inner product of unit vectors (cosine). ``index`` is "flat" (exact),
    "ivf" (reads only the lists nearest to the query), or "auto": IVF above 100,000 chunks.
    """

    min_score: float | None = Field(default=None, ge=-1.0, le=1.0)
    index: IndexKind = "auto"


class Dense:
    """Sentence embeddings by the experiment's embedder; chunks are measured in its tokens."""

    options_type = DenseOptions

    def __init__(self, options: DenseOptions) -> None:
        self._options = options

    def index(self, source: Source, context: PrepareContext, key: str) -> Retriever:
        """Build the index of ``source``, or open the one built before.

        Raises:
            InputError: Chunks would be larger than the embedder can see.
        """
        embedder, chunk_tokens = context.embedder(), source.chunking.chunk_tokens
        if source.documents and chunk_tokens > embedder.max_tokens:
            raise InputError(
                context.place,
                f"{key}.chunk_tokens",
                f"must be at most {embedder.max_tokens}, all that the embedder can see",
                f"use {min(120, embedder.max_tokens)}",
                chunk_tokens,
            )
        root = context.artifacts / "indexes"
        built = open_or_build(root, source, embedder, self._options.index, context.progress)
        return DenseRetriever(built, embedder, self._options.min_score)


@dataclass(frozen=True)
class DenseRetriever:
    """An index with the embedder that it was built with; scores are inner products, in [-1, 1]."""

    built: Built
    embedder: Embedder
    min_score: float | None = None

    @property
    def digest(self) -> str:
        """Digest of the texts, the embedder and the kind of index."""
        return self.built.digest

    @property
    def cost(self) -> PrepareCost:
        """What cutting, embedding and indexing took, in this run or another."""
        return self.built.cost

    @property
    def record(self) -> dict[str, Any]:
        """Documents, chunks, size and kind of the index, and whether it was reused or is new."""
        return self.built.record

    def search(self, queries: Sequence[str], k: int, hidden: Sequence[Collection[str]] = ()) -> list[Found]:
        """Find the chunks nearest to every query."""
        vectors = self.embedder.embed(queries)
        rows = self.built.index.search(vectors, k, self.min_score, hidden)
        return self._found(queries, rows)

    def search_within(
        self, queries: Sequence[str], documents: Sequence[Collection[str]], k: int
    ) -> list[Found]:
        """Find the chunks nearest to every query among those of its documents, without ``min_score``."""
        vectors = self.embedder.embed(queries) if queries else ()
        rows = [
            self.built.index.search_in(vector, names, k)
            for vector, names in zip(vectors, documents, strict=True)
        ]
        return self._found(queries, rows)

    def _found(self, queries: Sequence[str], rows: Sequence[Sequence[Hit]]) -> list[Found]:
        return [
            Found(tuple(hits), tokens_read(self.embedder, query))
            for query, hits in zip(queries, rows, strict=True)
        ]

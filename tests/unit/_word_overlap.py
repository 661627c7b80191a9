"""A retriever that embeds nothing: it counts the words that a query shares with a text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from harness.config import Options
from harness.digests import digest_of
from harness.protocols import PrepareContext
from harness.types import PrepareCost
from strategies.retrieval.chunks import Entry, Hit, document_entries
from strategies.retrieval.retriever import Found, Source


class OverlapOptions(Options):
    min_words: int = 1


class Overlap:
    options_type = OverlapOptions

    def __init__(self, options: OverlapOptions) -> None:
        self._least = options.min_words

    def index(self, source: Source, context: PrepareContext, key: str) -> Searched:
        cut = [
            each
            for document in source.documents
            for each in document_entries(document, lambda text: len(text.split()), source.chunking)
        ]
        return Searched([*cut, *source.examples], self._least)


class Searched:
    cost = PrepareCost(wall_s=1.0)

    def __init__(self, entries: Sequence[Entry], least: int) -> None:
        self._entries, self._least = entries, least
        self.digest = digest_of([entry.searched for entry in entries])
        self.record: dict[str, Any] = {"n_chunks": len(entries)}

    def search(self, queries: Sequence[str], k: int, hidden: Sequence[Collection[str]] = ()) -> list[Found]:
        return [
            self._best(query, k, self._least, [e for e in self._entries if e.chunk.id not in not_these])
            for query, not_these in zip(queries, hidden or [()] * len(queries), strict=True)
        ]

    def search_within(
        self, queries: Sequence[str], documents: Sequence[Collection[str]], k: int
    ) -> list[Found]:
        return [
            self._best(query, k, 0, [e for e in self._entries if e.chunk.document_id in names])
            for query, names in zip(queries, documents, strict=True)
        ]

    def _best(self, query: str, k: int, least: int, entries: Sequence[Entry]) -> Found:
        words = set(query.lower().split())
        hits = [Hit(entry.chunk, len(words & set(entry.searched.lower().split()))) for entry in entries]
        enough = [hit for hit in hits if hit.score >= least]
        return Found(tuple(sorted(enough, key=lambda hit: (-hit.score, hit.chunk.id))[:k]))


class Undocumented(Overlap):
    """The same without a search of single documents."""

    def index(self, source: Source, context: PrepareContext, key: str) -> Any:
        searched = super().index(source, context, key)

        class Plain:
            digest, cost, record, search = searched.digest, searched.cost, searched.record, searched.search

        return Plain()

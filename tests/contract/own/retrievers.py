"""A retriever as somebody else would write one, and one that breaks each contract."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.digests import digest_of
from harness.protocols import PrepareContext
from harness.types import PrepareCost
from strategies.retrieval.chunks import Entry, Hit, document_entries
from strategies.retrieval.retriever import Found, Source

_calls = itertools.count()


class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    min_words: int = 1


class Good:
    """It counts the words that a query shares with a text."""

    options_type: type[BaseModel] = Options

    def __init__(self, options: Any) -> None:
        self._least = getattr(options, "min_words", 1)

    def index(self, source: Source, context: PrepareContext, key: str) -> Any:
        self._entries = [
            *(
                entry
                for document in source.documents
                for entry in document_entries(document, lambda text: len(text.split()), source.chunking)
            ),
            *source.examples,
        ]
        return self

    @property
    def digest(self) -> str:
        return digest_of([self._least, *sorted(entry.searched for entry in self._entries)])

    @property
    def cost(self) -> PrepareCost:
        return PrepareCost(wall_s=1.0)

    @property
    def record(self) -> dict[str, Any]:
        return {"n_chunks": len(self._entries)}

    def search(self, queries: Sequence[str], k: int, hidden: Sequence[Collection[str]] = ()) -> list[Found]:
        return [
            self.best(query, k, self._least, [e for e in self._entries if e.chunk.id not in not_these])
            for query, not_these in zip(queries, hidden or [()] * len(queries), strict=True)
        ]

    def search_within(
        self, queries: Sequence[str], documents: Sequence[Collection[str]], k: int
    ) -> list[Found]:
        return [
            self.best(query, k, 0, [e for e in self._entries if e.chunk.document_id in names])
            for query, names in zip(queries, documents, strict=True)
        ]

    def best(self, query: str, k: int, least: int, entries: Sequence[Entry]) -> Found:
        words = set(query.lower().split())
        hits = [Hit(entry.chunk, float(len(words & {*entry.searched.lower().split()}))) for entry in entries]
        enough = [hit for hit in hits if hit.score >= least]
        return Found(tuple(sorted(enough, key=lambda hit: (-hit.score, hit.chunk.id))[:k]))


class CannotSearchDocuments(Good):
    """As good: `search_within` is not asked of all."""

    search_within = None  # type: ignore[assignment]


class TakesAnyOption(Good):
    class Loose(BaseModel):
        model_config = ConfigDict(frozen=True, extra="allow")

    options_type = Loose


class WorstFirst(Good):
    def best(self, query: str, k: int, least: int, entries: Sequence[Entry]) -> Found:
        return Found(super().best(query, k, least, entries).hits[::-1])


class OneTooMany(Good):
    def best(self, query: str, k: int, least: int, entries: Sequence[Entry]) -> Found:
        return super().best(query, k + 1, least, entries)


class Shouts(Good):
    """It shows another text than the document's."""

    def best(self, query: str, k: int, least: int, entries: Sequence[Entry]) -> Found:
        louder = [replace(e, chunk=replace(e.chunk, text=e.chunk.text.upper())) for e in entries]
        return super().best(query, k, least, louder)


class Carries(Good):
    """A query finds what the one before it asked for."""

    _before = ""

    def best(self, query: str, k: int, least: int, entries: Sequence[Entry]) -> Found:
        both, self._before = f"{query} {self._before}", query
        return super().best(both, k, least, entries)


class FirstComes(Good):
    """Equal scores stand in the order of adding."""

    def best(self, query: str, k: int, least: int, entries: Sequence[Entry]) -> Found:
        hits = super().best(query, len(entries), least, entries).hits
        place = {entry.chunk.id: number for number, entry in enumerate(entries)}
        return Found(tuple(sorted(hits, key=lambda hit: (-hit.score, place[hit.chunk.id]))[:k]))


class ShowsHidden(Good):
    def search(self, queries: Sequence[str], k: int, hidden: Sequence[Collection[str]] = ()) -> list[Found]:
        return super().search(queries, k)


class HidesTooLate(Good):
    """What is hidden takes a place among the k."""

    def search(self, queries: Sequence[str], k: int, hidden: Sequence[Collection[str]] = ()) -> list[Found]:
        found = super().search(queries, k)
        return [
            Found(tuple(hit for hit in row.hits if hit.chunk.id not in names))
            for row, names in zip(found, hidden or [()] * len(queries), strict=True)
        ]


class LooksAround(Good):
    def search_within(
        self, queries: Sequence[str], documents: Sequence[Collection[str]], k: int
    ) -> list[Found]:
        return self.search(queries, k)


class NeverTheSame(Good):
    @property
    def digest(self) -> str:
        return str(next(_calls))


class AlwaysTheSame(Good):
    @property
    def digest(self) -> str:
        return "words"


class NeedsSomething(Good):
    def index(self, source: Source, context: PrepareContext, key: str) -> Any:
        indexed = super().index(source, context, key)
        self._average = sum(len(entry.searched) for entry in self._entries) / len(self._entries)
        return indexed


class KeepsObjects(Good):
    @property
    def record(self) -> dict[str, Any]:
        return {"n_chunks": {len(self._entries)}}


BREAKS: dict[str, list[type[Good]]] = {
    "options_are_refused_in_one_line": [TakesAnyOption],
    "every_query_finds_at_most_k_the_best_first": [WorstFirst, OneTooMany],
    "a_passage_is_part_of_its_document": [Shouts],
    "what_is_found_hangs_on_the_query_alone": [Carries],
    "the_order_of_documents_changes_nothing": [FirstComes],
    "what_is_hidden_is_not_found_and_takes_no_place": [ShowsHidden, HidesTooLate],
    "single_documents_are_searched_alone": [LooksAround],
    "it_is_the_same_again_and_another_over_other_texts": [NeverTheSame, AlwaysTheSame],
    "nothing_to_search_finds_nothing": [NeedsSomething],
    "record_and_cost_can_be_stored": [KeepsObjects],
}

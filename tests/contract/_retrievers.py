"""What every retriever keeps to, whatever it searches with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.config import parse
from harness.types import Document, TaskItem
from strategies.retrieval.chunks import CHUNKING
from strategies.retrieval.retriever import (
    Found,
    Retriever,
    SearchesWithin,
    Source,
    example_chunk_id,
    example_entries,
)
from tests.contract._contracts import contract, refused, stored
from tests.unit._retrieval import context, data, item

PLACE, KEY = "contract.yaml", "strategies.rag.retriever"
DOCUMENTS = (
    Document(id="leave", title="Leave", text="Staff get thirty days of leave a year."),
    Document(id="travel", title="Travel", text="Trains are booked by the travel desk, flights are not."),
    Document(id="lunch", text="Lunch is served at noon. Staff pay half of it."),
    Document(id="blank", text="\n\n"),
    Document(id="long", title="Parking", text="\n\n".join(f"Bay {n} is for staff." for n in range(60))),
)
TRAIN: list[TaskItem] = [
    *(item(n, f"Who may park in bay {n}?", f"staff {n}") for n in range(5)),
    item("lunch", "When do staff have lunch?", "noon"),
]
TASK = data(TRAIN).task
SOURCE = Source(DOCUMENTS, example_entries(TASK, TRAIN), CHUNKING.model_copy(update={"chunk_tokens": 60}))
QUERIES = ["How many days of leave do staff get?", "Who may park in bay 3?", "lunch", "", "人事 💥"]


@dataclass
class Tried:
    """A retriever with the options that it needs, and what it makes of `SOURCE`."""

    kind: Any
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    _kept: dict[str, Retriever] = field(default_factory=dict)

    def over(self, source: Source, where: str = "first", **options: Any) -> Retriever:
        """Make a source searchable."""
        given = parse(self.kind.options_type, {**self.options, **options}, PLACE, KEY)
        retriever: Retriever = self.kind(given).index(source, context(self.folder / where), "rag")
        return retriever

    @property
    def first(self) -> Retriever:
        """That of the whole source."""
        if "first" not in self._kept:
            self._kept["first"] = self.over(SOURCE)
        return self._kept["first"]


retrievers = contract("retrievers")


def ids(found: Sequence[Found]) -> list[list[str]]:
    """Return the chunk ids of what was found."""
    return [[hit.chunk.id for hit in row.hits] for row in found]


@retrievers
def options_are_refused_in_one_line(tried: Tried) -> None:
    with refused("an unknown option", f"{KEY}.no_such_option"):
        tried.over(SOURCE, no_such_option=1)


@retrievers
def every_query_finds_at_most_k_the_best_first(tried: Tried) -> None:
    everything = {entry.chunk.id: entry.chunk.document_id for entry in SOURCE.examples}
    for k in (1, 3, 1000):
        found = tried.first.search(QUERIES, k)
        assert len(found) == len(QUERIES)
        for row in found:
            assert len(row.hits) <= k
            scores = [hit.score for hit in row.hits]
            assert scores == sorted(scores, reverse=True), "not the best first"
            assert len({hit.chunk.id for hit in row.hits}) == len(row.hits), "a chunk stands twice"
            for hit in row.hits:
                known = everything.get(hit.chunk.id) or hit.chunk.id.rpartition("#")[0]
                assert hit.chunk.document_id == known, "a chunk of no source"
    assert any(ids(tried.first.search(QUERIES[:3], 1))), "finds nothing at all"
    assert tried.first.search([], 3) == []


@retrievers
def a_passage_is_part_of_its_document(tried: Tried) -> None:
    by_id = {document.id: document for document in DOCUMENTS}
    for row in tried.first.search(QUERIES, 1000):
        for chunk in (hit.chunk for hit in row.hits if not hit.chunk.id.endswith("#train")):
            assert by_id[chunk.document_id].text[chunk.start : chunk.end] == chunk.text
            assert by_id[chunk.document_id].title == chunk.title


@retrievers
def what_is_found_hangs_on_the_query_alone(tried: Tried) -> None:
    together = tried.first.search(QUERIES, 5)
    assert tried.first.search(QUERIES[::-1], 5) == together[::-1]
    assert [tried.first.search([query], 5)[0] for query in QUERIES] == together


@retrievers
def the_order_of_documents_changes_nothing(tried: Tried) -> None:
    turned = dataclasses.replace(SOURCE, documents=DOCUMENTS[::-1], examples=SOURCE.examples[::-1])
    assert ids(tried.over(turned, "turned").search(QUERIES, 5)) == ids(tried.first.search(QUERIES, 5))


@retrievers
def what_is_hidden_is_not_found_and_takes_no_place(tried: Tried) -> None:
    hidden = [{example_chunk_id(each.id) for each in TRAIN}, {example_chunk_id("3")}, set(), set(), set()]
    everything = tried.first.search(QUERIES, 1000)
    found = tried.first.search(QUERIES, 3, hidden)
    for row, whole, not_these in zip(ids(found), ids(everything), hidden, strict=True):
        assert row == [name for name in whole if name not in not_these][:3]


@retrievers
def single_documents_are_searched_alone(tried: Tried) -> None:
    """Where it can do that at all, as an oracle asks for it."""
    if isinstance(tried.first, SearchesWithin):
        documents = [("leave", "lunch"), ("long",), ("gone",), ("blank",), ("travel",)]
        found = tried.first.search_within(QUERIES, documents, 2)
        for row, names in zip(found, documents, strict=True):
            assert len(row.hits) <= 2
            assert {hit.chunk.document_id for hit in row.hits} <= {*names}
            assert bool(row.hits) == (names[0] not in ("gone", "blank")), "a document has nothing to show"


@retrievers
def it_is_the_same_again_and_another_over_other_texts(tried: Tried) -> None:
    """Equal digests are one index, whose cost counts once."""
    again, anew = tried.over(SOURCE), tried.over(SOURCE, "anew")
    for other in (again, anew):
        assert other.digest == tried.first.digest
        assert other.search(QUERIES, 5) == tried.first.search(QUERIES, 5)
    assert again.cost.embedding_tokens == tried.first.cost.embedding_tokens, "opened, it costs otherwise"
    words = DOCUMENTS[0].model_copy(update={"text": "Staff get forty days of leave a year."})
    others = (
        dataclasses.replace(SOURCE, documents=(words, *DOCUMENTS[1:])),
        dataclasses.replace(SOURCE, examples=SOURCE.examples[1:]),
    )
    digests = {tried.first.digest, *(tried.over(other).digest for other in others)}
    assert len(digests) == 3, "another index has the same digest"


@retrievers
def nothing_to_search_finds_nothing(tried: Tried) -> None:
    for source in (Source(), Source(documents=DOCUMENTS[3:4])):
        assert ids(tried.over(source, "empty").search(QUERIES, 3)) == [[]] * len(QUERIES)


@retrievers
def record_and_cost_can_be_stored(tried: Tried) -> None:
    assert stored(tried.first.record) == tried.first.record
    assert type(tried.first.cost).model_validate(stored(tried.first.cost)) == tried.first.cost
    for row in tried.first.search(QUERIES, 3):
        assert row.embedding_tokens >= 0
        assert stored([hit.score for hit in row.hits]) == [hit.score for hit in row.hits]

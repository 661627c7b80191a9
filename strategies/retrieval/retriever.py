"""The interface of retrieval: texts go in, passages or examples come out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, runtime_checkable

from pydantic import BaseModel, BeforeValidator, Field

from harness import plugins
from harness.config import Options, parse
from harness.errors import InputError
from harness.protocols import PrepareContext
from harness.tasks.questions import searched_text, shown_text
from harness.types import Document, PrepareCost, Task, TaskItem
from strategies.retrieval.chunks import CHUNKING, Chunk, Chunking, Entry, Hit


@dataclass(frozen=True)
class Source:
    """What is searched: documents, cut into chunks as ``chunking`` says, and training examples, whole."""

    documents: tuple[Document, ...] = ()
    examples: tuple[Entry, ...] = ()
    chunking: Chunking = CHUNKING


@dataclass(frozen=True)
class Found:
    """What one query found: ``hits``, best first, and the tokens that an embedder read for the query."""

    hits: tuple[Hit, ...] = ()
    embedding_tokens: int = 0


class Retriever(Protocol):
    """Finds what is near a text. A query's results do not depend on the queries asked with it."""

    @property
    def digest(self) -> str:
        """Digest of what it is made from; equal digests mean the same index, whose cost counts once."""
        ...

    @property
    def cost(self) -> PrepareCost:
        """What building it took, in this run or another."""
        ...

    @property
    def record(self) -> dict[str, Any]:
        """What the report shows about it, in scalars."""
        ...

    def search(self, queries: Sequence[str], k: int, hidden: Sequence[Collection[str]] = ()) -> list[Found]:
        """Find the best chunks of every query.

        Args:
            queries: Texts as they are asked.
            k: Most chunks per query.
            hidden: For every query the ids of chunks that it must not find; empty for none at all.

        Returns:
            What each query found, in order.
        """
        ...


@runtime_checkable
class SearchesWithin(Protocol):
    """A retriever that can also search some documents alone, as an oracle needs."""

    def search_within(
        self, queries: Sequence[str], documents: Sequence[Collection[str]], k: int
    ) -> list[Found]:
        """Find the best chunks of every query among those of its documents, however low they score.

        Args:
            queries: Texts as they are asked.
            documents: For every query the ids of documents; those that are not in the index are ignored.
            k: Most chunks per query.
        """
        ...


class Indexer(Protocol):
    """One way to search, under its options: a class with ``options_type``, built as ``Class(options)``."""

    @property
    def options_type(self) -> type[BaseModel]:
        """The pydantic model of its options."""
        ...

    def index(self, source: Source, context: PrepareContext, key: str) -> Retriever:
        """Make ``source`` searchable, or open what was built from the same source before.

        Args:
            source: What is searched.
            context: The strategy's; whatever is kept under its ``artifacts`` is found by content.
            key: Where the strategy's options are, for errors.

        Raises:
            InputError: It cannot be searched with these options.
        """
        ...


class Chosen(Options):
    """A retriever by its id, with its own options."""

    use: str = "dense"
    options: dict[str, Any] = Field(default_factory=dict)


def _written_out(raw: Any) -> Any:
    if isinstance(raw, str):
        return {"use": raw}
    if isinstance(raw, dict) and not raw.keys() <= {"use", "options"}:
        return {"use": raw.get("use", "dense"), "options": {k: v for k, v in raw.items() if k != "use"}}
    return raw


RetrieverUse = Annotated[Chosen, BeforeValidator(_written_out)]
"""An option that names a retriever: ``dense``, or ``{use: dense, ...}`` with options of its own."""
DENSE = Chosen()


def indexer_of(chosen: Chosen, place: str, key: str) -> Indexer:
    """Return the retriever that an option names, under its options.

    Args:
        chosen: The option.
        place: The file it is in, for errors.
        key: Where it is in that file.

    Raises:
        InputError: There is no retriever of that name, it is not allowed, or one of its options is invalid.
    """
    kind = plugins.load("retrievers", chosen.use, place, key)
    lacking = [name for name in ("options_type", "index") if not hasattr(kind, name)]
    if lacking:
        raise InputError(place, key, f"is no retriever: it has no `{lacking[0]}`", "add it", chosen.use)
    with plugins.sound(place, key, chosen.use):
        indexer: Indexer = kind(parse(kind.options_type, chosen.options, place, key))
    return indexer


def example_entries(task: Task, items: Iterable[TaskItem]) -> tuple[Entry, ...]:
    """Return the training examples that have an answer as chunks.

    An example is found by what its prompt shows; shown are that and its first answer.
    """
    entries = []
    for item in items:
        if item.targets:
            shown = shown_text(task, item)
            text = f"{shown} -> {item.targets[0]}"
            chunk = Chunk(example_chunk_id(item.id), item.id, title="", text=text, start=0, end=len(shown))
            entries.append(Entry(chunk, searched_text(task, item)))
    return tuple(entries)


def example_chunk_id(item_id: str) -> str:
    """Return the chunk id of a training example; chunk ids of documents end in a number."""
    return f"{item_id}#train"


def oracle_search(
    retriever: SearchesWithin,
    queries: Sequence[str],
    documents: Sequence[Collection[str]],
    k: int,
    found: Sequence[Found],
) -> list[Found]:
    """Return what queries find in the documents that hold their answer.

    Args:
        retriever: Where they are searched.
        queries: Texts as they are asked.
        documents: For every query the ids of those documents; none where they are not known.
        k: Most chunks per query.
        found: What each query found in everything; kept where those documents are unknown or have nothing.
    """
    known = [number for number, names in enumerate(documents) if names]
    within = retriever.search_within([queries[n] for n in known], [documents[n] for n in known], k)
    better = {n: Found(row.hits, found[n].embedding_tokens) for n, row in zip(known, within, strict=True)}
    return [better[n] if n in better and better[n].hits else row for n, row in enumerate(found)]


def total_cost(retrievers: Iterable[Retriever]) -> PrepareCost:
    """Return what several retrievers cost; an index that several tasks share counts once."""
    costs = {retriever.digest: retriever.cost for retriever in retrievers}
    return sum(costs.values(), PrepareCost())

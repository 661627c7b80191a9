"""Retrieval-augmented generation: passages that are near the question, put before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from harness.config import Options
from harness.errors import InputError
from harness.protocols import CountsTokens, Embedder, PrepareContext, Prepared
from harness.tasks.questions import searched_text
from harness.traits import Sight, Traits
from harness.types import (
    Document,
    Failure,
    Message,
    Passage,
    Request,
    Task,
    TaskItem,
    TrainingData,
)
from strategies.prompting.fitting import fits, or_failure, too_long
from strategies.retrieval.building import (
    Chunking,
    IndexOptions,
    Retriever,
    embedding_tokens,
    example_chunk_id,
    example_entries,
    must_not_see,
    open_or_build,
    same_examples,
    total_cost,
    withheld,
)
from strategies.retrieval.chunks import text_to_read
from strategies.retrieval.index import Hit, IndexKind

__all__ = ["Rag"]


class RagOptions(Options):
    """What is retrieved and how much of it is shown.

    ``source`` is the task's corpus, its training items ("train"), or both. ``chunk_tokens`` and
    ``overlap_tokens`` are counted by the embedder, ``max_context_tokens`` (all passages together; by default
    what the model's context has left) by the model. ``min_score`` is a floor for the inner product.
    ``oracle`` shows passages of the documents that an item names as holding its answer, where it names any:
    no system can, but it tells what better retrieval could give. ``index`` is "flat" (exact), "ivf" (reads
    only the lists nearest to the question), or "auto": IVF above 100,000 chunks.
    """

    top_k: int = Field(default=3, ge=1)
    chunk_tokens: int = Field(default=120, ge=8)
    overlap_tokens: int = Field(default=20, ge=0)
    min_score: float | None = Field(default=None, ge=-1.0, le=1.0)
    max_context_tokens: int | None = Field(default=None, ge=1)
    source: Literal["corpus", "train", "both"] = "corpus"
    oracle: bool = False
    index: IndexKind = "auto"


class Rag:
    """Retrieval from a FAISS index over sentence embeddings.

    A task that has nothing to retrieve from is asked as it is: that is what a deployed system would do.
    """

    options_type = RagOptions

    def __init__(self, options: RagOptions) -> None:
        self._options = options

    @property
    def traits(self) -> Traits:
        """What it searches and shows is as its options say."""
        options = self._options
        sees: tuple[Sight, ...] = () if options.source == "corpus" else ("index",)
        return Traits(kind="retrieve", sees=sees, ceiling=options.oracle)

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse what can be seen without a model.

        Raises:
            InputError: The chunks are no larger than their overlap, or no target task has anything to
                retrieve from.
        """
        options = self._options
        if options.overlap_tokens >= options.chunk_tokens:
            raise InputError(
                place,
                f"{key}.overlap_tokens",
                f"must be less than chunk_tokens ({options.chunk_tokens})",
                f"use {options.chunk_tokens // 6}",
                options.overlap_tokens,
            )
        targets = [data for data in tasks if data.task.role == "target"]
        if targets and not any(any(self._sources(data)) for data in targets):
            what = {"corpus": "a corpus", "train": "training items"}.get(options.source, "either")
            raise InputError(
                place,
                f"{key}.source",
                f"no target task has {what}",
                "add `corpus:` or `items: {train: ...}` to a task.yaml, or change the source",
                options.source,
            )

    def prepare(self, context: PrepareContext) -> Prepared:
        """Build the index of every task, or open the one built before.

        Raises:
            InputError: What ``check`` refuses, or chunks larger than the embedder can see.
        """
        self.check(context.tasks, context.place, "rag")
        if self._options.max_context_tokens is not None and not isinstance(context.model, CountsTokens):
            problem, remedy = "this model counts no tokens", "leave it out, and set top_k"
            raise InputError(context.place, "rag.max_context_tokens", problem, remedy)
        embedder = context.embedder()
        self._check_chunks(embedder, context.place)
        sources = [(data, self._sources(data)) for data in context.tasks]
        chunking = Chunking(
            chunk_tokens=self._options.chunk_tokens, overlap_tokens=self._options.overlap_tokens
        )
        root, index = context.artifacts / "indexes", IndexOptions(chunking=chunking, kind=self._options.index)
        retrievers = {
            data.task.name: open_or_build(
                root, documents, example_entries(data.task, examples), embedder, index, context.progress
            )
            for data, (documents, examples) in sources
            if documents or examples
        }
        builders = {
            data.task.name: _TaskRag(
                self._options,
                context,
                embedder,
                retrievers[data.task.name],
                same_examples(data.task, examples),
            )
            for data, (_, examples) in sources
            if data.task.name in retrievers
        }
        return Prepared(
            model=context.model,
            build=lambda task, items: builders.get(task.name, context).build(task, items),
            cost=total_cost(retrievers.values()),
            record={"indexes": {name: retriever.record for name, retriever in retrievers.items()}},
        )

    def _check_chunks(self, embedder: Embedder, place: str) -> None:
        """Refuse chunks that the embedder cannot see whole."""
        if self._options.chunk_tokens > embedder.max_tokens:
            raise InputError(
                place,
                "rag.chunk_tokens",
                f"must be at most {embedder.max_tokens}, all that the embedder can see",
                f"use {min(120, embedder.max_tokens)}",
                self._options.chunk_tokens,
            )

    def _sources(self, data: TrainingData) -> tuple[tuple[Document, ...], tuple[TaskItem, ...]]:
        source = self._options.source
        return data.corpus if source != "train" else (), data.train if source != "corpus" else ()


@dataclass(frozen=True)
class _TaskRag:
    """Builds the requests of one task: those of the strategy before, with passages."""

    options: RagOptions
    context: PrepareContext
    embedder: Embedder
    retriever: Retriever
    same: dict[str, list[TaskItem]]

    def build(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        """Build the requests of ``items``, searching for all of them at once."""
        requests = self.context.build(task, items)
        not_seen = [must_not_see(task, item, self.same) for item in items]
        hidden = [{example_chunk_id(other) for other in others} for others in not_seen]
        index, k = self.retriever.index, self.options.top_k
        texts = [searched_text(task, item) for item in items]
        vectors = self.embedder.embed(texts)
        hits = index.search(vectors, k, self.options.min_score, hidden)
        if self.options.oracle:
            hits = [
                (item.documents and index.search_in(vector, item.documents, k)) or found
                for vector, item, found in zip(vectors, items, hits, strict=True)
            ]
        return [
            request
            if isinstance(request, Failure)
            else self._with_passages(request, text, found, withheld(item, others))
            for request, item, text, found, others in zip(requests, items, texts, hits, not_seen, strict=True)
        ]

    @or_failure
    def _with_passages(
        self, request: Request, text: str, hits: list[Hit], n_withheld: int
    ) -> Request | Failure:
        shown = self._packed(request, hits)
        if len(shown) < len(hits) and self.context.on_long_prompt == "refuse":
            messages = with_passages(request.messages, passages_of(hits))
            return too_long(self.context.model, request, messages, f"{len(hits)} passages")
        passages = passages_of(shown)
        return request.model_copy(
            update={
                "messages": with_passages(request.messages, passages),
                "passages": passages,
                "cut": request.cut + len(hits) - len(shown),
                "embedding_tokens": request.embedding_tokens + embedding_tokens(self.embedder, [text]),
                "withheld": request.withheld + n_withheld,
            }
        )

    def _packed(self, request: Request, hits: list[Hit]) -> list[Hit]:
        """Return the hits that fit, in rank order; one that does not fit makes room for the next."""
        if self._fits(request, hits):
            return hits
        shown: list[Hit] = []
        for hit in hits:
            if self._fits(request, [*shown, hit]):
                shown.append(hit)
        return shown

    def _fits(self, request: Request, hits: list[Hit]) -> bool:
        messages = with_passages(request.messages, passages_of(hits))
        limit, model = self.options.max_context_tokens, self.context.model
        if limit is not None and isinstance(model, CountsTokens):
            added = model.count_tokens(messages) - model.count_tokens(request.messages)
            if added > limit:
                return False
        return fits(model, request, messages)


def passages_of(hits: Sequence[Hit]) -> tuple[Passage, ...]:
    """Number hits from 1."""
    return tuple(
        Passage(
            number=number,
            chunk_id=hit.chunk.id,
            document_id=hit.chunk.document_id,
            title=hit.chunk.title,
            text=text_to_read(hit.chunk.title, hit.chunk.text),
            score=round(hit.score, 6),
        )
        for number, hit in enumerate(hits, start=1)
    )


def with_passages(messages: Sequence[Message], passages: Sequence[Passage]) -> tuple[Message, ...]:
    """Put numbered passages at the beginning of the last turn, an empty line before the question."""
    if not passages:
        return tuple(messages)
    lines = [f"[{p.number}] {p.title}: {p.text}" if p.title else f"[{p.number}] {p.text}" for p in passages]
    last = messages[-1]
    content = "\n".join(lines) + "\n\n" + last.content
    return (*messages[:-1], last.model_copy(update={"content": content}))

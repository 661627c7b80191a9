"""Retrieval-augmented generation: passages near the question are put before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from harness.config import Options
from harness.errors import InputError
from harness.protocols import CountsTokens, PrepareContext, Prepared
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
from strategies.prompting.withholding import must_not_see, same_examples, withheld
from strategies.retrieval.chunks import Chunking, Hit, text_to_read
from strategies.retrieval.retriever import (
    DENSE,
    Found,
    Retriever,
    RetrieverUse,
    SearchesWithin,
    Source,
    example_chunk_id,
    example_entries,
    indexer_of,
    oracle_search,
    total_cost,
)

__all__ = ["Rag"]


class RagOptions(Options):
    """What is retrieved and how much of it is shown.

    ``source`` is the task's corpus, its training items ("train"), or both. ``retriever`` searches it;
    ``chunk_tokens`` and ``overlap_tokens`` are its tokens. ``max_context_tokens`` (all passages together; by
    default what the model's context has left) are counted by the model. ``oracle`` shows passages of the
    documents that an item names as holding its answer, where it names any: no real system can do this, but it
    shows what better retrieval could give.
    """

    top_k: int = Field(default=3, ge=1)
    chunk_tokens: int = Field(default=120, ge=8)
    overlap_tokens: int = Field(default=20, ge=0)
    max_context_tokens: int | None = Field(default=None, ge=1)
    source: Literal["corpus", "train", "both"] = "corpus"
    oracle: bool = False
    retriever: RetrieverUse = DENSE


class Rag:
    """Retrieval of passages by the retriever that is named.

    A task that has nothing to retrieve from is asked without passages, as a deployed system would do.
    """

    options_type = RagOptions

    def __init__(self, options: RagOptions) -> None:
        self._options = options

    @property
    def traits(self) -> Traits:
        """What it searches and shows, as its options say."""
        options = self._options
        sees: tuple[Sight, ...] = () if options.source == "corpus" else ("index",)
        return Traits(kind="retrieve", sees=sees, ceiling=options.oracle)

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse what can be seen without a model.

        Raises:
            InputError: The chunks are no larger than their overlap, no target task has anything to
                retrieve from, or the retriever or one of its options is invalid.
        """
        options = self._options
        indexer_of(options.retriever, place, f"{key}.retriever")
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
        """Make the texts of every task searchable.

        Raises:
            InputError: What ``check`` refuses, or the retriever cannot work with these options.
        """
        self.check(context.tasks, context.place, "rag")
        indexer = indexer_of(self._options.retriever, context.place, "rag.retriever")
        if self._options.max_context_tokens is not None and not isinstance(context.model, CountsTokens):
            problem, remedy = "this model counts no tokens", "leave it out, and set top_k"
            raise InputError(context.place, "rag.max_context_tokens", problem, remedy)
        sources = [(data, self._sources(data)) for data in context.tasks]
        chunking = Chunking(
            chunk_tokens=self._options.chunk_tokens, overlap_tokens=self._options.overlap_tokens
        )
        retrievers = {
            data.task.name: indexer.index(
                Source(documents, example_entries(data.task, examples), chunking), context, "rag"
            )
            for data, (documents, examples) in sources
            if documents or examples
        }
        self._check_oracle(retrievers.values(), context.place)
        builders = {
            data.task.name: _TaskRag(
                self._options,
                context,
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

    def _check_oracle(self, retrievers: Iterable[Retriever], place: str) -> None:
        if self._options.oracle and not all(isinstance(each, SearchesWithin) for each in retrievers):
            problem = "this retriever cannot search the documents of an item alone"
            raise InputError(place, "rag.oracle", problem, "leave it out, or use the retriever `dense`")

    def _sources(self, data: TrainingData) -> tuple[tuple[Document, ...], tuple[TaskItem, ...]]:
        source = self._options.source
        return data.corpus if source != "train" else (), data.train if source != "corpus" else ()


@dataclass(frozen=True)
class _TaskRag:
    """Builds the requests of one task: those of the strategy before, with passages."""

    options: RagOptions
    context: PrepareContext
    retriever: Retriever
    same: dict[str, list[TaskItem]]

    def build(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        """Build the requests of ``items``, searching for all of them at once."""
        requests = self.context.build(task, items)
        not_seen = [must_not_see(task, item, self.same) for item in items]
        hidden = [{example_chunk_id(other.id) for other in others} for others in not_seen]
        texts, k = [searched_text(task, item) for item in items], self.options.top_k
        found = self.retriever.search(texts, k, hidden)
        if self.options.oracle and isinstance(self.retriever, SearchesWithin):
            found = oracle_search(self.retriever, texts, [item.documents for item in items], k, found)
        return [
            request
            if isinstance(request, Failure)
            else self._with_passages(request, row, withheld(item, others))
            for request, item, row, others in zip(requests, items, found, not_seen, strict=True)
        ]

    @or_failure
    def _with_passages(self, request: Request, found: Found, n_withheld: int) -> Request | Failure:
        hits = found.hits
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
                "embedding_tokens": request.embedding_tokens + found.embedding_tokens,
                "withheld": request.withheld + n_withheld,
            }
        )

    def _packed(self, request: Request, hits: Sequence[Hit]) -> Sequence[Hit]:
        """Return the hits that fit, in rank order; one that does not fit is skipped for the next."""
        if self._fits(request, hits):
            return hits
        shown: list[Hit] = []
        for hit in hits:
            if self._fits(request, [*shown, hit]):
                shown.append(hit)
        return shown

    def _fits(self, request: Request, hits: Sequence[Hit]) -> bool:
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
    """Put numbered passages at the start of the last turn, with an empty line before the question."""
    if not passages:
        return tuple(messages)
    lines = [f"[{p.number}] {p.title}: {p.text}" if p.title else f"[{p.number}] {p.text}" for p in passages]
    last = messages[-1]
    content = "\n".join(lines) + "\n\n" + last.content
    return (*messages[:-1], last.model_copy(update={"content": content}))

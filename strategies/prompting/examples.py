"""Which training items an item is shown as examples."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Protocol

from harness.digests import digest_of
from harness.tasks.questions import searched_text
from harness.types import Task, TaskItem
from strategies.retrieval.retriever import Retriever, example_chunk_id


@dataclass(frozen=True)
class Choice:
    """The examples of one item, the best last, and the tokens that an embedder read to find them."""

    examples: list[TaskItem]
    embedding_tokens: int = 0


class Chooser(Protocol):
    """Chooses the examples of many items at once."""

    def choose(self, items: Sequence[TaskItem], hidden: Sequence[set[str]], k: int) -> list[Choice]:
        """Return for every item up to ``k`` examples whose ids it may see, the best last."""
        ...


@dataclass(frozen=True)
class Fixed:
    """The first in a fixed order, the same for every item, so that prompts share their beginning."""

    order: list[TaskItem]

    def choose(self, items: Sequence[TaskItem], hidden: Sequence[set[str]], k: int) -> list[Choice]:
        """Return the first ``k`` of the fixed order that may be seen."""
        del items
        allowed = ((item for item in self.order if item.id not in not_these) for not_these in hidden)
        return [Choice(list(islice(examples, k))) for examples in allowed]


@dataclass(frozen=True)
class Drawn:
    """A random draw for every item, which depends only on the seed and the item."""

    pool: list[TaskItem]
    seed: int
    task: str

    def choose(self, items: Sequence[TaskItem], hidden: Sequence[set[str]], k: int) -> list[Choice]:
        """Draw ``k`` for each item, the same ones each time."""
        chosen = []
        for item, not_these in zip(items, hidden, strict=True):
            draw = _generator(self.seed, self.task, item.split, item.id)
            drawn = draw.sample(self.pool, min(k + len(not_these), len(self.pool)))
            chosen.append(Choice([example for example in drawn if example.id not in not_these][:k]))
        return chosen


@dataclass(frozen=True)
class Nearest:
    """The nearest that a retriever finds, the nearest of all last, where it is next to the question."""

    task: Task
    pool: list[TaskItem]
    retriever: Retriever

    def choose(self, items: Sequence[TaskItem], hidden: Sequence[set[str]], k: int) -> list[Choice]:
        """Return the ``k`` nearest to each item, the nearest of all last."""
        by_id = {item.id: item for item in self.pool}
        chunk_ids = [{example_chunk_id(example) for example in ids} for ids in hidden]
        texts = [searched_text(self.task, item) for item in items]
        return [
            Choice([by_id[hit.chunk.document_id] for hit in reversed(found.hits)], found.embedding_tokens)
            for found in self.retriever.search(texts, k, chunk_ids)
        ]


def drawn_order(pool: list[TaskItem], seed: int, task: str, stratified: bool) -> list[TaskItem]:
    """Return the pool in an order drawn by seed; stratified takes one item of every label in turn."""
    shuffled = list(pool)
    _generator(seed, task).shuffle(shuffled)
    if not stratified:
        return shuffled
    by_label: dict[str, list[TaskItem]] = {}
    for item in shuffled:
        by_label.setdefault(item.targets[0], []).append(item)
    rounds = zip_longest(*by_label.values())
    return [item for one_of_each in rounds for item in one_of_each if item is not None]


def _generator(*parts: object) -> random.Random:
    """Return a generator seeded by ``parts``, the same in every process."""
    return random.Random(int(digest_of(list(parts)), 16))

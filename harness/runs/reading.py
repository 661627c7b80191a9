"""Reading a run folder's database: answers, their judgements, and whether rows are as they were written.

An answer has a row in ``answers``, and its scores have a row in ``judgements`` for each way of judging that
was used. A plain answer is the one generation under its key; for any other answer, the row has the answer
itself and the keys of all its exchanges.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from harness.runs.seals import Changed, changed, is_manifest
from harness.strict_json import read_stored_json
from harness.types import (
    Answer,
    Exchange,
    Extracted,
    Failure,
    Generation,
    ItemResult,
    Judgement,
    PrepareCost,
    Request,
    TaskItem,
)

_VARIABLES = 500
GENERATIONS: TypeAdapter[tuple[Generation, ...]] = TypeAdapter(tuple[Generation, ...])
DETAILS: TypeAdapter[dict[str, Judgement]] = TypeAdapter(dict[str, Judgement])
_JUDGED = (
    "FROM answers a LEFT JOIN judgements j ON j.recipe = a.recipe AND j.judging = ? AND j.seed = a.seed "
    "AND j.repeat = a.repeat AND j.item_id = a.item_id "
)
_DONE = "COALESCE(a.error, j.scores) IS NOT NULL"
"""Condition on a joined row: its item has failed, or its answer has scores."""
_UNJUDGED = "a.error IS NULL AND j.scores IS NULL"
_RESULTS = (
    "SELECT a.strategy, a.seed, a.repeat, a.task, a.item_id, a.key, a.request, a.exchanges, a.answer, "
    "g.generations, a.prior, p.generations, a.error, j.scores, j.extracted, j.details, j.error "
    f"{_JUDGED}LEFT JOIN generations g ON g.key = a.key LEFT JOIN generations p ON p.key = a.prior "
    "WHERE a.recipe = ? AND "
)


class ScoredItem(NamedTuple):
    """A result without its request and answer; ``error`` is None if it did not fail."""

    item_id: str
    seed: int
    repeat: int
    scores: Mapping[str, float]
    error: str | None


@dataclass(frozen=True)
class Preparation:
    """The cost and record of preparing one strategy with one seed."""

    strategy: str
    seed: int
    cost: PrepareCost
    record: dict[str, Any]
    error: Failure | None = None

    @property
    def notes(self) -> list[tuple[str, str]]:
        """What a reader must know about it: each text with the part of the strategy that reported it."""
        parts = ((name, part) for name, part in self.record.items() if isinstance(part, dict))
        return [(name, str(text)) for name, part in parts for text in part.get("notes", ())]


class Reading:
    """The reading half of a store.

    Args:
        connection: To the database.
        path: The database's file.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db, self.path = connection, path

    # --- Checking ---

    def is_manifest(self, text: str) -> bool:
        """Whether a manifest is the one that the run last wrote."""
        return is_manifest(self._db, text)

    def changed(self, groups: Iterable[tuple[str, str]]) -> list[Changed]:
        """Return which groups of rows, by table and recipe or task digest, are not as they were written."""
        self._db.execute("BEGIN")  # one consistent snapshot, while a run may be writing
        try:
            return changed(self._db, groups)
        finally:
            self._db.execute("ROLLBACK")

    # --- Reading ---

    def generations(self, keys: Iterable[str]) -> dict[str, tuple[Generation, ...]]:
        """Return the stored generations by key: all samples of each."""
        found = {}
        for key in set(keys):
            row = self._db.execute("SELECT generations FROM generations WHERE key = ?", (key,)).fetchone()
            if row is not None:
                found[key] = GENERATIONS.validate_json(row[0])
        return found

    def finished(self, recipe: str, seed: int) -> set[tuple[str, int]]:
        """Return ``(item id, repeat)`` of every item of a recipe and seed that was answered or has failed."""
        query = "SELECT item_id, repeat FROM answers WHERE recipe = ? AND seed = ?"
        return set(self._db.execute(query, (recipe, seed)).fetchall())

    def unjudged(self, recipe: str, judging: str) -> list[tuple[int, int, str]]:
        """Return ``(seed, repeat, item id)`` of every answer of a recipe not yet judged this way, sorted."""
        query = f"SELECT a.seed, a.repeat, a.item_id {_JUDGED} WHERE a.recipe = ? AND {_UNJUDGED}"
        return sorted(self._db.execute(query, (judging, recipe)).fetchall())

    def answers(self, recipe: str, places: Iterable[tuple[int, int, str]]) -> Iterator[ItemResult]:
        """Yield answers of a recipe by ``(seed, repeat, item id)``, sorted, with no score that counts."""
        for (seed, repeat), group in groupby(sorted(places), lambda place: place[:2]):
            for part in _parts([item for _, _, item in group]):
                query = f"{_RESULTS}a.seed = ? AND a.repeat = ? AND a.item_id IN ({_marks(part)})"
                found = self._db.execute(f"{query} ORDER BY a.item_id", ("", recipe, seed, repeat, *part))
                yield from map(self._result, found.fetchall())

    def counts(self, recipe: str, judging: str = "") -> tuple[int, int]:
        """Return how many items of a recipe were answered or failed, and how many failed or are unjudged."""
        query = f"SELECT COUNT(*), COUNT(COALESCE(a.error, j.error)) {_JUDGED} WHERE a.recipe = ?"
        done, failed = self._db.execute(query, (judging, recipe)).fetchone()
        return int(done), int(failed)

    def n_items(self, task_digest: str) -> int:
        """Return how many test items of a task are stored."""
        query = "SELECT COUNT(*) FROM items WHERE task_digest = ?"
        return int(self._db.execute(query, (task_digest,)).fetchone()[0])

    def results(self, recipes: Iterable[str], judging: str = "") -> Iterator[ItemResult]:
        """Yield the results of the given recipes, ordered by recipe as given, seed, repeat and item id."""
        for recipe in recipes:
            query = f"{_RESULTS}{_DONE} ORDER BY a.seed, a.repeat, a.item_id"
            yield from map(self._result, self._db.execute(query, (judging, recipe)))

    def first_results(
        self, recipe: str, items: Collection[str], judging: str = ""
    ) -> dict[str, ItemResult]:
        """Return the results of some items by id, each with its smallest seed and repeat."""
        found: dict[str, ItemResult] = {}
        following = (
            "SELECT seed, repeat FROM answers WHERE recipe = ? AND (seed, repeat) > (?, ?) "
            "ORDER BY seed, repeat LIMIT 1"
        )
        place = (-(2**63), -1)  # before any
        while missing := [item for item in items if item not in found]:
            place = self._db.execute(following, (recipe, *place)).fetchone()
            if place is None:
                break
            for part in _parts(missing):
                query = f"{_RESULTS}{_DONE} AND a.seed = ? AND a.repeat = ? AND a.item_id IN ({_marks(part)})"
                rows = map(self._result, self._db.execute(query, (judging, recipe, *place, *part)))
                found |= {row.item_id: row for row in rows}
        return found

    def scored(self, recipe: str, judging: str = "") -> Iterator[ScoredItem]:
        """Yield scores by item, ordered by seed, repeat and item id; fast, as no answer is read."""
        query = (
            f"SELECT a.item_id, a.seed, a.repeat, j.scores, COALESCE(a.error, j.error) {_JUDGED} "
            f"WHERE a.recipe = ? AND {_DONE} ORDER BY a.seed, a.repeat, a.item_id"
        )
        for item_id, seed, repeat, scores, error in self._db.execute(query, (judging, recipe)):
            yield ScoredItem(item_id, seed, repeat, read_stored_json(scores) if scores else {}, error)

    def _result(self, row: tuple[Any, ...]) -> ItemResult:
        strategy, seed, repeat, task, item_id, key, request, exchanges, answer, generations, *more = row
        prior_key, prior, failed, scores, extracted, details, misjudged = more
        asked = Request.model_validate_json(request) if request else None
        error = failed or misjudged
        found = tuple(self._exchanges(exchanges, asked)) if exchanges and asked else ()
        return ItemResult(
            strategy=strategy,
            seed=seed,
            repeat=repeat,
            task=task,
            item_id=item_id,
            key=key,
            request=asked,
            answer=None if failed else _answer(asked, answer, generations),
            exchanges=found,
            prior=GENERATIONS.validate_json(prior)[0] if prior else None,
            prior_key=prior_key or "",
            scores=read_stored_json(scores) if scores else {},
            details=DETAILS.validate_json(details) if details else {},
            extracted=Extracted.model_validate_json(extracted) if extracted else None,
            error=Failure.model_validate_json(error) if error else None,
        )

    def _exchanges(self, stored: str, first: Request) -> Iterator[Exchange]:
        """Yield those exchanges of an answer whose generations are stored."""
        pairs = read_stored_json(stored)
        generations = self.generations(key for key, _ in pairs)
        for key, request in pairs:
            if key in generations:
                asked = Request.model_validate(request) if request else first
                yield Exchange(request=asked, generations=generations[key], key=key)

    def item_ids(self, task_digest: str) -> list[str]:
        """Return the ids of the test items of a task, sorted."""
        query = "SELECT item_id FROM items WHERE task_digest = ? ORDER BY item_id"
        return [item_id for (item_id,) in self._db.execute(query, (task_digest,))]

    def items(self, task_digest: str) -> Iterator[TaskItem]:
        """Yield the test items of a task, ordered by id."""
        query = "SELECT item FROM items WHERE task_digest = ? ORDER BY item_id"
        for (item,) in self._db.execute(query, (task_digest,)):
            yield TaskItem.model_validate_json(item)

    def some_items(self, task_digest: str, ids: Collection[str]) -> dict[str, TaskItem]:
        """Return some test items of a task by id; unknown ids are skipped."""
        found = {}
        for part in _parts(list(ids)):
            query = f"SELECT item_id, item FROM items WHERE task_digest = ? AND item_id IN ({_marks(part)})"
            for item_id, item in self._db.execute(query, (task_digest, *part)):
                found[item_id] = TaskItem.model_validate_json(item)
        return found

    def probes(self, recipe: str) -> dict[int, str]:
        """Return the measurements of a prepared strategy, as JSON by seed."""
        query = "SELECT seed, probes FROM probes WHERE recipe = ? ORDER BY seed"
        return dict(self._db.execute(query, (recipe,)).fetchall())

    def preparations(self, recipes: Iterable[str]) -> list[Preparation]:
        """Return the preparations of the given recipes, in their order, then by seed."""
        query = "SELECT strategy, seed, cost, record, error FROM preparations WHERE recipe = ? ORDER BY seed"
        return [
            Preparation(
                strategy=strategy,
                seed=seed,
                cost=PrepareCost.model_validate_json(cost),
                record=read_stored_json(record),
                error=Failure.model_validate_json(error) if error else None,
            )
            for recipe in recipes
            for strategy, seed, cost, record, error in self._db.execute(query, (recipe,))
        ]


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Split ids into chunks of at most as many as one query takes."""
    return (ids[start : start + _VARIABLES] for start in range(0, len(ids), _VARIABLES))


def _marks(ids: Sequence[str]) -> str:
    return ",".join("?" * len(ids))


def _answer(request: Request | None, stored: str | None, generations: str | None) -> Answer | None:
    """Return an answer as it is stored, or else made from its one generation."""
    if stored:
        return Answer.model_validate_json(stored)
    if request is None or generations is None:
        return None
    found = GENERATIONS.validate_json(generations)
    return Answer.of(found[0]).resting_on([Exchange(request=request, generations=found)])

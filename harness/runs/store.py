"""The run folder's database: finished generations and scored items, safe against a kill at any moment.

Two ideas carry it. A generation is found by its key, which digests everything that determines it, so nothing
is generated twice and no answer is served for other weights. A result belongs to a recipe, the digest of how
its strategy and task were configured, so rows of an older configuration are never mixed with the
current ones.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from harness.digests import digest_of
from harness.errors import InputError, shorten
from harness.files import check_input
from harness.runs.seals import SCHEMA, Changed, Seals, changed, is_manifest
from harness.strict_json import read_stored_json
from harness.types import (
    Extracted,
    Failure,
    Generation,
    ItemResult,
    ModelIdentity,
    PrepareCost,
    Request,
    TaskItem,
)

SCHEMA_VERSION = 4
_UNSEALED = 3
"""The version before this one, which kept no digests of its rows: it is read and gone on with as it is."""
FILE_NAME = "results.sqlite"
WAIT_S = 30.0
"""Seconds that a store which another program has locked is waited for."""
_SCHEMA = f"""
{SCHEMA}
CREATE TABLE IF NOT EXISTS generations (
    key TEXT PRIMARY KEY, generation TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
    task_digest TEXT NOT NULL, item_id TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (task_digest, item_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
    recipe TEXT NOT NULL, strategy TEXT NOT NULL, seed INTEGER NOT NULL, repeat INTEGER NOT NULL,
    task TEXT NOT NULL, item_id TEXT NOT NULL, key TEXT NOT NULL, request TEXT, scores TEXT NOT NULL,
    extracted TEXT, error TEXT, PRIMARY KEY (recipe, seed, repeat, item_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS preparations (
    recipe TEXT NOT NULL, strategy TEXT NOT NULL, seed INTEGER NOT NULL, cost TEXT NOT NULL,
    record TEXT NOT NULL, error TEXT, PRIMARY KEY (recipe, seed)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS probes (
    recipe TEXT NOT NULL, seed INTEGER NOT NULL, probes TEXT NOT NULL, PRIMARY KEY (recipe, seed)
) WITHOUT ROWID;
"""
_VARIABLES = 500
_BESIDE = ("-wal", "-shm", "-journal")
_LARGEST, _LONGEST_VALUE = 1 << 40, 64 << 20
"""Bytes of the file, which is read a row at a time, and of one value in it."""
_RESULTS = (
    "SELECT r.strategy, r.seed, r.repeat, r.task, r.item_id, r.key, r.request, g.generation, r.scores, "
    "r.extracted, r.error FROM results r LEFT JOIN generations g ON g.key = r.key WHERE r.recipe = ?"
)


class ScoredItem(NamedTuple):
    """A result without its request and answer; ``error`` is None where it did not fail."""

    item_id: str
    seed: int
    repeat: int
    scores: Mapping[str, float]
    error: str | None


@dataclass(frozen=True)
class Preparation:
    """What preparing one strategy with one seed took, and what it recorded of it."""

    strategy: str
    seed: int
    cost: PrepareCost
    record: dict[str, Any]
    error: Failure | None = None

    @property
    def notes(self) -> list[tuple[str, str]]:
        """What a reader must know of it: a text with the part of the strategy that says so."""
        parts = ((name, part) for name, part in self.record.items() if isinstance(part, dict))
        return [(name, str(text)) for name, part in parts for text in part.get("notes", ())]


def generation_key(identity: ModelIdentity, prompt: str, request: Request, form: str = "") -> str:
    """Return the sha256 key of a generation: model, adapter, loaders, prompt, choices, decoding, seed.

    ``form`` is how the model encodes and ends an answer to this prompt, where it says so.

    Greedy decoding and log-likelihoods do not depend on seed and repeat, so those do not enter then. Nor does
    it matter for a text or a single choice whether every choice is wanted.
    """
    bounds = {"bounds": True} if len(request.choices) > 1 and not request.every_choice else {}
    sampled = request.decoding.temperature > 0 and not request.choices
    return digest_of(
        {
            "weights": identity.weights_digest,
            "adapter": identity.adapter_digest,
            "quantization": identity.quantization,
            "dtype": identity.dtype,
            **({"settings": identity.settings_digest} if identity.settings_digest else {}),
            "prompt": prompt,
            "choices": list(request.choices),
            "decoding": None if request.choices else request.decoding.model_dump(),
            "seed": request.seed if sampled else 0,
            "repeat": request.repeat if sampled else 0,
            **bounds,
            **({"form": form} if form else {}),
            **({"loaded_by": identity.loaded_by} if identity.loaded_by else {}),
        }
    )


def _connected(path: Path, read_only: bool) -> sqlite3.Connection:
    """Connect to a store. One that cannot be written, and whose every row is in the file, is only read."""
    as_it_is = read_only and not _writable(path) and not _has_rows(path.with_name(f"{path.name}-wal"))
    name = f"{path.resolve().as_uri()}?mode=ro&immutable=1" if as_it_is else str(path)
    db = sqlite3.connect(name, uri=as_it_is, timeout=WAIT_S, isolation_level=None)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    db.execute("PRAGMA trusted_schema=0")
    return db


def _check_files(path: Path) -> None:
    """Refuse a pipe or a device in place of a store, or of a file that SQLite keeps beside it."""
    for part in (path, *(path.with_name(FILE_NAME + ending) for ending in _BESIDE)):
        if os.path.lexists(part):
            check_input(part, _LARGEST)


def _check_objects(db: sqlite3.Connection, path: Path) -> None:
    """Refuse views, triggers and tables that no run writes: reading them could run without end."""
    if strange := _objects(db) - _ours():
        problem = f"holds {shorten(min(strange)[0], 60)}, which no run writes"
        raise InputError(path, "", problem, "use the run folder as `trilemma run` wrote it")


def _writable(path: Path) -> bool:
    mine = os.access in os.supports_effective_ids
    return all(os.access(each, os.W_OK, effective_ids=mine) for each in (path, path.parent))


def _has_rows(wal: Path) -> bool:
    """Whether a log of SQLite holds what is not yet in its database."""
    return wal.is_file() and wal.stat().st_size > 0


class Store:
    """Reads and writes ``results.sqlite``; use ``Store.open``.

    A batch is written in one transaction: after a kill either all of its items are there or none.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, seals: Seals | None = None) -> None:
        self._db, self.path, self._seals = connection, path, seals

    @classmethod
    def open(cls, run_dir: Path, read_only: bool = False) -> Self:
        """Open the store of a run folder, making it unless ``read_only``.

        Raises:
            InputError: It is missing (read only), is no database, is of another schema version, or holds what
                no run writes.
        """
        path = run_dir / FILE_NAME
        if read_only and not path.exists():
            remedy = "name a folder that `trilemma run` wrote"
            raise InputError(run_dir, FILE_NAME, "there is no such file", remedy)
        _check_files(path)
        try:
            db = _connected(path, read_only)
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            seals = None
            if version not in (0, SCHEMA_VERSION, _UNSEALED):
                remedy = "use the version of trilemma that wrote it"
                raise InputError(path, "", f"has schema version {version}, not {SCHEMA_VERSION}", remedy)
            _check_objects(db, path)
            if read_only:
                db.execute("PRAGMA query_only=1")
            else:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=NORMAL")
                if version == 0:  # else not a byte of a store changes by being opened
                    db.executescript(_SCHEMA)
                    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
                seals = Seals(db) if version != _UNSEALED else None
        except (sqlite3.DatabaseError, ValueError) as error:
            if "full" in str(error):
                raise
            remedy = "move it away and run again"
            if getattr(error, "sqlite_errorcode", 0) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                remedy = "wait for the program that uses it, or end that"
            elif not _writable(path):
                remedy = "make the folder and its files writable, or copy them to where they are"
            raise InputError(path, "", f"cannot be opened: {error}", remedy) from None
        return cls(db, path, seals)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._db.close()

    # --- Writing ---

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Write all of the block or nothing; a full disk is an OSError that names the file."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            if self._seals:
                self._seals.write()
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._seals:
                self._seals.forget()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path)) from None
            raise

    def write_batch(
        self, recipe: str, generations: Mapping[str, Generation], results: Sequence[ItemResult]
    ) -> None:
        """Write the generations and results of one batch in one transaction; what is there stays."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO generations VALUES (?, ?)",
                [(key, generation.model_dump_json()) for key, generation in generations.items()],
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(recipe, result) for result in results],
            )

    def write_items(self, task_digest: str, items: Iterable[TaskItem]) -> None:
        """Keep the test items of a task, so that a report needs nothing but the run folder.

        Items of one task's digest differ in their accepted answers alone: the last ones written stay.
        """
        rows = ((task_digest, item.id, item.model_dump_json()) for item in items)
        with self._transaction():
            self._db.executemany(
                "INSERT INTO items VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET item = excluded.item "
                "WHERE item != excluded.item",
                rows,
            )

    def write_preparation(self, recipe: str, preparation: Preparation) -> None:
        """Write what preparing a strategy took; the first that succeeded stays."""
        error = preparation.error.model_dump_json() if preparation.error else None
        row = (
            recipe,
            preparation.strategy,
            preparation.seed,
            preparation.cost.model_dump_json(),
            json.dumps(preparation.record),
            error,
        )
        with self._transaction():
            self._db.execute(
                "INSERT INTO preparations VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "cost = excluded.cost, record = excluded.record, error = excluded.error "
                "WHERE error IS NOT NULL",
                row,
            )

    def write_probes(self, recipe: str, seed: int, probes: str) -> None:
        """Write what was measured of a prepared strategy, as JSON, in place of what is there."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO probes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET probes = excluded.probes",
                (recipe, seed, probes),
            )

    def forget_errors(self, recipe: str, seed: int) -> None:
        """Delete the failed items of a recipe, so that running again tries them again."""
        with self._transaction():
            self._db.execute(
                "DELETE FROM results WHERE recipe = ? AND seed = ? AND error IS NOT NULL", (recipe, seed)
            )

    def write_manifest_digest(self, text: str) -> None:
        """Keep the digest of the manifest that stands in the run folder."""
        if self._seals and not self.is_manifest(text):  # else not a byte changes
            with self._transaction():
                self._seals.put_manifest(text)

    # --- Checking ---

    @property
    def keeps_digests(self) -> bool:
        """Whether digests of the rows were kept as they were written."""
        return int(self._db.execute("PRAGMA user_version").fetchone()[0]) != _UNSEALED

    def is_manifest(self, text: str) -> bool:
        """Whether a manifest is the one that the run last wrote."""
        return is_manifest(self._db, text)

    def changed(self, groups: Iterable[tuple[str, str]]) -> list[Changed]:
        """Return which groups of rows, by table and recipe or task digest, are not as they were written."""
        self._db.execute("BEGIN")  # all of it at one moment, while a run goes on
        try:
            return changed(self._db, groups)
        finally:
            self._db.execute("ROLLBACK")

    # --- Reading ---

    def generations(self, keys: Iterable[str]) -> dict[str, Generation]:
        """Return the generations that are there, by key."""
        found = {}
        for key in set(keys):
            row = self._db.execute("SELECT generation FROM generations WHERE key = ?", (key,)).fetchone()
            if row is not None:
                found[key] = Generation.model_validate_json(row[0])
        return found

    def finished(self, recipe: str, seed: int) -> set[tuple[str, int]]:
        """Return ``(item id, repeat)`` of every result of a recipe and seed."""
        query = "SELECT item_id, repeat FROM results WHERE recipe = ? AND seed = ?"
        return set(self._db.execute(query, (recipe, seed)).fetchall())

    def counts(self, recipe: str) -> tuple[int, int]:
        """Return how many results a recipe has, and how many of them failed."""
        query = "SELECT COUNT(*), COUNT(error) FROM results WHERE recipe = ?"
        done, failed = self._db.execute(query, (recipe,)).fetchone()
        return int(done), int(failed)

    def n_items(self, task_digest: str) -> int:
        """Return how many test items of a task are kept."""
        query = "SELECT COUNT(*) FROM items WHERE task_digest = ?"
        return int(self._db.execute(query, (task_digest,)).fetchone()[0])

    def results(self, recipes: Iterable[str]) -> Iterator[ItemResult]:
        """Yield the results of the given recipes, ordered by recipe as given, seed, repeat and item id."""
        for recipe in recipes:
            rows = self._db.execute(f"{_RESULTS} ORDER BY r.seed, r.repeat, r.item_id", (recipe,))
            yield from map(_result, rows)

    def first_results(self, recipe: str, items: Collection[str]) -> dict[str, ItemResult]:
        """Return the results of some items by id, those of the smallest seed and repeat of each."""
        found: dict[str, ItemResult] = {}
        following = (
            "SELECT seed, repeat FROM results WHERE recipe = ? AND (seed, repeat) > (?, ?) "
            "ORDER BY seed, repeat LIMIT 1"
        )
        place = (-(2**63), -1)  # before any
        while missing := [item for item in items if item not in found]:
            place = self._db.execute(following, (recipe, *place)).fetchone()
            if place is None:
                break
            for part in _parts(missing):
                query = f"{_RESULTS} AND r.seed = ? AND r.repeat = ? AND r.item_id IN ({_marks(part)})"
                rows = map(_result, self._db.execute(query, (recipe, *place, *part)))
                found |= {row.item_id: row for row in rows}
        return found

    def scored(self, recipe: str) -> Iterator[ScoredItem]:
        """Yield what an item scored, ordered by seed, repeat and item id; quick, as no answer is read."""
        query = (
            "SELECT item_id, seed, repeat, scores, error FROM results WHERE recipe = ? "
            "ORDER BY seed, repeat, item_id"
        )
        for item_id, seed, repeat, scores, error in self._db.execute(query, (recipe,)):
            yield ScoredItem(item_id, seed, repeat, read_stored_json(scores), error)

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
        """Return some test items of a task by id; ids that are not there are passed over."""
        found = {}
        for part in _parts(list(ids)):
            query = f"SELECT item_id, item FROM items WHERE task_digest = ? AND item_id IN ({_marks(part)})"
            for item_id, item in self._db.execute(query, (task_digest, *part)):
                found[item_id] = TaskItem.model_validate_json(item)
        return found

    def probes(self, recipe: str) -> dict[int, str]:
        """Return what was measured of a prepared strategy, as JSON by seed."""
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


def _objects(db: sqlite3.Connection) -> set[tuple[str, str]]:
    """Return the tables, views, triggers and indices of a database, each with what it was made by."""
    query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    return {(str(name), str(sql)) for name, sql in db.execute(query)}


@cache
def _ours() -> set[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(_SCHEMA)
        return _objects(db)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield as many ids as one query takes at most."""
    return (ids[start : start + _VARIABLES] for start in range(0, len(ids), _VARIABLES))


def _marks(ids: Sequence[str]) -> str:
    return ",".join("?" * len(ids))


def _row(recipe: str, result: ItemResult) -> tuple[Any, ...]:
    return (
        recipe,
        result.strategy,
        result.seed,
        result.repeat,
        result.task,
        result.item_id,
        result.key,
        result.request.model_dump_json() if result.request else None,
        json.dumps(result.scores),
        result.extracted.model_dump_json() if result.extracted else None,
        result.error.model_dump_json() if result.error else None,
    )


def _result(row: tuple[Any, ...]) -> ItemResult:
    strategy, seed, repeat, task, item_id, key, request, generation, scores, extracted, error = row
    return ItemResult(
        strategy=strategy,
        seed=seed,
        repeat=repeat,
        task=task,
        item_id=item_id,
        key=key,
        request=Request.model_validate_json(request) if request else None,
        generation=Generation.model_validate_json(generation) if generation else None,
        scores=read_stored_json(scores),
        extracted=Extracted.model_validate_json(extracted) if extracted else None,
        error=Failure.model_validate_json(error) if error else None,
    )

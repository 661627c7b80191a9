"""The run folder's database: answers and their scores, safe against a kill at any moment.

It is built on three ideas. A generation is found by its key, a digest of everything that determines it, so
nothing is generated twice and no answer is served for other weights. An answer belongs to a recipe, the
digest of how its strategy and task were configured, so rows of an older configuration are never mixed with
current ones. An answer's scores are stored separately, by how it was judged, so that answers can be judged
again.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness.errors import InputError
from harness.runs.reading import DETAILS, GENERATIONS, Preparation, Reading
from harness.runs.schema import FILE_NAME, connected, faults
from harness.runs.seals import Seals, is_settled
from harness.types import Exchange, Generation, ItemResult, TaskItem


_JUDGE = "INSERT OR IGNORE INTO judgements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Store(Reading):
    """Reads and writes ``results.sqlite``; use ``Store.open``.

    A batch is written in one transaction: after a kill either all of its items are stored or none.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, seals: Seals | None = None) -> None:
        super().__init__(connection, path)
        self._seals = seals

    @classmethod
    def open(cls, run_dir: Path, read_only: bool = False) -> Self:
        """Open the store of a run folder, making it unless ``read_only``.

        Raises:
            InputError: It is missing (read only), is not a database, has another schema version, or contains
                what no run writes.
        """
        path = run_dir / FILE_NAME
        if read_only and not path.exists():
            remedy = "name a folder that `trilemma run` wrote"
            raise InputError(run_dir, FILE_NAME, "there is no such file", remedy)
        with faults(path):
            db = connected(path, read_only)
            return cls(db, path, None if read_only else Seals(db))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._db.close()

    # --- Writing ---

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Write everything in the block or nothing; a full disk is an OSError that names the file."""
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
        self,
        recipe: str,
        generations: Mapping[str, Sequence[Generation]],
        results: Sequence[ItemResult],
        judging: str | None = "",
    ) -> None:
        """Write the generations and results of one batch in one transaction; existing rows stay.

        Args:
            recipe: The recipe that the answers belong to.
            generations: By key, all samples of a request.
            results: Answers, or why there is none, with their scores.
            judging: How they were judged; None if they are not judged yet.
        """
        judged = [each for each in results if each.answer or not each.error] if judging is not None else []
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO generations VALUES (?, ?)",
                [(key, GENERATIONS.dump_json(tuple(each)).decode()) for key, each in generations.items()],
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_answer_row(recipe, result) for result in results],
            )
            self._db.executemany(_JUDGE, [_judgement_row(recipe, judging or "", each) for each in judged])

    def write_judgements(self, recipe: str, judging: str, results: Sequence[ItemResult]) -> None:
        """Write the scores of answers in one transaction; existing rows stay.

        Args:
            recipe: The recipe that the answers belong to.
            judging: How they were judged.
            results: Answers with their scores, or why a metric could not judge them.
        """
        with self._transaction():
            self._db.executemany(_JUDGE, [_judgement_row(recipe, judging, each) for each in results])

    def write_items(self, task_digest: str, items: Iterable[TaskItem]) -> None:
        """Store the test items of a task, so that a report needs only the run folder.

        Items under one task digest differ only in their accepted answers: the last ones written stay.
        """
        rows = ((task_digest, item.id, item.model_dump_json()) for item in items)
        with self._transaction():
            self._db.executemany(
                "INSERT INTO items VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET item = excluded.item "
                "WHERE item != excluded.item",
                rows,
            )

    def write_preparation(self, recipe: str, preparation: Preparation) -> None:
        """Write the cost and record of preparing a strategy; the first success stays."""
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
        """Write the measurements of a prepared strategy, as JSON, replacing existing ones."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO probes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET probes = excluded.probes",
                (recipe, seed, probes),
            )

    def forget_errors(self, recipe: str, seed: int) -> None:
        """Delete a recipe's failures in answering or judging, so that running again retries them."""
        with self._transaction():
            for table in ("answers", "judgements"):
                failed = f"DELETE FROM {table} WHERE recipe = ? AND seed = ? AND error IS NOT NULL"
                self._db.execute(failed, (recipe, seed))

    def forget_misjudged(self, recipe: str, judging: str) -> None:
        """Delete judgements on which a metric failed, so that they are made again; the answers stay."""
        with self._transaction():
            failed = "DELETE FROM judgements WHERE recipe = ? AND judging = ? AND error IS NOT NULL"
            self._db.execute(failed, (recipe, judging))

    def write_manifest_digest(self, text: str) -> None:
        """Store the digest of the manifest in the run folder."""
        if self._seals and not is_settled(self._db, text):  # else the file is not touched
            with self._transaction():
                self._seals.put_manifest(text)

    def announce_manifest(self, text: str) -> None:
        """Store the digest of a manifest about to be written; until then the old one is valid, too."""
        if self._seals and not is_settled(self._db, text):
            with self._transaction():
                self._seals.announce_manifest(text)


def _answer_row(recipe: str, result: ItemResult) -> tuple[Any, ...]:
    """Return a row of ``answers``; a plain answer is fully stored as the generation under its key."""
    whole = bool(result.exchanges)
    return (
        recipe,
        result.strategy,
        result.seed,
        result.repeat,
        result.task,
        result.item_id,
        result.key,
        result.request.model_dump_json() if result.request else None,
        json.dumps([_exchange(result, exchange) for exchange in result.exchanges]) if whole else None,
        result.answer.model_dump_json() if result.answer and whole else None,
        result.prior_key or None,
        result.error.model_dump_json() if result.error and not result.answer else None,
    )


def _exchange(result: ItemResult, exchange: Exchange) -> list[Any]:
    """Return the key of an exchange, and its request unless that is the row's own."""
    own = exchange.request == result.request
    return [exchange.key, None if own else exchange.request.model_dump(mode="json")]


def _judgement_row(recipe: str, judging: str, result: ItemResult) -> tuple[Any, ...]:
    return (
        recipe,
        judging,
        result.seed,
        result.repeat,
        result.item_id,
        json.dumps(result.scores),
        result.extracted.model_dump_json() if result.extracted else None,
        DETAILS.dump_json(result.details, exclude_defaults=True).decode() if result.details else None,
        result.error.model_dump_json() if result.error else None,
    )

"""Digests of groups of rows, updated as rows are written, which reveal later changes to a run.

Every row that a store writes is digested in the transaction that writes it, and the digests of a group of
rows are summed, so that the order of rows and a kill between two batches do not matter. For adding 256-bit
digests see Bellare and Micciancio, 1997, "A New Paradigm for Collision-Free Hashing: Incrementality at
Reduced Cost". It reveals a change by hand or by accident. It is not a signature: anyone who can write the
folder can also write new digests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.digests import digest_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS seals (
    kind TEXT NOT NULL, scope TEXT NOT NULL, n_rows INTEGER NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (kind, scope)
) WITHOUT ROWID;
"""
MANIFEST = "manifest"
_COMING = "coming"
_WHOLE = "''"
_GROUPS = {
    "generations": (_WHOLE, ("key", "generations")),
    "items": ("task_digest", ("item_id", "item")),
    "answers": (
        "recipe",
        (
            "strategy", "seed", "repeat", "task", "item_id", "key", "request", "exchanges", "answer", "prior",
            "error",
        ),
    ),
    "judgements": (
        "recipe",
        ("judging", "seed", "repeat", "item_id", "scores", "extracted", "details", "error"),
    ),
    "preparations": ("recipe", ("strategy", "seed", "cost", "record", "error")),
    "probes": ("recipe", ("seed", "probes")),
}  # fmt: skip
"""Each sealed table, with the column that groups its rows and the other columns that are digested."""
_MODULUS = 1 << 256


@dataclass(frozen=True)
class Changed:
    """A group of rows that is not as it was written.

    Attributes:
        kind: The table.
        scope: The recipe or the task's digest that the rows belong to; empty for a whole table.
        written: How many rows were written.
        found: How many exist now.
    """

    kind: str
    scope: str
    written: int
    found: int

    @property
    def told(self) -> str:
        """What happened to the rows, as a clause."""
        if self.found == self.written:
            return "rows are not as they were written"
        what = "added" if self.found > self.written else "deleted"
        return f"rows were {what} ({self.written} were written, {self.found} are there)"


class Seals:
    """Keeps the digests of a store's rows, whatever statement writes them.

    Args:
        db: The store's connection, which must be writable.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._open: dict[tuple[str, str], tuple[int, int]] = {}
        db.create_function("seal_row", -1, self._see)
        for kind, (scope, columns) in _GROUPS.items():
            for event, rows in (("INSERT", ("NEW",)), ("DELETE", ("OLD",)), ("UPDATE", ("OLD", "NEW"))):
                seen = ";".join(_seen(kind, row, scope, columns) for row in rows)
                db.execute(
                    f"CREATE TEMP TRIGGER seal_{kind}_{event} AFTER {event} ON main.{kind} BEGIN {seen}; END"
                )

    def _see(self, kind: str, sign: int, scope: str, *values: Any) -> None:
        n, total = self._open.get((kind, scope), (0, 0))
        self._open[kind, scope] = n + sign, total + sign * _number(values)

    def write(self) -> None:
        """Write the digests of what the current transaction has changed."""
        for (kind, scope), (n, total) in self._open.items():
            n_before, before = _kept(self._db, kind, scope)
            self._put(kind, scope, n_before + n, f"{(before + total) % _MODULUS:064x}")
        self.forget()

    def forget(self) -> None:
        """Discard what the current transaction has changed, as it is rolled back."""
        self._open.clear()

    def put_manifest(self, text: str) -> None:
        """Write the digest of the run's manifest, and that no other manifest is announced."""
        self._put(MANIFEST, "", 1, f"{_number([text]):064x}")
        self._db.execute("DELETE FROM seals WHERE kind = ? AND scope = ?", (MANIFEST, _COMING))

    def announce_manifest(self, text: str) -> None:
        """Write the digest of a manifest that is about to replace the existing one."""
        self._put(MANIFEST, _COMING, 1, f"{_number([text]):064x}")

    def _put(self, kind: str, scope: str, n: int, digest: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO seals VALUES (?, ?, ?, ?)", (kind, scope, n, digest))


def _seen(kind: str, row: str, scope: str, columns: Iterable[str]) -> str:
    sign = 1 if row == "NEW" else -1
    group = scope if scope == _WHOLE else f"{row}.{scope}"
    return f"SELECT seal_row('{kind}', {sign}, {group}, {', '.join(f'{row}.{each}' for each in columns)})"


def _number(values: Iterable[Any]) -> int:
    return int(digest_of(list(values)), 16)


def _kept(db: sqlite3.Connection, kind: str, scope: str) -> tuple[int, int]:
    query = "SELECT n_rows, digest FROM seals WHERE kind = ? AND scope = ?"
    found = db.execute(query, (kind, scope)).fetchone()
    return (int(found[0]), int(found[1], 16)) if found else (0, 0)


# --- Checking ---


def is_manifest(db: sqlite3.Connection, text: str) -> bool:
    """Whether a manifest is the one last written, or one that was announced before a kill."""
    return (1, _number([text])) in (_kept(db, MANIFEST, scope) for scope in ("", _COMING))


def is_settled(db: sqlite3.Connection, text: str) -> bool:
    """Whether a manifest is the one last written, and no other is announced."""
    return _kept(db, MANIFEST, "") == (1, _number([text])) and not _kept(db, MANIFEST, _COMING)[0]


def changed(db: sqlite3.Connection, groups: Iterable[tuple[str, str]]) -> list[Changed]:
    """Return which groups of rows, by table and scope, are not as they were written."""
    found = []
    for kind, scope in groups:
        group, columns = _GROUPS[kind]
        query = f"SELECT {', '.join(columns)} FROM {kind} WHERE {group} = ?"
        n, total = 0, 0
        for values in db.execute(query, (scope,)):
            n, total = n + 1, total + _number(values)
        written = _kept(db, kind, scope)
        if written != (n, total % _MODULUS):
            found.append(Changed(kind, scope, written[0], n))
    return found

"""The tables of a run folder's database, and opening it: what the file may contain, and who may write it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from harness.errors import InputError, shorten
from harness.files import check_input
from harness.runs.seals import SCHEMA

SCHEMA_VERSION = 5
FILE_NAME = "results.sqlite"
WAIT_S = 30.0
"""Seconds to wait for a store that another program has locked."""
_SCHEMA = f"""
{SCHEMA}
CREATE TABLE IF NOT EXISTS generations (
    key TEXT PRIMARY KEY, generations TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
    task_digest TEXT NOT NULL, item_id TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (task_digest, item_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    recipe TEXT NOT NULL, strategy TEXT NOT NULL, seed INTEGER NOT NULL, repeat INTEGER NOT NULL,
    task TEXT NOT NULL, item_id TEXT NOT NULL, key TEXT NOT NULL, request TEXT, exchanges TEXT, answer TEXT,
    prior TEXT, error TEXT, PRIMARY KEY (recipe, seed, repeat, item_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS judgements (
    recipe TEXT NOT NULL, judging TEXT NOT NULL, seed INTEGER NOT NULL, repeat INTEGER NOT NULL,
    item_id TEXT NOT NULL, scores TEXT NOT NULL, extracted TEXT, details TEXT, error TEXT,
    PRIMARY KEY (recipe, judging, seed, repeat, item_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS preparations (
    recipe TEXT NOT NULL, strategy TEXT NOT NULL, seed INTEGER NOT NULL, cost TEXT NOT NULL,
    record TEXT NOT NULL, error TEXT, PRIMARY KEY (recipe, seed)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS probes (
    recipe TEXT NOT NULL, seed INTEGER NOT NULL, probes TEXT NOT NULL, PRIMARY KEY (recipe, seed)
) WITHOUT ROWID;
"""
_BESIDE = ("-wal", "-shm", "-journal")
_LARGEST, _LONGEST_VALUE = 1 << 40, 64 << 20
"""Maximum bytes of the file, which is read a row at a time, and of one value in it."""


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn SQLite's error about an unusable file into one line; a full disk's error is passed on.

    Raises:
        InputError: The file is damaged, locked or not writable.
    """
    try:
        yield
    except (sqlite3.DatabaseError, ValueError) as error:
        if "full" in str(error):
            raise
        remedy = "move it away and run again"
        if getattr(error, "sqlite_errorcode", 0) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            remedy = "wait for the program that uses it, or end that"
        elif not _writable(path):
            remedy = "make the folder and its files writable, or copy them to where they are"
        raise InputError(path, "", f"cannot be opened: {error}", remedy) from None


def connected(path: Path, read_only: bool) -> sqlite3.Connection:
    """Connect to a store, and create its tables if it is new; an existing file is not changed.

    Raises:
        InputError: It has another schema version, or contains what no run writes.
    """
    _check_files(path)
    db = _connected(path, read_only)
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version not in (0, SCHEMA_VERSION):
        remedy = "run again in another folder, or use the version of trilemma that wrote it"
        raise InputError(path, "", f"has schema version {version}, not {SCHEMA_VERSION}", remedy)
    _check_objects(db, path)
    if read_only:
        db.execute("PRAGMA query_only=1")
        return db
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    if version == 0:
        db.executescript(_SCHEMA)
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    return db


def _connected(path: Path, read_only: bool) -> sqlite3.Connection:
    """Connect to a store, read-only if it cannot be written and all its rows are in the main file."""
    as_it_is = read_only and not _writable(path) and not _has_rows(path.with_name(f"{path.name}-wal"))
    name = f"{path.resolve().as_uri()}?mode=ro&immutable=1" if as_it_is else str(path)
    db = sqlite3.connect(name, uri=as_it_is, timeout=WAIT_S, isolation_level=None)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    db.execute("PRAGMA trusted_schema=0")
    return db


def _check_files(path: Path) -> None:
    """Refuse a pipe or a device in place of a store, or of SQLite's files next to it."""
    for part in (path, *(path.with_name(FILE_NAME + ending) for ending in _BESIDE)):
        if os.path.lexists(part):
            check_input(part, _LARGEST)


def _check_objects(db: sqlite3.Connection, path: Path) -> None:
    """Refuse views, triggers and tables that no run writes: reading them might never end."""
    if strange := _objects(db) - _ours():
        problem = f"holds {shorten(min(strange)[0], 60)}, which no run writes"
        raise InputError(path, "", problem, "use the run folder as `trilemma run` wrote it")


def _writable(path: Path) -> bool:
    mine = os.access in os.supports_effective_ids
    return all(os.access(each, os.W_OK, effective_ids=mine) for each in (path, path.parent))


def _has_rows(wal: Path) -> bool:
    """Whether an SQLite write-ahead log contains rows that are not yet in its database."""
    return wal.is_file() and wal.stat().st_size > 0


def _objects(db: sqlite3.Connection) -> set[tuple[str, str]]:
    """Return the tables, views, triggers and indices of a database, each with what it was made by."""
    query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    return {(str(name), str(sql)) for name, sql in db.execute(query)}


@cache
def _ours() -> set[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(_SCHEMA)
        return _objects(db)

"""Embeddings on disk, by content. A cache: on any error with it, vectors are computed again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
Vector = np.ndarray[Any, np.dtype[np.float32]]

MAX_BYTES = 2 * 2**30
"""Above this size the oldest entries are dropped, a tenth of all at a time."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS embeddings "
    "(id INTEGER PRIMARY KEY, embedder TEXT, text TEXT, vector BLOB NOT NULL, seconds REAL NOT NULL, "
    "UNIQUE (embedder, text))"
)
_BUSY_S = 10.0
_VARIABLES = 500


@dataclass(frozen=True)
class Embedded:
    """A unit vector, and the seconds that computing it took."""

    vector: Vector
    seconds: float


class EmbeddingCache:
    """Unit vectors by embedder and digest of the text, in one SQLite file.

    Several processes may share the file. Each ``put`` is one transaction, so a killed process leaves nothing
    half-written. A damaged database is replaced, one that cannot be written is left alone.

    Args:
        path: The file.
        max_bytes: Size of the file above which the oldest entries are dropped.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path, self._max_bytes = path, max_bytes

    def get(self, embedder: str, texts: Iterable[str]) -> dict[str, Embedded]:
        """Return the cached vectors of the text digests ``texts``."""
        wanted = list(dict.fromkeys(texts))
        return self._attempt(lambda connection: _read(connection, embedder, wanted), {})

    def put(self, embedder: str, found: Mapping[str, Embedded]) -> None:
        """Store vectors by text digest."""
        rows = [
            (embedder, text, each.vector.astype("<f4").tobytes(), each.seconds)
            for text, each in found.items()
        ]
        self._attempt(lambda connection: _write(connection, rows, self._max_bytes), None)

    def _attempt(self, operation: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do ``operation`` on the open file; ``otherwise`` is the result if that fails."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=_BUSY_S)
        except (OSError, sqlite3.Error):
            return otherwise
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(_SCHEMA)
            return operation(connection)
        except sqlite3.OperationalError:  # locked for long, read-only or full: work without the cache
            return otherwise
        except sqlite3.DatabaseError:  # not a database, or not any more
            connection.close()
            self._discard()
            return otherwise
        finally:
            connection.close()

    def _discard(self) -> None:
        for suffix in ("-wal", "-shm", ""):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


def _read(connection: sqlite3.Connection, embedder: str, wanted: list[str]) -> dict[str, Embedded]:
    found: dict[str, Embedded] = {}
    for first in range(0, len(wanted), _VARIABLES):
        part = wanted[first : first + _VARIABLES]
        marks = ",".join("?" * len(part))
        query = f"SELECT text, vector, seconds FROM embeddings WHERE embedder = ? AND text IN ({marks})"
        for text, blob, seconds in connection.execute(query, (embedder, *part)):
            vector = np.frombuffer(blob, dtype="<f4").astype(np.float32)
            if abs(float(vector @ vector) - 1.0) < 1e-3:  # anything but a unit vector was not written here
                found[text] = Embedded(vector, seconds)
    return found


def _write(connection: sqlite3.Connection, rows: list[tuple[str, str, bytes, float]], max_bytes: int) -> None:
    with connection:
        connection.executemany(
            "INSERT OR REPLACE INTO embeddings (embedder, text, vector, seconds) VALUES (?, ?, ?, ?)", rows
        )
        while _used_bytes(connection) > max_bytes and _drop_oldest(connection):
            pass


def _used_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes of the file that are in use; SQLite reuses the free ones."""
    (size,), (pages,), (free,) = (
        connection.execute(f"PRAGMA {name}").fetchone()
        for name in ("page_size", "page_count", "freelist_count")
    )
    return int(size * (pages - free))


def _drop_oldest(connection: sqlite3.Connection) -> int:
    """Drop the oldest tenth of the entries; return how many were dropped."""
    (count,) = connection.execute("SELECT count(*) FROM embeddings").fetchone()
    return connection.execute(
        "DELETE FROM embeddings WHERE id IN (SELECT id FROM embeddings ORDER BY id LIMIT ?)",
        (count // 10 + 1,),
    ).rowcount

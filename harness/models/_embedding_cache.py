"""Embeddings on disk, by content. A cache: whatever goes wrong with it, the answer is to compute again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
Vector = np.ndarray[Any, np.dtype[np.float32]]

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS embeddings "
    "(embedder TEXT, text TEXT, vector BLOB NOT NULL, PRIMARY KEY (embedder, text)) WITHOUT ROWID"
)
_BUSY_S = 10.0
_VARIABLES = 500


class EmbeddingCache:
    """Unit vectors by embedder digest and text digest, in one SQLite file.

    Several processes may share the file. Each ``put`` is one transaction, so a killed process leaves nothing
    half-written. A file that is no database any more is replaced, one that cannot be written is left alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, embedder: str, texts: Iterable[str]) -> dict[str, Vector]:
        """Return the vectors known for the text digests ``texts``."""
        wanted = list(dict.fromkeys(texts))
        return self._attempt(lambda connection: _read(connection, embedder, wanted), {})

    def put(self, embedder: str, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors by text digest."""
        rows = [(embedder, text, vector.astype("<f4").tobytes()) for text, vector in vectors.items()]
        self._attempt(lambda connection: _write(connection, rows), None)

    def _attempt(self, operation: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do ``operation`` on the open file; ``otherwise`` is the result when the file will not have it."""
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
        except sqlite3.OperationalError:  # locked for long, read-only or full: do without
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


def _read(connection: sqlite3.Connection, embedder: str, wanted: list[str]) -> dict[str, Vector]:
    found: dict[str, Vector] = {}
    for first in range(0, len(wanted), _VARIABLES):
        part = wanted[first : first + _VARIABLES]
        marks = ",".join("?" * len(part))
        query = f"SELECT text, vector FROM embeddings WHERE embedder = ? AND text IN ({marks})"
        for text, blob in connection.execute(query, (embedder, *part)):
            vector = np.frombuffer(blob, dtype="<f4").astype(np.float32)
            if abs(float(vector @ vector) - 1.0) < 1e-3:  # a blob that is no unit vector was not written here
                found[text] = vector
    return found


def _write(connection: sqlite3.Connection, rows: list[tuple[str, str, bytes]]) -> None:
    with connection:
        connection.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", rows)

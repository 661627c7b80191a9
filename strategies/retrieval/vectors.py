"""Unit vectors by number, and the nearest to a query: searched everywhere (flat) or in lists (IVF)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from harness.errors import MissingDependencyError
from strategies.retrieval.index_files import Write, write_faiss

Vectors = np.ndarray[Any, np.dtype[np.float32]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]

SCORE_NOISE = 1e-5
"""FAISS sums in another order for one query than for many: scores this close may swap ranks."""

_QUERIES_AT_ONCE = 1024
_DECIMALS = 10  # of a query's nearness to a list; far finer than float32 vectors can tell apart


class VectorIndex(Protocol):
    """Vectors by number, each number used once: FAISS would silently accept it twice.

    Attributes:
        dim: Components of a vector.
    """

    dim: int

    @property
    def record(self) -> dict[str, Any]:
        """How vectors are searched, in scalars for a report."""
        ...

    def __len__(self) -> int:
        """Return how many vectors there are."""
        ...

    def add(self, numbers: Numbers, vectors: Vectors) -> None:
        """Add vectors, shape ``(n, dim)``."""
        ...

    def remove(self, numbers: Numbers) -> None:
        """Remove vectors."""
        ...

    def get(self, numbers: Numbers) -> Vectors:
        """Return vectors as they were added, shape ``(n, dim)``."""
        ...

    def nearest(self, queries: Vectors, n: int) -> tuple[Vectors, Numbers]:
        """Return inner products and numbers, both of shape ``(n_queries, n)``, best first.

        Args:
            queries: Unit vectors, shape ``(n_queries, dim)``.
            n: At most as many as there are.
        """
        ...

    def write(self, write: Write) -> None:
        """Write everything as one FAISS file, part by part."""
        ...


class FlatVectors:
    """All vectors side by side: every query is compared with each, so what is found is exact."""

    def __init__(self, index: Any) -> None:
        self._faiss, self.dim = index, int(index.d)

    @property
    def record(self) -> dict[str, Any]:
        """The name of the kind alone."""
        return {"index": "flat"}

    @classmethod
    def empty(cls, dim: int) -> FlatVectors:
        """Return an index without vectors, for ``dim`` components."""
        try:
            import faiss
        except ModuleNotFoundError:
            raise MissingDependencyError("rag", "faiss-cpu", "rag") from None
        return cls(faiss.IndexIDMap2(faiss.IndexFlatIP(dim)))

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    def add(self, numbers: Numbers, vectors: Vectors) -> None:
        """Add vectors at the end."""
        self._faiss.add_with_ids(vectors, numbers)

    def remove(self, numbers: Numbers) -> None:
        """Remove vectors; the time grows with all that are there, so remove many at once."""
        self._faiss.remove_ids(numbers)

    def get(self, numbers: Numbers) -> Vectors:
        """Return vectors as they were added."""
        return np.asarray(self._faiss.reconstruct_batch(numbers))

    def nearest(self, queries: Vectors, n: int) -> tuple[Vectors, Numbers]:
        """Return the nearest of all."""
        scores, numbers = self._faiss.search(queries, n)
        return scores, numbers

    def write(self, write: Write) -> None:
        """Write an ``IndexIDMap2(IndexFlatIP)``."""
        write_faiss(self._faiss, write)


class IvfVectors:
    """Vectors in lists, one around each centroid; a query is compared with those of the lists nearest to it.

    Where these hold fewer vectors than asked for, more lists are read, up to all of them.

    Attributes:
        n_lists: How many lists there are.
        n_probes: How many of them are read for a query; at ``n_lists`` the result is exact.
        recall_at_10: Share of the ten nearest that is found, as measured with the present vectors and
            ``n_probes``, in [0, 1]; None where it was not measured.
    """

    def __init__(self, index: Any, recall_at_10: float | None = None) -> None:
        self._faiss, self.dim, self.recall_at_10 = index, int(index.d), recall_at_10
        self.n_lists, self.n_probes = int(index.nlist), int(index.nprobe)
        self._faiss.set_direct_map_type(self._faiss.direct_map.Hashtable)  # to find a vector by its number
        self._centroids = index.quantizer.reconstruct_n(0, self.n_lists).astype(np.float64)

    @property
    def record(self) -> dict[str, Any]:
        """The number of lists, how many are read per query, and the recall of the ten nearest."""
        return {
            "index": "ivf",
            "n_lists": self.n_lists,
            "n_probes": self.n_probes,
            "recall_at_10": self.recall_at_10,
        }

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    def add(self, numbers: Numbers, vectors: Vectors) -> None:
        """Add vectors, each to the list whose centroid is nearest."""
        self._faiss.add_with_ids(vectors, numbers)
        self.recall_at_10 = None

    def remove(self, numbers: Numbers) -> None:
        """Remove vectors; the lists stay as they are."""
        self._faiss.remove_ids(numbers)
        self.recall_at_10 = None

    def get(self, numbers: Numbers) -> Vectors:
        """Return vectors as they were added."""
        return np.asarray(self._faiss.reconstruct_batch(numbers))

    def nearest(self, queries: Vectors, n: int) -> tuple[Vectors, Numbers]:
        """Return the nearest of those in the lists that are read."""
        parts = [
            self._nearest(queries[first : first + _QUERIES_AT_ONCE], n)
            for first in range(0, len(queries), _QUERIES_AT_ONCE)
        ]
        return np.concatenate([scores for scores, _ in parts]), np.concatenate([ids for _, ids in parts])

    def write(self, write: Write) -> None:
        """Write an ``IndexIVFFlat``, without the map of numbers, which depends on the order of changes."""
        self._faiss.set_direct_map_type(self._faiss.direct_map.NoMap)
        try:
            write_faiss(self._faiss, write)
        finally:
            self._faiss.set_direct_map_type(self._faiss.direct_map.Hashtable)

    def _nearest(self, queries: Vectors, n: int) -> tuple[Vectors, Numbers]:
        lists, n_probes = self._lists(queries), self.n_probes
        scores, numbers = self._read(queries, lists[:, :n_probes], n)
        while n_probes < self.n_lists and (short := np.flatnonzero(numbers[:, -1] < 0)).size:
            n_probes = min(2 * n_probes, self.n_lists)
            scores[short], numbers[short] = self._read(queries[short], lists[short, :n_probes], n)
        return scores, numbers

    def _lists(self, queries: Vectors) -> Numbers:
        """Return the lists from the nearest to the farthest for every query, shape ``(n_queries, n_lists)``.

        In double precision, as FAISS's own order may change with the number of queries asked at once.
        """
        nearness = np.round(queries.astype(np.float64) @ self._centroids.T, _DECIMALS)
        return np.argsort(-nearness, axis=1, kind="stable").astype(np.int64)

    def _read(self, queries: Vectors, lists: Numbers, n: int) -> tuple[Vectors, Numbers]:
        self._faiss.nprobe = lists.shape[1]
        scores, numbers = self._faiss.search_preassigned(queries, n, lists, None)
        self._faiss.nprobe = self.n_probes  # written with the index
        return scores, numbers


def vectors_of(index: Any, record: Mapping[str, Any]) -> VectorIndex:
    """Return a FAISS index that was read, with what was recorded about it."""
    import faiss

    if isinstance(index, faiss.IndexIVFFlat):
        return IvfVectors(index, record["recall_at_10"])
    return FlatVectors(index)

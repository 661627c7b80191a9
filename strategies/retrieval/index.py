"""An index of chunks that can be changed and saved, and is verified when it is opened again."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from harness.errors import InputError
from harness.progress import Progress, SilentProgress, Step
from harness.strict_json import read_json
from strategies.retrieval.chunks import Chunk, Hit
from strategies.retrieval.index_files import META, Write, opened_whole, read_faiss, read_meta, save_files
from strategies.retrieval.ivf import FLAT_UP_TO, IndexKind, fitted
from strategies.retrieval.vectors import SCORE_NOISE, FlatVectors, Numbers, VectorIndex, Vectors, vectors_of

__all__ = ["META", "ChunkIndex", "IndexKind"]

_FIELDS = tuple(field.name for field in fields(Chunk))


class ChunkIndex:
    """Chunks searched by inner product, in a FAISS index whose numbers are made from the chunks' ids.

    FAISS silently accepts an id twice and pads short results with -1; both are prevented here. A new index
    is flat, and what it finds, and in what order, depends on the vectors alone: not on the order of adding,
    nor on how many queries are asked at once. Equal scores are ordered by chunk id. ``fit`` may put the
    vectors into lists (IVF): then what is found also depends on the lists, and a few hits may be missed.

    Args:
        dim: Components of a vector.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._chunks: dict[int, Chunk] = {}
        self._numbers: dict[str, list[int]] = {}  # numbers of the chunks of every document
        self._vectors: VectorIndex = FlatVectors.empty(dim)

    def __len__(self) -> int:
        return len(self._chunks)

    @property
    def document_ids(self) -> list[str]:
        """The ids of the documents that have chunks here, sorted."""
        return sorted(self._numbers)

    @property
    def record(self) -> dict[str, Any]:
        """How chunks are searched: ``index`` is "flat" or "ivf", which also has its lists and recall."""
        return self._vectors.record

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks, ordered by document and position."""
        for document_id in self.document_ids:
            of_document = (self._chunks[number] for number in self._numbers[document_id])
            yield from sorted(of_document, key=lambda chunk: chunk.start)

    def add(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Add chunks with their unit vectors, shape ``(n_chunks, dim)``.

        Raises:
            ValueError: A chunk id is here already, or the vectors do not fit the chunks.
        """
        if vectors.shape != (len(chunks), self.dim):
            raise ValueError(f"vectors of shape {vectors.shape} for {len(chunks)} chunks of {self.dim}")
        numbers = [_number_of(chunk.id) for chunk in chunks]
        if len(set(numbers)) < len(numbers) or not self._chunks.keys().isdisjoint(numbers):
            raise ValueError("a chunk id stands twice")
        if numbers:
            contiguous = np.ascontiguousarray(vectors, dtype=np.float32)
            self._vectors.add(np.array(numbers, dtype=np.int64), contiguous)
            for number, chunk in zip(numbers, chunks, strict=True):
                self._keep(number, chunk)

    def remove(self, *document_ids: str) -> int:
        """Remove documents and return how many chunks they had: 0 for one that is not here.

        Removing a thousand at once takes little longer than one: a flat index is read whole either way.
        """
        numbers = [number for name in dict.fromkeys(document_ids) for number in self._numbers.pop(name, ())]
        if numbers:
            self._vectors.remove(np.array(numbers, dtype=np.int64))
            for number in numbers:
                del self._chunks[number]
        return len(numbers)

    def fit(self, kind: IndexKind = "auto", progress: Progress | None = None) -> None:
        """Make the index flat or IVF, as ``kind`` says or as its size requires; to be called after changes.

        Searching without this call works too, but may be slow, and ``record`` lacks the current recall.
        """
        numbers = np.fromiter(self._chunks, dtype=np.int64, count=len(self))
        # Numbers are digests, so their order is a shuffle that depends on the chunk ids alone.
        self._vectors = fitted(self._vectors, kind, np.sort(numbers), self.dim, progress or SilentProgress())

    def search(
        self, queries: Vectors, k: int, min_score: float | None = None, hidden: Sequence[Collection[str]] = ()
    ) -> list[list[Hit]]:
        """Find the best chunks of every query.

        Args:
            queries: Unit vectors, shape ``(n_queries, dim)``.
            k: Most chunks per query.
            min_score: Chunks that score less are left out.
            hidden: For every query the chunk ids it must not find; empty for none at all.

        Returns:
            For every query its hits, best first; a score is the inner product, in [-1, 1].
        """
        if not self._chunks or not len(queries):
            return [[] for _ in queries]
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        hidden = hidden or [()] * len(queries)
        n_candidates = k + max(map(len, hidden)) + 8
        scores, ids = self._vectors.nearest(queries, min(n_candidates, len(self)))
        return [
            self._hits(query, row_scores, row_ids, k + len(not_this), k, min_score, set(not_this))
            for query, row_scores, row_ids, not_this in zip(queries, scores, ids, hidden, strict=True)
        ]

    def search_in(self, query: Vectors, document_ids: Collection[str], k: int) -> list[Hit]:
        """Find the best chunks among those of some documents, best first.

        Args:
            query: Unit vector, shape ``(dim,)``.
            document_ids: Ids of the documents; those that are not in the index are ignored.
            k: Most chunks.
        """
        ids = [number for name in set(document_ids) for number in self._numbers.get(name, ())]
        return self._exact(query, np.array(ids, dtype=np.int64))[:k]

    def _hits(
        self,
        query: Vectors,
        scores: Vectors,
        ids: Numbers,
        needed: int,
        k: int,
        min_score: float | None,
        hidden: set[str],
    ) -> list[Hit]:
        while len(ids) < len(self) and scores[-1] >= scores[needed - 1] - SCORE_NOISE:
            found = self._vectors.nearest(query[None], min(2 * len(ids), len(self)))
            scores, ids = found[0][0], found[1][0]
        return [
            hit
            for hit in self._exact(query, ids[ids >= 0])
            if hit.chunk.id not in hidden and (min_score is None or hit.score >= min_score)
        ][:k]

    def _exact(self, query: Vectors, ids: Numbers) -> list[Hit]:
        """Return chunks by number with their exact scores, best first."""
        if not len(ids):
            return []
        # In double precision and row by row, so that equal vectors get equal scores wherever they are.
        exact = (self._vectors.get(ids).astype(np.float64) * query.astype(np.float64)).sum(axis=1)
        hits = [
            Hit(self._chunks[int(number)], float(score)) for number, score in zip(ids, exact, strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.id))

    def save(self, folder: Path, about: Mapping[str, Any], progress: Progress | None = None) -> int:
        """Write the index into ``folder`` and return its bytes on disk.

        Whoever opens the folder finds the old index or the new one, never a mixture.
        """
        with self._step(progress, f"writing {len(self)} chunks", len(self)) as step:

            def write_chunks(write: Write) -> None:
                for chunk in self.chunks():
                    write(_row_of(chunk))
                    step.advance()

            return save_files(
                folder,
                {"vectors": (".faiss", self._vectors.write), "chunks": (".jsonl", write_chunks)},
                {"dim": self.dim, "n_chunks": len(self), "search": self.record, "about": about},
            )

    @classmethod
    def open(cls, folder: Path, progress: Progress | None = None) -> tuple[ChunkIndex, dict[str, Any]]:
        """Return the index in ``folder`` and the ``about`` it was saved with.

        Raises:
            InputError: There is no index, or one of its files is missing, damaged or of another format.
        """
        meta = read_meta(folder)
        if meta is None:
            raise InputError(folder, META, "is no index, or is damaged", "build it: trilemma index build")
        try:
            index = cls(meta["dim"])
            with opened_whole(folder / meta["files"]["vectors"]) as stream:
                index._vectors = vectors_of(read_faiss(stream), meta["search"])
            with opened_whole(folder / meta["files"]["chunks"]) as stream:
                index._load(stream, meta["n_chunks"], progress)
        except (
            InputError,
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RuntimeError,
        ) as error:
            raise InputError(
                folder, "", f"the index is damaged: {error}", "build it again: trilemma index build"
            ) from None
        return index, meta["about"]

    def _load(self, lines: BinaryIO, n_chunks: int, progress: Progress | None) -> None:
        with self._step(progress, f"opening {n_chunks} chunks", n_chunks) as step:
            for line in lines:
                chunk = _chunk_of(line)
                self._keep(_number_of(chunk.id), chunk)
                step.advance()
        n_vectors, dim = len(self._vectors), self._vectors.dim
        if n_vectors != len(self) or dim != self.dim:
            raise ValueError(f"{n_vectors} vectors of {dim} for {len(self)} chunks of {self.dim}")

    def _keep(self, number: int, chunk: Chunk) -> None:
        self._chunks[number] = chunk
        self._numbers.setdefault(chunk.document_id, []).append(number)

    @staticmethod
    def _step(progress: Progress | None, label: str, n_chunks: int) -> AbstractContextManager[Step]:
        """Show the progress of an index large enough to take longer than two seconds."""
        shown = progress if progress and n_chunks > FLAT_UP_TO else SilentProgress()
        return shown.step(label, n_chunks)


def _row_of(chunk: Chunk) -> bytes:
    row = {name: getattr(chunk, name) for name in _FIELDS}
    return (json.dumps(row) + "\n").encode("ascii")


def _chunk_of(row: bytes) -> Chunk:
    read = read_json(row.decode("utf-8"))
    # The chunks of a document share its id and title: with a million chunks this saves 100 MB and more.
    return Chunk(**read | {name: sys.intern(read[name]) for name in ("document_id", "title")})


def _number_of(chunk_id: str) -> int:
    """Return the 63-bit number that stands for a chunk id in FAISS."""
    digest = hashlib.sha256(chunk_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1

"""A FAISS index of chunks that can be changed, saved, and trusted when it is opened again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import InputError, MissingDependencyError
from strategies._chunks import Chunk

Vectors = np.ndarray[Any, np.dtype[np.float32]]

META = "meta.json"
_FORMAT = 1
# FAISS sums in another order for one query than for many: scores this close may change places.
_SCORE_NOISE = 1e-5


@dataclass(frozen=True)
class Hit:
    """A chunk found; ``score`` is the inner product with the query, in [-1, 1] for unit vectors."""

    chunk: Chunk
    score: float


class ChunkIndex:
    """Chunks by inner product: ``IndexIDMap2(IndexFlatIP)`` with ids made of the chunks' own ids.

    FAISS accepts an id twice in silence and pads short results with -1; neither gets past here. What is
    found, and in what order, depends on the vectors alone: not on the order of adding, nor on how many
    queries are asked at once. Equal scores are ordered by chunk id.

    Args:
        dim: Components of a vector.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._chunks: dict[int, Chunk] = {}
        self._faiss = _new_faiss(dim)

    def __len__(self) -> int:
        return len(self._chunks)

    @property
    def chunks(self) -> list[Chunk]:
        """The chunks, ordered by document and place."""
        return sorted(self._chunks.values(), key=lambda chunk: (chunk.document_id, chunk.start))

    @property
    def document_ids(self) -> list[str]:
        """The ids of the documents that have chunks here, sorted."""
        return sorted({chunk.document_id for chunk in self._chunks.values()})

    def add(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Add chunks with their unit vectors, shape ``(n_chunks, dim)``.

        Raises:
            ValueError: A chunk id is here already, or the vectors do not fit the chunks.
        """
        if vectors.shape != (len(chunks), self.dim):
            raise ValueError(f"vectors of shape {vectors.shape} for {len(chunks)} chunks of {self.dim}")
        ids = [_number_of(chunk.id) for chunk in chunks]
        if len(set(ids)) < len(ids) or not self._chunks.keys().isdisjoint(ids):
            raise ValueError("a chunk id stands twice")
        if ids:
            contiguous = np.ascontiguousarray(vectors, dtype=np.float32)
            self._faiss.add_with_ids(contiguous, np.array(ids, dtype=np.int64))
            self._chunks.update(zip(ids, chunks, strict=True))

    def remove(self, document_id: str) -> int:
        """Remove a document and return how many chunks it had: 0 when it is not here."""
        ids = [number for number, chunk in self._chunks.items() if chunk.document_id == document_id]
        if ids:
            self._faiss.remove_ids(np.array(ids, dtype=np.int64))
            for number in ids:
                del self._chunks[number]
        return len(ids)

    def search(
        self, queries: Vectors, k: int, min_score: float | None = None, hidden: Sequence[Collection[str]] = ()
    ) -> list[list[Hit]]:
        """Find the best chunks of every query.

        Args:
            queries: Unit vectors, shape ``(n_queries, dim)``.
            k: Most chunks a query gets.
            min_score: Chunks that score less are left out.
            hidden: For every query the chunk ids it must not find; empty for none at all.

        Returns:
            For every query its hits, best first.
        """
        if not self._chunks or not len(queries):
            return [[] for _ in queries]
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        hidden = hidden or [()] * len(queries)
        n_candidates = k + max(map(len, hidden)) + 8
        scores, ids = self._faiss.search(queries, min(n_candidates, len(self)))
        return [
            self._hits(query, row_scores, row_ids, k + len(not_this), k, min_score, set(not_this))
            for query, row_scores, row_ids, not_this in zip(queries, scores, ids, hidden, strict=True)
        ]

    def search_in(self, query: Vectors, document_ids: Collection[str], k: int) -> list[Hit]:
        """Find the best chunks among those of some documents, best first.

        Args:
            query: Unit vector, shape ``(dim,)``.
            document_ids: Ids of the documents; those that are not here are passed over.
            k: Most chunks.
        """
        ids = [number for number, chunk in self._chunks.items() if chunk.document_id in document_ids]
        return self._exact(query, np.array(ids, dtype=np.int64))[:k]

    def _hits(
        self,
        query: Vectors,
        scores: Vectors,
        ids: np.ndarray[Any, np.dtype[np.int64]],
        needed: int,
        k: int,
        min_score: float | None,
        hidden: set[str],
    ) -> list[Hit]:
        while len(ids) < len(self) and scores[-1] >= scores[needed - 1] - _SCORE_NOISE:
            found = self._faiss.search(query[None], min(2 * len(ids), len(self)))
            scores, ids = found[0][0], found[1][0]
        return [
            hit
            for hit in self._exact(query, ids[ids >= 0])
            if hit.chunk.id not in hidden and (min_score is None or hit.score >= min_score)
        ][:k]

    def _exact(self, query: Vectors, ids: np.ndarray[Any, np.dtype[np.int64]]) -> list[Hit]:
        """Return chunks by number with their exact scores, best first."""
        if not len(ids):
            return []
        # In double precision and row by row, so that equal vectors get equal scores wherever they stand.
        exact = (self._faiss.reconstruct_batch(ids).astype(np.float64) * query.astype(np.float64)).sum(axis=1)
        hits = [
            Hit(self._chunks[int(number)], float(score)) for number, score in zip(ids, exact, strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.id))

    def save(self, folder: Path, about: Mapping[str, Any]) -> int:
        """Write the index into ``folder`` and return its bytes on disk.

        Whoever opens the folder finds the old index or the new one, at any moment: files are named by their
        content and ``meta.json``, replaced last, names them.
        """
        import faiss

        folder.mkdir(parents=True, exist_ok=True)
        before = _read_meta(folder) or {}
        lines = "".join(json.dumps(chunk.model_dump()) + "\n" for chunk in self.chunks)
        files = {
            "vectors": _write_named(
                folder, "vectors", ".faiss", faiss.serialize_index(self._faiss).tobytes()
            ),
            "chunks": _write_named(folder, "chunks", ".jsonl", lines.encode("ascii")),
        }
        meta = {"format": _FORMAT, "dim": self.dim, "n_chunks": len(self), "files": files, "about": about}
        text = json.dumps(meta, ensure_ascii=True, indent=1, sort_keys=True)
        _replace(folder / META, text.encode("ascii"))
        for name in set(before.get("files", {}).values()) - set(files.values()):
            (folder / name).unlink(missing_ok=True)
        return sum((folder / name).stat().st_size for name in (*files.values(), META))

    @classmethod
    def open(cls, folder: Path) -> tuple[ChunkIndex, dict[str, Any]]:
        """Return the index in ``folder`` and the ``about`` it was saved with.

        Raises:
            InputError: There is none, or a file of it is missing, damaged or of another format.
        """
        meta = _read_meta(folder)
        if meta is None:
            raise InputError(folder, META, "is no index, or is damaged", "build it: trilemma index build")
        try:
            contents = {kind: _read_named(folder / name) for kind, name in meta["files"].items()}
            index = cls(meta["dim"])
            index._load(contents["vectors"], contents["chunks"])
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise InputError(
                folder, "", f"the index is damaged: {error}", "build it again: trilemma index build"
            ) from None
        return index, meta["about"]

    def _load(self, vectors: bytes, chunks: bytes) -> None:
        import faiss

        self._faiss = faiss.deserialize_index(np.frombuffer(vectors, dtype=np.uint8))
        for line in chunks.splitlines():
            chunk = Chunk.model_validate(json.loads(line))
            self._chunks[_number_of(chunk.id)] = chunk
        if self._faiss.ntotal != len(self._chunks) or self._faiss.d != self.dim:
            raise ValueError(f"{self._faiss.ntotal} vectors for {len(self._chunks)} chunks")


def _new_faiss(dim: int) -> Any:
    try:
        import faiss
    except ModuleNotFoundError:
        raise MissingDependencyError("rag", "faiss-cpu", "rag") from None
    return faiss.IndexIDMap2(faiss.IndexFlatIP(dim))


def _number_of(chunk_id: str) -> int:
    """Return the 63-bit number that stands for a chunk id in FAISS."""
    digest = hashlib.sha256(chunk_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _write_named(folder: Path, stem: str, suffix: str, content: bytes) -> str:
    """Write ``content`` into a file named by it, and return the name."""
    name = f"{stem}-{hashlib.sha256(content).hexdigest()}{suffix}"
    _replace(folder / name, content)
    return name


def _read_named(path: Path) -> bytes:
    content = path.read_bytes()
    if not path.stem.endswith(hashlib.sha256(content).hexdigest()):
        raise ValueError(f"{path.name} is not what was written")
    return content


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _read_meta(folder: Path) -> dict[str, Any] | None:
    """Return what ``meta.json`` holds; None when it is missing, damaged or of another format."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    fits = isinstance(meta, dict) and meta.get("format") == _FORMAT and isinstance(meta.get("files"), dict)
    return meta if fits else None

"""How the retrieval index grows, flat and IVF: `python -m benchmarks.speed.retrieval [--largest 1000000]`.

Vectors are random, in clusters, from one seed; embedding is no part of it. Every size is built in a process
of its own and opened again in another, each with one thread. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.measuring import markdown, slope
from strategies.retrieval.chunks import Chunk
from strategies.retrieval.index import ChunkIndex, IndexKind

SIZES = (1_000, 10_000, 100_000, 1_000_000)
KINDS: tuple[IndexKind, ...] = ("flat", "ivf")
DIM = 384
CHUNKS_PER_DOCUMENT = 10
TEXT = "x" * 490
N_QUERIES, K = 100, 10
REPEATS = 5
REMOVED = 1_000  # documents, but no more than half
_SEED = 20261122
_AT_ONCE = 8_192
_WIDTHS = np.arange(1, DIM + 1, dtype=np.float32) ** np.float32(-0.5)

Vectors = np.ndarray[Any, np.dtype[np.float32]]
Row = dict[str, Any]


def main() -> int:
    """Measure every size and kind, print the table; return the exit code."""
    options = _options()
    if options.part:
        part = {"build": built, "search": searched}[options.part]
        sys.stdout.write(json.dumps(part(options.folder, options.largest, options.kind)))
        return 0
    rows = []
    for size in (size for size in SIZES if size <= options.largest):
        for kind in KINDS:
            sys.stderr.write(f"{size:,} chunks, {kind} ...\n")
            with tempfile.TemporaryDirectory(prefix="trilemma-retrieval-") as folder:
                row = {"size": size, "kind": kind}
                for part_name in ("build", "search"):
                    row |= _in_a_process(part_name, folder, size, kind)
                rows.append(row)
    sys.stdout.write("\n".join([*_table(rows), "", *_slopes(rows)]) + "\n")
    return 0


def built(folder: Path, size: int, kind: IndexKind) -> Row:
    """Build and save an index and what its queries should find; return what that took."""
    data, index, build_s = Data(size), ChunkIndex(DIM), 0.0
    queries = data.queries()
    best, nearest = np.zeros((N_QUERIES, 0), dtype=np.float32), np.zeros((N_QUERIES, 0), dtype=np.int64)
    for first, vectors in data.parts():
        chunks = [_chunk(first + n) for n in range(len(vectors))]
        started = time.perf_counter()
        index.add(chunks, vectors)
        build_s += time.perf_counter() - started
        best = np.concatenate([best, queries @ vectors.T], axis=1)
        nearest = np.concatenate(
            [nearest, np.tile(np.arange(first, first + len(vectors)), (N_QUERIES, 1))], 1
        )
        order = np.argsort(-best, axis=1)[:, :K]
        best, nearest = np.take_along_axis(best, order, 1), np.take_along_axis(nearest, order, 1)
    np.save(folder / "nearest.npy", nearest)
    started = time.perf_counter()
    index.fit(kind)
    build_s += time.perf_counter() - started
    started = time.perf_counter()
    n_bytes = index.save(folder / "index", {})
    save_s, peak_mib, record = time.perf_counter() - started, _peak_mib(), index.record
    n_documents = size // CHUNKS_PER_DOCUMENT
    gone = [f"document-{n}" for n in range(min(REMOVED, n_documents // 2))]
    started = time.perf_counter()
    index.remove(*gone)
    return {
        "build_s": build_s,
        "save_s": save_s,
        "remove_s": time.perf_counter() - started,
        "bytes": n_bytes,
        "build_mib": peak_mib,
        **record,
    }


def searched(folder: Path, size: int, kind: IndexKind) -> Row:  # noqa: ARG001
    """Open an index and search it; return what that took and what it found."""
    queries, expected = Data(size).queries(), np.load(folder / "nearest.npy")
    started = time.perf_counter()
    index, _ = ChunkIndex.open(folder / "index")
    open_s, times = time.perf_counter() - started, []
    for _ in range(REPEATS):
        started = time.perf_counter()
        hits = index.search(queries, K)
        times.append(time.perf_counter() - started)
    found = [
        len({hit.chunk.id for hit in row} & {_chunk(int(n)).id for n in best})
        for row, best in zip(hits, expected, strict=True)
    ]
    return {
        "open_s": open_s,
        "query_ms": 1e3 * float(np.median(times)) / N_QUERIES,
        "recall": sum(found) / expected.size,
        "search_mib": _peak_mib(),
    }


class Data:
    """Unit vectors in clusters of about 20, which lie in topics. Queries are drawn likewise and are others.

    The shares of topic, cluster and vector, and the widths of dimensions, were chosen so that neighbours are
    about as near, and as hard to find in lists, as those of embedded text: the tenth neighbour of 4,500
    docstrings embedded by MiniLM has a cosine of 0.45 (here 0.46), and 99 % of the ten nearest are found in
    64 of 115 lists (here in 32).
    """

    def __init__(self, size: int) -> None:
        self._size = size
        rng = np.random.default_rng(_SEED)
        topics, n_clusters = _normal(rng, max(1, round(size**0.5 / 4))), size // 20
        of_topic = rng.integers(0, len(topics), n_clusters)
        self._clusters = 0.3**0.5 * topics[of_topic] + 0.2**0.5 * _normal(rng, n_clusters)

    def parts(self) -> Iterator[tuple[int, Vectors]]:
        """Yield the number of the first vector and vectors, shape ``(n, DIM)``, some thousand at a time."""
        for first in range(0, self._size, _AT_ONCE):
            yield (
                first,
                self._around(np.random.default_rng([_SEED, first]), min(_AT_ONCE, self._size - first)),
            )

    def queries(self) -> Vectors:
        """Return queries, shape ``(N_QUERIES, DIM)``."""
        return self._around(np.random.default_rng(_SEED + 1), N_QUERIES)

    def _around(self, rng: np.random.Generator, n: int) -> Vectors:
        vectors = self._clusters[rng.integers(0, len(self._clusters), n)] + _normal(rng, n)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _normal(rng: np.random.Generator, n: int) -> Vectors:
    """Return normal vectors, shape ``(n, DIM)``, whose dimensions are wide in falling order."""
    return rng.standard_normal((n, DIM), dtype=np.float32) * _WIDTHS


def _chunk(number: int) -> Chunk:
    document, place = divmod(number, CHUNKS_PER_DOCUMENT)
    return Chunk(
        id=f"document-{document}#{place}",
        document_id=f"document-{document}",
        title="A title",
        text=f"{number:09} {TEXT}",
        start=place * 500,
        end=(place + 1) * 500,
    )


def _in_a_process(part: str, folder: str, size: int, kind: IndexKind) -> Row:
    command = [sys.executable, "-m", "benchmarks.speed.retrieval", "--part", part, "--folder", folder]
    command += ["--largest", str(size), "--kind", kind]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(command, env=os.environ | threads, check=True, stdout=subprocess.PIPE, text=True)
    row: Row = json.loads(done.stdout)
    return row


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _table(rows: Sequence[Row]) -> list[str]:
    header = ("chunks", "index", "build s", "save s", "open s", "ms a query", "recall@10", "remove s", "MB")
    lines = []
    for row in rows:
        lists = f", {row['n_probes']:,} of {row['n_lists']:,} lists" if row["kind"] == "ivf" else ""
        cells = [f"{row['size']:,}", row["kind"] + lists]
        cells += [f"{row[key]:.2f}" for key in ("build_s", "save_s", "open_s")]
        cells += [f"{row['query_ms']:.3f}", f"{row['recall']:.3f}", f"{row['remove_s']:.2f}"]
        cells += [f"{row['bytes'] / 1e6:,.1f}", f"{row['build_mib']:,.0f}", f"{row['search_mib']:,.0f}"]
        lines.append(cells)
    return markdown((*header, "peak MiB, build", "peak MiB, search"), lines).strip().splitlines()


def _slopes(rows: Sequence[Row]) -> Iterator[str]:
    """Yield by what power of the number of chunks each kind grows."""
    for kind in KINDS:
        of_kind = [row for row in rows if row["kind"] == kind]
        if len(of_kind) > 1:
            sizes = [row["size"] for row in of_kind]
            build, query = (slope(sizes, [row[key] for row in of_kind]) for key in ("build_s", "query_ms"))
            yield f"{kind}: building grows as chunks^{build:.2f}, a query as chunks^{query:.2f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=100_000, metavar="N", help="most chunks [100000]")
    parser.add_argument("--part", choices=("build", "search"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

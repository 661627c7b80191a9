"""Whether an index has lists, how many, and how many a query reads: by size, and by measured recall."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np

from harness.progress import Progress
from strategies.retrieval.vectors import SCORE_NOISE, FlatVectors, IvfVectors, Numbers, VectorIndex, Vectors

IndexKind = Literal["auto", "flat", "ivf"]

FLAT_UP_TO = 100_000
"""Chunks up to which an "auto" index is flat: a query takes some milliseconds."""

# FAISS, "Guidelines to choose an index" (its wiki): up to a million vectors, 4 to 16 times the square root
# of their number, trained on 30 to 256 vectors a list. With 60,000 vectors in 980 lists, 40 a list and five
# iterations found as much in 256 lists as 60 and ten did: 99.8 %.
_LISTS_PER_ROOT = 4
_TRAINED_PER_LIST = 40
_ITERATIONS = 5
_SEED = 1234

# Recall of the neighbours of indexed vectors. Questions lie a little farther from the lists: among 4,500
# docstrings, their first lines missed 0.7 % of the neighbours, indexed vectors 0.3 % (docs/retrieval.md).
_RECALL = 0.995
_K = 10
_N_ASKED = 1000

_AT_ONCE = 65_536


def fitted(
    vectors: VectorIndex, kind: IndexKind, numbers: Numbers, dim: int, progress: Progress
) -> VectorIndex:
    """Return the vectors as ``kind`` says; "auto" is IVF above ``FLAT_UP_TO`` and flat up to it.

    Lists stay as they are until the rule gives more than 1.4 times as many, or fewer than 1/1.4 of them (the
    vectors have doubled, or halved); how many are read is measured again whenever vectors have changed.

    Args:
        vectors: The present ones; unchanged except for how many lists are read.
        kind: The kind asked for. Fewer than 80 vectors make one list, which is read whole.
        numbers: All their numbers, in a shuffled order that depends on nothing else.
        dim: Components of a vector.
        progress: Shows how far it is: a million vectors take minutes.
    """
    if not len(numbers) or kind == "flat" or (kind == "auto" and len(numbers) <= FLAT_UP_TO):
        return vectors if isinstance(vectors, FlatVectors) else _flat(vectors, numbers, dim)
    n_lists = lists_for(len(numbers))
    if not isinstance(vectors, IvfVectors) or not 0.5 <= (n_lists / vectors.n_lists) ** 2 <= 2:
        vectors = _trained(vectors, numbers, n_lists, dim, progress)
    if vectors.recall_at_10 is None:
        _choose_probes(vectors, numbers, progress)
    return vectors


def lists_for(n_vectors: int) -> int:
    """Return how many lists to make: four times the square root of the number of vectors."""
    return max(1, min(round(_LISTS_PER_ROOT * math.sqrt(n_vectors)), n_vectors // _TRAINED_PER_LIST))


def _flat(vectors: VectorIndex, numbers: Numbers, dim: int) -> FlatVectors:
    flat = FlatVectors.empty(dim)
    for part in _parts(numbers):
        flat.add(part, vectors.get(part))
    return flat


def _trained(
    vectors: VectorIndex, numbers: Numbers, n_lists: int, dim: int, progress: Progress
) -> IvfVectors:
    """Make lists by spherical k-means over the first of ``numbers``, and put all vectors into them."""
    import faiss

    centroids = faiss.IndexFlatIP(dim)
    kmeans = faiss.Clustering(dim, n_lists)
    kmeans.seed, kmeans.spherical, kmeans.niter = _SEED, True, 1
    kmeans.min_points_per_centroid, kmeans.max_points_per_centroid = 1, _TRAINED_PER_LIST
    sample = vectors.get(numbers[: n_lists * _TRAINED_PER_LIST])
    with progress.step(f"k-means of {n_lists} lists", _ITERATIONS) as step:
        for _ in range(_ITERATIONS):  # each continues from the centroids of the one before
            kmeans.train(sample, centroids)
            step.advance()
    index = faiss.IndexIVFFlat(centroids, dim, n_lists, faiss.METRIC_INNER_PRODUCT)
    lists = IvfVectors(index)
    with progress.step(f"lists of {len(numbers)} chunks", len(numbers)) as step:
        for part in _parts(numbers):
            lists.add(part, vectors.get(part))
            step.advance(len(part))
    return lists


def _choose_probes(lists: IvfVectors, numbers: Numbers, progress: Progress) -> None:
    """Read the smallest power of two of lists that finds ``_RECALL`` of the ten nearest; record the recall.

    The queries are the last of ``numbers``, on which in a large index no list was trained; each is asked for
    its ten nearest besides itself.
    """
    asked = lists.get(numbers[-_N_ASKED:])
    k = min(_K + 1, len(numbers))
    bar = _kth_scores(lists, asked, k, numbers, progress) - SCORE_NOISE
    lists.n_probes, recall = 1, 0.0
    while True:
        scores, _ = lists.nearest(asked, k)
        recall = float(np.mean((scores >= bar[:, None]).sum(axis=1) - 1)) / max(k - 1, 1)
        if recall >= _RECALL or lists.n_probes == lists.n_lists:
            break
        lists.n_probes = min(2 * lists.n_probes, lists.n_lists)
    lists.recall_at_10 = round(recall, 4)


def _kth_scores(lists: IvfVectors, asked: Vectors, k: int, numbers: Numbers, progress: Progress) -> Vectors:
    """Return the exact inner product of the ``k``-th nearest for every query, shape ``(n_asked,)``."""
    import faiss

    best = np.full((len(asked), k), -np.inf, dtype=np.float32)
    with progress.step("exact neighbours, to measure recall", len(numbers)) as step:
        for part in _parts(numbers):
            flat = faiss.IndexFlatIP(lists.dim)
            flat.add(lists.get(part))
            scores, _ = flat.search(asked, k)  # where there are fewer, the rest is lower than any score
            best = -np.sort(-np.concatenate([best, scores], axis=1), axis=1)[:, :k]
            step.advance(len(part))
    return best[:, -1]


def _parts(numbers: Numbers) -> Iterator[Numbers]:
    for first in range(0, len(numbers), _AT_ONCE):
        yield numbers[first : first + _AT_ONCE]

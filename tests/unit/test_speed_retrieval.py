from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.speed import retrieval
from benchmarks.speed.retrieval import DIM, KINDS, N_QUERIES, Data, K, built, searched


def test_vectors_are_the_same_every_time_and_of_length_one():
    first, second = (np.concatenate([part for _, part in Data(500).parts()]) for _ in range(2))
    assert first.shape == (500, DIM)
    assert np.array_equal(first, second)
    assert np.allclose(np.linalg.norm(first, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_measured_is_found(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(retrieval, "_AT_ONCE", 256)
    row = built(tmp_path, 1000, kind) | searched(tmp_path, 1000, kind)
    vectors = np.concatenate([part for _, part in Data(1000).parts()])
    exact = np.argsort(-(Data(1000).queries() @ vectors.T), axis=1)[:, :K]
    assert np.array_equal(np.load(tmp_path / "nearest.npy"), exact)
    assert exact.shape == (N_QUERIES, K)
    assert row["recall"] == 1.0 if kind == "flat" else row["recall"] > 0.97
    assert row["index"] == kind
    assert row["bytes"] == sum(path.stat().st_size for path in (tmp_path / "index").iterdir())
    json.dumps(row)


def test_the_table_has_a_line_for_each_and_says_how_they_grow():
    row = dict.fromkeys(("save_s", "open_s", "recall", "remove_s", "bytes", "build_mib", "search_mib"), 1.0)
    rows = [
        row | {"size": size, "kind": "flat", "build_s": size / 1e3, "query_ms": size**0.5}
        for size in (10, 1000)
    ]
    assert list(retrieval._slopes(rows)) == ["flat: building grows as chunks^1.00, a query as chunks^0.50"]
    assert len({line.count("|") for line in retrieval._table(rows)}) == 1

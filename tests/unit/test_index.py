from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from strategies.retrieval.chunks import Chunk
from strategies.retrieval.index import META, ChunkIndex
from strategies.retrieval.index_files import replace_about

DIM = 8


def chunk(document: str, number: int = 0) -> Chunk:
    return Chunk(id=f"{document}#{number}", document_id=document, title="", text=document, start=0, end=1)


def unit(vectors):
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def random_units(n, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(n, DIM)))


def index_of(vectors, names=None):
    index = ChunkIndex(DIM)
    index.add([chunk(name) for name in (names or [f"d{n:04}" for n in range(len(vectors))])], vectors)
    return index


def brute_force(vectors, query, k):
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    ranked = sorted(range(len(vectors)), key=lambda n: (-round(scores[n], 12), f"d{n:04}#0"))
    return [(f"d{n:04}#0", scores[n]) for n in ranked[:k]]


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 200), distinct=st.integers(1, 60), k=st.integers(1, 30), n_queries=st.integers(1, 40),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_search_equals_brute_force_with_ties_ordered_by_id(n, distinct, k, n_queries, seed):
    vectors = random_units(distinct, seed)[np.random.default_rng(seed).integers(0, distinct, n)]
    queries = random_units(n_queries, seed + 1)
    found = index_of(vectors).search(queries, k)
    for query, hits in zip(queries, found, strict=True):
        expected = brute_force(vectors, query, k)
        assert [hit.chunk.id for hit in hits] == [chunk_id for chunk_id, _ in expected]
        assert np.allclose([hit.score for hit in hits], [score for _, score in expected], atol=1e-5)


def test_what_is_found_depends_on_neither_order_nor_company():
    vectors, queries = np.repeat(random_units(40), 5, axis=0), random_units(64, seed=3)
    order = np.random.default_rng(1).permutation(len(vectors))
    one = index_of(vectors)
    other = index_of(vectors[order], [f"d{n:04}" for n in order])
    assert one.search(queries, 7) == other.search(queries, 7)
    assert one.search(queries, 7) == [one.search(query[None], 7)[0] for query in queries]


def test_more_than_there_is_gives_what_there_is():
    vectors = random_units(3)
    (hits,) = index_of(vectors).search(vectors[:1], 10)
    assert len(hits) == 3
    assert index_of(vectors[:0]).search(vectors[:1], 10) == [[]]
    assert index_of(vectors).search(vectors[:0], 10) == []


def test_hidden_chunks_and_low_scores_are_left_out():
    vectors = random_units(30)
    index = index_of(vectors)
    whole, _ = index.search(vectors[:2], 30)
    first = {hit.chunk.id for hit in whole[:20]}
    hits, same = index.search(vectors[[0, 0]], 5, hidden=[first, set()])
    assert hits == whole[20:25]
    assert same == whole[:5]
    (above,) = index.search(vectors[:1], 30, min_score=0.2)
    assert above == [hit for hit in whole if hit.score >= 0.2]


def test_documents_are_replaced_and_removed():
    vectors = random_units(6)
    index = ChunkIndex(DIM)
    index.add([chunk("a", 0), chunk("a", 1), chunk("b")], vectors[:3])
    assert index.document_ids == ["a", "b"]
    assert index.remove("a") == 2
    assert index.remove("a") == 0
    index.add([chunk("a", 0)], vectors[3:4])
    (hits,) = index.search(vectors[3:4], 10)
    assert [hit.chunk.id for hit in hits] == ["a#0", "b#0"]
    assert hits[0].score == pytest.approx(1.0, abs=1e-6)


def test_an_id_twice_is_refused_and_changes_nothing():
    index = index_of(random_units(2), ["a", "b"])
    for names in (["b"], ["c", "c"]):
        with pytest.raises(ValueError, match="twice"):
            index.add([chunk(name) for name in names], random_units(len(names)))
    assert len(index) == 2
    assert len(index.search(random_units(1), 10)[0]) == 2


def test_saved_and_opened_it_is_the_same(tmp_path):
    index, queries = index_of(random_units(50)), random_units(5, seed=2)
    odd = replace(chunk("\u2028"), title="a\nb", text="c\u0085d\u2028e\ud800")
    index.add([odd], random_units(1, seed=9))
    size = index.save(tmp_path, {"made of": "things"})
    assert size == sum(path.stat().st_size for path in tmp_path.iterdir())
    again, about = ChunkIndex.open(tmp_path)
    assert about == {"made of": "things"}
    assert again.search(queries, 51) == index.search(queries, 51)
    assert again.remove("\u2028") == 1
    again.save(tmp_path, {})
    assert len(list(tmp_path.iterdir())) == 3, "what the index does not name any more is deleted"
    assert len(ChunkIndex.open(tmp_path)[0]) == 50


@pytest.mark.parametrize("keep", [0, 1, 0.5, -1])
@pytest.mark.parametrize("which", ["vectors", "chunks", "meta"])
def test_a_damaged_file_is_refused(tmp_path, which, keep):
    index_of(random_units(20)).save(tmp_path, {})
    (path,) = tmp_path.glob(f"{which}*")
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(InputError, match="trilemma index build"):
        ChunkIndex.open(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match="trilemma index build"):
        ChunkIndex.open(tmp_path)


@pytest.mark.parametrize(
    "meta", [[], {}, {"format": 1, "files": {}}, {"format": 1, "files": []}, {"format": 99}]
)
def test_a_meta_file_of_something_else_is_refused(tmp_path, meta):
    (tmp_path / META).write_text(json.dumps(meta))
    with pytest.raises(InputError):
        ChunkIndex.open(tmp_path)


KILLED = """
import itertools, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from tests.unit.test_index import index_of, random_units
for n in itertools.count(1):
    index_of(random_units(200 + n % 7, seed=n)).save(Path(sys.argv[1]), {{"n": 200 + n % 7}})
    print(n, flush=True)
"""


def test_killed_while_saving_it_is_the_old_or_the_new(tmp_path):
    for wait_for in (3, 10):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED.format(tests=os.getcwd()), str(tmp_path)],  # noqa: PTH109
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        for _ in range(wait_for):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        index, about = ChunkIndex.open(tmp_path)
        assert len(index) == about["n"]


def test_another_about_leaves_the_files_of_an_index(tmp_path):
    with pytest.raises(ValueError, match="holds no index"):
        replace_about(tmp_path, {})
    index_of(random_units(20)).save(tmp_path, {"cost": 1})
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name != META}
    replace_about(tmp_path, {"cost": 2})
    assert ChunkIndex.open(tmp_path)[1] == {"cost": 2}
    assert before == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name != META}

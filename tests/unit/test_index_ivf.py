from __future__ import annotations

import faiss
import numpy as np
import pytest

from harness.errors import InputError
from strategies.retrieval import ivf as _ivf
from strategies.retrieval.index import ChunkIndex
from strategies.retrieval.ivf import lists_for
from tests.unit.test_index import DIM, chunk, index_of, random_units, unit


def clustered(n, n_clusters=40, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_clusters, DIM))
    return unit(centres[rng.integers(0, n_clusters, n)] + 0.3 * rng.normal(size=(n, DIM)))


def ivf_of(vectors, names=None):
    index = index_of(vectors, names)
    index.fit("ivf")
    return index


def recall_of(index):
    return index.record["recall_at_10"]


@pytest.fixture
def all_lists(monkeypatch):
    monkeypatch.setattr(_ivf, "_RECALL", 2.0)


def test_with_all_lists_it_finds_what_a_flat_index_finds(all_lists):
    distinct = clustered(700)
    vectors = np.concatenate([distinct, distinct[:150], distinct[:150]])  # with ties
    flat, ivf = index_of(vectors), ivf_of(vectors)
    assert ivf.record["n_probes"] == ivf.record["n_lists"] == 25
    assert ivf.record["recall_at_10"] == 1.0
    queries = random_units(60, seed=5)
    for k in (1, 7, 40, 1000, 2000):
        assert ivf.search(queries, k) == flat.search(queries, k)
    assert ivf.search(queries, 20, min_score=0.8) == flat.search(queries, 20, min_score=0.8)
    hidden = [{hit.chunk.id for hit in hits[:9]} for hits in flat.search(queries, 20)]
    assert ivf.search(queries, 5, hidden=hidden) == flat.search(queries, 5, hidden=hidden)
    documents = [f"d{n:04}" for n in range(0, 900, 7)]
    assert ivf.search_in(queries[0], documents, 9) == flat.search_in(queries[0], documents, 9)


def test_few_lists_find_nearly_all_and_scores_are_exact():
    vectors, queries = clustered(3000), clustered(50, seed=0)[:50]
    flat, ivf = index_of(vectors), ivf_of(vectors)
    assert ivf.record["n_probes"] < ivf.record["n_lists"] == 75
    exact = flat.search(queries, 10)
    found = ivf.search(queries, 10)
    shared = [set(one) & set(other) for one, other in zip(exact, found, strict=True)]
    assert sum(map(len, shared)) >= 0.97 * 500, "hits that are found have the same scores"


def test_the_recall_on_record_is_that_of_its_own_vectors():
    vectors = random_units(900)
    flat, ivf = index_of(vectors), ivf_of(vectors)
    exact, found = flat.search(vectors, 11), ivf.search(vectors, 11)
    shares = [len(set(one) & set(other)) - 1 for one, other in zip(exact, found, strict=True)]
    assert ivf.record["recall_at_10"] == pytest.approx(np.mean(shares) / 10, abs=1e-4)
    assert ivf.record["recall_at_10"] >= 0.995


def test_no_more_lists_are_read_than_the_recall_takes(monkeypatch):
    records = []
    for recall in (0.3, 0.9, 0.995):
        monkeypatch.setattr(_ivf, "_RECALL", recall)
        records.append(ivf_of(random_units(900)).record)
        assert records[-1]["recall_at_10"] >= recall
    probes = [record["n_probes"] for record in records]
    assert probes == sorted(set(probes))
    assert records[0]["recall_at_10"] < 0.9


def test_it_depends_on_neither_order_nor_threads_nor_company(tmp_path):
    vectors, queries = np.repeat(clustered(600), 2, axis=0), random_units(70, seed=3)
    order = np.random.default_rng(1).permutation(len(vectors))
    names = [f"d{n:04}" for n in order]
    threads = faiss.omp_get_max_threads()
    try:
        faiss.omp_set_num_threads(1)
        one = ivf_of(vectors)
        faiss.omp_set_num_threads(2)
        other = ivf_of(vectors[order], names)
    finally:
        faiss.omp_set_num_threads(threads)
    for index, folder in ((one, "one"), (other, "other")):
        index.save(tmp_path / folder, {})
    assert len({path.name for path in tmp_path.glob("*/*")}) == 3, "files are named by their content"
    found = one.search(queries, 7)
    assert found == other.search(queries, 7)
    assert found == [one.search(query[None], 7)[0] for query in queries]


def test_more_lists_are_read_where_the_near_ones_hold_too_few(monkeypatch):
    monkeypatch.setattr(_ivf, "_RECALL", 0.0)
    vectors = clustered(900)
    flat, ivf = index_of(vectors), ivf_of(vectors)
    assert ivf.record["n_probes"] == 1
    assert ivf.search(vectors[:3], 900) == flat.search(vectors[:3], 900)
    near = {hit.chunk.id for hit in flat.search(vectors[:1], 300)[0]}
    (hits,) = ivf.search(vectors[:1], 5, hidden=[near])
    assert len(hits) == 5
    assert near.isdisjoint(hit.chunk.id for hit in hits)


def test_documents_are_added_replaced_and_removed():
    vectors = clustered(800)
    index = ivf_of(vectors)
    new = random_units(2, seed=8)
    index.add([chunk("new", 0), chunk("new", 1)], new)
    assert recall_of(index) is None
    assert [hits[0].chunk.id for hits in index.search(new, 1)] == ["new#0", "new#1"]
    assert index.remove("new", "d0003", "d0003", "nobody") == 3
    assert len(index) == 799
    assert {hit.chunk.document_id for hit in index.search(vectors[3:4], 799)[0]}.isdisjoint({"new", "d0003"})
    index.add([chunk("d0003")], vectors[3:4])
    assert index.search(vectors[3:4], 1)[0][0].chunk.id == "d0003#0"
    with pytest.raises(ValueError, match="twice"):
        index.add([chunk("d0003")], vectors[3:4])
    index.fit("ivf")
    assert recall_of(index) >= 0.995


def test_saved_and_opened_it_is_the_same(tmp_path):
    vectors, queries = clustered(800), random_units(9, seed=2)
    index = ivf_of(vectors)
    index.save(tmp_path, {})
    again, _ = ChunkIndex.open(tmp_path)
    assert again.record == index.record
    assert again.search(queries, 9) == index.search(queries, 9)
    assert again.remove("d0000") == index.remove("d0000") == 1
    assert again.search(queries, 9) == index.search(queries, 9)
    again.save(tmp_path, {})
    assert ChunkIndex.open(tmp_path)[0].record["recall_at_10"] is None


@pytest.mark.parametrize("keep", [0, 100, -1])
def test_a_damaged_file_is_refused(tmp_path, keep):
    ivf_of(clustered(200)).save(tmp_path, {})
    (path,) = tmp_path.glob("vectors*")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match="trilemma index build"):
        ChunkIndex.open(tmp_path)


def test_size_decides_and_lists_follow_growth(monkeypatch):
    monkeypatch.setattr(_ivf, "FLAT_UP_TO", 400)
    vectors = clustered(2000)
    index, added = ChunkIndex(DIM), 0

    def grow(n):
        nonlocal added
        index.add([chunk(f"d{k:04}") for k in range(added, n)], vectors[added:n])
        added = n
        index.fit()
        return index.record.get("n_lists")

    assert [grow(n) for n in (400, 401, 500, 600)] == [None, 10, 10, 15]
    assert grow(2000) == 50
    index.remove(*(f"d{n:04}" for n in range(1600)))
    index.fit()
    assert index.record == {"index": "flat"}
    assert index.search(vectors[1600:1630], 3) == index_of(
        vectors[1600:], [f"d{n:04}" for n in range(1600, 2000)]
    ).search(vectors[1600:1630], 3)


@pytest.mark.parametrize("n", [0, 1, 12, 79, 80])
def test_any_number_of_vectors_can_be_asked_for_in_lists(n, capfd):
    index = ChunkIndex(DIM)
    index.add([chunk(f"d{k:04}") for k in range(n)], random_units(80)[:n])
    index.fit("ivf")
    assert index.record["index"] == ("ivf" if n else "flat")
    assert [len(hits) for hits in index.search(random_units(2), 100)] == [n, n]
    assert capfd.readouterr() == ("", "")


def test_equal_vectors_are_no_trouble():
    index = ivf_of(np.repeat(random_units(1), 300, axis=0))
    (hits,) = index.search(random_units(1), 3)
    assert [hit.chunk.id for hit in hits] == ["d0000#0", "d0001#0", "d0002#0"]


def test_the_number_of_lists_is_four_roots():
    assert [lists_for(n) for n in (1, 79, 80, 100_001, 1_000_000)] == [1, 1, 2, 1265, 4000]


def test_an_index_that_could_not_be_written_still_searches(tmp_path, monkeypatch):
    vectors = clustered(200)
    index = ivf_of(vectors)
    found = index.search(vectors[:5], 3)

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr("strategies.retrieval.vectors.write_faiss", full)
    with pytest.raises(OSError, match="no space left"):
        index.save(tmp_path, {})
    assert list(tmp_path.iterdir()) == [], "the draft is deleted"
    assert index.search(vectors[:5], 3) == found

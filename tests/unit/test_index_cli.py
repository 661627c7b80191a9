from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from harness.cli.index import index
from harness.errors import InputError
from strategies.retrieval.index import ChunkIndex
from tests.unit._retrieval import WordEmbedder


@pytest.fixture(autouse=True)
def embedder(monkeypatch):
    embedder = WordEmbedder()
    monkeypatch.setattr("harness.embedders.embedder.load_embedder", lambda *_: embedder)
    return embedder


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nStaff get thirty days of leave.\n")
    (folder / "lunch.txt").write_text("Lunch is served at noon.")
    return folder


def call(*arguments):
    outcome = CliRunner().invoke(index, [str(argument) for argument in arguments])
    if isinstance(outcome.exception, InputError):
        raise outcome.exception
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


@pytest.fixture
def built(tmp_path, corpus):
    folder = tmp_path / "index"
    assert call("build", corpus, "--out", folder).startswith(f"{folder}: 2 documents, 2 chunks, ")
    return folder


def test_the_nearest_passage_is_printed_first(built):
    lines = call("search", built, "how many days of leave", "-k", 2).splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("  leave#0  Leave: Staff get thirty days of leave.")
    assert float(lines[0].split()[0]) > float(lines[1].split()[0])
    assert call("search", built, "how many days of leave", "--min-score", "0.9") == ""


def test_documents_are_added_and_replaced_and_those_that_stand_are_not_embedded_again(
    tmp_path, built, corpus, embedder
):
    (corpus / "leave.md").write_text("# Leave\n\nStaff get forty days of leave.\n")
    (tmp_path / "more.jsonl").write_text(json.dumps({"id": "hats", "text": "Hats are fine."}) + "\n")
    embedder.embedded.clear()
    out = call("add", built, corpus, tmp_path / "more.jsonl")
    assert out.splitlines()[0] == "added 1, replaced 1, unchanged 1"
    assert ": 3 documents, 3 chunks" in out
    assert sorted(embedder.embedded) == ["Hats are fine.", "Leave\nStaff get forty days of leave."]
    assert "forty" in call("search", built, "days of leave", "-k", 1)
    assert "unchanged 1" in call("add", built, corpus / "lunch.txt"), "one file, by its name"


def test_documents_are_removed(built):
    assert ": 1 documents, 1 chunks" in call("remove", built, "leave", "leave")
    assert ChunkIndex.open(built)[0].document_ids == ["lunch"]


def test_when_one_document_is_not_there_none_is_removed(built):
    with pytest.raises(InputError, match=r"is not in the index \(got lunhc\); did you mean 'lunch'\?"):
        call("remove", built, "leave", "lunhc")
    assert ChunkIndex.open(built)[0].document_ids == ["leave", "lunch"]


def test_chunks_have_the_size_asked_for(tmp_path, corpus):
    (corpus / "long.txt").write_text("One word more. " * 50)
    out = call("build", corpus, "--out", tmp_path / "small", "--chunk-tokens", 12, "--overlap-tokens", 3)
    assert int(out.split(" chunks")[0].split()[-1]) > 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "{corpus}", "x"], "is no index"),
        (["add", "{built}", "{corpus}/none.md"], "none.md: there is no such file or folder"),
        (["build", "{corpus}/none", "--out", "{built}"], "none: there is no such file or folder"),
        (["build", "{corpus}", "--out", "{corpus}"], "is no index and is not empty"),
        (["build", "{corpus}", "--out", "{built}", "--chunk-tokens", "129"], "must be at most 128"),
        (["build", "{corpus}", "--out", "{built}", "--overlap-tokens", "120"], "must be less than"),
    ],
)
def test_bad_input_is_refused_and_the_index_kept(built, corpus, arguments, message):
    with pytest.raises(InputError, match=message):
        call(*(argument.format(built=built, corpus=corpus) for argument in arguments))
    assert len(ChunkIndex.open(built)[0]) == 2


def test_another_embedder_is_refused(built, embedder):
    embedder.digest = "another"
    with pytest.raises(InputError, match="is not the model any more"):
        call("search", built, "x")


def test_the_index_of_a_run_cannot_be_changed(tmp_path, corpus):
    ChunkIndex(4).save(tmp_path / "run", {"record": {}, "cost": {}})
    with pytest.raises(InputError, match="belongs to a run"):
        call("add", tmp_path / "run", corpus)
    with pytest.raises(InputError, match="belongs to a run"):
        call("remove", tmp_path / "run", "x")


def many(folder, n, first=0):
    rows = [{"id": f"doc{i}", "text": f"word{i} term{i % 7} fact{i % 31}."} for i in range(first, first + n)]
    path = folder / f"many-{first}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_an_index_gets_lists_when_it_grows_and_loses_them_when_it_shrinks(tmp_path, monkeypatch):
    monkeypatch.setattr("strategies.retrieval.ivf.FLAT_UP_TO", 200)
    folder = tmp_path / "index"
    assert "ivf" not in call("build", many(tmp_path, 200), "--out", folder)
    out = call("add", folder, many(tmp_path, 100, 200))
    assert re.search(
        r": 300 documents, 300 chunks, .* MB, ivf: 7 lists, \d probed, recall@10 \d\.\d{3}\n", out
    )
    assert call("search", folder, "word250 term5 fact2", "-k", 1).split()[1] == "doc250#0"
    assert "ivf" not in call("remove", folder, *(f"doc{n}" for n in range(100)))


def test_the_kind_asked_for_is_kept_when_the_index_changes(tmp_path, monkeypatch):
    monkeypatch.setattr("strategies.retrieval.ivf.FLAT_UP_TO", 50)
    corpus = many(tmp_path, 100)
    assert "ivf" not in call("build", corpus, "--out", tmp_path / "flat", "--index", "flat")
    assert "ivf" not in call("add", tmp_path / "flat", many(tmp_path, 3, 100))
    monkeypatch.setattr("strategies.retrieval.ivf.FLAT_UP_TO", 10**6)
    assert "ivf: 2 lists" in call("build", corpus, "--out", tmp_path / "ivf", "--index", "ivf")
    assert "ivf: 2 lists" in call("remove", tmp_path / "ivf", "doc5")

"""A model is what its files are: every one that can change an answer belongs to its identity."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import transformers
from click.testing import CliRunner
from huggingface_hub.utils._paths import filter_repo_objects

from harness.cli import cli
from harness.errors import InputError
from harness.metrics.semantic_similarity import SemanticSimilarity
from harness.models.transformers.identity import (
    FETCHED,
    NOT_FETCHED,
    settings_digest,
    sidecars,
    weights_digest,
)
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.model_files import check_files
from harness.models.transformers.options import TransformersOptions
from harness.runs.keys import generation_key
from harness.types import Message, ModelIdentity, Request
from strategies.adapter import Adapter

SETTINGS = [
    "chat_template.jinja",
    "chat_template.json",
    "additional_chat_templates/rag.jinja",
    "chat_templates/default.jinja",
    "generation_config.json",
    "special_tokens_map.json",
    "processor_config.json",
    "preprocessor_config.json",
    "model.safetensors.index.json",
    "bpe.codes",
    "source.spm",
    "dict.txt",
]
TOKENIZER = ["tokenizer.json", "tokenizer_config.json", "config.json", "spiece.model", "added_tokens.json"]
NOTES = ["README.md", "LICENSE", "LICENSE.txt", "trainer_state.json", "all_results.json", ".gitattributes"]


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def digests(folder: Path) -> tuple[str, str]:
    return weights_digest(str(folder)), settings_digest(str(folder))


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_read_beside_weights_and_tokenizer_is_in_the_digest_of_settings(
    folder: Path, name: str
) -> None:
    put(folder, name, '{"weight_map": {}}')
    weights, before = digests(folder)
    put(folder, name, '{"weight_map": {"a": "model.safetensors"}}')
    assert digests(folder)[0] == weights
    assert digests(folder)[1] not in ("", before)


@pytest.mark.parametrize("name", TOKENIZER)
def test_configuration_and_tokenizer_are_in_the_digest_of_the_weights(folder: Path, name: str) -> None:
    before = digests(folder)
    put(folder, name, "{}")
    assert digests(folder)[0] != before[0]
    assert digests(folder)[1] == before[1]


@pytest.mark.parametrize("name", NOTES)
def test_notes_for_people_and_records_of_training_are_none_of_it(folder: Path, name: str) -> None:
    before = digests(folder)
    put(folder, name, "read me")
    assert digests(folder) == before


def test_files_of_one_name_in_two_folders_both_count(folder: Path) -> None:
    put(folder, "rag.jinja", "a")
    put(folder, "additional_chat_templates/rag.jinja", "b")
    before = digests(folder)
    put(folder, "rag.jinja", "c")
    assert digests(folder) != before


def test_weights_that_an_index_names_in_a_folder_of_their_own_count(folder: Path) -> None:
    put(folder, "model.safetensors.index.json", '{"weight_map": {"a": "parts/one.safetensors"}}')
    put(folder, "parts/one.safetensors", "one")
    before = digests(folder)
    put(folder, "parts/one.safetensors", "two")
    assert digests(folder)[0] != before[0]


def test_an_index_that_names_weights_outside_the_folder_is_refused(folder: Path) -> None:
    put(folder, "model.safetensors.index.json", '{"weight_map": {"a": "../one.safetensors"}}')
    with pytest.raises(InputError, match=r"names weights outside the folder, \.\./one"):
        check_files(folder, "e.yaml", "model.path")


def test_every_file_that_a_tokenizer_of_transformers_reads_counts_and_is_fetched(tmp_path: Path) -> None:
    names = sorted(set(_names_of_tokenizers()))
    assert {"tokenizer.json", "vocab.json", "spiece.model"} < set(names)
    for name in names:
        put(tmp_path, name, "x")
    assert sorted(path.name for path in sidecars(tmp_path)) == names
    fetched = filter_repo_objects(names, allow_patterns=list(FETCHED), ignore_patterns=list(NOT_FETCHED))
    assert sorted(map(str, fetched)) == names


def _names_of_tokenizers() -> Iterator[str]:
    for name in dir(transformers):
        if not name.endswith(("Tokenizer", "TokenizerFast")):
            continue
        try:
            kind: Any = getattr(transformers, name)
            yield from getattr(kind, "vocab_files_names", {}).values()
        except ImportError:  # a package of its own is not installed
            continue


def test_the_settings_are_in_the_identity_and_in_the_key_of_an_answer(folder: Path) -> None:
    asked = Request(task="t", item_id="i", messages=(Message(role="user", content="Where?"),))
    first = TransformersModel(TransformersOptions(path=str(folder))).identity
    put(folder, "generation_config.json", '{"eos_token_id": 7}')
    later = TransformersModel(TransformersOptions(path=str(folder))).identity
    assert isinstance(later, ModelIdentity)
    assert first.weights_digest == later.weights_digest
    assert generation_key(first, "Where?", asked) != generation_key(later, "Where?", asked)


# --- What a run asks anew ---


@pytest.fixture
def asked(folder: Path, write_task: Callable[..., Path], tmp_path: Path) -> Callable[[], bool]:
    """Return a function that runs an experiment on the model and says whether an item was asked."""
    embedder = tmp_path / "embedder"
    put(embedder, "config.json", "{}")
    experiment = {
        "name": "e", "model": str(folder), "embedder": str(embedder), "tasks": [str(write_task())],
        "strategies": ["zero_shot"], "forgetting": None, "limit": 3,
    }  # fmt: skip
    config = tmp_path / "e.yaml"
    config.write_text(json.dumps(experiment))

    def ask() -> bool:
        found = CliRunner().invoke(cli, ["run", str(config), "--out", str(tmp_path / "run")])
        assert found.exit_code == 0, found.output
        return "finished before" not in found.output

    return ask


EDITS = {
    "chat template": ("model/chat_template.jinja", "{% for m in messages %}{{ m.content }}! {% endfor %}"),
    "end tokens": ("model/generation_config.json", '{"eos_token_id": 7}'),
    "embedder": ("embedder/config.json", '{"hidden_size": 8}'),
}


@pytest.mark.parametrize("edit", EDITS)
def test_after_an_edit_in_place_no_stored_answer_counts_as_finished(
    asked: Callable[[], bool], tmp_path: Path, edit: str
) -> None:
    name, text = EDITS[edit]
    assert asked()
    assert not asked()
    put(tmp_path, name, text)
    assert asked()


def test_what_says_how_an_adapters_base_was_loaded_is_one_of_its_files(tmp_path: Path) -> None:
    adapter = Adapter(Adapter.options_type(path=str(tmp_path)))
    assert tmp_path / "trilemma_tuning.json" not in adapter.files("e.yaml")
    put(tmp_path, "trilemma_tuning.json", "{}")
    assert tmp_path / "trilemma_tuning.json" in adapter.files("e.yaml")


def test_the_folder_of_an_embedder_that_judges_is_in_the_digest_of_its_metric(tmp_path: Path) -> None:
    put(tmp_path, "config.json", "{}")
    metric = SemanticSimilarity(embedder=str(tmp_path))
    before = metric.files_digest
    put(tmp_path, "config.json", '{"hidden_size": 8}')
    assert metric.files_digest not in ("", before)
    assert SemanticSimilarity().files_digest == ""

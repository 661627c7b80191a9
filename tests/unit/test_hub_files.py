"""What is fetched of a hub id: all that its answers hang on, and no second copy of its weights."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.utils._paths import filter_repo_objects

from harness.errors import InputError
from harness.models.transformers.identity import FETCHED, NOT_FETCHED, weights_digest
from harness.models.transformers.resolve import local_folder, parameter_count

WANTED = [
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "model-00001-of-00002.safetensors",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
    "qwen.tiktoken",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "chat_template.json",
    "additional_chat_templates/rag.jinja",
    "modules.json",
]
UNWANTED = [
    "README.md",
    "adapter_config.json",
    "adapter_model.safetensors",
    "original/consolidated.00.pth",
    "original/model.safetensors",
    "original/params.json",
    "original/tokenizer.model",
    "consolidated.safetensors",
    "consolidated-00001-of-00002.safetensors",
    "consolidated.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "tf_model.h5",
    "flax_model.msgpack",
    "onnx/model.onnx",
    "onnx/config.json",
    "onnx/tokenizer.json",
    "openvino/openvino_model.bin",
    "modeling_own.py",
    "custom_generate/generate.py",
    "model-q4.gguf",
    "checkpoint-100/model.safetensors",
    "checkpoint-100/optimizer.pt",
    "coreml/vocab.txt",
]


def fetched(names: list[str]) -> list[str]:
    found = filter_repo_objects(names, allow_patterns=list(FETCHED), ignore_patterns=list(NOT_FETCHED))
    return [name for name in found if isinstance(name, str)]


def test_all_files_of_a_tokenizer_and_of_one_set_of_weights_are_fetched() -> None:
    assert sorted(fetched([*WANTED, *UNWANTED])) == sorted(WANTED)


def test_the_patterns_are_those_that_the_hub_is_asked_with(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def snapshot(name: str, **arguments: Any) -> str:
        asked.append(arguments)
        return str(tiny_model)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    assert local_folder("some-org/some-model", "abc", tmp_path / "a.yaml") == str(tiny_model)
    (arguments,) = asked
    assert arguments["revision"] == "abc"
    assert (arguments["allow_patterns"], arguments["ignore_patterns"]) == (list(FETCHED), list(NOT_FETCHED))


def test_a_hub_id_without_a_model_in_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fetched").mkdir()
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(tmp_path / "fetched"))
    with pytest.raises(InputError, match=r"has no config\.json on the hub"):
        local_folder("some-org/some-model", None, tmp_path / "a.yaml")


def test_a_second_copy_of_the_weights_is_neither_counted_nor_digested(
    tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    shutil.copy(folder / "model.safetensors", folder / "consolidated.safetensors")
    assert parameter_count(str(folder)) == parameter_count(str(tiny_model)) > 0
    assert weights_digest(str(folder)) == weights_digest(str(tiny_model))


@pytest.mark.parametrize("name", ["spiece.model", "tekken.json", "added_tokens.json", "vocab.txt"])
def test_every_file_of_a_tokenizer_is_a_part_of_the_models_identity(
    tiny_model: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / name).write_text("{}")
    assert weights_digest(str(folder)) != weights_digest(str(tiny_model))

"""Tokenizers that come as SentencePiece's own file alone."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.errors import MissingDependencyError
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.powers import answered
from harness.types import Decoding, Generation, Message, Request


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(tiny_model, copy)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (copy / name).unlink()
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    (copy / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer", **special}))
    (copy / "tokenizer.model").write_bytes(b"")
    return copy


@pytest.mark.parametrize("missing", ["sentencepiece", "protobuf"])
def test_a_missing_reader_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    def found(module: str) -> Any:
        if module == "google.protobuf" and missing == "protobuf":
            raise ModuleNotFoundError("google")
        return None if module == missing else "found"

    monkeypatch.setattr(importlib.util, "find_spec", found)
    with pytest.raises(MissingDependencyError, match=rf"needs the package {missing}.*trilemma\[models\]"):
        _ = TransformersModel(TransformersOptions(path=str(folder))).tokenizer


def test_a_tokenizer_in_a_file_of_sentencepiece_alone_is_read(folder: Path) -> None:
    sentencepiece = pytest.importorskip("sentencepiece")
    text = folder.parent / "text.txt"
    text.write_text("\n".join(f"Where is place {n}? The ticket goes to queue A." for n in range(40)))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=301,
        model_type="bpe",
        byte_fallback=True,
        minloglevel=2,
    )
    model = TransformersModel(TransformersOptions(path=str(folder)))
    model.check()
    own = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    assert model.tokenizer.tokenize("The ticket") == own.encode("The ticket", out_type=str)
    messages = (Message(role="user", content="Where?"),)
    request = Request(task="t", item_id="a", messages=messages, decoding=Decoding(max_new_tokens=4))
    (answer,) = answered(model, [request])
    assert isinstance(answer, Generation)


def test_a_file_that_is_none_of_sentencepiece_is_one_line(folder: Path) -> None:
    pytest.importorskip("sentencepiece")
    from harness.errors import InputError

    (folder / "tokenizer.model").write_bytes(b"garbage")
    with pytest.raises(InputError, match="has no tokenizer that can be opened") as refused:
        _ = TransformersModel(TransformersOptions(path=str(folder))).tokenizer
    assert "\n" not in str(refused.value)

"""How long a model's context is, by every way in which its files may say so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import transformers

from harness.models.transformers.context import ASSUMED, ASSUMED_RECURRENT, context_of
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from tests.unit._models import edit, ended, experiment


def written(folder: Path, config: dict[str, Any], tokenizer: dict[str, Any] | None = None) -> Path:
    (folder / "config.json").write_text(json.dumps(config))
    if tokenizer is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return folder


def yarn(original: int, factor: float) -> dict[str, Any]:
    return {"type": "yarn", "factor": factor, "original_max_position_embeddings": original}


LLAMA3 = {
    "rope_type": "llama3",
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
GEMMA3 = {"model_type": "gemma3_text", "max_position_embeddings": 131072}
STATED: dict[str, tuple[dict[str, Any], int]] = {
    "plain": ({"model_type": "llama", "max_position_embeddings": 4096}, 4096),
    "gpt2": ({"model_type": "gpt2", "n_positions": 1024}, 1024),
    "gpt2, the older name": ({"model_type": "gpt2", "n_ctx": 512, "n_positions": 512}, 512),
    "mpt": ({"model_type": "mpt", "max_seq_len": 65536}, 65536),
    "rwkv": ({"model_type": "rwkv", "context_length": 4096}, 4096),
    "falcon, alibi": ({"model_type": "falcon", "alibi": True, "max_position_embeddings": 2048}, 2048),
    "gemma 3": ({"model_type": "gemma3", "text_config": GEMMA3}, 131072),
    "llava": (
        {"model_type": "llava", "text_config": {"model_type": "llama", "max_position_embeddings": 32768}},
        32768,
    ),
    "qwen vl": ({"model_type": "qwen2_5_vl", "text_config": {"max_position_embeddings": 128000}}, 128000),
    "qwen vl, flat": ({"model_type": "qwen2_5_vl", "max_position_embeddings": 128000}, 128000),
    "window": ({"model_type": "mistral", "max_position_embeddings": 32768, "sliding_window": 4096}, 32768),
    "yarn": (
        {"model_type": "qwen2", "max_position_embeddings": 32768, "rope_scaling": yarn(32768, 4.0)},
        131072,
    ),
    "yarn, told whole": (
        {"model_type": "qwen2", "max_position_embeddings": 131072, "rope_scaling": yarn(4096, 32)},
        131072,
    ),
    "yarn, nested": (
        {
            "model_type": "llava",
            "text_config": {
                "model_type": "qwen2",
                "max_position_embeddings": 1000,
                "rope_scaling": yarn(1000, 3.0),
            },
        },
        3000,
    ),
    "llama 3": (
        {"model_type": "llama", "max_position_embeddings": 131072, "rope_scaling": LLAMA3},
        131072,
    ),
    "linear": (
        {
            "model_type": "llama",
            "max_position_embeddings": 4096,
            "rope_scaling": {"type": "linear", "factor": 8.0},
        },
        4096,
    ),
}


@pytest.mark.parametrize("name", STATED)
def test_the_context_is_read_from_the_part_that_writes_text(tmp_path: Path, name: str) -> None:
    config, expected = STATED[name]
    found = context_of(str(written(tmp_path, config)), "a.yaml")
    assert (found.tokens, found.assumed) == (expected, False)


def test_a_saved_gemma_3_has_its_whole_context(tmp_path: Path) -> None:
    text = transformers.Gemma3TextConfig(max_position_embeddings=131072, num_hidden_layers=1)
    transformers.Gemma3Config(text_config=text).save_pretrained(tmp_path)
    assert context_of(str(tmp_path), "a.yaml").tokens == 131072


@pytest.mark.parametrize(
    ("kind", "tokenizer", "expected", "assumed"),
    [
        ("bloom", None, ASSUMED, True),
        ("mamba", None, ASSUMED_RECURRENT, True),
        ("bloom", {"model_max_length": 1000000000000000019884624838656}, ASSUMED, True),
        ("bloom", {"model_max_length": 512}, 512, False),
        ("mamba", {"model_max_length": 4096}, 4096, False),
    ],
)
def test_where_the_configuration_is_silent_the_tokenizer_says_it_or_it_is_assumed(
    tmp_path: Path, kind: str, tokenizer: dict[str, Any] | None, expected: int, assumed: bool
) -> None:
    found = context_of(str(written(tmp_path, {"model_type": kind}, tokenizer)), "a.yaml")
    assert (found.tokens, found.assumed) == (expected, assumed)


def test_the_experiment_has_the_last_word(tiny_model: Path) -> None:
    assert TransformersModel(TransformersOptions(path=str(tiny_model))).context_length == 256
    assert (
        TransformersModel(TransformersOptions(path=str(tiny_model), context_length=100)).context_length == 100
    )


def test_an_assumed_context_is_said(
    tiny_model: Path,
    tmp_path: Path,
    write_task: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "model"
    config = transformers.BloomConfig(
        vocab_size=400, hidden_size=32, n_layer=1, n_head=4, bos_token_id=1, eos_token_id=1, pad_token_id=0
    )
    transformers.BloomForCausalLM(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(tiny_model / name, folder / name)
    edit(folder / "tokenizer_config.json", model_max_length=10**30)
    task = write_task()
    for model, said in ((str(folder), True), ({"path": str(folder), "context_length": 300}, False)):
        path = experiment(tmp_path, model, task)
        assert ended(["run", str(path), "--out", str(tmp_path / f"run{said}")], monkeypatch) in (0, 5)
        assert ("context of 2048 tokens is assumed" in capsys.readouterr().err) is said
        manifest = json.loads((tmp_path / f"run{said}" / "manifest.json").read_text())
        known = (2048, "assumed, since its files do not say; `context_length` of the model sets it")
        record = manifest["models"]["model"]
        kept = record["context_length"], record["context_source"]
        assert kept == (known if said else (300, "said by the experiment"))
        page = (tmp_path / f"run{said}" / "report.html").read_text()
        assert f"{kept[0]:,} tokens, {kept[1]}" in page


def test_a_context_of_no_tokens_is_refused(
    tmp_path: Path, write_task: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = experiment(tmp_path, {"context_length": 0}, write_task())
    assert ended(["run", str(path)], monkeypatch) == 2
    assert "context_length" in capsys.readouterr().err

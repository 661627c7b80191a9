"""Models saved in 4 bits, and models of which nothing can be: said as it is, or refused before training."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from bitsandbytes.nn import Linear4bit

from harness.errors import InputError
from harness.models.transformers.opening import empty_model
from harness.models.transformers.quantization import nf4_config, planned_share, share_in_4_bits, stored_in
from strategies.lora import Lora, LoraOptions
from strategies.qlora import QLora
from strategies.tuning.saved import MANIFEST
from tests.unit._training import colour_task, context, load
from tests.unit.test_adapter_files import greedy

FEW = {"rank": 2, "max_steps": 2, "eval_steps": 1, "batch_size": 4}


def copied(tiny_model: Path, folder: Path, module: Any) -> Path:
    shutil.copytree(tiny_model, folder, ignore=shutil.ignore_patterns("*.safetensors", "config.json"))
    module.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def in_4_bits(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    module = transformers.AutoModelForCausalLM.from_pretrained(
        tiny_model, quantization_config=nf4_config(torch.float32), device_map={"": "cpu"}
    )
    return copied(tiny_model, tmp_path_factory.mktemp("stored") / "model", module)


@pytest.fixture(scope="module")
def without_layers(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = transformers.AutoConfig.from_pretrained(tiny_model)
    config.num_hidden_layers, config.layer_types = 0, None
    folder = tmp_path_factory.mktemp("empty") / "model"
    return copied(tiny_model, folder, transformers.LlamaForCausalLM(config))


def test_a_model_saved_in_4_bits_says_so_and_is_defended(in_4_bits: Path) -> None:
    model = load(in_4_bits)
    assert model.identity.quantization == "nf4"
    layers = [layer for layer in model.fresh("none")[0].modules() if isinstance(layer, Linear4bit)]
    assert len(layers) == 2 * 7
    assert not any(layer.support_avx512bf16_for_cpu for layer in layers)


def test_it_answers_as_the_same_model_that_is_put_into_4_bits_here(in_4_bits: Path, tiny_model: Path) -> None:
    plain = load(tiny_model)
    other = plain._copy(None, "nf4")
    assert other.identity.quantization == "nf4"
    assert greedy(load(in_4_bits)) == greedy(other)


def test_lora_over_it_is_recorded_as_what_it_is(in_4_bits: Path, tmp_path: Path) -> None:
    model = load(in_4_bits)
    prepared: Any = Lora(LoraOptions(**FEW)).prepare(context(model, tmp_path, colour_task()))
    (manifest,) = tmp_path.glob(f"tuned/*/{MANIFEST}")
    assert json.loads(manifest.read_text())["quantization"] == "nf4"
    assert prepared.record["quantization"] == prepared.model.identity.quantization == "nf4"
    assert prepared.record["share_in_4_bits"] == pytest.approx(share_in_4_bits(model.fresh("none")[0]))
    assert prepared.record["share_in_4_bits"] > 0.5
    assert not any("in 4 bits" in note for note in prepared.record["notes"])
    assert prepared.model.merged() is None
    assert len(greedy(prepared.model)) == 8


def test_the_share_is_that_of_the_weights_and_is_known_before_loading(tiny_model: Path) -> None:
    layers = 2 * (64 * 64 * 2 + 64 * 32 * 2 + 3 * 64 * 128)
    module = load(tiny_model).fresh("none")[0]
    assert share_in_4_bits(module) == 0
    expected = layers / sum(each.numel() for each in module.parameters())
    assert planned_share(empty_model(tiny_model, "test")) == pytest.approx(expected)
    assert share_in_4_bits(load(tiny_model).fresh("nf4")[0]) == pytest.approx(expected)


def test_a_model_of_which_nothing_can_be_in_4_bits_is_refused_wherever_it_is_asked_for(
    without_layers: Path, tmp_path: Path
) -> None:
    model = load(without_layers)
    assert planned_share(empty_model(without_layers, "test")) == 0
    with pytest.raises(InputError, match=r"none of its layers can be in 4 bits.*use lora") as fault:
        model.fresh("nf4")
    assert "\n" not in str(fault.value)
    with pytest.raises(InputError, match="none of its layers can be in 4 bits"):
        QLora(LoraOptions(**FEW)).check_model(model, [colour_task()], "e.yaml", "strategies.qlora")


@pytest.mark.parametrize(
    ("written", "format_"),
    [
        (None, "none"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, "nf4"),
        ({"load_in_4bit": True}, "fp4"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8"),
        ({"quant_method": "gptq", "bits": 4}, "gptq"),
        ({"bits": 4}, "unknown"),
    ],
)
def test_the_format_is_read_from_the_models_configuration(written, format_) -> None:
    assert stored_in({"quantization_config": written}) == format_
    assert stored_in({"text_config": {"quantization_config": written}}) == format_


@pytest.mark.parametrize("method", ["gptq", "awq", "fp8", "mxfp4"])
def test_a_model_saved_in_another_format_is_not_trained_over(tiny_model, tmp_path, method) -> None:
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    written = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps(written | {"quantization_config": {"quant_method": method}})
    )
    model = load(folder)
    assert model.identity.quantization == method
    for strategy in (Lora, QLora):
        with pytest.raises(InputError, match=f"saved in {method}"):
            strategy(LoraOptions(**FEW)).check_model(model, [colour_task()], "e.yaml", "strategies.lora")
    with pytest.raises(InputError, match=f"saved in {method}"):
        model.fresh("nf4")


def test_a_base_that_is_mostly_not_in_4_bits_is_told_of_beside_the_verdict(tiny_model, tmp_path) -> None:
    config = transformers.MixtralConfig(
        vocab_size=400, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, num_local_experts=4, max_position_embeddings=256, pad_token_id=0,
    )  # fmt: skip
    folder = copied(tiny_model, tmp_path / "model", transformers.MixtralForCausalLM(config))
    options = LoraOptions(**FEW, target_modules=("q_proj",))
    prepared = QLora(options).prepare(context(load(folder), tmp_path, colour_task()))
    share = prepared.record["share_in_4_bits"]
    assert 0 < share < 0.5
    assert f"only {share:.0%} of the base's weights are in 4 bits" in prepared.record["notes"]

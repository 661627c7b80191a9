"""What an adapter lies on in models of many families, and what training it costs."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness.errors import InputError
from strategies.adapter import Adapter, AdapterOptions
from strategies.lora import Lora, LoraOptions
from strategies.qlora import QLora
from strategies.tuning.methods.lora.attaching import attach
from strategies.tuning.methods.lora.files import untrained
from strategies.tuning.methods.lora.layers import ALL_LINEAR, adapted, lora_config, wrapped
from strategies.tuning.modules import multiplied
from strategies.tuning.saved import MANIFEST
from tests.unit._families import families
from tests.unit._training import colour_task, context, load
from tests.unit.test_adapter_files import greedy

SIZE: dict[str, Any] = {
    "vocab_size": 300, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
}  # fmt: skip
EXPERTS: dict[str, Any] = {"num_experts_per_tok": 2}
CONFIGS: dict[str, Any] = families(128) | {
    "qwen2 moe": transformers.Qwen2MoeConfig(
        **SIZE, **EXPERTS, num_experts=4, moe_intermediate_size=16, shared_expert_intermediate_size=16
    ),
    "olmoe": transformers.OlmoeConfig(**SIZE, **EXPERTS, num_experts=4),
    "granite moe": transformers.GraniteMoeConfig(**SIZE, **EXPERTS, num_local_experts=4),
    "gpt-oss": transformers.GptOssConfig(**SIZE, **EXPERTS, head_dim=8, num_local_experts=4),
    "phimoe": transformers.PhimoeConfig(**SIZE, num_local_experts=4),
    "llama4": transformers.Llama4TextConfig(
        **SIZE, intermediate_size_mlp=64, head_dim=8, num_local_experts=4
    ),
    "jetmoe": transformers.JetMoeConfig(
        vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_key_value_heads=2,
        kv_channels=8, num_local_experts=4, num_experts_per_tok=2, max_position_embeddings=128,
    ),
    "falcon mamba": transformers.FalconMambaConfig(
        vocab_size=300, hidden_size=32, num_hidden_layers=2, state_size=4
    ),
    "mamba2": transformers.Mamba2Config(
        vocab_size=300, hidden_size=32, num_hidden_layers=2, state_size=4, num_heads=8, head_dim=8, n_groups=1
    ),
    "falcon h1": transformers.FalconH1Config(
        **SIZE, mamba_d_ssm=64, mamba_n_heads=8, mamba_d_head=8, mamba_d_state=4, mamba_n_groups=1
    ),
    "jamba": transformers.JambaConfig(
        **SIZE, num_experts=4, mamba_d_state=4, mamba_dt_rank=4, use_mamba_kernels=False,
        attn_layer_offset=1, attn_layer_period=2,
    ),
}  # fmt: skip
ALL = LoraOptions(rank=2)


def empty(config: Any) -> Any:
    with torch.device("meta"):
        return transformers.AutoModelForCausalLM.from_config(config)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_layer_that_all_linear_takes_is_reached_by_a_gradient(name: str) -> None:
    torch.manual_seed(0)
    model = wrapped(ALL, transformers.AutoModelForCausalLM.from_config(CONFIGS[name]), "e.yaml").train()
    ids = torch.arange(3, 43)[None]
    model(input_ids=ids, labels=ids).loss.backward()
    idle = [n for n, each in model.named_parameters() if each.requires_grad and each.grad is None]
    assert idle == []


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_adapted_is_counted_as_it_is(name: str) -> None:
    found = adapted(ALL, empty(CONFIGS[name]), "e.yaml")
    assert found.layers
    assert 0 < found.share < 1
    assert found.share + found.experts < 1
    assert not any(char.isdigit() for layer in found.layers for char in layer.split(".")[2:3])
    assert found.record()["adapted"] == found.layers


def test_counts_and_shares_of_a_llama() -> None:
    found = adapted(ALL, empty(CONFIGS["llama"]), "e.yaml")
    assert found.layers == {
        f"model.layers.*.{part}": 2
        for part in (
            "mlp.down_proj", "mlp.gate_proj", "mlp.up_proj", "self_attn.k_proj", "self_attn.o_proj",
            "self_attn.q_proj", "self_attn.v_proj",
        )
    }  # fmt: skip
    on = 2 * (3 * 32 * 64 + 2 * 32 * 32 + 2 * 32 * 16)
    assert found.share == pytest.approx(on / (on + 2 * 300 * 32 + 5 * 32))
    assert (found.experts, found.left_out, found.notes()) == (0, {}, [])


def test_experts_without_an_adapter_are_told_of() -> None:
    found = adapted(ALL, empty(CONFIGS["gpt-oss"]), "e.yaml")
    (note,) = found.notes()
    assert note.startswith(f"the experts, {found.experts:.0%} of the weights, have no adapter")
    assert found.experts > 0.5
    assert adapted(ALL, empty(CONFIGS["mixtral"]), "e.yaml").notes() == []


def test_fused_experts_are_known_by_their_form_where_nothing_names_them_so() -> None:
    module = empty(CONFIGS["jetmoe"])
    fused = sum(each.numel() for each in module.parameters() if each.dim() == 3)
    whole = sum(each.numel() for each in module.parameters())
    assert 0.8 < fused / whole == pytest.approx(adapted(ALL, module, "e.yaml").experts, rel=0.01)


@pytest.mark.parametrize("name", ["phimoe", "llama4"])
def test_routers_are_left_out_and_shown(name: str) -> None:
    found = adapted(ALL, empty(CONFIGS[name]), "e.yaml")
    assert all("router" in layer for layer in found.left_out)
    assert sum(found.left_out.values()) == 2
    assert found.record()["not_adapted"] == found.left_out


def image_text() -> Any:
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": 28, "patch_size": 14, "projection_dim": 16}  # fmt: skip
    return transformers.LlavaConfig(
        text_config=transformers.LlamaConfig(**SIZE).to_dict(),
        vision_config=vision | {"model_type": "clip_vision_model"},
    )


def test_a_tower_for_images_is_neither_adapted_nor_counted() -> None:
    def made() -> Any:
        with torch.device("meta"):
            return transformers.AutoModelForImageTextToText.from_config(image_text())

    found = adapted(ALL, made(), "e.yaml")
    assert all("language_model" in layer for layer in found.layers)
    assert sum(found.layers.values()) == 2 * 7
    assert any("vision" in layer for layer in found.left_out)
    text = empty(transformers.LlamaConfig(**SIZE))
    assert round(sum(multiplied(made()).values())) == round(sum(multiplied(text).values()))


@pytest.mark.parametrize("name", ["llama", "mamba", "qwen3"])
def test_names_that_fit_nothing_are_answered_with_the_names_there_are(name: str) -> None:
    options = LoraOptions(target_modules=("query_key_value",))
    with pytest.raises(InputError, match=r"name linear layers of this model: .*(q_proj|in_proj)") as fault:
        adapted(options, empty(CONFIGS[name]), "e.yaml")
    assert ALL_LINEAR not in str(fault.value)


@pytest.mark.parametrize("strategy", [Lora, QLora])
def test_names_that_fit_nothing_are_refused_before_anything_runs(tiny_model, strategy) -> None:
    trained = strategy(LoraOptions(target_modules=("query_key_value",)))
    with pytest.raises(InputError, match="target_modules: does not fit the model"):
        trained.check_model(load(tiny_model), [colour_task()], "e.yaml", "strategies.lora")


def test_settings_of_a_model_with_nothing_to_leave_out_are_as_plain_as_before() -> None:
    settings = lora_config(ALL, empty(CONFIGS["llama"]))
    assert (settings.target_modules, settings.exclude_modules) == (ALL_LINEAR, None)


def test_a_training_records_its_layers(tiny_model: Path, tmp_path: Path) -> None:
    options = LoraOptions(rank=2, max_steps=2, eval_steps=1, batch_size=4)
    prepared = Lora(options).prepare(context(load(tiny_model), tmp_path, colour_task()))
    assert prepared.record["adapted"]["model.layers.*.self_attn.q_proj"] == 2
    assert prepared.record["adapted_share"] == adapted(options, empty_of(tiny_model), "e.yaml").share


def empty_of(folder: Path) -> Any:
    return empty(transformers.AutoConfig.from_pretrained(folder))


def test_layers_that_learned_nothing_are_found(tiny_model: Path, tmp_path: Path) -> None:
    model = wrapped(ALL, load(tiny_model).fresh("none")[0], "e.yaml")
    with torch.no_grad():
        for name, each in model.named_parameters():
            if "lora_B" in name and "q_proj" not in name:
                each.add_(1)
    model.save_pretrained(tmp_path / "adapter")
    assert untrained(tmp_path / "adapter") == [f"model.layers.{i}.self_attn.q_proj" for i in range(2)]
    shutil.rmtree(tmp_path / "adapter")


@pytest.mark.parametrize("name", ["gpt2", "mamba", "mixtral", "olmoe", "gpt-oss", "phimoe", "falcon h1"])
def test_what_is_trained_here_passes_our_own_gate_and_answers_the_same(name, tiny_model, tmp_path) -> None:
    config = copy.deepcopy(CONFIGS[name])
    config.vocab_size, config.eos_token_id, config.pad_token_id = 400, 1, 0
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model", ignore=weights_and_config))
    torch.manual_seed(0)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    base = load(folder)
    options = LoraOptions(rank=1, max_steps=2, eval_steps=1, batch_size=4, learning_rate=0.05)
    trained = Lora(options).prepare(context(base, tmp_path, colour_task()))
    (made,) = (tmp_path / "tuned").iterdir()
    taken = Adapter(AdapterOptions(path=str(made))).prepare(context(base, tmp_path, colour_task()))
    (made / MANIFEST).unlink()
    foreign = Adapter(AdapterOptions(path=str(made))).prepare(context(base, tmp_path, colour_task()))
    assert greedy(trained.model, 2) == greedy(taken.model, 2) == greedy(foreign.model, 2)


def weights_and_config(_: object, names: list[str]) -> set[str]:
    return {name for name in names if name.endswith(".safetensors") or name == "config.json"}


def active(name: str) -> int:
    return round(sum(multiplied(empty(CONFIGS[name])).values()))


def test_matrix_products_are_counted_in_every_kind_of_layer() -> None:
    assert active("gpt2") == 300 * 32 + 2 * 32 * (96 + 32 + 128 + 128)
    assert active("llama") == 300 * 32 + 2 * (3 * 32 * 64 + 2 * 32 * 32 + 2 * 32 * 16)
    attention = 2 * 32 * 32 + 2 * 32 * 16
    assert active("mixtral") == 300 * 32 + 2 * (attention + 2 * 3 * 32 * 64)
    assert active("olmoe") == 300 * 32 + 2 * (attention + 2 * 3 * 32 * 64)
    routers, kv = 2 * 4 * 32, 32 * 2 * 16
    assert active("jetmoe") == 300 * 32 + 2 * (routers + kv + 2 * (3 * 32 * 64 + 2 * 16 * 32))


@pytest.mark.parametrize("name", ["mixtral", "qwen2 moe", "olmoe", "qwen3 moe"])
def test_routers_that_are_plain_weights_are_left_out_too(name: str, tmp_path: Path) -> None:
    config = CONFIGS.get(name) or transformers.Qwen3MoeConfig(
        **SIZE, **EXPERTS, num_experts=4, moe_intermediate_size=16, head_dim=8
    )
    found = adapted(ALL, empty(config), "e.yaml")
    assert found.left_out == {"model.layers.*.mlp.gate.weight": config.num_hidden_layers}
    assert not any("mlp.gate" in layer.split("experts")[0] for layer in found.layers)
    experts = {layer for layer in found.layers if "experts" in layer}
    torch.manual_seed(0)
    base = transformers.AutoModelForCausalLM.from_config(config)
    model = wrapped(ALL, copy.deepcopy(base), "e.yaml")
    assert not any(
        "gate.weight" in n or "mlp.gate.lora" in n for n, p in model.named_parameters() if p.requires_grad
    )
    on_experts = [n for n, p in model.named_parameters() if p.requires_grad and "experts" in n]
    assert bool(on_experts) is bool(experts)
    for weight in model.parameters():
        if weight.requires_grad:
            torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(tmp_path)
    opened = attach(base, tmp_path)
    ids = torch.arange(3, 43)[None]
    with torch.no_grad():
        assert torch.allclose(opened(ids).logits, model(ids).logits, atol=1e-5)
        with opened.disable_adapter():
            assert not torch.allclose(opened(ids).logits, model(ids).logits, atol=1e-2)

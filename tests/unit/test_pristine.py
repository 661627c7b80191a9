"""One base for many adapters: what the next one lies over is what was loaded, whatever lay over it before."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import pytest
import torch

from harness.models.transformers.model import TransformersModel
from harness.models.transformers.pristine import digest_of_module
from strategies.tuning.methods.lora.attaching import detached
from strategies.tuning.methods.lora.saved import SavedAdapter
from tests.unit._training import load
from tests.unit.test_adapter_files import greedy, save_adapter

ALL = {"r": 4, "target_modules": "all-linear"}
LORA: dict[str, dict[str, Any]] = {
    "plain": {},
    "gaussian": {"init_lora_weights": "gaussian"},
    "orthogonal": {"init_lora_weights": "orthogonal"},
    "pissa": {"init_lora_weights": "pissa"},
    "pissa, fast": {"init_lora_weights": "pissa_niter_4"},
    "olora": {"init_lora_weights": "olora"},
    "eva": {"init_lora_weights": "eva"},
    "dora": {"use_dora": True},
    "rslora": {"use_rslora": True},
    "every bias": {"bias": "all"},
    "its own biases": {"bias": "lora_only", "lora_bias": True},
    "a whole head": {"modules_to_save": ["lm_head"]},
    "whole embeddings": {"modules_to_save": ["embed_tokens", "norm"]},
    "some tokens": {"trainable_token_indices": {"embed_tokens": [5, 6, 7]}},
    "embeddings": {"target_modules": ["embed_tokens", "q_proj"]},
    "head": {"target_modules": ["lm_head", "v_proj"]},
    "patterns": {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"q_proj": 64}},
    "a parameter": {"target_modules": [], "target_parameters": ["q_proj.weight"]},
}
WHERE = {"target_modules": ["q_proj", "v_proj"]}
TOKENS = {"num_virtual_tokens": 4}
OTHERS: dict[str, dict[str, Any]] = {
    "PROMPT_TUNING": TOKENS,
    "P_TUNING": TOKENS,
    "PREFIX_TUNING": TOKENS,
    "CPT": {"cpt_token_ids": [1, 2, 3], "cpt_tokens_type_mask": [1, 2, 3]},
    "CARTRIDGE": TOKENS,
    "ADALORA": WHERE | {"total_step": 10},
    "ADAMSS": WHERE,
    "ADAPTION_PROMPT": {"adapter_len": 4, "adapter_layers": 2},
    "BOFT": WHERE,
    "BEFT": WHERE,
    "IA3": {"target_modules": ["k_proj", "down_proj"], "feedforward_modules": ["down_proj"]},
    "LILY": WHERE,
    "LOHA": WHERE,
    "LOKR": WHERE,
    "OFT": WHERE,
    "LN_TUNING": {},
    "VERA": WHERE,
    "FROD": WHERE,
    "PVERA": WHERE,
    "FOURIERFT": WHERE,
    "GLORA": WHERE,
    "HRA": WHERE,
    "VBLORA": WHERE | {"vector_length": 32},
    "UNILORA": WHERE,
    "MISS": WHERE,
    "RANDLORA": WHERE,
    "ROAD": WHERE | {"group_size": 32},
    "TRAINABLE_TOKENS": {"token_indices": [4, 5, 6], "target_modules": ["embed_tokens"]},
    "HIRA": WHERE,
    "SHIRA": WHERE | {"r": 2},
    "C3A": WHERE | {"block_size": 32},
    "WAVEFT": WHERE | {"n_frequency": 100},
    "OSF": WHERE,
    "DELORA": WHERE,
    "GRALORA": WHERE,
    "TINYLORA": WHERE,
    "PSOFT": WHERE,
    "PEANUT": WHERE,
    "SUPERTUNING": WHERE,
    "DEFT": WHERE,
}
NOT_HERE = {
    "LORA": "all of its variants above",
    "POLY": "is told with each question which task it is",
    "MULTITASK_PROMPT_TUNING": "is told with each question which task it is",
    "XLORA": "is a mixture of adapters that are named apart",
    "SHADOW": "wants the model in two parts",
}


def save_other(base: TransformersModel, folder: Path, kind: str) -> Path:
    """Save an adapter of another kind than LoRA, its weights moved away from where they begin."""
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    settings = PEFT_TYPE_TO_CONFIG_MAPPING[peft.PeftType(kind)](task_type="CAUSAL_LM", **OTHERS[kind])
    torch.manual_seed(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = peft.get_peft_model(base.fresh("none")[0], settings)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.requires_grad and parameter.is_floating_point():
                    parameter.add_(torch.randn_like(parameter) * 0.1)
        model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def base(tiny_model: Path) -> Any:
    return load(tiny_model)


@pytest.fixture(scope="module")
def plain(base, tmp_path_factory) -> Path:
    return Path(save_adapter(base, tmp_path_factory.mktemp("plain") / "adapter"))


@pytest.fixture(scope="module")
def pristine(base) -> str:
    return digest_of_module(base.fresh("none")[0].eval())


@pytest.fixture(scope="module")
def alone(base, plain) -> list[str]:
    base.weights.owner.evict()
    return list(greedy(base.with_adapter(SavedAdapter(plain), "none")))


def after(base: TransformersModel, folder: Path, plain: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what a plain adapter answers after another; check what either was put over."""
    found: list[str] = []

    def noted(module: Any, adapter: Path) -> Any:
        found.append(digest_of_module(module))
        return attach(module, adapter)

    from strategies.tuning.methods.lora.attaching import attach

    monkeypatch.setattr("strategies.tuning.methods.lora.attaching.attach", noted)
    base.weights.owner.evict()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of kinds that peft does not expect over these layers
        greedy(base.with_adapter(SavedAdapter(folder), "none"), 2)
    answers = list(greedy(base.with_adapter(SavedAdapter(plain), "none")))
    assert len(found) == 2
    assert len(set(found)) == 1, "the second adapter lay over another base than the first"
    return answers


@pytest.mark.parametrize("variant", LORA)
def test_no_variant_of_lora_changes_what_the_next_adapter_lies_over(
    base, plain, alone, pristine, variant, tmp_path, monkeypatch
) -> None:
    folder = save_adapter(base, tmp_path / "before", **(ALL | LORA[variant]))
    assert after(base, folder, plain, monkeypatch) == alone
    left = base.weights.owner.loaded
    assert left is not None
    assert digest_of_module(detached(left.loaded)) == pristine
    left.loaded = None


@pytest.mark.parametrize("kind", OTHERS)
def test_no_other_kind_of_adapter_changes_what_the_next_one_lies_over(
    base, plain, alone, kind, tmp_path, monkeypatch
) -> None:
    folder = save_other(base, tmp_path / "before", kind)
    assert after(base, folder, plain, monkeypatch) == alone


def test_every_kind_that_peft_knows_is_tried_or_named() -> None:
    known = {kind.name for kind in peft.PeftType}
    assert known <= OTHERS.keys() | NOT_HERE.keys()


def test_an_adapter_that_starts_from_the_base_weights_does_change_them(base, pristine, tmp_path) -> None:
    folder = save_adapter(base, tmp_path / "pissa", **ALL, init_lora_weights="pissa")
    module = detached(base.with_adapter(SavedAdapter(folder), "none").module)
    assert digest_of_module(module) != pristine  # so that the digest is what protects the next one


Change = Callable[[Any], object]


def flipped(tensor: torch.Tensor, index: int, bit: int = 0) -> None:
    tensor.view(torch.uint8).view(-1)[index] ^= 1 << bit


CHANGES: dict[str, Change] = {
    "the lowest bit of a weight": lambda m: flipped(m.lm_head.weight.data, 4 * 4000),
    "the sign of a norm's last weight": lambda m: flipped(m.model.norm.weight.data, 4 * 63 + 3, 7),
    "two weights exchanged": lambda m: m.lm_head.weight.data[0].copy_(m.lm_head.weight.data[0].flip(0)),
    "a buffer that is not saved": lambda m: m.model.rotary_emb.inv_freq.mul_(2),
    "another format": lambda m: m.lm_head.to(torch.bfloat16),
    "weights tied": lambda m: setattr(m.lm_head, "weight", m.model.embed_tokens.weight),
    "the configuration": lambda m: setattr(m.config, "rms_norm_eps", 1e-3),
    "the generation's settings": lambda m: setattr(m.generation_config, "eos_token_id", 9),
    "a layer's setting": lambda m: setattr(m.model.layers[0].self_attn, "scaling", 0.5),
    "a layer around another": lambda m: setattr(m, "lm_head", torch.nn.Sequential(m.lm_head)),
    "a hook": lambda m: m.lm_head.register_forward_hook(lambda *_: None),
    "another forward": lambda m: setattr(m.lm_head, "forward", lambda x: x),
    "a list of settings": lambda m: setattr(m.model, "skipped_layers", [1]),
    "a mapping of settings": lambda m: setattr(m.model, "options", {"scale": [2.0, None]}),
    "a bias": lambda m: setattr(m.lm_head, "bias", torch.nn.Parameter(torch.zeros(8))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_anything_that_answers_depend_on_changes_the_digest(base, pristine, change) -> None:
    module = base.fresh("none")[0].eval()
    assert digest_of_module(module) == pristine
    CHANGES[change](module)
    assert digest_of_module(module) != pristine


def test_answering_and_its_fast_attention_leave_the_digest_as_it_was(base, pristine) -> None:
    greedy(base)
    assert digest_of_module(base.module) == pristine


def test_each_number_counts_at_every_place_and_length() -> None:
    for n_bytes in (1, 7, 8, 9, 64, 1000):
        module, numbers = torch.nn.Module(), torch.zeros(n_bytes + 1, dtype=torch.uint8)[1:]
        module.register_buffer("x", numbers)
        found = {digest_of_module(module)}
        for place in range(n_bytes):
            numbers.zero_()[place] = 1
            found.add(digest_of_module(module))
        assert len(found) == n_bytes + 1

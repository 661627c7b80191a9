"""Adapters that are hostile or broken: each is refused with a line of its own, and none is loaded."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import InputError
from strategies.adapter import Adapter, AdapterOptions
from strategies.tuning.methods.lora.checks import examined
from strategies.tuning.methods.lora.files import CONFIG, WEIGHTS
from strategies.tuning.saved import MANIFEST, publish
from tests.unit._damages import nothing
from tests.unit._hostile import CASES, KINDS
from tests.unit._training import colour_task, context, load
from tests.unit.test_adapter_files import edit_config, edit_weights, manifest_for, save_adapter


@pytest.fixture(scope="module")
def base(tiny_model):
    return load(tiny_model)


@pytest.fixture(scope="module")
def whole(base, tmp_path_factory) -> Path:
    return Path(save_adapter(base, tmp_path_factory.mktemp("foreign") / "adapter"))


@pytest.fixture
def adapter(whole, tmp_path, monkeypatch) -> Path:
    def loaded(*_: object) -> None:
        raise AssertionError("an adapter that should be refused was loaded")

    monkeypatch.setattr("strategies.tuning.methods.lora.attaching.attach", loaded)
    return Path(shutil.copytree(whole, tmp_path / "adapter"))


LONGEST_S = 20.0
"""Far above the second or less that each takes, for machines that are busy."""


@pytest.fixture(scope="module")
def biased(tiny_model, tmp_path_factory):
    """The base with biases in its attention."""
    import transformers

    folder = Path(shutil.copytree(tiny_model, tmp_path_factory.mktemp("biased") / "model"))
    settings = transformers.LlamaConfig.from_pretrained(folder, attention_bias=True)
    torch.manual_seed(7)
    transformers.LlamaForCausalLM(settings).save_pretrained(folder)
    return load(folder)


def test_there_are_enough_of_them() -> None:
    assert len(CASES) + len(KINDS) >= 95


def line_of(folder: Path, base: object, told: str, **options: object) -> str:
    """Return the line that a folder is refused with: it is one line, names the folder, and comes soon."""
    strategy = Adapter(AdapterOptions(path=str(folder), **options))
    started = time.perf_counter()

    def loaded() -> None:
        strategy.check([], "e.yaml", "strategies.adapter")
        strategy.prepare(context(base, folder.parent, colour_task()))

    with pytest.raises(InputError, match=told) as caught:
        loaded()
    line = str(caught.value)
    assert time.perf_counter() - started < LONGEST_S
    assert line.isprintable()
    assert str(folder) in line
    return line


@pytest.mark.parametrize("case", CASES)
def test_each_is_refused_in_one_line_and_not_loaded(adapter, base, case) -> None:
    damage, told = CASES[case]
    damage(adapter)
    line_of(adapter, base, told)


@pytest.mark.parametrize("case", KINDS)
def test_each_kind_is_refused_where_a_gate_allows_nothing(adapter, biased, tmp_path, case) -> None:
    settings, damage, told = KINDS[case]
    folder = Path(save_adapter(biased, tmp_path / "kind", **settings))
    damage(folder)
    if damage is nothing:
        (kind,) = settings.keys() & {"modules_to_save", "bias", "lora_bias", *OTHERS}
        assert f"write `allow: [{kind}]` into the gate file" in line_of(folder, biased, told, allow=())
    else:
        line_of(folder, biased, told, allow=None)


OTHERS = ("trainable_token_indices", "target_parameters")


def test_alpha_ten_times_that_of_training_is_found_by_the_manifest(adapter, base, tmp_path) -> None:
    made = tmp_path / "made"
    publish(adapter, made, manifest_for(base))
    edit_config(made, lora_alpha=json.loads((made / CONFIG).read_text())["lora_alpha"] * 10)
    with pytest.raises(InputError, match=f"not those that {MANIFEST} describes"):
        examined(made, base)


def test_another_base_of_the_same_shape_is_found_by_the_manifest(adapter, base, tmp_path) -> None:
    publish(adapter, tmp_path / "made", manifest_for(base, base_digest="0" * 64))
    with pytest.raises(InputError, match="was trained over other weights"):
        examined(tmp_path / "made", base)


def test_an_adapter_that_makes_logits_nan_is_refused(whole, base, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("strategies.tuning.methods.lora.examined.STRONGEST_CHANGE", float("inf"))
    folder = Path(shutil.copytree(whole, tmp_path / "adapter"))
    edit_weights(folder, lambda tensors: [tensor.mul_(1e15) for tensor in tensors.values()])
    with pytest.raises(InputError, match=r"makes logits NaN or infinite on the probe text; train it again"):
        Adapter(AdapterOptions(path=str(folder))).prepare(context(base, tmp_path, colour_task()))


def test_more_weights_than_any_adapter_of_this_base_needs_are_refused(base, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("strategies.tuning.methods.lora.checks._SMALL", 0)
    folder = Path(save_adapter(base, tmp_path / "adapter", r=256))
    with pytest.raises(InputError, match=r"must hold at most .* weights, twice what this model has"):
        examined(folder, base)


def test_an_adapter_without_effect_is_refused(whole, base, tmp_path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "adapter"))
    tensors = load_file(folder / WEIGHTS)
    save_file({n: torch.zeros_like(t) if "lora_B" in n else t for n, t in tensors.items()}, folder / WEIGHTS)
    with pytest.raises(InputError, match="has no effect: every logit"):
        Adapter(AdapterOptions(path=str(folder))).prepare(context(base, tmp_path, colour_task()))


def test_a_folder_with_dots_in_its_name_and_a_path_outside_for_its_base_still_loads(
    whole, base, tmp_path
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "release.v1.2.adapter"))
    edit_config(folder, base_model_name_or_path="../../../etc/passwd")
    prepared = Adapter(AdapterOptions(path=str(folder))).prepare(context(base, tmp_path, colour_task()))
    assert prepared.model.identity.adapter_digest

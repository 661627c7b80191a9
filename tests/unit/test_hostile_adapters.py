"""Adapters that are hostile or broken: each is refused with a line of its own, and none is loaded."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import InputError
from strategies._adapter_checks import check_adapter
from strategies._adapter_files import CONFIG, MANIFEST, WEIGHTS, publish
from strategies.adapter import Adapter, AdapterOptions
from tests.unit._training import colour_task, context, load
from tests.unit.test_adapter_files import edit_config, edit_weights, first_name, manifest_for, save_adapter

Damage = Callable[[Path], object]


def config(**changes: object) -> Damage:
    return lambda folder: edit_config(folder, **changes)


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    return lambda folder: edit_weights(folder, change)


def content(name: str, data: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(data)


def gone(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def linked(name: str) -> Damage:
    def damage(folder: Path) -> None:
        outside = folder.parent / f"outside {name}"
        (folder / name).rename(outside)
        (folder / name).symlink_to(outside)

    return damage


def only_pickled(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "adapter_model.bin")
    (folder / WEIGHTS).unlink()


def cut(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-10])


def giant_header(folder: Path) -> None:
    length = (1 << 24) + 8
    with (folder / WEIGHTS).open("wb") as file:
        file.write(length.to_bytes(8, "little"))
        file.truncate(length + 100)


def renamed(old: str, new: str) -> Damage:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        name = next(name for name in sorted(tensors) if old in name)
        tensors[name.replace(old, new)] = tensors.pop(name)

    return weights(change)


def integers(tensors: dict[str, torch.Tensor]) -> None:
    tensors[first_name(tensors)] = tensors[first_name(tensors)].to(torch.int64)


CASES: dict[str, tuple[Damage, str]] = {
    "no settings": (gone(CONFIG), "adapter_config.json is missing"),
    "no weights": (gone(WEIGHTS), "adapter_model.safetensors is missing"),
    "weights only pickled": (only_pickled, "its weights are not in safetensors"),
    "a pickle named safetensors": (
        lambda folder: (folder / WEIGHTS).write_bytes(pickle.dumps({"a": [1.0] * 100})),
        "is not a whole safetensors file",
    ),
    "a file of no bytes": (content(WEIGHTS, b""), "is not a whole safetensors file .*0 bytes"),
    "a file cut short": (cut, "is not a whole safetensors file"),
    "a header longer than the file": (
        content(WEIGHTS, (1 << 40).to_bytes(8, "little") + b"{}"),
        "is not a whole safetensors file .*10 bytes",
    ),
    "a giant header": (giant_header, "has a header of more than"),
    "a header that is no JSON": (
        content(WEIGHTS, (4).to_bytes(8, "little") + b"abcd"),
        "is not a whole safetensors file: ",
    ),
    "settings that are no JSON": (content(CONFIG, b"{"), "is not JSON"),
    "settings that nest without end": (content(CONFIG, b"[" * 200_000), "is not JSON"),
    "settings that are a list": (content(CONFIG, b"[1]"), "peft_type: must be LORA"),
    "giant settings": (content(CONFIG, b" " * (1 << 21)), "must be at most 1048576 bytes"),
    "an unknown type": (config(peft_type="TROJAN"), "peft_type: must be LORA .*TROJAN"),
    "an unknown key": (config(lora_alhpa=4), "key 'lora_alhpa' is not known"),
    "code to import": (
        config(auto_mapping={"parent_library": "os", "base_model_class": "system"}),
        "auto_mapping names code to import",
    ),
    "megatron": (config(megatron_config={"a": 1}), "megatron_config names code to import"),
    "layers doubled": (config(layer_replication=[[0, 999]]), "would change the layers of the base"),
    "a giant rank": (config(r=1_000_000), "r must be a whole number from 1 to 16384"),
    "a rank that is no number": (config(r="2"), "r must be a whole number"),
    "a giant rank for one module": (
        config(rank_pattern={"q_proj": 10**9}),
        "q_proj must be a whole number from 1 to 16384",
    ),
    "alpha a hundred times": (config(lora_alpha=800), "lora_alpha must be above 0 and at most 256 times"),
    "alpha of no number": (config(lora_alpha=float("nan")), "lora_alpha must be above 0"),
    "alpha below zero": (config(lora_alpha=-8), "lora_alpha must be above 0"),
    "alpha for one module": (config(alpha_pattern={"q_proj": 1e9}), "q_proj must be above 0 and at most 256"),
    "a pattern without end": (config(target_modules="(a+)+$"), "is a pattern that could take for ever"),
    "another rank than the weights": (config(r=4), r"must have the shape \(4, "),
    "modules that are not there": (config(target_modules=["query_key_value"]), "cannot be applied"),
    "a smuggled lm_head": (
        weights(lambda t: t.update({"base_model.model.lm_head.weight": torch.zeros(4, 4)})),
        "no place for .*lm_head",
    ),
    "an extra tensor": (renamed(".layers.0.", ".layers.99."), "no place for .*layers.99"),
    "a tensor less": (weights(lambda t: t.pop(first_name(t))), "lacks a tensor"),
    "dots in a tensor's name": (renamed("lora_A.weight", "lora_A...weight"), r"no place for .*A\.\.\.weight"),
    "whole numbers": (weights(integers), "must be of the type F32, F16 or BF16 .*I64"),
    "NaN": (weights(lambda t: t[first_name(t)].view(-1)[1:2].fill_(float("nan"))), "holds NaN or inf"),
    "infinity": (weights(lambda t: t[first_name(t)].view(-1)[1:2].fill_(float("inf"))), "holds NaN or inf"),
    "weights that are a link": (linked(WEIGHTS), "is a link that leads out"),
    "settings that are a link": (linked(CONFIG), "is a link that leads out"),
}  # fmt: skip


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

    monkeypatch.setattr("harness.models.resident.attach", loaded)
    return Path(shutil.copytree(whole, tmp_path / "adapter"))


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 25


@pytest.mark.parametrize("case", CASES)
def test_each_is_refused_in_one_line_and_not_loaded(adapter, base, case) -> None:
    damage, told = CASES[case]
    damage(adapter)
    strategy = Adapter(AdapterOptions(path=str(adapter)))
    with pytest.raises(InputError, match=told) as caught:
        strategy.prepare(context(base, adapter.parent, colour_task()))
    assert "\n" not in str(caught.value)
    assert str(adapter) in str(caught.value)


def test_alpha_ten_times_that_of_training_is_found_by_the_manifest(adapter, base, tmp_path) -> None:
    made = tmp_path / "made"
    publish(adapter, made, manifest_for(base))
    edit_config(made, lora_alpha=json.loads((made / CONFIG).read_text())["lora_alpha"] * 10)
    with pytest.raises(InputError, match=f"not those that {MANIFEST} describes"):
        check_adapter(made, base)


def test_another_base_of_the_same_shape_is_found_by_the_manifest(adapter, base, tmp_path) -> None:
    publish(adapter, tmp_path / "made", manifest_for(base, base_digest="0" * 64))
    with pytest.raises(InputError, match="was trained over other weights"):
        check_adapter(tmp_path / "made", base)


def test_an_adapter_that_makes_logits_nan_is_refused(whole, base, tmp_path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "adapter"))
    edit_weights(folder, lambda tensors: [tensor.mul_(1e30) for tensor in tensors.values()])
    with pytest.raises(InputError, match=r"makes logits NaN or infinite on the probe text; train it again"):
        Adapter(AdapterOptions(path=str(folder))).prepare(context(base, tmp_path, colour_task()))


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

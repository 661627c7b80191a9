"""How far adapters move their base: measured right, told, and none that a training here makes is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from strategies.adapter import Adapter, AdapterOptions
from strategies.lora import Lora, LoraOptions
from strategies.tuning.method import STRONGEST_CHANGE
from strategies.tuning.methods.lora.attaching import attach
from strategies.tuning.methods.lora.checks import examined
from strategies.tuning.methods.lora.effect import changes, norms
from strategies.tuning.methods.lora.files import WEIGHTS
from tests.unit._training import OPTIONS, colour_task, context, load
from tests.unit.test_adapter_files import edit_weights, save_adapter


@pytest.fixture(scope="module")
def base(tiny_model: Path) -> Any:
    return load(tiny_model)


def measured(folder: Path, base: Any, module: Any) -> dict[str, float]:
    adapter = examined(folder, base)
    found = changes(adapter.wrapped, load_file(folder / WEIGHTS), norms(module))
    return {each.name: each.ratio for each in found}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"use_rslora": True, "lora_alpha": 32},
        {"target_modules": ["embed_tokens", "q_proj"]},
        {"target_modules": ["q_proj"], "target_parameters": ["mlp.up_proj.weight"]},
        {"rank_pattern": {"q_proj": 1}, "alpha_pattern": {"v_proj": 32}},
    ],
)
def test_the_norm_from_the_factors_is_that_of_the_whole_change(base, tmp_path, settings) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter", **settings))
    module = base.fresh("none")[0]
    before = {name: each.detach().clone() for name, each in module.named_parameters()}
    found = measured(folder, base, module)
    merged = attach(module, folder).merge_and_unload()
    seen = 0
    for name, after in merged.named_parameters():
        expected = float((after.detach() - before[name]).norm() / before[name].norm())
        if expected > 0:
            assert found[name] == pytest.approx(expected, rel=1e-4)
            seen += 1
    assert seen >= 3


def test_what_stands_in_place_of_a_tensor_counts_with_its_own_norm(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter", modules_to_save=["lm_head"]))
    edit_weights(folder, lambda tensors: tensors["base_model.model.lm_head.weight"].mul_(3))
    assert measured(folder, base, base.fresh("none")[0])["lm_head.weight"] == pytest.approx(3, rel=1e-4)


def test_trained_tokens_count_by_the_share_of_rows_that_they_are(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter", trainable_token_indices=[5, 6]))
    found = measured(folder, base, base.fresh("none")[0])
    assert found["model.embed_tokens.weight"] == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize(
    "options", [{"use_rslora": True, "rank": 16}, {"use_dora": True, "rank": 16}], ids=["rslora", "dora"]
)
def test_what_is_trained_here_at_the_highest_rate_is_taken(base, tmp_path, options) -> None:
    """Rate 1e-2 breaks this model, whose answers become one word: bad, and no reason to refuse it."""
    settings = OPTIONS | {"learning_rate": 1e-2, "epochs": 6} | options
    trained: Any = Lora(LoraOptions(**settings)).prepare(context(base, tmp_path, colour_task()))
    (folder,) = (tmp_path / "tuned").iterdir()
    given = Adapter(AdapterOptions(path=str(folder), allow=())).prepare(
        context(base, tmp_path, colour_task())
    )
    assert trained.model.identity.adapter_digest == given.model.identity.adapter_digest
    assert 0.5 < given.record["largest_change"] < STRONGEST_CHANGE / 50
    assert given.record["probe_kl"] > 0


def test_a_plain_run_names_what_an_adapter_replaces(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter", modules_to_save=["lm_head"]))
    prepared = Adapter(AdapterOptions(path=str(folder))).prepare(context(base, tmp_path, colour_task()))
    assert prepared.record["notes"][0] == (
        "the adapter changes more than layers by low rank: modules_to_save (lm_head.weight)"
    )


def test_answers_that_have_become_empty_are_told(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter", modules_to_save=["lm_head"]))
    edit_weights(folder, lambda tensors: tensors["base_model.model.lm_head.weight"].zero_())
    prepared = Adapter(AdapterOptions(path=str(folder))).prepare(context(base, tmp_path, colour_task()))
    assert "the adapter answers 4 of 4 training questions with nothing at all" in prepared.record["notes"]


def test_an_adapter_that_knows_no_language_any_more_is_told(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter", modules_to_save=["lm_head"]))
    edit_weights(folder, lambda tensors: tensors["base_model.model.lm_head.weight"].mul_(100))
    prepared = Adapter(AdapterOptions(path=str(folder))).prepare(context(base, tmp_path, colour_task()))
    told = "ordinary text is less likely under the adapter than by guessing: "
    assert any(note.startswith(told) for note in prepared.record["notes"])

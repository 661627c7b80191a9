"""Adapters as people have them, made by plain peft: taken, or refused for what is wrong with them."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import InputError
from harness.models.transformers.weights import load_weights
from strategies.adapter import Adapter, AdapterOptions
from strategies.lora import LoraOptions
from strategies.tuning.methods.lora.checks import examined
from strategies.tuning.methods.lora.files import CONFIG, WEIGHTS
from strategies.tuning.methods.lora.strength import HIGHEST_RANK
from tests.unit._training import colour_task, context, load
from tests.unit.test_adapter_files import edit_config, edit_weights, greedy, refused, save_adapter

NEWER: dict[str, Any] = {
    "use_flow": False,
    "flow_steps": 16,
    "gate_config": None,
    "gate_names": [],
    "ensure_gates": False,
}
MAPPED = {
    "parent_library": "transformers.models.llama.modeling_llama",
    "base_model_class": "LlamaForCausalLM",
}

Edit = Callable[[Path], object]


def files_of_trl(folder: Path) -> None:
    for name in ("README.md", "training_args.bin", "optimizer.pt", "tokenizer.json", "chat_template.jinja"):
        (folder / name).write_bytes(b"{}")
    (folder / "checkpoint-10").mkdir()
    shutil.copy(folder / CONFIG, folder / "checkpoint-10")


def rounded(folder: Path) -> None:
    edit_weights(folder, lambda tensors: tensors.update({n: t.bfloat16() for n, t in tensors.items()}))


TAKEN: dict[str, tuple[dict[str, Any], Edit | None]] = {
    "peft's defaults": ({"r": 8, "target_modules": None}, None),
    "no task named": ({"task_type": None}, None),
    "no task and no class named": (
        {"task_type": None},
        lambda folder: edit_config(folder, auto_mapping=None),
    ),
    "another task named": ({"task_type": "FEATURE_EXTRACTION"}, None),
    "a class of transformers and a mark": (
        {},
        lambda f: edit_config(f, auto_mapping=MAPPED | {"fixed": True}),
    ),
    "rank 1 with the usual alpha": ({"r": 1, "lora_alpha": 64}, None),
    "a stable rank and a high alpha": ({"r": 4, "lora_alpha": 256, "use_rslora": True}, None),
    "patterns": (
        {"rank_pattern": {"q_proj": 1}, "alpha_pattern": {"v_proj": 16}, "r": 8, "lora_alpha": 256},
        None,
    ),
    "embeddings": ({"target_modules": ["embed_tokens"]}, None),
    "embeddings, in half": ({"target_modules": ["embed_tokens", "q_proj"]}, rounded),
    "head": ({"target_modules": ["lm_head", "q_proj"]}, None),
    "both": ({"target_modules": ["lm_head", "embed_tokens"]}, None),
    "a trained head": ({"modules_to_save": ["lm_head"]}, None),
    "trained embeddings and head": ({"modules_to_save": ["embed_tokens", "lm_head"]}, None),
    "a head by another name": ({"target_modules": "all-linear", "exclude_modules": ["lm_head"]}, None),
    "tokens": ({"trainable_token_indices": [5, 6]}, None),
    "biases": ({"bias": "all"}, None),
    "pissa": ({"init_lora_weights": "pissa"}, None),
    "some layers": ({"target_modules": ["q_proj"], "layers_to_transform": [1]}, None),
    "no base named": ({}, lambda folder: edit_config(folder, base_model_name_or_path=None)),
    "keys of a newer peft that are off": ({}, lambda folder: edit_config(folder, **NEWER)),
    "files of trl": ({}, files_of_trl),
}


@pytest.fixture(scope="module")
def base(tiny_model: Path) -> Any:
    return load(tiny_model)


def reference(base: Any, folder: Path) -> torch.Tensor:
    """Return logits as plain peft computes them from the folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = load_weights(base.folder, torch.float32, "cpu", "none", "test")
        adapted = peft.PeftModel.from_pretrained(module, str(folder)).eval()
    with torch.no_grad():
        logits: torch.Tensor = adapted(input_ids=torch.arange(10, 30)[None]).logits
    return logits


@pytest.mark.parametrize("case", TAKEN)
def test_it_is_taken_and_answers_as_in_plain_peft(base, tmp_path, case) -> None:
    settings, edit = TAKEN[case]
    folder = Path(save_adapter(base, tmp_path / "checkpoint-120", **settings))
    if edit is not None:
        edit(folder)
    expected = None if "newer" in case else reference(base, folder)
    prepared: Any = Adapter(AdapterOptions(path=str(folder))).prepare(context(base, tmp_path, colour_task()))
    assert len(greedy(prepared.model)) == 8
    if expected is not None:
        with torch.no_grad():
            found = prepared.model.module(input_ids=torch.arange(10, 30)[None]).logits
        assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    "everything", [{}, {"modules_to_save": ["lm_head"]}, {"trainable_token_indices": [1]}]
)
def test_embeddings_saved_by_request_are_the_bases_own_and_are_taken(base, tmp_path, everything) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        settings = peft.LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=["q_proj"], **everything)
        model = peft.get_peft_model(base.fresh("none")[0], settings)
        model.save_pretrained(tmp_path / "adapter", save_embedding_layers=True)
    assert len(load_file(tmp_path / "adapter" / WEIGHTS)) >= 6
    assert examined(tmp_path / "adapter", base).manifest is None


COPY = "base_model.model.lm_head.base_layer.weight"


def test_a_copy_that_differs_from_the_base_in_one_number_is_refused(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter", target_modules=["lm_head"]))
    edit_weights(folder, lambda tensors: tensors[COPY].view(-1)[-1:].add_(0.5))
    refused(folder, base, f"holds a lm_head.weight that differs from this model's .*{COPY}")


def test_a_copy_with_more_tokens_is_refused(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter", target_modules=["q_proj"]))
    edit_weights(folder, lambda tensors: tensors.update({COPY: torch.zeros(999, 64)}))
    refused(folder, base, r"no place for .*lm_head.base_layer.weight \(999, 64\)")


@pytest.mark.parametrize(
    "library", ["os", "transformers_evil", "transformers;os", "../transformers", "my.transformers", 7, ["os"]]
)
def test_a_class_that_is_not_of_transformers_is_refused(base, tmp_path, library) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter"))
    edit_config(folder, auto_mapping={"parent_library": library, "base_model_class": "LlamaForCausalLM"})
    refused(folder, base, "auto_mapping names code to import")


def test_an_unknown_key_that_is_on_is_refused(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter"))
    edit_config(folder, use_flow=True, flow_steps=16)
    refused(folder, base, "the key 'use_flow' is not known to peft .*update peft")


@pytest.mark.parametrize("key", ["rank_pattern", "alpha_pattern"])
def test_a_pattern_among_ranks_that_could_take_for_ever_is_refused(base, tmp_path, key) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter"))
    edit_config(folder, **{key: {"(a+)+$": 2}})
    refused(folder, base, f"{key} is a pattern that could take for ever")


@pytest.mark.parametrize("value", [[1], "q_proj", 3])
def test_a_pattern_that_is_no_mapping_is_refused(base, tmp_path, value) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter"))
    edit_config(folder, rank_pattern=value)
    refused(folder, base, "rank_pattern must be a mapping")


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"alora_invocation_tokens": [1, 2]}, "alora_invocation_tokens"),
        ({"arrow_config": {"a": 1}}, "arrow_config"),
    ],
)
def test_what_the_answers_would_not_follow_is_refused(base, tmp_path, settings, key) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter"))
    edit_config(folder, **settings)
    refused(folder, base, key)


@pytest.mark.parametrize("init", ["corda", "loftq"])
def test_a_beginning_that_cannot_be_made_again_is_refused_in_one_line(base, tmp_path, init) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter"))
    edit_config(folder, init_lora_weights=init)
    with pytest.raises(InputError, match=r"init_lora_weights changes the base|loftq_config") as fault:
        Adapter(AdapterOptions(path=str(folder))).prepare(context(base, tmp_path, colour_task()))
    assert "\n" not in str(fault.value)


def test_a_folder_of_checkpoints_names_one(base, tmp_path) -> None:
    save_adapter(base, tmp_path / "out" / "checkpoint-7")
    refused(tmp_path / "out", base, "holds adapters in folders of their own; name one, like .*checkpoint-7")


def test_an_adapter_in_the_cache_of_the_hub_is_taken(base, tmp_path) -> None:
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "1f", tmp_path / "models--a--b" / "blobs"
    save_adapter(base, snapshot)
    blobs.mkdir()
    for name in (CONFIG, WEIGHTS):
        (snapshot / name).rename(blobs / name)
        (snapshot / name).symlink_to(Path("../../blobs") / name)
    assert examined(snapshot, base).manifest is None
    (snapshot / CONFIG).unlink()
    (tmp_path / "elsewhere.json").write_text(json.dumps({"peft_type": "LORA"}))
    (snapshot / CONFIG).symlink_to(tmp_path / "elsewhere.json")
    refused(snapshot, base, "is a link that leads out of the folder")


@pytest.mark.parametrize(
    ("rank", "alpha", "rs"),
    [(1, 32, False), (1, 256, False), (2, 512, False), (256, 4096, True), (64, 1e-6, False)],
)
def test_whatever_may_be_trained_here_is_taken_by_the_gate(base, tmp_path, rank, alpha, rs) -> None:
    options = LoraOptions(rank=rank, alpha=alpha, use_rslora=rs)
    folder = save_adapter(
        base,
        tmp_path / "a",
        r=options.rank,
        lora_alpha=options.alpha,
        use_rslora=rs,
        target_modules=["q_proj"],
    )
    assert examined(folder, base).manifest is None


@pytest.mark.parametrize(
    "options",
    [{"rank": 1, "alpha": 257}, {"rank": HIGHEST_RANK + 1}, {"rank": 4, "alpha": 513, "use_rslora": True}],
)
def test_what_the_gate_would_refuse_is_not_trained(base, tmp_path, options) -> None:
    with pytest.raises(ValueError, match="rank"):
        LoraOptions(**options)


def test_weights_of_double_length_that_are_not_numbers_are_still_found(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter", target_modules=["lm_head"]))
    tensors = load_file(folder / WEIGHTS)
    tensors[COPY][0, 0] = float("nan")
    save_file(tensors, folder / WEIGHTS)
    refused(folder, base, "differs from this model's|holds NaN")


def test_an_adapter_that_does_not_fit_is_refused_before_anything_answers(base, tmp_path) -> None:
    folder = Path(save_adapter(base, tmp_path / "adapter"))
    strategy = Adapter(AdapterOptions(path=str(folder)))
    strategy.check_model(base, [colour_task()], "e.yaml", "strategies.adapter")
    edit_config(folder, r=4)
    with pytest.raises(InputError, match="must have the shape"):
        strategy.check_model(base, [colour_task()], "e.yaml", "strategies.adapter")

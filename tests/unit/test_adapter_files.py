from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import InputError
from harness.powers import answered
from harness.tasks.prompting import plain_requests
from harness.types import PrepareCost
from strategies.adapter import Adapter, AdapterOptions
from strategies.tuning.methods.lora.checks import examined
from strategies.tuning.methods.lora.files import CONFIG, WEIGHTS
from strategies.tuning.methods.lora.saved import SavedAdapter
from strategies.tuning.saved import MANIFEST, TuningManifest, finished, publish
from tests.unit._training import colour_task, context, load


@pytest.fixture(scope="module")
def base(tiny_model):
    return load(tiny_model)


def save_adapter(base, folder, **settings):
    """Save an adapter over ``base`` as any program that uses peft would, with weights that are not zero."""
    keys = {"task_type": "CAUSAL_LM", "r": 2, "target_modules": "all-linear"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = peft.get_peft_model(base.fresh("none")[0], peft.LoraConfig(**(keys | settings)))
        torch.manual_seed(3)
        for name, parameter in model.named_parameters():
            if "lora_B" in name or "lora_embedding_A" in name:
                torch.nn.init.normal_(parameter)
        model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def foreign(base, tmp_path_factory):
    """An adapter made elsewhere: without our manifest."""
    return save_adapter(base, tmp_path_factory.mktemp("foreign") / "adapter")


@pytest.fixture
def adapter(foreign, tmp_path):
    """A copy of it to damage."""
    return Path(shutil.copytree(foreign, tmp_path / "adapter"))


def manifest_for(base, **changes):
    values = {
        "method": "lora",
        "digests": {},
        "base_name": base.name,
        "base_digest": base.identity.weights_digest,
        "dtype": "float32",
        "quantization": "none",
        "recipe": {"seed": 0},
        "recipe_digest": "r",
        "prompts_digest": "p",
        "template_digests": {},
        "seed": 0,
        "cost": PrepareCost(wall_s=2.5, trained_tokens=7),
        "record": {"steps": 3},
    }
    return TuningManifest(**(values | changes))


def edit_config(folder, **changes):
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_weights(folder, change):
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS)


def refused(folder, base, pattern):
    with pytest.raises(InputError, match=pattern) as fault:
        examined(folder, base)
    assert "\n" not in str(fault.value)


def first_name(tensors):
    return sorted(tensors)[0]


@pytest.mark.parametrize(
    "settings", [{}, {"use_dora": True}, {"use_rslora": True, "target_modules": ["q_proj"]}]
)
def test_an_adapter_made_elsewhere_for_this_model_is_accepted(base, tmp_path, settings):
    assert examined(save_adapter(base, tmp_path / "adapter", **settings), base).manifest is None


def test_a_missing_folder_or_file_is_refused(adapter, base, tmp_path):
    refused(tmp_path / "nowhere", base, "there is no such folder")
    with pytest.raises(InputError, match="there is no such folder"):
        Adapter(AdapterOptions(path="nowhere")).check([], "e.yaml", "strategies.x")
    (adapter / CONFIG).rename(adapter / "config.json")
    refused(adapter, base, "adapter_config.json is missing")


def test_pickled_weights_are_refused(adapter, base):
    torch.save(load_file(adapter / WEIGHTS), adapter / "adapter_model.bin")
    (adapter / WEIGHTS).unlink()
    refused(adapter, base, "not in safetensors.*safe_serialization=True")


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_link_out_of_the_folder_is_refused(adapter, base, tmp_path, name):
    (adapter / name).rename(tmp_path / name)
    (adapter / name).symlink_to(tmp_path / name)
    refused(adapter, base, f"{name}: is a link that leads out")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"peft_type": "PREFIX_TUNING"}, "peft_type: must be LORA .*PREFIX_TUNING"),
        ({"lora_alhpa": 4}, "key 'lora_alhpa' is not known to peft .*did you mean 'lora_alpha'"),
        ({"megatron_config": {"a": 1}}, "names code to import"),
        ({"r": 0}, "r must be a whole number from 1 to 16384 .*got 0"),
        ({"target_modules": ["query_key_value"]}, "cannot be applied"),
        ({"r": 4}, r"must have the shape \(4, .*got \(2, "),
        ({"target_modules": ["q_proj"]}, "has a tensor that this model has no place for"),
        ({"target_modules": "all-linear", "modules_to_save": ["norm"]}, "lacks a tensor"),
    ],
)
def test_settings_that_do_not_fit_are_refused(adapter, base, changes, problem):
    edit_config(adapter, **changes)
    refused(adapter, base, problem)


@pytest.mark.parametrize("content", ["{", "[1]", "\xff"])
def test_settings_that_are_no_mapping_are_refused(adapter, base, content):
    (adapter / CONFIG).write_bytes(content.encode("latin-1"))
    refused(
        adapter,
        base,
        "adapter_config.json: (is not JSON|peft_type: must be LORA)",
    )


def test_weights_cut_short_are_refused(adapter, base):
    (adapter / WEIGHTS).write_bytes((adapter / WEIGHTS).read_bytes()[:-10])
    refused(adapter, base, "is not a whole safetensors file")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(adapter, base, value):
    edit_weights(adapter, lambda tensors: tensors[first_name(tensors)].view(-1)[1:2].fill_(value))
    refused(adapter, base, "NaN or infinite weights .*lora_A")


def test_tensors_that_would_overwrite_the_base_are_refused(adapter, base):
    name = "base_model.model.lm_head.weight"
    edit_weights(adapter, lambda tensors: tensors.update({name: torch.zeros(4, 4)}))
    refused(adapter, base, f"no place for .*{name}")


def test_a_missing_tensor_is_refused(adapter, base):
    edit_weights(adapter, lambda tensors: tensors.pop(first_name(tensors)))
    refused(adapter, base, "lacks a tensor")


def test_an_adapter_for_a_base_with_fewer_layers_or_another_width_is_refused(adapter, base, tmp_path):
    import transformers

    config = transformers.AutoConfig.from_pretrained(base.folder)
    for change, problem in (({"num_hidden_layers": 1}, "no place for"), ({"intermediate_size": 96}, "shape")):
        folder = tmp_path / problem
        shutil.copytree(base.folder, folder)
        other = transformers.LlamaConfig(**(config.to_dict() | change))
        transformers.LlamaForCausalLM(other).save_pretrained(folder)
        refused(adapter, load(folder), problem)


def test_an_adapter_for_other_weights_of_the_same_shape_is_refused_by_its_manifest(adapter, base, tmp_path):
    made = tmp_path / "made"
    publish(adapter, made, manifest_for(base, base_name="another", base_digest="0" * 64))
    refused(made, base, "was trained over other weights .*another, 000000000000")


def test_files_that_the_manifest_does_not_describe_are_refused(adapter, base, tmp_path):
    made = tmp_path / "made"
    written = publish(adapter, made, manifest_for(base))
    assert examined(made, base).manifest == written
    edit_config(made, lora_alpha=80)
    refused(made, base, "its files are not those that trilemma_tuning.json describes")
    (made / MANIFEST).write_text("{}")
    refused(made, base, "trilemma_tuning.json: cannot be read")


def test_a_finished_adapter_is_found_again_only_by_its_recipe_and_whole(adapter, base, tmp_path):
    made = tmp_path / "made"
    written = publish(adapter, made, manifest_for(base))
    assert written.cost.artifact_bytes == sum((made / name).stat().st_size for name in (CONFIG, WEIGHTS))
    assert finished(made, "r") == written
    assert finished(made, "another") is None
    edit_weights(made, lambda tensors: tensors[first_name(tensors)].view(-1)[:1].add_(1))
    assert finished(made, "r") is None
    assert finished(tmp_path / "nowhere", "r") is None


def test_settings_are_published_as_the_same_text_in_whatever_order_peft_wrote_them(adapter, base, tmp_path):
    edit_config(adapter, target_modules=["v_proj", "q_proj"])
    publish(adapter, tmp_path / "one", manifest_for(base))
    edit_config(adapter, target_modules=["q_proj", "v_proj"])
    publish(adapter, tmp_path / "two", manifest_for(base))
    assert (tmp_path / "one" / CONFIG).read_bytes() == (tmp_path / "two" / CONFIG).read_bytes()


def test_the_strategy_answers_with_the_adapter_whatever_base_the_adapter_names(adapter, base, tmp_path):
    edit_config(adapter, base_model_name_or_path="/nowhere/else")
    prepared = Adapter(AdapterOptions(path=str(adapter))).prepare(context(base, tmp_path))
    assert prepared.model.identity.adapter_digest
    assert prepared.model.identity.weights_digest == base.identity.weights_digest
    assert prepared.cost == PrepareCost(artifact_bytes=prepared.cost.artifact_bytes)
    assert prepared.record["cost_of_training"] == "not known"
    data = colour_task()
    requests: list[Any] = plain_requests(data.task, data.train[:4])
    adapted, plain = (
        [getattr(answer, "text", answer) for answer in answered(m, requests)] for m in (prepared.model, base)
    )
    assert adapted != plain


def test_the_strategy_takes_cost_and_quantisation_from_the_manifest(adapter, base, tmp_path):
    publish(adapter, tmp_path / "made", manifest_for(base, quantization="nf4"))
    options = {"path": "made"}
    place = context(base, tmp_path, place=str(tmp_path / "experiment.yaml"))
    prepared = Adapter(AdapterOptions(**options)).prepare(place)
    assert prepared.model.identity.quantization == "nf4"
    assert (prepared.cost.wall_s, prepared.cost.stated) == (2.5, True)
    assert prepared.record["as stated by the adapter"] == {"steps": 3}
    assert any("nf4 under it, as stated" in note for note in prepared.record["notes"])
    prepared = Adapter(AdapterOptions(quantization="none", **options)).prepare(place)
    assert prepared.model.identity.quantization == "none"
    assert prepared.record["trained_with_quantization"] == "nf4, as stated by the adapter"
    assert not any("nf4" in note for note in prepared.record["notes"])


def test_a_second_adapter_is_refused(adapter, base, tmp_path):
    model = base.with_adapter(SavedAdapter(adapter), "none")
    with pytest.raises(InputError, match="has an adapter already"):
        Adapter(AdapterOptions(path=str(adapter))).prepare(context(model, tmp_path))


def greedy(model, n=8):
    from harness.types import Generation, Message, Request

    asked = [
        Request(task="t", item_id=str(i), messages=(Message(role="user", content=f"place {i}"),))
        for i in range(n)
    ]
    return [answer.text for answer in answered(model, asked) if isinstance(answer, Generation)]


def test_adapters_take_over_one_base_and_answer_as_over_a_base_of_their_own(base, tmp_path, monkeypatch):
    from harness.models.transformers import resident
    from harness.models.transformers.weights import load_weights
    from strategies.tuning.methods.lora.attaching import detached

    first = save_adapter(base, tmp_path / "first")
    second = save_adapter(base, tmp_path / "second", r=4, use_dora=True)
    alone = []
    for folder in (first, second):
        base.weights.owner.evict()
        alone.append(greedy(base.with_adapter(SavedAdapter(folder), "none")))
    loads = []

    def counted(*arguments):
        loads.append(1)
        return load_weights(*arguments)

    monkeypatch.setattr(resident, "load_weights", counted)
    base.weights.owner.evict()
    before = greedy(base)
    together = [greedy(base.with_adapter(SavedAdapter(folder), "none")) for folder in (first, second, first)]
    assert len(loads) == 1
    assert together == [*alone, alone[0]]
    assert alone[0] != alone[1]
    last = base.weights.owner.loaded
    assert last is not None
    left = detached(last.module).state_dict()
    last.loaded = None
    fresh = base.fresh("none")[0].state_dict()
    assert left.keys() == fresh.keys()
    assert all(torch.equal(left[name], fresh[name]) for name in fresh)
    assert greedy(base) == before
    assert len(loads) == 3


def test_checking_and_asking_many_adapters_loads_the_base_once(base, tmp_path, monkeypatch):
    from harness.models.transformers import resident
    from harness.models.transformers.weights import load_weights

    folders = [save_adapter(base, tmp_path / f"v{number}", r=number) for number in (1, 2, 3)]
    fresh = load(base.folder)
    loads = []

    def counted(*arguments):
        loads.append(1)
        return load_weights(*arguments)

    monkeypatch.setattr(resident, "load_weights", counted)
    for folder in folders:
        prepared = Adapter(AdapterOptions(path=str(folder))).prepare(context(fresh, tmp_path, colour_task()))
        assert greedy(prepared.model)
    assert len(loads) == 1

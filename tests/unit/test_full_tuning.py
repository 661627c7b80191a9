"""Full fine-tuning: whole weights are trained in a copy, saved, checked and answered with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from harness.errors import InputError
from harness.models.transformers.pristine import digest_of_module
from harness.types import Replacement
from strategies.adapter import Adapter, AdapterOptions
from strategies.full import Full, FullOptions
from strategies.lora import Lora, LoraOptions
from strategies.tuning.methods.full import WEIGHTS, FullMethod, FullSettings
from strategies.tuning.modules import multiplied
from strategies.tuning.saved import MANIFEST, opened, read_manifest
from tests.unit._families import families
from tests.unit._training import (
    COLOURS,
    OPTIONS,
    InterruptedTrainingError,
    StopsAt,
    colour_task,
    context,
    load,
)
from tests.unit.test_adapter_files import greedy
from tests.unit.test_gate_candidates import ends

RECIPE: dict[str, Any] = {key: OPTIONS[key] for key in ("batch_size", "epochs", "eval_steps", "precision")}


def train(base: Any, artifacts: Path, options: dict[str, Any] | None = None, **changes: Any) -> Any:
    given = FullOptions(**(RECIPE | {"learning_rate": 1e-3} | (options or {})))
    return Full(given).prepare(context(base, artifacts, **changes))


def published(artifacts: Path) -> Path:
    (folder,) = (artifacts / "tuned").iterdir()
    return folder


@pytest.fixture(scope="module")
def base(tiny_model):
    return load(tiny_model)


@pytest.fixture(scope="module")
def trained(base, tmp_path_factory):
    """One unbroken training, what its base answered before and its artifacts."""
    artifacts = tmp_path_factory.mktemp("full")
    before = greedy(base), digest_of_module(base.module)
    return train(base, artifacts), before, artifacts


def test_it_learns_and_answers_with_whole_weights_that_it_publishes(trained, base):
    prepared, before, artifacts = trained
    losses = [loss for _, loss in prepared.record["validation_loss"]]
    assert losses[-1] < losses[0]
    folder = published(artifacts)
    assert sorted(path.name for path in folder.iterdir()) == sorted([WEIGHTS, MANIFEST])
    assert prepared.cost.artifact_bytes == (folder / WEIGHTS).stat().st_size
    module = base.fresh("none")[0]
    own = dict(module.named_parameters())
    saved = load_file(folder / WEIGHTS)
    assert saved.keys() == own.keys()
    assert all(not torch.equal(saved[name], own[name]) for name in own)
    assert prepared.record["trained_share"] == 1.0
    module.load_state_dict(saved, strict=False)  # by the names that transformers give them
    assert digest_of_module(prepared.model.module) == digest_of_module(module.eval())
    assert greedy(prepared.model) != before[0]


def test_the_base_is_as_it_was_before_and_after_the_trained_weights_answered(trained, base):
    prepared, (answers, digest), _ = trained
    for _ in range(2):
        assert greedy(prepared.model) != answers
        assert greedy(base) == answers
        assert digest_of_module(base.module) == digest
    assert prepared.model.identity.weights_digest == base.identity.weights_digest
    assert prepared.model.identity.adapter_digest
    assert prepared.model.merged() is None


def test_an_adapter_lies_over_the_base_and_not_over_weights_that_were_trained(trained, base, tmp_path):
    prepared, _, _ = trained
    adapter = Lora(LoraOptions(**OPTIONS)).prepare(context(base, tmp_path)).model
    alone = greedy(adapter)
    greedy(prepared.model)
    assert greedy(adapter) == alone


def test_a_step_costs_three_times_its_forward_pass_and_less_over_a_frozen_base(trained, base, tmp_path):
    prepared, _, _ = trained
    forward = 2 * round(sum(multiplied(base.fresh("none")[0]).values()))
    assert prepared.cost.flops == 3 * forward * prepared.cost.trained_tokens
    part = train(base, tmp_path, {"layers": ["model.layers.1.mlp.*"], "max_steps": 1})
    on = 3 * 64 * 128
    assert part.cost.flops == (2 * forward + 2 * on) * part.cost.trained_tokens
    assert part.record["trained"] == {
        f"model.layers.*.mlp.{each}_proj.weight": 1 for each in ("gate", "up", "down")
    }
    assert part.record["trainable_parameters"] == on
    assert load_file(published(tmp_path) / WEIGHTS).keys() == {
        f"model.layers.1.mlp.{each}_proj.weight" for each in ("gate", "up", "down")
    }


def test_an_interrupted_training_ends_with_the_weights_of_the_unbroken_one(trained, base, tmp_path):
    with pytest.raises(InterruptedTrainingError):
        train(base, tmp_path, progress=StopsAt(8))
    progress = StopsAt(1000)
    prepared = train(base, tmp_path, progress=progress)
    assert progress.steps == [(12, 6)]
    assert (published(tmp_path) / WEIGHTS).read_bytes() == (published(trained[2]) / WEIGHTS).read_bytes()
    assert prepared.record == trained[0].record


def test_stages_go_on_with_the_weights_of_the_one_before(base, tmp_path):
    tasks = (colour_task(name="a"), colour_task(name="b"))
    options = {"stages": [["a"], ["b"]], "max_steps": 2, "warmup_ratio": 0.0}
    given = FullOptions(**(RECIPE | options))
    Full(given).prepare(context(base, tmp_path, *tasks))
    first, second = sorted(
        (tmp_path / "tuned").iterdir(), key=lambda path: "before" in read_manifest(path).recipe
    )
    losses = [dict(read_manifest(folder).record["loss"])[1] for folder in (first, second)]
    assert losses[1] < losses[0]


def test_weights_of_16_bits_learn_in_float32_and_are_published_as_they_answer(tiny_model, tmp_path):
    from harness.models.transformers.model import TransformersModel
    from harness.models.transformers.options import TransformersOptions

    base = TransformersModel(TransformersOptions(path=str(tiny_model), dtype="bfloat16", device="cpu"))
    options = {"precision": "bfloat16", "learning_rate": 1e-5, "max_steps": 3, "eval_steps": 3}
    with pytest.raises(InterruptedTrainingError):
        train(base, tmp_path / "stopped", options | {"max_steps": 5}, progress=StopsAt(4))
    (kept,) = (tmp_path / "stopped").rglob(f"checkpoint-*/{WEIGHTS}")
    assert {each.dtype for each in load_file(kept).values()} == {torch.float32}
    prepared = train(base, tmp_path / "whole", options)
    assert prepared.record["precision"] == "bfloat16"
    assert {each.dtype for each in load_file(published(tmp_path / "whole") / WEIGHTS).values()} == {
        torch.bfloat16
    }
    assert greedy(prepared.model)


@pytest.mark.parametrize(
    ("layers", "line"),
    [(["model.layer.*"], "layers: matches no weight .*model.layers.\\*.mlp"), ([], "at least 1")],
)
def test_patterns_that_match_nothing_are_refused(base, layers, line):
    from harness.config import parse

    def refused() -> None:
        options = parse(FullOptions, {"layers": layers}, "e.yaml", "strategies.full")
        Full(options).check_model(base, [colour_task()], "e.yaml", "strategies.full")

    with pytest.raises(InputError, match=line) as fault:
        refused()
    assert "\n" not in str(fault.value)


def test_a_model_saved_in_4_bits_is_refused_before_the_run(base, monkeypatch):
    identity = base.identity.model_copy(update={"quantization": "nf4"})
    monkeypatch.setattr(base, "identity", identity)
    with pytest.raises(
        InputError, match=r"strategies.full: .* saved in nf4, which cannot be trained over"
    ) as fault:
        Full(FullOptions()).check_model(base, [colour_task()], "e.yaml", "strategies.full")
    assert str(fault.value).count("\n") == 0


@pytest.mark.parametrize("family", ["gpt2", "llama, tied", "mixtral"])
def test_weights_are_saved_and_put_back_by_the_names_that_a_model_has_loaded(family, tmp_path):
    """Also where two layers share one, where some are stored turned round, and where experts are fused."""
    config = families(128)[family]
    torch.manual_seed(0)
    source, target = (transformers.AutoModelForCausalLM.from_config(config).eval() for _ in range(2))
    method = FullMethod(FullSettings())
    method.save(method.begin(source, None, "e.yaml"), tmp_path)
    ids = torch.arange(3, 19)[None]
    with torch.no_grad():
        before = target(input_ids=ids).logits
        after = FullMethod.saved(tmp_path).attach(target)(input_ids=ids).logits
        assert torch.equal(after, source(input_ids=ids).logits)
    assert not torch.equal(before, after)


# --- In a run ---


def test_it_is_measured_composed_and_judged_like_any_other_in_a_run(
    tiny_model, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for split, count in (("train", 8), ("validation", 4), ("test", 24)):
        rows = [{"id": f"{split}{i}", "input": f"{COLOURS[i % 4]}: {split} {i}"} for i in range(count)]
        told = [row | {"target": COLOURS[i % 4]} for i, row in enumerate(rows)]
        Path(f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told))
    keys = {"kind": "choice", "choices": [*COLOURS], "metrics": ["choice_accuracy"]}
    learned = {"train": "train.jsonl", "validation": "validation.jsonl", "test": "test.jsonl"}
    tasks = [
        {"name": "colours", "items": learned, **keys},
        {"name": "kept", "role": "retention", "items": {"test": "test.jsonl"}, **keys},
    ]
    options = RECIPE | {"learning_rate": 2e-3, "epochs": 1}
    strategies = {"zero_shot": {}, "full": options, "full+few_shot": {"few_shot": {"k": 1}}}
    Path("e.yaml").write_text(
        json.dumps({"name": "e", "model": str(tiny_model), "tasks": tasks, "strategies": strategies})
    )
    assert ends(capsys, "run", "e.yaml", "--out", "run")[0] == 0
    (saved,) = Path("run/artifacts/tuned").iterdir()  # that of `full` serves `full+few_shot` too
    summary = json.loads(Path("run/summary.json").read_text())
    spent = next(each["prepare"] for each in summary["costs"] if each["strategy"] == "full")
    assert spent["adapted"]
    assert spent["artifact_bytes"] == (saved / WEIGHTS).stat().st_size
    moved = {each["strategy"] for each in summary["drift"] if each["texts"][0]["kl"] > 0}
    assert moved == {"full", "full+few_shot"}
    checks = [{"tasks": "colours", "margin": 0.9, "against": "base"}]
    Path("gate.yaml").write_text(json.dumps({"name": "g", "experiment": "e.yaml", "checks": checks}))
    assert "PASS" in ends(capsys, "gate", "gate.yaml", "--candidate-run", "run", "--strategy", "full")[1]


# --- From elsewhere ---


@pytest.fixture
def saved(trained, tmp_path) -> Path:
    """A copy of what was published, to damage."""
    return Path(shutil.copytree(published(trained[2]), tmp_path / "saved"))


def elsewhere(base: Any, folder: Path, allow: tuple[Replacement, ...] | None = None) -> Any:
    strategy = Adapter(AdapterOptions(path=str(folder), allow=allow))
    strategy.check([], "e.yaml", "strategies.x")
    return strategy.prepare(context(base, folder.parent, colour_task()))


def test_published_weights_are_an_adapter_like_any_other_where_that_is_allowed(trained, base, saved):
    prepared = elsewhere(base, saved, ("weights",))
    assert prepared.model.identity == trained[0].model.identity
    assert greedy(prepared.model) == greedy(trained[0].model)
    assert 0 < prepared.record["largest_change"] < 10
    assert any("weights (lm_head.weight" in note for note in prepared.record["notes"])
    with pytest.raises(InputError, match=r"write `allow: \[weights\]`"):
        elsewhere(base, saved, ())


def damaged(change: Any) -> Any:
    def damage(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS)
        change(tensors)
        save_file(tensors, folder / WEIGHTS)
        described = json.loads((folder / MANIFEST).read_text())
        from harness.digests import digest_of_file

        described["digests"] = {WEIGHTS: digest_of_file(folder / WEIGHTS)}
        (folder / MANIFEST).write_text(json.dumps(described))

    return damage


def renamed(method: str) -> Any:
    def damage(folder: Path) -> None:
        content = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps(content | {"method": method}))

    return damage


HEAD = "lm_head.weight"


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda folder: (folder / WEIGHTS).unlink(), "model.safetensors is missing"),
        (lambda folder: (folder / MANIFEST).unlink(), "adapter_config.json is missing"),
        (renamed("os"), "trilemma_tuning.json: method: is no known method .*got '?os"),
        (renamed("lora"), "adapter_config.json is missing"),
        (lambda folder: (folder / WEIGHTS).write_bytes(b"x" * 99), "is not a whole safetensors file"),
        (damaged(lambda found: found.update(more=torch.zeros(1))), r"no place for .*more \(1,\)"),
        (damaged(lambda found: found.update({HEAD: torch.zeros(2, 2)})), "must have the shape"),
        (damaged(lambda found: found[HEAD].view(-1)[:1].fill_(torch.nan)), "NaN or infinite weights"),
        (damaged(lambda found: found[HEAD].mul_(1e6)), "changes lm_head.weight by more than 2000 times"),
    ],
)
def test_each_is_refused_in_one_line(base, saved, damage, line):
    damage(saved)
    with pytest.raises(InputError, match=line) as fault:
        elsewhere(base, saved)
    assert "\n" not in str(fault.value)


def test_another_base_of_the_same_shape_is_told_by_the_manifest(base, saved, tiny_model, tmp_path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "other"))
    torch.manual_seed(8)
    config = transformers.LlamaConfig.from_pretrained(folder)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    with pytest.raises(InputError, match="was trained over other weights"):
        elsewhere(load(folder), saved)


def test_a_base_loaded_in_4_bits_cannot_take_them(base, saved):
    pytest.importorskip("bitsandbytes")
    strategy = Adapter(AdapterOptions(path=str(saved), quantization="nf4"))
    with pytest.raises(InputError, match="must have the shape"):
        strategy.prepare(context(base, saved.parent, colour_task()))


def test_a_folder_says_by_its_manifest_which_method_loads_it(saved):
    assert opened(saved) == FullMethod.saved(saved)
    assert read_manifest(saved).method == "full"

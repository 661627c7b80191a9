from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from harness.errors import InputError
from harness.powers import answered
from harness.tasks.prompting import plain_requests, rendered
from strategies.lora import Lora, LoraOptions
from strategies.qlora import QLora
from strategies.tuning import loop as _training_loop
from strategies.tuning import trainer as _trainer
from strategies.tuning.data import IGNORED, batches, collect, tokenise
from strategies.tuning.loop import collate, no_better
from strategies.tuning.methods.lora.files import WEIGHTS
from strategies.tuning.saved import MANIFEST, TuningManifest
from tests.unit._training import (
    LOSS_POINTS,
    OPTIONS,
    InterruptedTrainingError,
    StopsAt,
    colour_task,
    context,
    load,
)

ROOT = Path(__file__).parents[2]


def prepare(model_folder, artifacts, *tasks, kind=Lora, options=None, **changes):
    place = context(load(model_folder), artifacts, *tasks, **changes)
    return kind(LoraOptions(**(OPTIONS | (options or {})))).prepare(place)


def published(artifacts):
    (folder,) = (artifacts / "tuned").iterdir()
    manifest = TuningManifest.model_validate_json((folder / MANIFEST).read_text())
    return folder, manifest


@pytest.fixture(scope="module", autouse=True)
def _coarse_curve():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_training_loop, "LOSS_POINTS", LOSS_POINTS)
        yield


@pytest.fixture(scope="module")
def trained(tiny_model, tmp_path_factory):
    """One unbroken training that several tests look at."""
    artifacts = tmp_path_factory.mktemp("unbroken")
    return prepare(tiny_model, artifacts), artifacts


def expected_rows(model_folder, tmp_path, data):
    model = load(model_folder)
    place = context(model, tmp_path, data)
    return tokenise(collect(LoraOptions(), place, model), 256, place)


def test_training_lowers_the_validation_loss_and_answers_with_the_adapter(trained, tiny_model):
    prepared, artifacts = trained
    losses = [loss for _, loss in prepared.record["validation_loss"]]
    assert losses[-1] < losses[0]
    assert [step for step, _ in prepared.record["validation_loss"]] == [3, 6, 9, 12]
    assert [step for step, _ in prepared.record["loss"]] == [1, 3, 4, 6, 8, 9, 12]
    folder, manifest = published(artifacts)
    assert prepared.model.identity.adapter_digest
    assert manifest.base_digest == prepared.model.identity.weights_digest
    data = colour_task()
    asked = rendered(prepared.model, plain_requests(data.task, data.train[:2]))
    adapted, plain = (answered(model, asked) for model in (prepared.model, load(tiny_model)))
    assert len(adapted) == len(plain) == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [MANIFEST, WEIGHTS, "adapter_config.json"]
    )


def test_the_cost_is_what_was_trained_on(trained, tiny_model, tmp_path):
    prepared, _ = trained
    rows = expected_rows(tiny_model, tmp_path, colour_task()).train
    cost = prepared.cost
    assert cost.trained_tokens == 3 * sum(len(row["input_ids"]) for row in rows)
    assert cost.supervised_tokens == 3 * sum(label != IGNORED for row in rows for label in row["labels"])
    # 2 layers of 64: q, o 64x64; k, v 64x32; gate, up, down 64x128; and the head over the vocabulary
    from transformers import AutoConfig

    vocabulary = AutoConfig.from_pretrained(tiny_model).vocab_size
    weights = 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128) + 64 * vocabulary
    adapter = 2 * 2 * (2 * (64 + 64) + 2 * (64 + 32) + 3 * (64 + 128))
    assert prepared.record["trainable_parameters"] == adapter
    assert cost.flops == (4 * weights + 6 * adapter) * cost.trained_tokens
    assert 0 < cost.device_s <= cost.wall_s
    assert cost.peak_memory_bytes > 1 << 20
    assert cost.artifact_bytes > 4 * adapter


def test_the_first_loss_is_the_base_models_on_the_answers_alone(trained, tiny_model, tmp_path):
    """A new adapter changes nothing, so the first step's loss can be computed without one."""
    rows = expected_rows(tiny_model, tmp_path, colour_task()).train
    first = batches([len(row["input_ids"]) for row in rows], 4, 3, seed=0)[0]
    batch = collate([[rows[i] for i in first]], pad_id=0)
    module, _ = load(tiny_model).fresh("none")
    with torch.no_grad():
        logits = module.eval()(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    logprobs = logits[:, :-1].log_softmax(-1).gather(-1, batch["labels"][:, 1:, None].clamp(min=0))[..., 0]
    loss = -logprobs[batch["labels"][:, 1:] != IGNORED].mean()
    assert trained[0].record["loss"][0] == [1, pytest.approx(float(loss), abs=1e-4)]


def test_the_same_training_is_not_done_twice(trained, tiny_model):
    prepared, artifacts = trained
    again = prepare(tiny_model, artifacts, progress=StopsAt(1))
    assert again.cost == prepared.cost
    assert again.record == prepared.record
    assert again.model.identity == prepared.model.identity


@pytest.mark.parametrize("change", [{"seed": 1}, {"options": {"alpha": 8}}, {"tasks": colour_task(12)}])
def test_whatever_changes_the_training_gives_another_adapter(trained, tiny_model, tmp_path, change):
    shutil.copytree(trained[1], tmp_path / "copy")
    tasks = [change.pop("tasks")] if "tasks" in change else []
    with pytest.raises(InterruptedTrainingError):
        prepare(tiny_model, tmp_path / "copy", *tasks, progress=StopsAt(1), **change)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(trained, tiny_model, tmp_path):
    folder, _ = published(trained[1])
    prepare(tiny_model, tmp_path / "same")
    prepare(tiny_model, tmp_path / "other", seed=1)
    same, other = (published(tmp_path / name)[0] for name in ("same", "other"))
    for name in (WEIGHTS, "adapter_config.json"):
        assert (same / name).read_bytes() == (folder / name).read_bytes()
    assert (other / WEIGHTS).read_bytes() != (folder / WEIGHTS).read_bytes()


def test_a_damaged_adapter_is_trained_again(trained, tiny_model, tmp_path):
    shutil.copytree(trained[1], tmp_path / "copy")
    folder, _ = published(tmp_path / "copy")
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[:-1])
    prepare(tiny_model, tmp_path / "copy")
    assert (published(tmp_path / "copy")[0] / WEIGHTS).read_bytes() == whole


@pytest.mark.parametrize("truncated", [None, "optimizer.pt"])
def test_an_interrupted_training_ends_with_the_weights_of_the_unbroken_one(
    trained, tiny_model, tmp_path, truncated
):
    with pytest.raises(InterruptedTrainingError):
        prepare(tiny_model, tmp_path, progress=StopsAt(8))
    (work,) = (tmp_path / "tuned").glob("*.training")
    if truncated:
        file = work / "checkpoint-6" / truncated
        file.write_bytes(file.read_bytes()[:100])
    progress = StopsAt(1000)
    prepared = prepare(tiny_model, tmp_path, progress=progress)
    assert progress.steps == [(12, 3 if truncated else 6)]
    assert_as_unbroken(trained, prepared, tmp_path)


@pytest.mark.slow
def test_a_training_killed_in_its_middle_ends_with_the_weights_of_the_unbroken_one(
    trained, tiny_model, tmp_path
):
    command = [sys.executable, "-m", "tests.unit._training", str(tiny_model), str(tmp_path), "11"]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=False)
    assert killed.returncode == -9, killed.stderr.decode()
    progress = StopsAt(1000)
    prepared = prepare(tiny_model, tmp_path, progress=progress)
    assert progress.steps == [(12, 9)]
    assert_as_unbroken(trained, prepared, tmp_path)


def test_a_training_stopped_before_it_was_published_trains_no_step_more(
    trained, tiny_model, tmp_path, monkeypatch
):
    def stop(*_):
        raise InterruptedTrainingError

    monkeypatch.setattr(_trainer, "publish", stop)
    with pytest.raises(InterruptedTrainingError):
        prepare(tiny_model, tmp_path)
    monkeypatch.undo()
    progress = StopsAt(1000)
    prepared = prepare(tiny_model, tmp_path, progress=progress)
    assert progress.steps == []
    assert_as_unbroken(trained, prepared, tmp_path)


def assert_as_unbroken(trained, prepared, artifacts):
    folder, _ = published(artifacts)  # and so no work folder is left
    expected, _ = published(trained[1])
    assert folder.name == expected.name
    for name in (WEIGHTS, "adapter_config.json"):
        assert (folder / name).read_bytes() == (expected / name).read_bytes()
    assert prepared.record == trained[0].record
    for count in ("trained_tokens", "supervised_tokens", "flops", "artifact_bytes"):
        assert getattr(prepared.cost, count) == getattr(trained[0].cost, count)


def test_without_validation_items_the_last_step_counts_and_the_record_says_so(tiny_model, tmp_path):
    record = prepare(tiny_model, tmp_path, colour_task(n_validation=0), options={"max_steps": 2}).record
    assert record["selection"] == "last step: no validation items"
    assert (record["best_step"], record["steps"], record["validation_loss"]) == (2, 2, [])


def test_early_stopping_keeps_the_best_checkpoint(tiny_model, tmp_path):
    """At this rate the loss soon rises; ``patience`` measurements later, training ends."""
    options = {"learning_rate": 0.3, "epochs": 30, "eval_steps": 2, "early_stopping_patience": 2}
    record = prepare(tiny_model, tmp_path, colour_task(8), options=options | {"scheduler": "constant"}).record
    losses = dict(record["validation_loss"])
    assert record["stopped_early"]
    assert record["best_step"] == min(losses, key=losses.__getitem__)
    assert record["steps"] == record["best_step"] + 2 * 2 < record["steps_planned"]


@pytest.mark.parametrize(
    ("losses", "stops"),
    [
        ([], False),
        ([3, 2], False),
        ([3, 2, 2], False),
        ([3, 2, 2, 2], True),
        ([1, 2, 3], True),
        ([3, 1, 2], False),
    ],
)
def test_patience_counts_measurements_without_a_better_one(losses, stops):
    history = [{"loss": 0.0}, *({"eval_loss": loss} for loss in losses)]
    assert no_better(history, patience=2) is stops


def test_a_loss_that_is_no_number_ends_training_in_one_line(tiny_model, tmp_path):
    options = {"learning_rate": 1e30, "scheduler": "constant", "warmup_ratio": 0.0}
    with pytest.raises(InputError, match=r"experiment: learning_rate: the loss became nan.*use a lower one"):
        prepare(tiny_model, tmp_path, options=options)


def test_accumulated_batches_and_recomputed_activations_train_alike(tiny_model, tmp_path):
    """Four examples at once, or two and two: the loss is a mean over answer tokens in both."""
    plain = {"dropout": 0.0, "max_steps": 1}
    accumulated = {"batch_size": 2, "gradient_accumulation": 2, "gradient_checkpointing": True}
    data = colour_task(n_train=4)
    one = prepare(tiny_model, tmp_path / "one", data, options=plain)
    two = prepare(tiny_model, tmp_path / "two", data, options=plain | accumulated)
    assert two.record["loss"][0][1] == pytest.approx(one.record["loss"][0][1], rel=1e-5)
    assert two.record["validation_loss"][0][1] == pytest.approx(one.record["validation_loss"][0][1], rel=1e-5)
    assert two.cost.trained_tokens == one.cost.trained_tokens


def test_an_adapted_model_is_not_trained_again(trained, tiny_model, tmp_path):
    place = context(trained[0].model, tmp_path)
    with pytest.raises(InputError, match="the model has an adapter already"):
        Lora(LoraOptions()).prepare(place)


def test_target_modules_that_are_not_there_are_refused(tiny_model, tmp_path):
    with pytest.raises(InputError, match="target_modules: does not fit the model"):
        prepare(tiny_model, tmp_path, options={"target_modules": ["query"]})


def test_qlora_trains_and_answers_over_the_same_4_bit_base(tiny_model, tmp_path):
    prepared = prepare(tiny_model, tmp_path, kind=QLora, options={"max_steps": 6})
    _, manifest = published(tmp_path)
    assert manifest.quantization == prepared.model.identity.quantization == "nf4"
    losses = [loss for _, loss in prepared.record["validation_loss"]]
    assert losses[-1] < losses[0]
    data = colour_task()
    asked = rendered(prepared.model, plain_requests(data.task, data.train[:2]))
    assert len(answered(prepared.model, asked)) == 2


def test_the_manifest_says_what_the_adapter_was_made_from(trained):
    folder, manifest = published(trained[1])
    content = json.loads((folder / MANIFEST).read_text())
    assert manifest.method == content["recipe"]["method"]["name"] == "lora"
    assert content["recipe"]["method"]["options"]["rank"] == 2
    assert content["recipe"]["options"]["epochs"] == 3
    assert not content["recipe"]["method"]["options"].keys() & content["recipe"]["options"].keys()
    assert content["recipe"]["seed"] == content["seed"] == 0
    assert set(content["template_digests"]) == {"colours"}
    assert manifest.cost == trained[0].cost

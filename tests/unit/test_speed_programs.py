"""The logic of the programs that measure speed: counts of operations, slopes, peak memory, what is made."""

from __future__ import annotations

import sys

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaConfig, LlamaForCausalLM

from benchmarks.speed.against_generate import generated, likeliest
from benchmarks.speed.contenders import experiment
from benchmarks.speed.flops import Shape, Work, alone, needed, plain_answers, plain_choices, shared
from benchmarks.speed.growth import CURVES, Bounds
from benchmarks.speed.inside import Inside
from benchmarks.speed.measuring import slope, timed
from benchmarks.speed.models import Setup, make_adapters
from benchmarks.speed.real import TASK_OF, make_real
from benchmarks.speed.workload import make
from harness.tasks.loading import load_task


@pytest.fixture(scope="module")
def workload(tmp_path_factory):
    return make(tmp_path_factory.mktemp("speed"), "fixed", 6, Setup("tiny"), n_options=3, n_documents=4)


# --- Counts ---


def test_operations_of_a_pass_are_those_that_torch_counts():
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        attn_implementation="eager",
    )
    shape, n = Shape.of(config), 7
    with FlopCounterMode(display=False) as counter:
        LlamaForCausalLM(config)(input_ids=torch.arange(n)[None])
    # Without a fused kernel hidden keys are multiplied too: n keys for every token.
    assert Work(n, n * n, n).flops(shape) == counter.get_total_flops()


def test_a_sequence_sees_itself_and_all_before_it():
    assert alone(4, 1) == Work(tokens=4, seen=1 + 2 + 3 + 4, logits=1)


def test_common_beginnings_are_read_once():
    assert shared([[1, 2, 3], [1, 2, 4, 5], [1, 2, 3]]) == Work(tokens=5, seen=1 + 2 + 3 + 3 + 4)
    assert shared([]) == Work()


def test_what_choices_need_by_hand():
    split = needed([[1, 2], [1, 3]], [[[5, 6, 7], [5, 8]], [[9]]])
    # 1, then 2 and 3 behind it; behind "1 2" the options read 5 and 5 6; "5" predicts both 6 and 8.
    assert split.prompts == Work(tokens=3, seen=1 + 2 + 2, logits=2)
    assert split.rest == Work(tokens=2, seen=3 + 4, logits=2)
    plain = plain_choices([[1, 2], [1, 3]], [[[5, 6, 7], [5, 8]], [[9]]])
    assert plain.prompts == Work(tokens=6, seen=9, logits=6)
    assert plain.rest == Work(tokens=3, seen=(3 + 4) + 3, logits=3)


def test_what_answers_need_by_hand():
    split = needed([[1, 2, 3], [1, 2, 4]], [[[7, 8]], [[9]]])
    assert split.prompts == Work(tokens=4, seen=1 + 2 + 3 + 3, logits=2)
    assert split.rest == Work(tokens=1, seen=4, logits=1)
    plain = plain_answers([[1, 2, 3], [1, 2, 4]], [[7, 8], [9]])
    assert plain.prompts == Work(tokens=6, seen=12, logits=2)
    assert plain.rest == split.rest


# --- Slopes and costs ---


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_slope_is_the_power(power):
    sizes = [1, 10, 100, 1000]
    assert slope(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_points_that_have_no_logarithm_are_left_out_of_a_slope():
    assert slope([0, 1, 2, 4], [5.0, 1.0, 2.0, 4.0]) == pytest.approx(1.0)
    assert slope([1, 2, 4], [-1.0, 2.0, 4.0]) == pytest.approx(1.0)
    assert slope([1, 2], [-1.0, 2.0]) is None
    assert slope([], []) is None


def test_the_peak_of_a_command_is_its_own_and_not_its_parents(tmp_path):
    here = bytearray(300 << 20)
    here[::4096] = b"1" * len(here[::4096])
    cost = timed([sys.executable, "-S", "-c", "pass"], tmp_path)
    assert 1 < cost.peak_mib < 200 < len(here) >> 20


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path):
    with pytest.raises(RuntimeError, match="out of cheese"):
        timed([sys.executable, "-S", "-c", "raise SystemExit('out of cheese')"], tmp_path)


# --- What is made ---


def test_adapters_load_over_the_base_and_none_is_like_another(workload, tmp_path):
    from harness.models.transformers.model import TransformersModel
    from strategies.tuning.methods.lora.checks import examined
    from strategies.tuning.methods.lora.saved import SavedAdapter

    model = Inside(workload, tmp_path).model
    assert isinstance(model, TransformersModel)
    folders = make_adapters(workload.model, tmp_path, 3)
    digests, found = set(), []
    for folder in folders:
        examined(folder, model)
        adapted = model.with_adapter(SavedAdapter(folder), "none")
        digests.add(adapted.identity.adapter_digest)
        found.append(adapted.token_log_probs(["a question"], 8).nll)
    assert len(digests) == len(folders)
    assert len({*found, model.token_log_probs(["a question"], 8).nll}) == len(folders) + 1


def test_the_first_items_of_a_workload_come_with_all_else(workload, tmp_path):
    few = workload.first(2, tmp_path / "few")

    def lines(folder, name):
        return (folder / name).read_text(encoding="utf-8").splitlines()

    assert lines(few.folder, "test.jsonl") == lines(workload.folder, "test.jsonl")[:2]
    assert lines(few.folder, "train.jsonl") == lines(workload.folder, "train.jsonl")
    assert len(lines(few.folder, "corpus.jsonl")) == 4
    assert few.model == workload.model


def test_every_curve_is_a_fixed_run_and_points_that_load(tmp_path):
    from harness.cli._running import checked
    from harness.config import resolve_experiment

    for name, curve in CURVES.items():
        first, *points = curve.points(tmp_path / name, Setup("tiny"), Bounds(largest=100, items=3))
        sizes = [point.size for point in points]
        assert sizes == sorted(set(sizes)), name
        assert first.size in (1, sizes[0]), name
        for point in (first, *points):
            file = tmp_path / "speed.yaml"
            trilemma = point.contender
            raw = experiment(trilemma.workload, point.tasks, trilemma.strategies)
            _, tasks = checked(resolve_experiment(raw, file), file)
            n_items = {len(task.test) for task in tasks}
            assert n_items == {1 if point is first else point.size if name == "items" else 3}, name


# --- The engine beside plain loops ---


def test_engine_and_plain_loops_give_the_same_answers(workload, tmp_path):
    from transformers import AutoModelForCausalLM

    inside = Inside(workload, tmp_path)
    module = AutoModelForCausalLM.from_pretrained(workload.model).eval()
    questions, choices = inside.requests("generation"), inside.requests("choice")
    ours = [answer.text for answer in inside.answers(questions, "generation")]
    for batch in (1, 4):
        assert generated(module, inside.model.tokenizer, inside.prompt_ids(questions), batch) == ours
    chosen = [answer.text for answer in inside.answers(choices, "choice")]
    plain = likeliest(module, inside.prompt_ids(choices), inside.option_ids(choices))
    assert [r.choices[int(i)] for r, i in zip(choices, plain, strict=True)] == chosen


@pytest.mark.parametrize("shots", ["fixed", "drawn"])
def test_a_real_model_is_asked_items_of_our_suites_behind_five_examples(workload, tmp_path, shots):
    inside = Inside(make_real(tmp_path / "work", shots, 3, Setup(model=str(workload.model))), tmp_path)
    for task, place in TASK_OF.items():
        loaded = load_task(place)
        requests = inside.requests(task)
        assert [request.item_id for request in requests] == [item.id for item in list(loaded.test)[:3]]
        for request, item in zip(requests, loaded.test, strict=False):
            prompt = inside.model.render(request.messages)
            assert prompt.count("\nAnswer: ") == 5
            assert prompt.endswith(f"{item.input}\nAnswer:")
        prompts = [inside.model.render(request.messages).split("\n\n")[0] for request in requests]
        assert (len(set(prompts)) == 1) == (shots == "fixed")
    assert requests[0].choices == loaded.task.choices

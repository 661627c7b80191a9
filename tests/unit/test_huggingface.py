from pathlib import Path
from typing import Any

import pytest
import torch

from harness.errors import InputError
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.models.transformers.resident import Owner
from harness.models.transformers.resolve import model_path
from harness.powers import answered
from harness.types import Decoding, Failure, Generation, Message, Request


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> TransformersModel:
    return TransformersModel(TransformersOptions(path=str(tiny_model)))


def request(text: str, choices: tuple[str, ...] = (), item_id: str = "a", **decoding: object) -> Request:
    messages = (Message(role="system", content="Answer."), Message(role="user", content=text))
    options = Decoding(**({"max_new_tokens": 6} | decoding))
    return Request(task="t", item_id=item_id, messages=messages, choices=choices, decoding=options)


def test_a_prompt_ends_where_the_answer_begins(model: TransformersModel) -> None:
    messages = request("Where?").messages
    assert model.render(messages) == "<|system|>Answer.<|end|><|user|>Where?<|end|><|assistant|>"
    answered = (*messages, Message(role="assistant", content="here"))
    assert model.render(answered) == model.render(messages) + "here<|end|>"
    assert model.count_tokens(messages) == len(model._prompts.encode(model.render(messages)))


def test_greedy_answers_repeat_bit_for_bit_and_do_not_depend_on_the_batch(model: TransformersModel) -> None:
    asked = [request(f"Where is place {'very ' * n}{n}?", item_id=str(n)) for n in range(5)]
    together, again = answered(model, asked), answered(model, asked)
    alone = [answered(model, [one])[0] for one in asked]
    texts = [[a.text for a in answers if isinstance(a, Generation)] for answers in (together, again, alone)]
    assert len(texts[0]) == 5
    assert texts[0] == texts[1] == texts[2]


def test_generation_equals_a_plain_loop_over_the_argmax(model: TransformersModel) -> None:
    asked = request("Where is place 1?", max_new_tokens=5)
    (answer,) = answered(model, [asked])
    ids = model._prompts.encode(model.render(asked.messages))
    new: list[int] = []
    with torch.inference_mode():
        while len(new) < 5:
            new.append(int(model.module(torch.tensor([ids + new])).logits[0, -1].argmax()))
            if new[-1] == model.tokenizer.eos_token_id:
                break
    assert isinstance(answer, Generation)
    assert answer.usage.prompt == len(ids)
    assert answer.usage.completion == len(new)
    assert answer.text == model.tokenizer.decode(new, skip_special_tokens=True).strip()
    assert answer.stop_reason == ("stop" if new[-1] == model.tokenizer.eos_token_id else "length")


def test_choice_likelihoods_equal_the_plain_method(model: TransformersModel) -> None:
    choices = ("positive", "a rather long choice of many tokens", "n", "The ticket")
    asked = request("What is it?", choices)
    (answer,) = answered(model, [asked])
    prompt = model._prompts.encode(model.render(asked.messages))
    assert isinstance(answer, Generation)
    for choice in answer.choices:
        ids = [*model._prompts.encode(choice.text), model.tokenizer.eos_token_id]
        with torch.inference_mode():
            logprobs = model.module(torch.tensor([prompt + ids])).logits[0].log_softmax(-1)
        expected = sum(float(logprobs[len(prompt) - 1 + i, token]) for i, token in enumerate(ids))
        assert choice.log_likelihood == pytest.approx(expected, abs=1e-4)
        assert choice.n_tokens == len(ids) - 1
    best = max(answer.choices, key=lambda choice: choice.log_likelihood)
    assert answer.text == best.text


def test_many_choices_are_scored_in_parts_alike(
    model: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request("Which?", tuple(f"label {n}" for n in range(9)))
    (whole,) = answered(model, [asked])
    monkeypatch.setattr("harness.models.transformers.likelihood.MAX_LOGITS", 8 * 400)
    (parts,) = answered(model, [asked])
    assert isinstance(whole, Generation)
    assert isinstance(parts, Generation)
    for a, b in zip(whole.choices, parts.choices, strict=True):
        assert a.log_likelihood == pytest.approx(b.log_likelihood, abs=1e-4)


def test_batches_hold_every_request_once_within_the_budget(tiny_model: Path) -> None:
    model = TransformersModel(TransformersOptions(path=str(tiny_model), max_batch_tokens=100))
    asked = [request("word " * (n % 7), item_id=str(n)) for n in range(20)]
    asked += [request("word", item_id=str(n), max_new_tokens=3) for n in range(20, 25)]
    batches = model.batches(asked)
    assert sorted(i for batch in batches for i in batch) == list(range(25))
    for batch in batches:
        longest = max(model.count_tokens(asked[i].messages) + asked[i].decoding.max_new_tokens for i in batch)
        assert len(batch) == 1 or len(batch) * longest <= 100
        assert len({asked[i].decoding for i in batch}) == 1
    assert batches == model.batches(asked)


def test_a_stop_string_ends_the_answer(model: TransformersModel) -> None:
    (free,) = answered(model, [request("Where is place 1?", max_new_tokens=12)])
    assert isinstance(free, Generation)
    assert len(free.text) > 3
    stop = free.text[2]
    (stopped,) = answered(model, [request("Where is place 1?", max_new_tokens=12, stop=(stop,))])
    assert isinstance(stopped, Generation)
    assert stopped.text == free.text[: free.text.index(stop)].strip()
    assert stopped.stop_reason == "stop"


def test_sampling_repeats_with_its_seed(model: TransformersModel) -> None:
    hot = request("Where?", max_new_tokens=12, temperature=2.0)
    seeds = [answered(model, [hot.model_copy(update={"seed": seed})])[0] for seed in (1, 1, 2, 3)]
    texts = [answer.text for answer in seeds if isinstance(answer, Generation)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


def test_a_request_gets_as_many_answers_as_it_asks_for(model: TransformersModel) -> None:
    hot = request("Where is place 1?", max_new_tokens=8, temperature=5.0)
    three, greedy = hot.model_copy(update={"n": 3}), request("Where is place 2?", max_new_tokens=4)
    (sampled,) = model.generate([three])
    assert isinstance(sampled, tuple)
    assert len({answer.text for answer in sampled}) == 3
    (again,) = model.generate([three])
    assert isinstance(again, tuple)
    assert [answer.text for answer in again] == [answer.text for answer in sampled]
    (once,) = model.generate([greedy.model_copy(update={"n": 2})])
    assert isinstance(once, tuple)
    assert len(once) == 1


def test_out_of_memory_halves_the_batch_and_is_recorded_for_one(
    model: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def narrow(requests: list[Request]) -> list[Generation]:
        sizes.append(len(requests))
        if len(requests) > 2 or "6" in {r.item_id for r in requests}:
            raise torch.OutOfMemoryError("no room")
        return [Generation(text=r.item_id) for r in requests]

    monkeypatch.setattr(model, "_generate", narrow)
    answers = answered(model, [request("x", item_id=str(n)) for n in range(7)])
    assert [a.text if isinstance(a, Generation) else a.kind for a in answers] == [
        "0", "1", "2", "3", "4", "5", "out_of_memory",
    ]  # fmt: skip
    assert isinstance(answers[6], Failure)
    assert sizes[0] == 7


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("odd input"), "ValueError"),
        (IndexError("index out of range in self"), "IndexError"),
        (RuntimeError("CUDA error: out of memory"), "out_of_memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ..."), "out_of_memory"),
        (MemoryError(), "out_of_memory"),
    ],
)
@pytest.mark.parametrize("way", ["generate", "score"])
def test_what_one_item_raises_fails_no_other(
    model: TransformersModel, monkeypatch: pytest.MonkeyPatch, way: str, error: Exception, kind: str
) -> None:
    sizes = []

    def answer(requests: list[Request]) -> list[Generation]:
        sizes.append(len(requests))
        if "5" in {r.item_id for r in requests}:
            raise error
        return [Generation(text=r.item_id) for r in requests]

    monkeypatch.setattr(model, f"_{way}", answer)
    asked = [request("x", ("a", "b") if way == "score" else (), item_id=str(n)) for n in range(32)]
    answers = answered(model, asked)
    assert [a.text for a in answers if isinstance(a, Generation)] == [str(n) for n in range(32) if n != 5]
    assert [a.kind for a in answers if isinstance(a, Failure)] == [kind]
    assert len(sizes) == 11  # the batch, then two halves on each of five levels


def test_what_is_refused_on_purpose_is_not_tried_in_halves(
    model: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(requests: list[Request]) -> list[Generation]:
        raise InputError("here", "", "no", "do else", len(requests))

    monkeypatch.setattr(model, "_generate", refuse)
    with pytest.raises(InputError, match="got 4"):
        answered(model, [request("x", item_id=str(n)) for n in range(4)])


def test_weights_that_do_not_fit_are_one_line_and_loaded_once(
    model: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []

    def full(*_: object) -> object:
        attempts.append(1)
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    fresh = TransformersModel(model._options)
    monkeypatch.setattr("harness.models.transformers.resident.load_weights", full)
    with pytest.raises(InputError, match=r"does not fit the memory of cpu.*use a smaller model"):
        answered(fresh, [request("x", item_id=str(n)) for n in range(8)])
    assert len(attempts) == 1


def test_the_output_of_a_choice_is_the_likeliest_one(model: TransformersModel) -> None:
    asked = request("x", ("a", "b", "one two three four five six seven"))
    (answer,) = answered(model, [asked])
    assert isinstance(answer, Generation)
    options = model._choices(asked).options
    assert answer.usage.completion == len(options[asked.choices.index(answer.text)])
    assert answer.usage.scored >= max(map(len, options)) - 1


def test_an_answer_takes_as_many_tokens_as_its_longest_choice(model: TransformersModel) -> None:
    long = "one two three four five six seven"
    asked = request("x", ("a", long))
    assert (
        model.answer_tokens(asked)
        == max(map(len, model._choices(asked).options))
        > model.answer_tokens(request("x", ("a",)))
    )
    assert model.answer_tokens(request("x", max_new_tokens=9)) == 9


def test_what_prompts_share_is_counted_for_all_but_the_first(model: TransformersModel) -> None:
    asked = [request("word " * 40 + str(n), ("yes", "no"), item_id=str(n)) for n in range(4)]
    for answers in (answered(model, asked), answered(model, asked)):
        cached = [answer.usage.cached_prompt for answer in answers if isinstance(answer, Generation)]
        lengths = [answer.usage.prompt for answer in answers if isinstance(answer, Generation)]
        assert cached[0] == 0
        assert len(set(cached[1:])) == 1
        assert all(30 < n < length for n, length in zip(cached[1:], lengths[1:], strict=True))
    (alone,) = answered(model, asked[:1])
    assert isinstance(alone, Generation)
    assert alone.usage.cached_prompt == 0


def test_prefixes_go_with_the_weights_that_encoded_them(tiny_model: Path) -> None:
    owner, options = Owner(), TransformersOptions(path=str(tiny_model))
    first, second = (TransformersModel(options, owner=owner) for _ in range(2))
    asked = [request("word " * 40 + str(n), item_id=str(n)) for n in range(4)]
    answered(first, asked)
    assert len(first.engine._prefixes) == 1
    assert second.module is not None
    assert first.weights._engine is None
    assert not second.engine._prefixes


def test_a_choice_without_tokens_fails_alone(tiny_model: Path) -> None:
    model = TransformersModel(TransformersOptions(path=str(tiny_model)))
    model.tokenizer.eos_token = None
    model.tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    good, bad = request("Which?", ("yes", "no")), request("Which?", ("yes", ""), item_id="b")
    answers = answered(model, [good, bad])
    assert isinstance(answers[0], Generation)
    assert isinstance(answers[1], Failure)
    assert answers[1].kind == "empty_choice"


def test_an_owner_has_only_one_set_of_weights(tiny_model: Path) -> None:
    owner, options = Owner(), TransformersOptions(path=str(tiny_model))
    first, second = (TransformersModel(options, owner=owner) for _ in range(2))
    other = TransformersModel(options)
    assert first.module is first.module
    assert other.module is not None
    assert first.weights.loaded is not None
    assert second.module is not None
    assert first.weights.loaded is None
    assert other.weights.loaded is not None


def test_a_template_that_refuses_a_system_turn_gets_it_in_the_user_turn(tiny_model: Path) -> None:
    model = TransformersModel(TransformersOptions(path=str(tiny_model)))
    model.tokenizer.chat_template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "[{{ m.role }}] {{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}"
    )
    assert model.render(request("Where?").messages) == "[user] Answer.\n\nWhere?[assistant] "


def test_the_digest_follows_the_weights(tiny_model: Path, tmp_path: Path) -> None:
    import shutil

    other = tmp_path / "other"
    shutil.copytree(tiny_model, other)
    same = TransformersModel(TransformersOptions(path=str(other))).identity.weights_digest
    assert same == TransformersModel(TransformersOptions(path=str(tiny_model))).identity.weights_digest
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    assert TransformersModel(TransformersOptions(path=str(other))).identity.weights_digest != same


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("builtin:smollm", "did you mean 'builtin:smollm2'"),
        ("./nowhere", "is no folder"),
        ("two words", "is no folder"),
        ("a/b/c", "is no folder"),
    ],
)
def test_a_model_that_is_not_there_is_refused(path: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        model_path(path, "a.yaml")


def test_a_folder_is_found_beside_the_experiment_and_must_hold_a_model(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with pytest.raises(InputError, match=r"without config\.json"):
        model_path("m", tmp_path / "a.yaml")
    (tmp_path / "m" / "config.json").write_text("{}")
    assert model_path("m", tmp_path / "a.yaml") == str(tmp_path / "m")
    assert model_path("org/name", tmp_path / "a.yaml") == "org/name"


def test_bin_weights_a_broken_file_and_a_hub_id_offline_are_refused(tiny_model: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "pickled"
    shutil.copytree(tiny_model, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="cannot be loaded"):
        TransformersModel(TransformersOptions(path=str(folder))).fresh("none")
    (folder / "model.safetensors").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ")
    with pytest.raises(InputError, match="cannot be loaded"):
        TransformersModel(TransformersOptions(path=str(folder))).fresh("none")
    with pytest.raises(InputError, match="cannot be fetched from the hub"):
        TransformersModel(TransformersOptions(path="no-such-organisation/no-such-model"))


@pytest.mark.parametrize(
    ("wanted", "fast", "found"),
    [("auto", True, "float32"), ("fast", True, "bfloat16"), ("fast", False, "float32")],
)
def test_fast_takes_bfloat16_where_the_processor_multiplies_it(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, wanted: Any, fast: bool, found: str
) -> None:
    monkeypatch.setattr("harness.models.transformers.weights.fast_bfloat16", lambda: fast)
    options = TransformersOptions(path=str(tiny_model), device="cpu", dtype=wanted)
    assert TransformersModel(options).identity.dtype == found


def test_a_written_answer_takes_all_its_room_in_a_batch_whatever_metrics_read(
    model: TransformersModel,
) -> None:
    asked = request("Where?", max_new_tokens=200).model_copy(update={"every_choice": False})
    assert model._sizing.of(asked) == model.count_tokens(asked.messages) + 200

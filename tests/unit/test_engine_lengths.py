"""Models whose arithmetic turns with length: whatever answers, they give what one row alone gives."""

from __future__ import annotations

import copy
import random
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers

from harness.models.transformers import likelihood
from harness.models.transformers.answers import plain_answers
from harness.models.transformers.decoding import decode
from harness.models.transformers.engine import Engine
from harness.models.transformers.likelihood import log_likelihoods
from harness.models.transformers.trials import Trials
from harness.types import Decoding, Message, Request
from tests.unit._families import built, by_length
from tests.unit.test_engine_differential import plain_answer, prompts_of

FAMILIES = by_length(160)
NEVER = {"falcon, alibi", "mpt", "bloom", "diffllama", "minimax", "lfm2"}
"""Families whose rows cannot continue a prefix of others at any length."""
SHORT = {
    "phi3, longrope",
    "llama, dynamic",
    "gpt_neo, local",
    *(name for name in FAMILIES if "window" in name or "chunks" in name),
    "gemma3, local",
    "gpt_oss",
    "afmoe",
}
"""Families whose rows can continue one up to 24 tokens alone."""


def whole_likelihood(module: Any, prompt: list[int], option: list[int]) -> float:
    row = torch.tensor([prompt + option[:-1]])
    log_probs = copy.deepcopy(module)(row).logits[0].double().log_softmax(-1)
    return sum(float(log_probs[len(prompt) - 1 + i, token]) for i, token in enumerate(option))


def answers_of(engine: Engine, prompts: list[list[int]], limit: int) -> list[list[int]]:
    """Answer as `TransformersModel` does."""
    longest = max(map(len, prompts)) + limit
    if engine.shares(longest):
        return decode(engine, prompts, limit, [2])[0]
    messages = (Message(role="user", content="x"),)
    decoding = Decoding(max_new_tokens=limit)
    asked = [
        Request(task="t", item_id=str(i), messages=messages, decoding=decoding) for i in range(len(prompts))
    ]
    tokenizer = SimpleNamespace(pad_token_id=0)
    return plain_answers(engine.module, tokenizer, asked, prompts, [2], engine.pads(longest))


def cut(answer: list[int]) -> list[int]:
    return answer[: answer.index(2) + 1] if 2 in answer else answer


@torch.inference_mode()
@pytest.mark.parametrize("name", FAMILIES)
def test_answers_and_likelihoods_are_those_of_each_row_alone(name: str) -> None:
    plain, engine = built(FAMILIES[name], name), Engine(built(FAMILIES[name], name))
    rng = random.Random(name)
    for longest, shared in ((30, 0), (4, 6), (15, 60), (12, 14), (4, 0)):
        prompts = prompts_of(rng, 4, shared, longest)
        expected = [cut(plain_answer(copy.deepcopy(plain), prompt, 6)) for prompt in prompts]
        assert [cut(answer) for answer in answers_of(engine, prompts, 6)] == expected
        options = [[[rng.randrange(3, 300) for _ in range(k)] for k in (1, 3, 6)] for _ in prompts]
        found, _ = log_likelihoods(engine, prompts, options)
        for prompt, own, values in zip(prompts, options, found, strict=True):
            alone = [whole_likelihood(plain, prompt, option) for option in own]
            assert values.values == pytest.approx(alone, abs=1e-3)


@torch.inference_mode()
@pytest.mark.parametrize("name", FAMILIES)
def test_rows_continue_a_prefix_as_far_as_that_changes_nothing(name: str) -> None:
    said: list[str] = []
    engine = Engine(built(FAMILIES[name], name), Trials(said.append))
    assert engine.shares(12) == (name not in NEVER)
    assert engine.shares(100) == (name not in NEVER | SHORT)
    before = len(said)
    assert not engine.shares(100) or not said
    assert engine.shares(101) == engine.shares(100)
    assert len(said) == before, "each is said once"


@torch.inference_mode()
def test_what_was_read_before_leaves_growing_positions_as_they_were() -> None:
    name = "llama, dynamic"
    engine = Engine(built(FAMILIES[name], name))
    short, long = [[*range(3, 3 + n_tokens)] for n_tokens in (40, 90)]
    first = log_likelihoods(engine, [short], [[[5, 6]]])
    log_likelihoods(engine, [long], [[[5, 6]]])
    assert log_likelihoods(engine, [short], [[[5, 6]]]) == first


# --- Trials ---


def test_a_length_is_tried_once_and_stands_for_those_below() -> None:
    tried: list[int] = []
    said: list[str] = []

    def trial(length: int) -> bool:
        tried.append(length)
        return length <= 256

    trials = Trials(said.append)
    found = [trials.hold("x", n, 1000, trial, "not {length}") for n in (200, 30, 256, 255, 300, 400, 257, 7)]
    assert found == [True, True, True, True, False, False, False, True]
    assert (tried, said) == ([256, 512], ["not 512"])


def test_no_longer_row_is_tried_than_the_model_has_positions_for() -> None:
    tried: list[int] = []
    trials = Trials(lambda _: None)
    assert trials.hold("x", 150, 160, lambda length: not tried.append(length), "")  # type: ignore[func-returns-value]
    assert tried == [160]


def test_a_trial_that_does_not_fit_the_memory_is_made_with_half() -> None:
    tried: list[int] = []

    def trial(length: int) -> bool:
        tried.append(length)
        if length > 64:
            raise torch.OutOfMemoryError("no room")
        return True

    trials = Trials(lambda _: None)
    assert trials.hold("x", 200, None, trial, "")
    assert trials.hold("x", 250, None, trial, "")
    assert tried == [256, 128, 64]


# --- Logits that are held ---


@pytest.fixture
def most_logits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bound logits to those of 8 tokens, and return how many each pass gave."""
    monkeypatch.setattr(likelihood, "MAX_LOGITS", 300 * 8)
    return []


@torch.inference_mode()
@pytest.mark.parametrize("name", ["smollm3", "qwen2, window", "lfm2", "phi3, longrope"])
@pytest.mark.parametrize("n_rows", [1, 3, 12])
def test_one_long_choice_holds_no_more_logits_than_a_pass_may(
    name: str, n_rows: int, most_logits: list[int]
) -> None:
    plain, engine = built(FAMILIES[name], name), Engine(built(FAMILIES[name], name))
    rng = random.Random(name)
    prompts = prompts_of(rng, n_rows, 30, 9)
    options = [[[rng.randrange(3, 300) for _ in range(k)] for k in (2, 41)] for _ in prompts]
    for way in ("shares", "copies"):  # trials hold few logits, whatever the bound
        getattr(engine, way)(100)
    engine.module.register_forward_hook(lambda *call: most_logits.append(call[2].logits[..., 0].numel()))
    found, _ = log_likelihoods(engine, prompts, options)
    assert max(most_logits) <= 8
    for prompt, own, values in zip(prompts, options, found, strict=True):
        alone = [whole_likelihood(plain, prompt, option) for option in own]
        assert values.values == pytest.approx(alone, abs=1e-3)


@torch.inference_mode()
def test_a_hybrid_model_computes_logits_of_the_choice_alone() -> None:
    module = built(FAMILIES["lfm2"], "lfm2")
    shapes: list[int] = []
    module.register_forward_hook(lambda *call: shapes.append(call[2].logits.shape[1]))
    log_likelihoods(Engine(module), [[5] * 60], [[[5, 6, 7], [8]]])
    assert shapes == [3, 1]


@torch.inference_mode()
def test_a_model_that_gives_all_logits_is_scored_all_the_same() -> None:
    module = built(
        transformers.LlamaConfig(
            vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4
        ),
        "llama",
    )
    expected = likelihood._whole(module, [5, 6, 7], [[8, 9]])

    class Plain:
        device = module.device

        def modules(self) -> list[Any]:
            return []

        def forward(self, input_ids: torch.Tensor) -> Any:
            return module(input_ids)

        __call__ = forward

    assert likelihood._whole(Plain(), [5, 6, 7], [[8, 9]]) == pytest.approx(expected)

"""The engine against plain methods: one row through transformers' generate, one whole pass for each option.

Models are random and of many families, prompts share random prefixes. Weights are scaled up: no answer may
hang on a near-tie that float noise could turn.
"""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers

from harness.models.transformers import decoding, likelihood
from harness.models.transformers import engine as engine_module
from harness.models.transformers.answers import transformers_answers
from harness.models.transformers.decoding import StopStrings, decode
from harness.models.transformers.engine import Engine
from harness.models.transformers.likelihood import log_likelihoods
from harness.models.transformers.prefixes import shared_length
from harness.models.transformers.sampling import Draws
from harness.types import Decoding, Request
from tests.unit._families import built, families

FAMILIES = families(160)
SHARING = [
    name for name in FAMILIES if name not in ("gemma2, window", "gemma3, window", "mistral, window", "mamba")
]


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest) -> tuple[str, Any]:
    return request.param, built(FAMILIES[request.param], request.param)


@pytest.fixture(scope="module", params=SHARING)
def module(request: pytest.FixtureRequest) -> Any:
    return built(FAMILIES[request.param], request.param)


def prompts_of(rng: random.Random, n: int, shared: int, longest: int) -> list[list[int]]:
    prefix = [rng.randrange(3, 300) for _ in range(shared)]
    return [prefix + [rng.randrange(3, 300) for _ in range(rng.randint(1, longest))] for _ in range(n)]


def plain_answer(module: Any, prompt: list[int], limit: int) -> list[int]:
    output = module.generate(
        input_ids=torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        generation_config=transformers.GenerationConfig(
            max_new_tokens=limit, do_sample=False, pad_token_id=0, eos_token_id=2
        ),
    )
    return [int(token) for token in output[0, len(prompt) :]]


def plain_likelihood(module: Any, prompt: list[int], option: list[int]) -> float:
    log_probs = module(torch.tensor([prompt + option])).logits[0].double().log_softmax(-1)
    return sum(float(log_probs[len(prompt) - 1 + i, token]) for i, token in enumerate(option))


@torch.inference_mode()
def test_families_that_can_share_do(model: tuple[str, Any]) -> None:
    name, module = model
    assert Engine(module).shares(100) == (name in SHARING)
    assert Engine(module).shares(16) == (name != "mamba")


@torch.inference_mode()
@pytest.mark.parametrize("seed", range(4))
def test_greedy_answers_are_those_of_plain_generate(module: Any, seed: int) -> None:
    rng = random.Random(seed)
    engine = Engine(module)
    for n_rows in (1, 2, 5, 8):
        prompts = prompts_of(rng, n_rows, shared=rng.choice([0, 7, 60]), longest=rng.choice([1, 20]))
        limit = rng.choice([1, 4, 12])
        answers, shared = decode(engine, prompts, limit, [2])
        assert answers == [plain_answer(module, prompt, limit) for prompt in prompts]
        assert shared == shared_length(prompts)


@torch.inference_mode()
@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (3.0, 0.6)])
def test_drawn_answers_are_the_same_alone_together_and_by_transformers(
    model: tuple[str, Any], temperature: float, top_p: float
) -> None:
    module, rng = model[1], random.Random(3)
    prompts = prompts_of(rng, 6, shared=20, longest=12)
    how = Decoding(max_new_tokens=10, temperature=temperature, top_p=top_p)
    requests = [
        Request(task="t", item_id=str(n), messages=(), decoding=how, seed=n % 2) for n in range(len(prompts))
    ]
    pairs = list(zip(requests, prompts, strict=True))
    tokenizer = SimpleNamespace(pad_token_id=0)
    found = [transformers_answers(module, tokenizer, [r], [p], [2])[0] for r, p in pairs]
    alone = [ids[: ids.index(2) + 1] if 2 in ids else ids for ids in found]
    assert len({*map(tuple, alone)}) == len(alone)
    engine = Engine(module)
    if engine.shares(100):
        assert decode(engine, prompts, 10, [2], draws=Draws(requests))[0] == alone
        backwards = decode(engine, prompts[::-1], 10, [2], draws=Draws(requests[::-1]))[0]
        assert backwards == alone[::-1]


def test_tokens_are_drawn_as_often_as_the_model_says() -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0, float("-inf"), -1.0]])
    requests = [
        Request(task="t", item_id=str(n), messages=(), decoding=Decoding(temperature=2.0, top_p=p))
        for p in (1.0, 0.75)
        for n in range(4000)
    ]
    for part, left in ((requests[:4000], [0, 1, 2, 4]), (requests[4000:], [0, 1, 2])):
        drawn = Draws(part).tokens(logits.expand(len(part), -1), range(len(part)), 0)
        shares = torch.bincount(drawn, minlength=5) / len(part)
        wanted = (logits[0] / 2).softmax(-1)
        wanted[[i for i in range(5) if i not in left]] = 0
        assert torch.allclose(shares, wanted / wanted.sum(), atol=0.03)
        assert shares[3] == 0


@torch.inference_mode()
@pytest.mark.parametrize("seed", range(3))
def test_rows_that_end_early_leave_the_others_alone(
    module: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many tokens end an answer here, so that rows leave at many places."""
    rng = random.Random(seed)
    prompts = prompts_of(rng, 8, shared=30, longest=9)
    whole = [plain_answer(module, prompt, 14) for prompt in prompts]
    ends = [2, *{rng.choice(answer) for answer in whole}]
    expected = [answer[: next((i for i, t in enumerate(answer) if t in ends), 13) + 1] for answer in whole]
    for leaving, steps in ((1, 1), (4, 1), (8, 1), (1, 3), (4, 8), (8, 20)):
        monkeypatch.setattr(decoding, "LEAVING", leaving)
        monkeypatch.setattr(decoding, "STEPS", {"cpu": steps})
        assert decode(Engine(module), prompts, 14, ends)[0] == expected


@torch.inference_mode()
@pytest.mark.parametrize("seed", range(3))
def test_log_likelihoods_are_those_of_whole_passes(
    model: tuple[str, Any], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the second seed options are scored in parts of a few tokens."""
    _, module = model
    if seed == 1:
        monkeypatch.setattr(likelihood, "MAX_LOGITS", 300 * 8 * 4)
    rng = random.Random(seed)
    engine = Engine(module)
    for n_rows in (1, 3, 8):
        prompts = prompts_of(rng, n_rows, shared=rng.choice([0, 5, 70]), longest=rng.choice([1, 15]))
        options = [
            [[rng.randrange(3, 300) for _ in range(rng.choice([1, 2, 6]))] for _ in range(rng.randint(1, 5))]
            for _ in prompts
        ]
        found, _ = log_likelihoods(engine, prompts, options)
        for prompt, own, values in zip(prompts, options, found, strict=True):
            expected = [plain_likelihood(module, prompt, option) for option in own]
            assert values.values == pytest.approx(expected, abs=1e-4)
            assert all(values.exact)


@torch.inference_mode()
def test_a_prompt_may_fill_the_context_to_its_last_token(module: Any) -> None:
    rng = random.Random(5)
    prompts = prompts_of(rng, 3, shared=140, longest=1) + prompts_of(rng, 1, shared=152, longest=1)
    prompts[3][:140] = prompts[0][:140]
    assert decode(Engine(module), prompts, 7, [2])[0] == [plain_answer(module, p, 7) for p in prompts]


@torch.inference_mode()
def test_what_was_asked_before_changes_no_bit(module: Any) -> None:
    rng = random.Random(6)
    prompts = prompts_of(rng, 6, shared=64, longest=9)
    options = [[[5, 6, 7], [8]] for _ in prompts]
    fresh = log_likelihoods(Engine(module), prompts, options)
    used = Engine(module)
    for other in (prompts[:3], prompts[2:], [[*prompts[0][:50], *prompt] for prompt in prompts]):
        log_likelihoods(used, other, options[: len(other)])
    assert log_likelihoods(used, prompts, options) == fresh
    assert log_likelihoods(used, prompts, options) == fresh


@torch.inference_mode()
def test_prompts_are_encoded_in_chunks_alike(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = prompts_of(random.Random(7), 4, shared=0, longest=60)
    monkeypatch.setattr(engine_module, "CHUNK_TOKENS", 4 * 7)
    assert decode(Engine(module), prompts, 5, [2])[0] == [plain_answer(module, p, 5) for p in prompts]


@torch.inference_mode()
def test_a_prefix_is_encoded_once_and_kept_for_the_next_batch(module: Any) -> None:
    read: list[tuple[int, ...]] = []
    hook = module.get_input_embeddings().register_forward_hook(lambda *call: read.append(call[1][0].shape))
    engine, rng = Engine(module), random.Random(8)
    assert engine.shares(100)
    prompts = prompts_of(rng, 8, shared=60, longest=1)
    read.clear()
    engine.encode(prompts[:4], 0)
    engine.encode(prompts[4:], 0)
    hook.remove()
    assert [tuple(shape) for shape in read] == [(1, 60), (4, 1), (4, 1)]


# --- Stop strings ---


@pytest.mark.parametrize("seed", range(6))
@torch.inference_mode()
def test_stop_strings_end_answers_where_transformers_end_them(
    tiny_model: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "STEPS", {"cpu": 1 + seed})
    module = transformers.AutoModelForCausalLM.from_pretrained(tiny_model).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_model)
    rng = random.Random(seed)
    prompts = prompts_of(rng, 5, shared=40, longest=6)
    texts = [tokenizer.decode(plain_answer(module, prompt, 16)) for prompt in prompts]
    # Strings from inside the answers, which begin and end anywhere in a token, and one that never comes.
    inside = {text[at : at + n] for text in texts for at in range(2, len(text)) for n in (1, 2, 3, 4)}
    stop = [
        "never in an answer",
        *rng.sample(sorted(s for s in inside if "\N{REPLACEMENT CHARACTER}" not in s), 2),
    ]
    # One begins in the prompt.
    stop.append(tokenizer.decode(prompts[0])[-1] + texts[0][0])
    answers, _ = decode(Engine(module), prompts, 16, [1], StopStrings(tokenizer, stop))
    cut = 0
    for prompt, answer in zip(prompts, answers, strict=True):
        output = module.generate(
            input_ids=torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            generation_config=transformers.GenerationConfig(
                max_new_tokens=16, do_sample=False, pad_token_id=0, eos_token_id=1, stop_strings=stop
            ),
            tokenizer=tokenizer,
        )
        assert answer == output[0, len(prompt) :].tolist()
        cut += len(answer) < 16
    assert cut


# --- Waiting for the device ---


@torch.inference_mode()
def test_ends_are_looked_for_every_few_steps_where_a_look_waits(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    listed = torch.Tensor.tolist

    def counted(tensor: torch.Tensor) -> Any:
        nonlocal looks
        looks += 1
        return listed(tensor)

    prompts = prompts_of(random.Random(9), 4, shared=30, longest=9)
    expected = [plain_answer(module, prompt, 17) for prompt in prompts]
    engine = Engine(module)
    assert engine.shares(64)
    monkeypatch.setattr(torch.Tensor, "tolist", counted)
    monkeypatch.setattr(decoding, "STEPS", {"cpu": 8})
    decode(engine, prompts, 17, [])
    assert looks == 3
    assert decode(engine, prompts, 17, [2])[0] == expected

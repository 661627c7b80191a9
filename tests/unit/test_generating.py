"""Decoding is what the experiment says: a model's own settings change no answer, on no path."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.models.transformers.answers import end_tokens, transformers_answers
from harness.models.transformers.decoding import decode
from harness.models.transformers.engine import Engine
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.powers import answered
from harness.types import Decoding, Generation, Message, Request
from tests.unit._models import edit

SETTINGS: dict[str, dict[str, Any]] = {
    "sampling": {"do_sample": True, "temperature": 5.0, "top_k": 3, "top_p": 0.5, "min_p": 0.1},
    "penalties": {"repetition_penalty": 1.9, "no_repeat_ngram_size": 1, "encoder_repetition_penalty": 1.5},
    "forced": {"forced_bos_token_id": 9, "forced_eos_token_id": 9},
    "suppressed": {
        "suppress_tokens": list(range(2, 200)),
        "begin_suppress_tokens": [5],
        "bad_words_ids": [[7]],
    },
    "lengths": {"min_length": 200, "min_new_tokens": 7, "max_length": 3, "max_new_tokens": 1},
    "beams": {"num_beams": 4, "length_penalty": 3.0, "early_stopping": True},
    "shape": {"return_dict_in_generate": True, "output_scores": True, "output_logits": True},
    "several": {"num_beams": 3, "num_return_sequences": 3},
    "stop": {"stop_strings": ["e", "a", "o"]},
    "cache": {"cache_implementation": "static"},
    "guidance": {"guidance_scale": 2.0},
    "bias": {"sequence_bias": [[[7], 10.0]]},
}


@pytest.fixture(scope="module")
def plain(tiny_model: Path) -> TransformersModel:
    return TransformersModel(TransformersOptions(path=str(tiny_model)))


def asked(n: int, **decoding: Any) -> list[Request]:
    options = Decoding(max_new_tokens=8, **decoding)
    return [
        Request(
            task="t",
            item_id=str(i),
            messages=(Message(role="user", content="Where" + " is place" * i + "?"),),
            decoding=options,
        )
        for i in range(n)
    ]


def texts(model: TransformersModel, requests: list[Request]) -> list[tuple[str, str, int]]:
    answers = answered(model, requests)
    assert all(isinstance(answer, Generation) for answer in answers), answers
    return [(a.text, a.stop_reason, a.usage.completion) for a in answers if isinstance(a, Generation)]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_models_own_settings_change_no_answer(
    plain: TransformersModel,
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    fast: bool,
) -> None:
    expected = texts(plain, asked(4))
    shutil.copytree(tiny_model, tmp_path / "model")
    edit(tmp_path / "model" / "generation_config.json", **SETTINGS[name])
    if not fast:
        monkeypatch.setattr(Engine, "shares", lambda *_: False)
    model = TransformersModel(TransformersOptions(path=str(tmp_path / "model")))
    model.check()
    assert texts(model, asked(4)) == expected
    hot = asked(2, temperature=1.5)
    assert len(texts(model, hot)) == 2


def test_the_tokens_that_end_an_answer_stay_those_of_the_model(
    plain: TransformersModel, tiny_model: Path, tmp_path: Path
) -> None:
    with torch.inference_mode():
        ids = decode(plain.engine, [plain._ids(asked(1)[0])], 8, [1])[0][0]
    shutil.copytree(tiny_model, tmp_path / "model")
    edit(tmp_path / "model" / "generation_config.json", eos_token_id=[1, ids[1]], repetition_penalty=1.3)
    model = TransformersModel(TransformersOptions(path=str(tmp_path / "model")))
    ((_, reason, n_tokens),) = texts(model, asked(1))
    assert set(end_tokens(model.module, model.tokenizer, model._prompts.end_ids)) == {1, ids[1]}
    assert reason == "stop"
    assert n_tokens == ids.index(ids[1]) + 1


def test_sampling_draws_from_all_tokens(plain: TransformersModel) -> None:
    """Transformers would draw from the 50 likeliest alone."""
    module, request = plain.module, asked(1, temperature=100.0)[0]
    with torch.inference_mode():
        ids = plain._ids(request)
        likeliest = set(module(torch.tensor([ids])).logits[0, -1].topk(50).indices.tolist())
    again = [request.model_copy(update={"seed": seed}) for seed in range(8)]
    firsts = []
    for one in again:
        firsts += [row[0] for row in transformers_answers(module, plain.tokenizer, [one], [ids], [1])]
    assert set(firsts) - likeliest


@pytest.mark.parametrize("fast", [True, False])
def test_a_tokenizer_with_neither_pad_nor_end_answers_on_both_paths(
    plain: TransformersModel, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    for name in ("tokenizer_config.json", "config.json", "generation_config.json"):
        content = json.loads((folder / name).read_text())
        without = {key: value for key, value in content.items() if key not in _ENDS}
        (folder / name).write_text(json.dumps(without | ({} if name[0] == "t" else dict.fromkeys(_ENDS[2:]))))
    turns = "{% for message in messages %}\n{{ message.content }}{% endfor %}"  # nothing ends a turn either
    (folder / "chat_template.jinja").write_text(turns)
    if not fast:
        monkeypatch.setattr(Engine, "shares", lambda *_: False)
    model = TransformersModel(TransformersOptions(path=str(folder)))
    model.check()
    assert model.tokenizer.pad_token_id is None
    assert end_tokens(model.module, model.tokenizer, model._prompts.end_ids) == []
    together = texts(model, asked(4))
    assert together == [texts(model, [one])[0] for one in asked(4)]
    assert {reason for _, reason, _ in together} == {"length"}
    stopped = texts(model, asked(4, stop=("e", "a", "t")))
    assert all(not set(text) & set("eat") for text, _, _ in stopped)


_ENDS = ("pad_token", "eos_token", "pad_token_id", "eos_token_id")

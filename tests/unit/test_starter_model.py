"""The starter model's files: tokenizer, template, size; and the measures on it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from harness.starter import abilities
from harness.starter.mixture import row_of
from harness.starter.recall import END, PAD
from harness.starter.synthesis import Source, make

MODEL = abilities.MODEL
BANKING = Path("/work/shared/data/banking77/test.csv")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(MODEL)


def test_the_tokenizer_gives_texts_back(tokenizer: Any) -> None:
    for text in ("hello", "Mara paid 140 crowns.", ' two  spaces\n"x" ', "Größe 日本語 🙂", '{"a": 1}'):
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids) == text


def test_special_tokens(tokenizer: Any) -> None:
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == (PAD, END)
    assert len(tokenizer) == json.loads((MODEL / "config.json").read_text())["vocab_size"]


def test_the_chat_template_adds_no_white_space(tokenizer: Any) -> None:
    chat = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
    ]
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert text == (
        "<|system|>Be brief.<|end|><|user|>Hi<|end|><|assistant|>Hello<|end|><|user|>Bye<|end|><|assistant|>"
    )


def test_training_rows_are_what_the_template_makes(tokenizer: Any) -> None:
    for family in ("reading", "label_turns", "extraction", "general"):
        example = make(family, Source(3, "heldout"), 1.0)
        chat = [*abilities.messages(example), {"role": "assistant", "content": example.answer}]
        text = tokenizer.apply_chat_template(chat, tokenize=False)
        assert tokenizer(text, add_special_tokens=False).input_ids == row_of(example).ids


def test_a_word_has_the_same_tokens_in_an_answer_as_in_a_passage(tokenizer: Any) -> None:
    inside = tokenizer("for Varnholt", add_special_tokens=False).input_ids
    alone = tokenizer("Varnholt", add_special_tokens=False).input_ids
    assert inside[-len(alone) :] == alone


@pytest.mark.skipif(not BANKING.exists(), reason="the data set is not on this machine")
def test_compression(tokenizer: Any) -> None:
    with BANKING.open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)][:500]
    tokens = sum(len(ids) for ids in tokenizer(texts, add_special_tokens=False).input_ids)
    assert sum(map(len, texts)) / tokens >= 2.8


def test_the_model_is_small_and_loads_like_any_other() -> None:
    from transformers import AutoModelForCausalLM

    assert (MODEL / "model.safetensors").stat().st_size <= 16_000_000
    model = AutoModelForCausalLM.from_pretrained(MODEL)
    assert model.config.model_type == "llama"
    assert sum(param.numel() for param in model.parameters()) <= 8_000_000
    assert model.config.max_position_embeddings >= 1024
    assert model.config.eos_token_id == END
    assert not model.generation_config.do_sample


def test_field_matches() -> None:
    assert abilities.field_matches('{"a": "x", "b": 2}', '{"a": "x", "b": 3}') == (1, 2)
    assert abilities.field_matches("nothing", '{"a": "x"}') == (0, 1)

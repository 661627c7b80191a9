"""Prompts are rendered and encoded once, and those of long ago are forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from harness.models.transformers import prompts as prompts_module
from harness.models.transformers.prompts import Prompts
from harness.types import Message


class Tokenizer:
    """A token a character, and a count of what it was asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def apply_chat_template(self, turns: list[dict[str, str]], **options: Any) -> str:
        return "".join(turn["content"] for turn in turns)

    def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        self.calls.append(text)
        return {"input_ids": [ord(character) for character in text]}


def asked(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=text),)


def test_a_prompt_is_encoded_once() -> None:
    tokenizer = Tokenizer()
    prompts = Prompts(tokenizer, {})
    first = prompts.prompt(asked("abc"))
    assert (first.text, list(first.ids)) == ("abc", [97, 98, 99])
    assert prompts.prompt(asked("abc")) is first
    assert tokenizer.calls == ["abc"]


def test_prompts_of_long_ago_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("KEPT_BYTES", 6), ("_TOKEN_BYTES", 1), ("_PROMPT_BYTES", 0)):
        monkeypatch.setattr(prompts_module, name, value)
    tokenizer = Tokenizer()
    prompts = Prompts(tokenizer, {})
    for text in ("aaa", "bbb", "aaa", "ccc", "aaa", "bbb", "longer than all"):
        assert prompts.prompt(asked(text)).text == text
    assert tokenizer.calls == ["aaa", "bbb", "ccc", "bbb", "longer than all"]
    prompts.prompt(asked("longer than all"))
    assert len(tokenizer.calls) == 5

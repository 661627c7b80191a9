"""From messages to token ids: rendered and encoded once, however often a prompt is asked for."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from jinja2 import TemplateError

from harness.types import Message

KEPT_BYTES = 1 << 26
"""Memory that rendered prompts may take together."""
_TOKEN_BYTES, _PROMPT_BYTES = 12, 2500
"""What a token takes with its text, and what a prompt takes beside (measured)."""


@dataclass(frozen=True)
class Prompt:
    """A prompt as the model sees it: its text and its token ids."""

    text: str
    ids: array[int]

    @property
    def n_bytes(self) -> int:
        """Memory it takes with the messages it was made from, about."""
        return _PROMPT_BYTES + _TOKEN_BYTES * len(self.ids)


class Prompts:
    """Renders and encodes with one tokenizer and one chat template; ``prompt`` may be called from threads.

    Args:
        tokenizer: A tokenizer of transformers with a chat template.
        template_options: What the template is given beside the messages.
    """

    def __init__(self, tokenizer: Any, template_options: Mapping[str, Any]) -> None:
        self._tokenizer, self._template_options = tokenizer, dict(template_options)
        self._kept: OrderedDict[tuple[Message, ...], Prompt] = OrderedDict()
        self._kept_bytes = 0
        self._lock = Lock()
        self.encode_choice = lru_cache(maxsize=4096)(self.encode)

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, without special tokens of the tokenizer's own."""
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def prompt(self, messages: Sequence[Message]) -> Prompt:
        """Return the rendered and encoded prompt."""
        key = tuple(messages)
        with self._lock:
            found = self._kept.pop(key, None)
            if found is None:
                text = self.render(messages)
                found = Prompt(text, array("i", self.encode(text)))
                self._kept_bytes += found.n_bytes
            self._kept[key] = found
            while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._kept_bytes -= oldest.n_bytes
            return found

    def render(self, messages: Sequence[Message]) -> str:
        """Return the text of a prompt; without a system turn its text joins the user turn."""
        turns = [{"role": message.role, "content": message.content} for message in messages]
        options = {"tokenize": False, "add_generation_prompt": turns[-1]["role"] != "assistant"}
        options |= self._template_options
        try:
            return str(self._tokenizer.apply_chat_template(turns, **options))
        except TemplateError:
            return str(self._tokenizer.apply_chat_template(_without_system(turns), **options))


def _without_system(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """Put the system text in front of the first user turn."""
    if len(turns) < 2 or turns[0]["role"] != "system":
        return turns
    first = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
    return [first, *turns[2:]]

"""From messages to token ids: rendered and encoded once per prompt.

An answer is encoded here too, the same way where it is trained, scored and written: after its prompt, in the
form that the chat template gives it.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import RLock
from typing import Any

from harness.errors import InputError
from harness.models.transformers.encoding import Encoder
from harness.models.transformers.plain import end_of_answer, is_plain_template
from harness.models.transformers.reasoning import between, opened
from harness.models.transformers.rendering import Renderer
from harness.types import Message

KEPT_BYTES = 1 << 26
"""Memory that all kept prompts may take together."""
_TOKEN_BYTES, _PROMPT_BYTES = 12, 2500
"""Bytes of a token with its text, and of a prompt besides its tokens (measured)."""
_ANSWER = "Qzanswerx"


@dataclass(frozen=True)
class Prompt:
    """A prompt as the model sees it: its text and its token ids."""

    text: str
    ids: array[int]

    @property
    def n_bytes(self) -> int:
        """Approximate memory, including the messages it was made from."""
        return _PROMPT_BYTES + _TOKEN_BYTES * len(self.ids)


@dataclass(frozen=True)
class AnswerForm:
    """How a template writes an answer after its prompt.

    Attributes:
        lead: Text before the answer that is not part of it, such as an empty block of reasoning.
        gap: White space between that and the answer.
        end: What ends the turn: up to the template's first special token, or the tokenizer's end of text.
        stop: The end in plain words, where the template has no token for it.
        known: Whether the template puts an answer after its prompt at all.
    """

    lead: str
    gap: str
    end: str
    stop: str
    known: bool


@dataclass(frozen=True)
class Choices:
    """Token ids of what may follow a prompt: always ``lead``, then one of ``options``.

    ``n_end`` tokens of each option end the turn.
    """

    lead: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]
    n_end: int


class Prompts:
    """Renders and encodes with one tokenizer and one chat template; ``prompt`` may be called from threads.

    Args:
        tokenizer: A tokenizer of transformers with a chat template.
        template_options: What the template is given besides the messages.
        place: The experiment file, for errors.
    """

    def __init__(
        self, tokenizer: Any, template_options: Mapping[str, Any], place: object = "experiment"
    ) -> None:
        self._tokenizer, self._place = tokenizer, place
        self._renderer = Renderer(tokenizer, template_options, place)
        self._kept: OrderedDict[tuple[Message, ...], Prompt] = OrderedDict()
        self._kept_bytes = 0
        self._lock = RLock()
        self._form = lru_cache(maxsize=256)(self._found_form)
        self._choices = lru_cache(maxsize=256)(self._encoded_choices)

    @cached_property
    def _encoder(self) -> Encoder:
        try:
            shown = self._renderer.render(_turns(("user", "assistant", "user")))
        except InputError:
            shown = ""
        return Encoder(self._tokenizer, shown)

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a rendered text, without special tokens of the tokenizer's own."""
        return self._encoder.encode(text)

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
        """Return the text of a prompt; control tokens in its contents are marked as text."""
        return self._renderer.render(messages, self._encoder.plain)

    # --- Answers ---

    def form(self, messages: Sequence[Message]) -> AnswerForm:
        """Return how an answer to a prompt is written."""
        return self._form(tuple(message.role for message in messages))

    def _found_form(self, roles: tuple[str, ...]) -> AnswerForm:
        asked = _turns(roles)
        prompt, head, end = self._renderer.render(asked), None, ""
        try:
            full = self._renderer.render([*asked, Message(role="assistant", content=_ANSWER)])
            head, _, end = full.rpartition(_ANSWER)
        except InputError:  # the template has no place for an answer
            head = None
        before = between(prompt, head) if head else None
        eos = str(self._tokenizer.eos_token or "")
        if before is None:
            return AnswerForm("", "", eos, "", known=False)
        lead = before.rstrip()
        controls = self._encoder.controls
        token = controls.search(end) if controls else None
        return AnswerForm(
            lead=lead,
            gap=before[len(lead) :],
            end=end[: token.end()] if token else end + eos,
            stop="" if token else end.strip(),
            known=True,
        )

    def choices(self, messages: Sequence[Message], choices: Sequence[str]) -> Choices:
        """Return the token ids of choices as answers to a prompt, each with its end of turn."""
        with self._lock:
            prompt = self.prompt(messages)
            tail = self._encoder.tail(prompt.text, prompt.ids)
            return self._choices(tail, self.form(messages), tuple(choices))

    def _encoded_choices(self, tail: str, form: AnswerForm, choices: tuple[str, ...]) -> Choices:
        following, n_end = self._encoder.following, 0
        lead = following(tail, form.lead) if form.lead else ()
        options = []
        for choice in choices:
            text = form.gap + self._encoder.plain(choice.strip())
            options.append(following(tail + form.lead, text + form.end))
            if not n_end and form.end:
                n_end = max(1, len(options[-1]) - len(following(tail + form.lead, text)))
        return Choices(lead, tuple(options), n_end)

    def answer(self, messages: Sequence[Message], answer: str) -> tuple[list[int], list[int]]:
        """Return the token ids of a prompt, and of an answer to it as the model has to write it.

        Raises:
            InputError: The template does not put an answer after its prompt.
        """
        if not self.form(messages).known:
            raise InputError(
                self._place,
                "chat_template",
                "an answered conversation does not begin with its prompt, so answers cannot be trained",
                "use a template that puts the answer right after the prompt",
            )
        found = self.choices(messages, (answer,))
        return list(self.prompt(messages).ids), [*found.lead, *found.options[0]]

    @cached_property
    def end_ids(self) -> list[int]:
        """The token with which the template ends a turn, or none."""
        end = self.form(_turns(("user",))).end
        return self.encode(end)[-1:] if end else []

    def stops(self, messages: Sequence[Message], learned: bool, max_new_tokens: int) -> tuple[str, ...]:
        """Return strings that end an answer: where no token does, and where a base model goes on to ask.

        Args:
            messages: The prompt.
            learned: Whether the model learned to end its answers by a token.
            max_new_tokens: Most tokens of an answer.
        """
        said = self.form(messages).stop
        stops: tuple[str, ...] = (said,) if said else ()
        if self.is_plain and not learned:
            shown = [message.content for message in messages if message.role == "assistant"]
            stops += (end_of_answer(messages[-1].content, shown, max_new_tokens),)
        return stops

    @property
    def is_plain(self) -> bool:
        """Whether the model is a base model, without a chat template of its own."""
        return is_plain_template(self._tokenizer.chat_template)

    def begun(self, messages: Sequence[Message]) -> str:
        """Return the tag of reasoning that a prompt has opened and its answer begins in, or nothing."""
        return opened(self.prompt(messages).text)


def _turns(roles: Sequence[str]) -> list[Message]:
    """Return turns to try a template on."""
    return [Message.model_validate({"role": r, "content": f"Qzturn{i}x"}) for i, r in enumerate(roles)]

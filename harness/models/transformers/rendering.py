"""From messages to the text of a prompt: nothing asked is lost, and today's date has no effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError

from harness.errors import InputError, UnrenderedError, shorten
from harness.models.transformers.reasoning import after_reasoning
from harness.types import Message

FROZEN_DATE = "2024-07-26"
"""The date given to chat templates in every run, so that prompts and keys do not change from day to day."""

_CLOCK = "strftime_now"
_DIRECTIVES = "aAbBcdeHIjmMpSUwWxXyYZGuVDFhkl"
_KEY = "chat_template"

Turns = list[dict[str, str]]


def date_told(template: Any, options: Mapping[str, Any]) -> str:
    """Return the frozen date where a template writes today's, else nothing.

    Args:
        template: A chat template.
        options: ``template_options`` of the model; ``date`` is another date, as YYYY-MM-DD.
    """
    return str(options.get("date", FROZEN_DATE)) if _CLOCK in str(template or "") else ""


class Renderer:
    """Renders with one tokenizer's chat template.

    Args:
        tokenizer: A tokenizer of transformers with a chat template.
        options: What the template is given besides the messages.
        place: The experiment file, for errors.
    """

    def __init__(self, tokenizer: Any, options: Mapping[str, Any], place: object) -> None:
        self._tokenizer, self._options, self._place = tokenizer, dict(options), place
        self._joins: dict[tuple[str, ...], bool] = {}

    def render(self, messages: Sequence[Message], plain: Callable[[str], str] = str) -> str:
        """Return the text of a prompt; a system turn that the template has no place for joins the user turn.

        Args:
            messages: The turns.
            plain: Applied to each content first.

        Raises:
            InputError: The template has no place for turns of these roles.
            UnrenderedError: It refuses these particular turns, or loses some of their text.
        """
        turns = [{"role": message.role, "content": plain(message.content)} for message in messages]
        for turn in turns:
            if turn["role"] == "assistant":
                turn["content"] = turn["content"].strip()
        roles = tuple(turn["role"] for turn in turns)
        if roles not in self._joins:
            self._joins[roles] = self._tried(roles)
        if self._joins[roles]:
            turns = _without_system(turns)
        try:
            text = self._apply(turns)
        except Exception as error:  # noqa: BLE001 - a template is a program
            raise UnrenderedError(
                f"the model's chat template refuses it: {shorten(str(error), 200)}"
            ) from None
        if lost := [turn for turn in turns if not _stands_in(turn, text)]:
            said = f"{lost[0]['role']} turn ({shorten(lost[0]['content'], 60)!r})"
            raise UnrenderedError(f"the model's chat template loses text of its {said}")
        return text

    def _tried(self, roles: tuple[str, ...]) -> bool:
        """Try a template on turns of these roles; return whether the system turn must join the user turn."""
        turns = [{"role": role, "content": f"Qzturn{i}x"} for i, role in enumerate(roles)]
        try:
            text = self._apply(turns)
            if text != self._apply(turns):
                raise self._refused("writes the same turns in other words each time")
            if not _lost(turns, text):
                return False
        except TemplateError:
            pass
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - a template is a program
            raise self._refused(f"cannot render a prompt: {shorten(str(error), 200)}") from None
        joined = _without_system(turns)
        try:
            text = self._apply(joined)
        except Exception as error:  # noqa: BLE001 - a template is a program
            raise self._refused(f"refuses {_named(roles)}: {shorten(str(error), 200)}") from None
        if lost := _lost(turns, text):
            raise self._refused(f"loses the {' and the '.join(lost)} turn of {_named(roles)}")
        return True

    def _refused(self, problem: str) -> InputError:
        remedy = "fix the template, or remove it to ask plainly"
        return InputError(self._place, _KEY, f"the model's chat template {problem}", remedy)

    def _apply(self, turns: Turns) -> str:
        options: dict[str, Any] = {
            "tokenize": False,
            "add_generation_prompt": turns[-1]["role"] != "assistant",
        }
        template = getattr(self._tokenizer, _KEY, None)
        if day := date_told(template, self._options):
            options[_KEY] = _frozen(template, day)
        return str(self._tokenizer.apply_chat_template(turns, **options | self._options))


@lru_cache(maxsize=8)
def _frozen(template: str, day: str) -> str:
    """Return a template in which the clock is fixed at the beginning of a day."""
    at = date.fromisoformat(day)
    said = "format"
    for flag in ("", "-"):
        for directive in _DIRECTIVES:
            code = f"%{flag}{directive}"
            said += f" | replace({code!r}, {at.strftime(code)!r})"
    return f"{{%- macro {_CLOCK}(format) -%}}{{{{ {said} }}}}{{%- endmacro -%}}{template}"


def _lost(turns: Turns, text: str) -> list[str]:
    """Return the roles of turns that a text does not contain, each once."""
    return list(dict.fromkeys(turn["role"] for turn in turns if turn["content"] not in text))


def _stands_in(turn: Mapping[str, str], text: str) -> bool:
    """Whether a text contains a turn. White space and the reasoning of an earlier answer may be dropped."""
    content = turn["content"].strip()
    if content in text:
        return True
    if turn["role"] == "assistant":
        content = after_reasoning(content)
    return "".join(content.split()) in "".join(text.split())


def _named(roles: Sequence[str]) -> str:
    return f"a conversation of {len(roles)} turns ({', '.join(roles[:4])}{', ...' if len(roles) > 4 else ''})"


def _without_system(turns: Turns) -> Turns:
    """Put the system text in front of the first user turn; without one it is the user turn."""
    if not turns or turns[0]["role"] != "system":
        return turns
    at = next((i for i, turn in enumerate(turns) if turn["role"] == "user"), None)
    if at is None:
        return [{"role": "user", "content": turns[0]["content"]}, *turns[1:]]
    both = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[at]['content']}"}
    return [*turns[1:at], both, *turns[at + 1 :]]

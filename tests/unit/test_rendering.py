"""What was asked stands in what was rendered; no day changes it; templates of reasoning models are met."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config import ModelOptions
from harness.errors import InputError
from harness.models.answers import written
from harness.models.prompts import Prompts
from harness.models.rendering import FROZEN_DATE, date_told
from harness.tasks.answers import without_reasoning
from harness.types import Message
from tests.unit._tokenizers import CHATML, byte_level

USER_AND_ASSISTANT = (
    "{% for m in messages %}{% if m.role == 'user' %}[U]{{ m.content }}{% elif m.role == 'assistant' %}"
    "[A]{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}[A]{% endif %}"
)


def turns(*pairs: tuple[Any, str]) -> tuple[Message, ...]:
    return tuple(Message(role=role, content=content) for role, content in pairs)


SYSTEM, USER, SHOWN = ("system", "Be brief."), ("user", "Where?"), ("assistant", "here")


def prompts_with(template: str, **options: Any) -> Prompts:
    return Prompts(byte_level(template), options)


# --- Nothing is lost ---


def test_an_instruction_that_the_template_drops_joins_the_first_user_turn() -> None:
    prompts = prompts_with(USER_AND_ASSISTANT)
    assert prompts.render(turns(SYSTEM, USER)) == "[U]Be brief.\n\nWhere?[A]"
    shown = prompts.render(turns(SYSTEM, USER, SHOWN, ("user", "And?")))
    assert shown == "[U]Be brief.\n\nWhere?[A]here</s>[U]And?[A]"
    assert prompts.render(turns(SYSTEM)) == "[U]Be brief.[A]"


def test_one_that_the_template_refuses_or_takes_stays_as_it_was() -> None:
    refusing = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + USER_AND_ASSISTANT
    )
    assert prompts_with(refusing).render(turns(SYSTEM, USER)) == "[U]Be brief.\n\nWhere?[A]"
    assert "system\nBe brief.<|im_end|>" in prompts_with(CHATML).render(turns(SYSTEM, USER))


@pytest.mark.parametrize(
    ("template", "asked", "lost"),
    [
        (
            "[U]{{ messages[-1].content }}[A]",
            turns(USER, SHOWN, USER),
            "loses the user and the assistant turn",
        ),
        (
            "{% if messages|length < 3 %}{{ messages[-1].content }}{% endif %}",
            turns(USER, SHOWN, USER),
            "user",
        ),
        ("{{ raise_exception('never') }}", turns(USER), "refuses .*never"),
        ("{{ messages[0].content + 1 }}", turns(USER), "cannot render a prompt"),
        (
            "{{ messages[0].content }}{{ range(9999)|random }}{{ range(9999)|random }}",
            turns(USER),
            "in other words",
        ),
    ],
)
def test_a_template_that_loses_a_turn_is_refused_by_name(template: str, asked: Any, lost: str) -> None:
    with pytest.raises(InputError, match=lost):
        prompts_with(template).render(asked)


# --- The date ---

LLAMA_DATE = (
    "{% if not date_string is defined %}{% if strftime_now is defined %}"
    "{% set date_string = strftime_now('%d %b %Y') %}{% endif %}{% endif %}"
    "{% macro day(f) %}{{ strftime_now(f) }}{% endmacro %}"
    "Today: {{ date_string }} {{ day('%A %-d %B, %H:%M') }}\n{{ messages[-1].content }}"
)


def test_a_template_that_writes_the_date_writes_the_same_one_every_day() -> None:
    assert FROZEN_DATE == "2024-07-26"
    text = prompts_with(LLAMA_DATE).render(turns(USER))
    assert text == "Today: 26 Jul 2024 Friday 26 July, 00:00\nWhere?"
    other = prompts_with(LLAMA_DATE, date="2025-01-02").render(turns(USER))
    assert other == "Today: 02 Jan 2025 Thursday 2 January, 00:00\nWhere?"


def test_the_date_is_recorded_where_there_is_one() -> None:
    assert date_told(LLAMA_DATE, {}) == FROZEN_DATE
    assert date_told(LLAMA_DATE, {"date": "2025-01-02"}) == "2025-01-02"
    assert date_told(CHATML, {}) == ""


def test_a_date_is_checked() -> None:
    import datetime as dt

    options = {"date": dt.date(2025, 1, 2)}
    assert ModelOptions(template_options=options).template_options == {"date": "2025-01-02"}
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        ModelOptions(template_options={"date": "today"})


# --- Reasoning ---

QWEN_3 = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' and loop.last %}"
    "{{ '<think>\n\n</think>\n\n' }}{% endif %}{{ m.content.split('</think>')[-1].lstrip('\n') }}"
    "{{ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}"
    "{% endif %}{% endif %}"
)
OPENING = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content.split('</think>')[-1] }}"
    "{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
)
OPENED_AND_EMPTY = QWEN_3.replace("enable_thinking is defined and enable_thinking is false", "false").replace(
    "{{ '<|im_start|>assistant\n' }}", "{{ '<|im_start|>assistant\n<think>\n' }}"
)
CLOSED_IN_PROMPT_ONLY = OPENING.replace("<think>\n' }}", "<think>\n\n</think>\n\n' }}")
CHANNELS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}"
    "{% if m.role == 'assistant' %}[channel]final[text]{% endif %}"
    "{{ m.content }}<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant{% endif %}"
)


@pytest.mark.parametrize(
    ("template", "options", "before"),
    [
        (QWEN_3, {}, "<think>\n\n</think>\n\n"),
        (QWEN_3, {"enable_thinking": True}, "<think>\n\n</think>\n\n"),
        (QWEN_3, {"enable_thinking": False}, ""),
        (OPENING, {}, "</think>\n\n"),
        (OPENED_AND_EMPTY, {}, "\n</think>\n\n"),
        (CLOSED_IN_PROMPT_ONLY, {}, ""),
        (CHANNELS, {}, "[channel]final[text]"),
    ],
)
def test_templates_of_reasoning_models_can_be_trained_and_scored(
    template: str, options: dict[str, Any], before: str
) -> None:
    prompts = prompts_with(template, **options)
    asked = turns(SYSTEM, USER)
    form = prompts.form(asked)
    assert form.known
    assert form.lead + form.gap == before
    prompt, answer = prompts.answer(asked, "here")
    text = prompts._tokenizer.decode([*prompt, *answer])
    assert text == prompts.render(asked) + before + "here<|im_end|>"
    choices = prompts.choices(asked, ("here", "there"))
    assert [*choices.lead, *choices.options[0]] == answer
    assert prompts._tokenizer.decode(choices.options[1]).strip() == "there<|im_end|>"
    assert choices.n_end == 1


def test_an_answer_that_begins_inside_reasoning_says_so() -> None:
    prompts = prompts_with(OPENING)
    tag = prompts.begun(turns(USER))
    assert tag == "<think>"
    assert prompts_with(QWEN_3).begun(turns(USER)) == ""
    tokenizer = prompts._tokenizer
    cut = written(tokenizer, prompts.encode("let me see, it is perhaps"), [2], (), tag)
    assert without_reasoning(cut.text) == ""  # the reasoning came to no end: no answer
    whole = written(tokenizer, prompts.encode("let me see.\n</think>\n\nhere"), [2], (), tag)
    assert without_reasoning(whole.text) == "here"


def test_tags_of_reasoning_that_are_special_tokens_are_kept_in_the_text() -> None:
    tokenizer = byte_level(CHATML)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<think>", "</think>"]})
    ids = tokenizer("<think>hm</think>here<|im_end|>", add_special_tokens=False)["input_ids"]
    found = written(tokenizer, ids, [tokenizer.convert_tokens_to_ids("<|im_end|>")], ())
    assert found.text == "<think>hm</think>here"


def test_a_template_without_a_place_for_answers_is_refused_for_training() -> None:
    prompts = prompts_with("{{ messages|length }} turns: {{ messages|map(attribute='content')|join(' ') }}")
    with pytest.raises(InputError, match=r"chat_template: .* does not begin with its prompt"):
        prompts.answer(turns(USER), "here")
    assert prompts.choices(turns(USER), ("yes",)).n_end == 1

"""What was asked stands in what was rendered; no day changes it; templates of reasoning models are met."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError, UnrenderedError
from harness.execution.runner import execute
from harness.models.transformers.answers import written
from harness.models.transformers.options import TransformersOptions
from harness.models.transformers.prompts import Prompts
from harness.models.transformers.rendering import FROZEN_DATE, date_told
from harness.progress import SilentProgress
from harness.runs.store import Store
from harness.tasks.answers import without_reasoning
from harness.tasks.validate import validate
from harness.types import Document, Failure, LoadedTask, Message, Request
from strategies.few_shot import FewShot, FewShotOptions
from strategies.rag import Rag, RagOptions
from tests.unit._fakes import RuleModel
from tests.unit._retrieval import context, data, item
from tests.unit._runs import plan_of, task_of
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
    assert TransformersOptions(template_options=options).template_options == {"date": "2025-01-02"}
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        TransformersOptions(template_options={"date": "today"})


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


# --- What depends on the content ---

CUTS_AT_HASH = USER_AND_ASSISTANT.replace("[U]{{ m.content }}", "[U]{{ m.content.split('###')[0] }}")
REFUSES_HASH = (
    "{% for m in messages %}{% if '###' in m.content %}{{ raise_exception('no ###') }}{% endif %}{% endfor %}"
) + USER_AND_ASSISTANT


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (CUTS_AT_HASH, r"loses text of its user turn .*How are you \?### Now"),
        (REFUSES_HASH, "refuses it: no ###"),
        ("{% for m in messages %}{{ m.content[:9] }}{% endfor %}", "loses text of its user turn"),
        ("{% for m in messages %}{{ m.content | replace('are', '') }}{% endfor %}", "loses text"),
    ],
)
def test_a_template_that_loses_text_by_its_content_fails_that_prompt_alone(template: str, said: str) -> None:
    prompts = prompts_with(template)
    assert "Where?" in prompts.render(turns(USER))
    with pytest.raises(UnrenderedError, match=said):
        prompts.render(turns(SYSTEM, ("user", "How are you ?### Now")))
    assert "Where?" in prompts.render(turns(USER))


@pytest.mark.parametrize(
    ("template", "turn"),
    [
        ("{{ messages[0].content | trim }}", ("user", "  two  \n lines \n")),
        ("{{ messages[0].content.split() | join(' ') }}", ("user", "  two  \n lines \n")),
        (QWEN_3, ("assistant", "<think>\nIt is far.\n</think>\n\nParis")),
    ],
)
def test_white_space_and_earlier_reasoning_may_go_out(template: str, turn: Any) -> None:
    prompts_with(template).render(turns(turn) if turn[0] == "user" else turns(USER, turn, USER))


class Cutting(RuleModel):
    """A model whose template cuts user turns at ###."""

    prompts = prompts_with(CUTS_AT_HASH)

    def render(self, messages: Sequence[Message]) -> str:
        return self.prompts.render(messages)


def test_an_item_that_the_template_cuts_fails_and_the_others_are_answered(tmp_path: Path) -> None:
    loaded = task_of(6)
    items = list(loaded.test)
    items[2] = items[2].model_copy(update={"input": "say ### w2"})
    plan = plan_of(tmp_path, Cutting(), [LoadedTask(loaded.data, tuple(items))])
    with Store.open(tmp_path) as store:
        execute(plan, store, SilentProgress())
        rows = {row.item_id: row for row in store.results(["plain/words"])}
    assert {item for item, row in rows.items() if row.error} == {"i002"}
    assert rows["i002"].error is not None
    assert rows["i002"].error.kind == "prompt_not_rendered"
    assert "loses text of its user turn ('say ### w2')" in rows["i002"].error.message


@pytest.mark.parametrize("made", [FewShot(FewShotOptions(k=1, select="fixed")), Rag(RagOptions(top_k=1))])
def test_a_strategy_lets_the_item_fail_that_cannot_be_written(tmp_path: Path, made: Any) -> None:
    train = [item("t", "one", "1")]
    asked = [item("a", "two", "", "test"), item("b", "two ### three", "", "test")]
    corpus = (Document(id="d", text="two three"),)
    prepared = made.prepare(context(tmp_path, data(train, corpus), model=Cutting()))
    good, bad = prepared.build(data(train, corpus).task, asked)
    assert isinstance(good, Request)
    assert isinstance(bad, Failure)
    assert bad.kind == "prompt_not_rendered"


def test_validation_names_items_that_cannot_be_written() -> None:
    loaded = task_of(3)
    items = (*loaded.test, loaded.test[0].model_copy(update={"id": "cut", "input": "say ### more"}))
    found = validate(LoadedTask(loaded.data, items), count_tokens=Cutting().count_tokens, context_length=100)
    (one,) = [finding for finding in found if finding.code == "prompt_not_rendered"]
    assert one.severity == "error"
    assert one.items == ("cut",)
    assert "1 item whose prompt the model's chat template refuses or writes with loss" in one.line()

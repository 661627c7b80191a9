"""A prompt is a function of the task and the item alone, and never shows the answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.tasks.prompting import plain_messages, plain_requests, template_digest
from harness.types import Message, MetricSpec, Request, Task, TaskItem

STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def task(**keys: Any) -> Task:
    spec = {"name": "mine", "kind": "generate", "metrics": (MetricSpec(use="exact_match"),), **keys}
    return Task.model_validate(spec)


def item(text: str = "q", **keys: Any) -> TaskItem:
    return TaskItem(id="i1", input=text, targets=("secret",), split="test", **keys)


def test_instruction_and_prompt_become_system_and_user_turn() -> None:
    spec = task(
        instruction="Choose from {{ choices | join(', ') }}.",
        prompt="{{ topic }}: {{ input }}",
        choices=("a", "b"),
    )
    assert plain_messages(spec, item(metadata={"topic": "T"})) == (
        Message(role="system", content="Choose from a, b."),
        Message(role="user", content="T: q"),
    )
    assert [message.role for message in plain_messages(task(), item())] == ["user"]


@given(st.text())
@STEADY
def test_an_item_is_text_and_never_a_template(text: str) -> None:
    asked = text + "{{ 7 * 7 }}{% raw %}"
    assert plain_messages(task(), item(asked))[0].content == asked.strip()


def test_the_answer_changes_no_prompt() -> None:
    spec = task(prompt="{{ input }} {{ tags }} {{ choices }} {{ id }}")
    assert plain_requests(spec, [item()]) == plain_requests(spec, [item().without_answer()])
    with pytest.raises(InputError, match="item i1: the template cannot be filled"):
        plain_messages(task(prompt="{{ targets }}"), item())


@pytest.mark.parametrize(
    "prompt",
    [
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ tags.append(1) }}",
        "{{ input | attr('__class__') | attr('__mro__') }}",
        "{{ range(10000000) }}",
        "{{ 1 / 0 }}",
        "{{ lipsum() }}",
        "{{ input[9] | upper | round }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ],
)
def test_what_a_template_must_not_do_is_one_line(prompt: str) -> None:
    with pytest.raises(InputError, match="the template cannot be filled"):
        plain_messages(task(prompt=prompt), item())


def test_requests_carry_choices_only_for_choice_tasks() -> None:
    (request,) = plain_requests(task(kind="choice", choices=("a", "b")), [item()])
    assert isinstance(request, Request)
    assert request.choices == ("a", "b")
    (own,) = plain_requests(task(kind="choice", choices=("a", "b")), [item(choices=("c", "d"))])
    assert isinstance(own, Request)
    assert own.choices == ("c", "d")
    (plain,) = plain_requests(task(max_new_tokens=7, stop=("\n",)), [item(choices=("c", "d"))])
    assert isinstance(plain, Request)
    assert (plain.choices, plain.decoding.max_new_tokens, plain.decoding.stop) == ((), 7, ("\n",))


def test_the_template_digest_follows_the_templates() -> None:
    first = template_digest(task())
    assert template_digest(task(description="x", max_new_tokens=1)) == first
    assert (
        len({first, template_digest(task(prompt="Q: {{ input }}")), template_digest(task(instruction="I"))})
        == 3
    )

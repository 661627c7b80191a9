"""Two items ask the same when their prompts show the same of them, whatever columns that comes from."""

from __future__ import annotations

from typing import Any

import pytest

from harness.tasks.questions import (
    asked_text,
    question_for_people,
    question_key,
    searched_text,
    shown_text,
)
from harness.types import Message, MetricSpec, Task, TaskItem


def task(prompt: str = "{{ input }}", **keys: Any) -> Task:
    return Task(name="t", kind="generate", metrics=(MetricSpec(use="exact_match"),), prompt=prompt, **keys)


def item(text: str = "q", identifier: str = "i", **keys: Any) -> TaskItem:
    return TaskItem(id=identifier, input=text, targets=("x",), split="test", **keys)


def meta(**columns: Any) -> dict[str, Any]:
    return {"metadata": columns}


SAY_HI = (Message(role="user", content="hi"), Message(role="assistant", content="ho"))


@pytest.mark.parametrize(
    ("prompt", "one", "other", "same"),
    [
        ("{{ input }}", item("Ａ  b"), item("a B"), True),
        ("{{ input }}", item("a"), item("b"), False),
        ("{{ text }}", item("a", **meta(text="t")), item("b", **meta(text="t")), True),
        ("{{ input }}{{ text }}", item(**meta(text="t")), item(**meta(text="u")), False),
        ("{{ input }}", item(**meta(text="t")), item(**meta(text="u")), True),
        ("{{ input }}", item(tags=("a",)), item(tags=("b",)), True),
        ("{{ input }} {{ tags | join }}", item(tags=("a",)), item(tags=("b",)), False),
        ("{{ input }} ({{ id }})", item("q", "i"), item("q", "j"), True),
        ("{{ input }} ({{ id[0] }})", item("q", "i"), item("q", "ij"), True),
        ("{{ input }}", item(history=SAY_HI), item(), False),
        ("{{ messages | length }}", item(history=SAY_HI), item("r", history=SAY_HI), True),
        ("{{ messages[0].content }}", item(history=SAY_HI), item("r", history=SAY_HI), True),
        ("{{ input }}", item(choices=("a", "b")), item(choices=("b", "a")), True),
        ("{{ input }}", item(choices=("a", "b")), item(choices=("a", "c")), False),
        ("{{ input }} {{ choices | join }}", item(choices=("a", "b")), item(choices=("b", "a")), True),
        ("{{ a.b[0].c }}", item(**meta(a={"b": [{"c": 1}]})), item(**meta(a={"b": [{"c": 2}]})), False),
        ("{{ a }}", item(**meta(a=["x"])), item(**meta(a=["y"])), False),
        ("{{ a is string }}", item(**meta(a="x")), item(**meta(a="y")), True),
        ("{% if a %}Yes?{% else %}No?{% endif %}", item(**meta(a=1)), item(**meta(a=0)), False),
        ("{% if a %}Yes?{% else %}No?{% endif %}", item(**meta(a=1)), item(**meta(a=2)), True),
        ("{{ 'Hot' if a else 'Cold' }}", item(**meta(a=1)), item(**meta(a=0)), False),
        ("{% for x in a %}{{ x.y }},{% endfor %}", item(**meta(a=[{"y": 1}])), item(**meta(a=[])), False),
        ("{% filter upper %}{{ a }}{% endfilter %}", item(**meta(a="x")), item(**meta(a="y")), False),
        (
            "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(a) }}",
            item(**meta(a="x")),
            item(**meta(a="y")),
            False,
        ),
    ],
)
def test_what_the_prompt_shows_tells_questions_apart(
    prompt: str, one: TaskItem, other: TaskItem, same: bool
) -> None:
    for spec in (task(prompt), task("Say.", instruction=prompt)):
        assert (question_key(spec, one) == question_key(spec, other)) is same


def test_words_that_every_prompt_has_are_not_of_the_item() -> None:
    spec = task(
        "Premise: {{ premise }}\nSo: {{ input }}?",
        instruction="One of: {% for c in choices %}{{ c }}{% endfor %}",
        choices=("yes", "no"),
    )
    asked = item("It rains", **meta(premise="Clouds are dark. " * 3), history=SAY_HI)
    premise = ("Clouds are dark. " * 3).strip()
    assert shown_text(spec, asked) == f"hi\nho\n{premise}\nIt rains"
    assert searched_text(spec, asked) == f"It rains\n{premise}\nho\nhi"
    assert asked_text(spec, asked) == "It rains"
    assert asked_text(task("{{ premise }}"), asked) == f"hi\nho\n{premise}"
    assert shown_text(task(), item("just {{ this }}")) == "just {{ this }}"


def test_neighbouring_parts_stand_as_the_prompt_has_them() -> None:
    options = "{% for c in choices %}{{ 'AB'[loop.index0] }}. {{ c }}\n{% endfor %}"
    shown = shown_text(task("{{ input }}\n" + options), item("Which?", choices=("red", "blue")))
    assert shown == "Which?\nA. red\nB. blue"


def test_a_page_shows_the_input_or_what_stands_beside_it_too() -> None:
    asked = item("Does it follow? ", **meta(premise="It rains."), history=SAY_HI)
    assert question_for_people(task(), asked) == "Does it follow? "
    assert question_for_people(task("{{ premise }} So: {{ input }}"), asked) == "It rains.\nDoes it follow?"
    assert question_for_people(task("{{ gone }}"), asked) == "Does it follow? "

"""Items whose input is a conversation: read, put into turns, shown as examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.tasks.loading import load_task
from harness.tasks.prompting import plain_messages
from harness.tasks.questions import shown_text
from harness.types import Message, TaskItem
from tests.conftest import TaskWriter

TURNS = [
    {"role": "user", "content": "I am Ana."},
    {"role": "assistant", "content": "Hello Ana."},
    {"role": "user", "content": "Who am I?"},
]


def rows(*turns: dict[str, str], **columns: Any) -> dict[str, list[dict[str, Any]]]:
    return {"test": [{"id": "1", "target": "Ana", "messages": list(turns), **columns}]}


def only_item(folder: Path) -> TaskItem:
    (item,) = load_task(folder).test
    return item


def test_a_conversation_is_asked_turn_by_turn(write_task: TaskWriter) -> None:
    folder = write_task(
        rows=rows(*TURNS), instruction="Be brief.", prompt="{{ input }} ({{ messages | length }})"
    )
    item, task = only_item(folder), load_task(folder).task
    assert item.input == "Who am I?"
    assert [(m.role, m.content) for m in plain_messages(task, item)] == [
        ("system", "Be brief."),
        ("user", "I am Ana."),
        ("assistant", "Hello Ana."),
        ("user", "Who am I? (3)"),
    ]


def test_what_was_said_before_makes_it_another_question(write_task: TaskWriter) -> None:
    task = load_task(write_task(rows=rows(*TURNS))).task
    item = only_item(write_task("other", rows=rows(*TURNS)))
    other = item.model_copy(update={"history": (Message(role="user", content="I am Bo."), *item.history[1:])})
    assert shown_text(task, item) != shown_text(task, other)


def test_a_system_turn_follows_the_instruction(write_task: TaskWriter) -> None:
    system = {"role": "system", "content": "You are Sam."}
    folder = write_task(rows=rows(system, *TURNS), instruction="Be brief.")
    first, *_ = plain_messages(load_task(folder).task, only_item(folder))
    assert (first.role, first.content) == ("system", "Be brief.\n\nYou are Sam.")


@pytest.mark.parametrize(
    ("turns", "columns", "said"),
    [
        (TURNS[:2], {}, "messages: does not end with a user turn"),
        (TURNS, {"input": "Where am I?"}, "input: differs from the last turn of messages"),
        ([TURNS[0], {"role": "system", "content": "x"}, TURNS[2]], {}, "messages[1].role: is not a speaker"),
        ([{"role": "user", "content": ""}], {}, "messages[0].content: must be text"),
        ([{"role": "user", "content": ["x"]}], {}, "messages[0].content: must be text"),
    ],
)
def test_a_broken_conversation_is_refused(
    write_task: TaskWriter, turns: list[dict[str, Any]], columns: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=json.dumps(said)[1:-1].replace("[", r"\[")):
        load_task(write_task(rows=rows(*turns, **columns)))


@pytest.mark.parametrize("value", [3, "none", [], [1], TURNS[:2]])
def test_a_column_of_that_name_may_be_anything_beside_an_input(write_task: TaskWriter, value: Any) -> None:
    row = {"id": "1", "input": "Who?", "target": "Ana", "messages": value}
    item = only_item(write_task(rows={"test": [row]}))
    assert (item.input, item.history, item.metadata["messages"]) == ("Who?", (), value)

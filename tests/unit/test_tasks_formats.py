"""Fine-tuning formats become items: the last assistant turn is the target, all before it the input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.tasks.fields import FieldNames
from harness.tasks.formats import CONVERTERS
from harness.tasks.items import read_split
from harness.tasks.loading import load_task
from harness.tasks.prompting import plain_messages
from harness.tasks.readers import Row
from harness.tasks.spec import Format, Source
from harness.types import LoadedTask, TaskItem


def items_of(folder: Path, form: Format, rows: list[dict[str, Any]], **fields) -> list[TaskItem]:
    (folder / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    return list(read_split(Source(path="rows.json", format=form), "test", FieldNames(**fields), folder))


def sharegpt(*turns: tuple[str, str]) -> dict[str, Any]:
    return {"conversations": [{"from": speaker, "value": text} for speaker, text in turns]}


def openai(*turns: tuple[str, str]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text} for role, text in turns]}


def test_alpaca_joins_instruction_and_input(tmp_path: Path) -> None:
    rows = [
        {"instruction": "Translate.", "input": "Haus", "output": "house"},
        {"instruction": "Say hi.", "input": "", "output": "hi", "source": "me"},
        {"instruction": "Say ho.", "output": "ho"},
    ]
    items = items_of(tmp_path, "alpaca", rows)
    assert [item.input for item in items] == ["Translate.\n\nHaus", "Say hi.", "Say ho."]
    assert [item.targets for item in items] == [("house",), ("hi",), ("ho",)]
    assert items[1].metadata == {"instruction": "Say hi.", "source": "me"}


def test_sharegpt_single_turn(tmp_path: Path) -> None:
    row = {"id": "c1", **sharegpt(("system", "Be brief."), ("human", "2+2?"), ("gpt", "4"))}
    (item,) = items_of(tmp_path, "sharegpt", [row])
    assert (item.id, item.input, item.targets) == ("c1", "2+2?", ("4",))
    assert item.metadata["system"] == "Be brief."


def test_openai_history_is_a_conversation(tmp_path: Path) -> None:
    row = openai(("user", "2+2?"), ("assistant", "4"), ("user", "and 3+3?"), ("assistant", "6"))
    (item,) = items_of(tmp_path, "openai", [row])
    assert (item.input, item.targets) == ("and 3+3?", ("6",))
    assert item.metadata == {"system": ""}
    assert [(turn.role, turn.content) for turn in item.history] == [("user", "2+2?"), ("assistant", "4")]


def test_neighbouring_turns_of_one_speaker_are_one(tmp_path: Path) -> None:
    row = openai(("assistant", "Hello"), ("user", "a"), ("user", "b"), ("assistant", "c"), ("assistant", "d"))
    (item,) = items_of(tmp_path, "openai", [row])
    assert (item.input, item.history, item.targets) == ("a\n\nb", (), ("c\n\nd",))


def test_the_answer_stands_nowhere_but_in_the_target(tmp_path: Path) -> None:
    rows: dict[Format, dict[str, Any]] = {
        "alpaca": {"instruction": "q", "output": "secret"},
        "sharegpt": sharegpt(("human", "q"), ("gpt", "secret")),
        "openai": openai(("user", "q"), ("assistant", "secret")),
    }
    for form, row in rows.items():
        (item,) = items_of(tmp_path, form, [row])
        assert "secret" not in item.without_answer().model_dump_json()


def test_a_last_question_without_answer_is_left_out(tmp_path: Path) -> None:
    (item,) = items_of(tmp_path, "openai", [openai(("user", "a"), ("assistant", "b"), ("user", "c"))])
    assert (item.input, item.targets) == ("a", ("b",))


def test_the_id_may_be_mapped(tmp_path: Path) -> None:
    row = {"conversation_id": 9, **openai(("user", "a"), ("assistant", "b"))}
    (item,) = items_of(tmp_path, "openai", [row], id="conversation_id")
    assert item.id == "9"


STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["user", "gpt", "human"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "from", "value", "id"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    row=st.dictionaries(
        st.sampled_from(["messages", "conversations", "instruction", "input", "output"]), ANYTHING
    ),
    convert=st.sampled_from(list(CONVERTERS.values())),
)
@STEADY
def test_whatever_a_row_holds_it_is_converted_or_refused(row: dict[str, Any], convert: Any) -> None:
    try:
        asked, refusal = convert(Row("f", "line 1", row)).values["input"], None
    except InputError as error:
        asked, refusal = "", str(error)
    assert isinstance(asked, str)
    assert refusal is None or refusal.startswith("f: line 1, field ")


@pytest.mark.parametrize(
    ("form", "row", "told"),
    [
        ("alpaca", {"instruction": "q"}, "field output: is not there"),
        ("alpaca", {"output": "a"}, "field instruction: is not there"),
        ("alpaca", {"instruction": 1, "output": "a"}, "field instruction: must be text (got 1)"),
        ("alpaca", {"instruction": "q", "output": None}, "field target: is null"),
        ("sharegpt", {"conversation": []}, "field conversations: is not there; did you mean 'conversation'?"),
        ("sharegpt", {"conversations": "hi"}, "field conversations: must be a list of turns (got hi)"),
        ("sharegpt", {"conversations": ["hi"]}, "field conversations[0]: must be an object"),
        ("sharegpt", {"conversations": [{"from": "human"}]}, "field conversations[0].value: is not there"),
        (
            "sharegpt",
            sharegpt(("bing", "q")),
            "field conversations[0].from: is not a known speaker (got bing)",
        ),
        ("openai", openai(("user", "q")), "field messages: has no assistant turn"),
        ("openai", openai(("assistant", "a")), "field messages: has no user turn before the answer"),
        ("openai", openai(("tool", "x")), "field messages[0].role: is not a known speaker"),
        (
            "openai",
            {"messages": [{"role": "user", "content": None}]},
            "field messages[0].content: must be text",
        ),
        ("openai", {"messages": []}, "field messages: must be a list of turns"),
    ],
)
def test_faults_name_entry_and_field(tmp_path: Path, form, row, told) -> None:
    with pytest.raises(InputError) as caught:
        items_of(tmp_path, form, [row])
    assert f"{tmp_path / 'rows.json'}: entry 1, {told}" in str(caught.value)


# --- What stands beside the turns ---


def loaded_from(folder: Path, form: str, rows: list[dict[str, Any]], **keys: Any) -> LoadedTask:
    (folder / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    source = {"path": "rows.json", "format": form}
    spec = {"name": "t", "kind": "generate", "metrics": ["exact_match"], "items": {"test": source}}
    (folder / "task.yaml").write_text(json.dumps(spec | keys), encoding="utf-8")
    return load_task(folder)


def asked(loaded: LoadedTask, index: int = 0) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in plain_messages(loaded.task, loaded.test[index])]


HELLO = (("human", "Hi"), ("gpt", "Ho"))


@pytest.mark.parametrize(
    ("row", "system"),
    [
        ({"system": "Be brief.", **sharegpt(*HELLO)}, "Be brief."),
        (sharegpt(("system", "Be brief."), *HELLO), "Be brief."),
        ({"system": "Be brief.", **sharegpt(("system", "Be brief."), *HELLO)}, "Be brief."),
        ({"system": "Be brief.", **sharegpt(("system", "Be kind."), *HELLO)}, "Be brief.\n\nBe kind."),
    ],
)
def test_a_system_prompt_is_asked_wherever_it_stands(
    tmp_path: Path, row: dict[str, Any], system: str
) -> None:
    loaded = loaded_from(tmp_path, "sharegpt", [row])
    assert loaded.test[0].metadata["system"] == system
    assert asked(loaded) == [("system", system), ("user", "Hi")]
    shown = loaded_from(tmp_path, "sharegpt", [row], instruction="You: {{ system }}")
    assert asked(shown) == [("system", f"You: {system}"), ("user", "Hi")], "once, where a template shows it"
    behind = loaded_from(tmp_path, "sharegpt", [row], instruction="Answer.")
    assert asked(behind)[0] == ("system", f"Answer.\n\n{system}")


@pytest.mark.parametrize("empty", [None, "", {"system": None}])
def test_no_system_prompt_gives_no_system_turn(tmp_path: Path, empty: Any) -> None:
    row = {"system": empty} if not isinstance(empty, dict) else empty
    assert asked(loaded_from(tmp_path, "sharegpt", [{**row, **sharegpt(*HELLO)}])) == [("user", "Hi")]


def test_the_system_prompt_of_the_other_formats_is_asked_too(tmp_path: Path) -> None:
    row = {"system": "Be brief.", **openai(("user", "Hi"), ("assistant", "Ho"))}
    assert asked(loaded_from(tmp_path, "openai", [row]))[0] == ("system", "Be brief.")
    row = {"system": "Be brief.", "instruction": "Hi", "output": "Ho"}
    assert asked(loaded_from(tmp_path, "alpaca", [row])) == [("system", "Be brief."), ("user", "Hi")]


def test_alpaca_history_was_said_before(tmp_path: Path) -> None:
    row = {"instruction": "And 3?", "input": "", "output": "9", "history": [["2 squared?", "4"]]}
    loaded = loaded_from(tmp_path, "alpaca", [row, {**row, "history": []}, {**row, "history": None}])
    assert asked(loaded) == [("user", "2 squared?"), ("assistant", "4"), ("user", "And 3?")]
    assert asked(loaded, 1) == asked(loaded, 2) == [("user", "And 3?")]
    with pytest.raises(InputError, match=r"field history\[0\]: must be a question with its answer"):
        items_of(tmp_path, "alpaca", [{**row, "history": ["alone"]}])


def weighed(*turns: tuple[str, str, int | None]) -> dict[str, Any]:
    found = [{"role": role, "content": text, "weight": weight} for role, text, weight in turns]
    return {"messages": [{k: v for k, v in turn.items() if v is not None} for turn in found]}


def test_a_turn_of_weight_0_is_never_the_answer(tmp_path: Path) -> None:
    first, second = ("user", "a?", None), ("user", "b?", None)
    rows = [
        weighed(first, ("assistant", "A", 1), second, ("assistant", "B", 0)),
        weighed(first, ("assistant", "A", 0), second, ("assistant", "B", 1)),
        weighed(("user", "c?", None), ("assistant", "A", None), second, ("assistant", "B", None)),
    ]
    loaded = loaded_from(tmp_path, "openai", rows)
    assert [item.targets for item in loaded.test] == [("A",), ("B",), ("B",)]
    assert [len(item.history) for item in loaded.test] == [0, 2, 2]
    assert loaded.remarks == (
        "rows.json: assistant turns with weight 0 are context, never the answer (2 rows)",
    )
    for weight, what in ((0, "has weight 0 on every assistant turn"), (7, r"\[1\].weight: must be 0 or 1")):
        with pytest.raises(InputError, match=what):
            items_of(tmp_path, "openai", [weighed(first, ("assistant", "A", weight))])


def test_what_a_format_has_and_is_not_used_is_said_with_how_many_rows_have_it(tmp_path: Path) -> None:
    row = openai(("user", "Hi"), ("assistant", "Ho"))
    row["messages"][0]["name"] = "Ana"
    other = {"messages": [{**row["messages"][0], "content": "Ahoy"}, row["messages"][1]]}
    rows = [{**row, "tools": [{"type": "function"}], "images": []}, {**other, "tools": []}]
    assert loaded_from(tmp_path, "openai", rows).remarks == (
        "rows.json: column 'tools' is not used, unless a template shows it (1 row)",
        "rows.json: key 'name' of turns is not used (2 rows)",
    )


def test_content_in_parts_is_read_where_it_is_text(tmp_path: Path) -> None:
    parts: list[dict[str, Any]] = [{"type": "text", "text": "Look:"}, {"type": "text", "text": "what?"}]
    row = {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": "Ho"}]}
    assert items_of(tmp_path, "openai", [row])[0].input == "Look:\nwhat?"
    parts.append({"type": "image_url", "image_url": {"url": "x"}})
    with pytest.raises(InputError, match=r"messages\[0\].content\[2\]: is no text"):
        items_of(tmp_path, "openai", [row])


def test_sharegpt_turns_may_have_role_and_content(tmp_path: Path) -> None:
    turns = openai(("user", "Hi"), ("assistant", "Ho"))["messages"]
    (item,) = items_of(tmp_path, "sharegpt", [{"conversations": turns}])
    assert (item.input, item.targets) == ("Hi", ("Ho",))

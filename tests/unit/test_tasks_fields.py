"""`fields` finds what a row holds wherever it stands; public layouts are read by name; all rows are ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from harness.errors import InputError
from harness.tasks.loading import load_task
from harness.tasks.presets import PRESETS
from harness.tasks.prompting import plain_messages
from harness.tasks.spec import RowFormat
from harness.types import LoadedTask

Rows = list[dict[str, Any]]
LETTERED = {"choices": {"text": ["ice", "fire"], "label": ["A", "B"]}}


def task(
    folder: Path, rows: Rows, kind: str = "choice", source: dict[str, Any] | None = None, **keys: Any
) -> LoadedTask:
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "rows.jsonl").write_text(lines + "\n", encoding="utf-8")
    metric = "choice_accuracy" if kind == "choice" else "exact_match"
    spec = {
        "name": "t",
        "kind": kind,
        "metrics": [metric],
        "items": {"test": {"path": "rows.jsonl"} | (source or {})},
    }
    (folder / "task.yaml").write_text(yaml.safe_dump(spec | keys), encoding="utf-8")
    return load_task(folder)


def refusal(folder: Path, rows: Rows, **keys: Any) -> str:
    with pytest.raises(InputError) as caught:
        task(folder, rows, **keys)
    line = str(caught.value)
    assert "\n" not in line
    return line


# Layout by name: kind, two rows, and input, choices and answers of the items.
LAYOUTS: dict[str, tuple[str, Rows, list[tuple[str, tuple[str, ...], tuple[str, ...]]]]] = {
    "mmlu": (
        "choice",
        [
            {"question": "What is cold?", "subject": "heat", "choices": ["ice", "fire"], "answer": 0},
            {"question": "What is hot?", "subject": "heat", "choices": ["ice", "fire"], "answer": "B"},
        ],
        [("What is cold?", ("ice", "fire"), ("ice",)), ("What is hot?", ("ice", "fire"), ("fire",))],
    ),
    "hellaswag": (
        "choice",
        [{"ind": 1, "ctx_a": "A", "ctx_b": "b", "ctx": "A b", "endings": ["falls.", "flies."], "label": "1"}],
        [("A b", ("falls.", "flies."), ("flies.",))],
    ),
    "arc": (
        "choice",
        [
            {"id": "q1", "question": "Hot?", **LETTERED, "answerKey": "B"},
            {
                "id": "q2",
                "question": "Hot?",
                "choices": {"text": ["a", "b"], "label": ["1", "2"]},
                "answerKey": "2",
            },
        ],
        [("Hot?", ("ice", "fire"), ("fire",)), ("Hot?", ("a", "b"), ("b",))],
    ),
    "commonsenseqa": (
        "choice",
        [{"id": "q", "question": "Cold?", "question_concept": "cold", **LETTERED, "answerKey": "A"}],
        [("Cold?", ("ice", "fire"), ("ice",))],
    ),
    "openbookqa": (
        "choice",
        [{"id": "q", "question_stem": "It burns:", **LETTERED, "answerKey": "B"}],
        [("It burns:", ("ice", "fire"), ("fire",))],
    ),
    "boolq": (
        "choice",
        [
            {"question": "is ice cold", "answer": True, "passage": "Ice is cold."},
            {"question": "is ice hot", "answer": False, "passage": "Ice is cold."},
        ],
        [("is ice cold", (), ("yes",)), ("is ice hot", (), ("no",))],
    ),
    "squad": (
        "generate",
        [
            {
                "id": "s",
                "title": "Ice",
                "context": "Ice is cold.",
                "question": "What is ice?",
                "answers": {"text": ["cold", "Cold"], "answer_start": [7, 7]},
            }
        ],
        [("What is ice?", (), ("cold", "Cold"))],
    ),
    "gsm8k": (
        "generate",
        [{"question": "2 and 3?", "answer": "2 and 3 is <<2+3=5>>5.\n#### 5"}],
        [("2 and 3?", (), ("5",))],
    ),
    "truthfulqa_mc1": (
        "choice",
        [
            {
                "question": "Is ice hot?",
                "mc1_targets": {"choices": ["No.", "Yes."], "labels": [1, 0]},
                "mc2_targets": {"choices": ["No.", "Yes."], "labels": [1, 0]},
            }
        ],
        [("Is ice hot?", ("No.", "Yes."), ("No.",))],
    ),
    "winogrande": (
        "choice",
        [{"sentence": "Ann beat Bea as _ ran.", "option1": "Ann", "option2": "Bea", "answer": "2"}],
        [("Ann beat Bea as _ ran.", ("Ann", "Bea"), ("Bea",))],
    ),
    "piqa": (
        "choice",
        [{"goal": "Cool tea", "sol1": "Add ice", "sol2": "Add fire", "label": 0}],
        [("Cool tea", ("Add ice", "Add fire"), ("Add ice",))],
    ),
    "copa": (
        "choice",
        [
            {
                "premise": "It froze.",
                "choice1": "Ice came.",
                "choice2": "Fire.",
                "question": "effect",
                "label": 0,
            }
        ],
        [("It froze.", ("Ice came.", "Fire."), ("Ice came.",))],
    ),
    "siqa": (
        "choice",
        [
            {
                "context": "Al fell.",
                "question": "How is Al?",
                "answerA": "x",
                "answerB": "y",
                "answerC": "z",
                "label": "3",
            }
        ],
        [("How is Al?", ("x", "y", "z"), ("z",))],
    ),
    "sciq": (
        "choice",
        [
            {
                "question": "Cold?",
                "distractor1": "a",
                "distractor2": "b",
                "distractor3": "c",
                "correct_answer": "ice",
            }
        ],
        [("Cold?", ("a", "b", "c", "ice"), ("ice",))],
    ),
    "race": (
        "choice",
        [
            {
                "example_id": "x",
                "article": "Ice is cold.",
                "question": "Ice is",
                "options": ["cold", "hot"],
                "answer": "A",
            }
        ],
        [("Ice is", ("cold", "hot"), ("cold",))],
    ),
    "ag_news": ("choice", [{"text": "Goal!", "label": 1}], [("Goal!", (), ("Sports",))]),
    "sst2": ("choice", [{"idx": 0, "sentence": "fine", "label": 1}], [("fine", (), ("positive",))]),
    "imdb": ("choice", [{"text": "dull", "label": 0}], [("dull", (), ("negative",))]),
    "nli": (
        "choice",
        [{"premise": "It rains.", "hypothesis": "It is wet.", "label": 0}],
        [("It is wet.", (), ("entailment",))],
    ),
    "banking77": (
        "generate",
        [{"text": "lost card", "label": "lost_card"}, {"text": "card", "label": "x"}],
        [("lost card", (), ("lost_card",)), ("card", (), ("x",))],
    ),
    "xsum": ("generate", [{"document": "Long.", "summary": "S.", "id": "1"}], [("Long.", (), ("S.",))]),
    "cnn_dailymail": (
        "generate",
        [{"article": "Long.", "highlights": "S.", "id": "1"}],
        [("Long.", (), ("S.",))],
    ),
}


@pytest.mark.parametrize("name", PRESETS)
def test_a_public_layout_is_read_by_its_name(tmp_path: Path, name: str) -> None:
    kind, rows, expected = LAYOUTS[name]
    loaded = task(tmp_path, rows, kind, {"format": name})
    assert [(item.input, item.choices, item.targets) for item in loaded.test] == expected
    answers = {
        "answer",
        "answers",
        "answerKey",
        "label",
        "mc1_targets",
        "summary",
        "highlights",
        "correct_answer",
    }
    assert not answers & set().union(*(item.metadata for item in loaded.test)), "a template could show it"


def test_every_preset_has_a_name_in_the_schema() -> None:
    assert set(get_args(RowFormat)) == {*PRESETS, "alpaca", "sharegpt", "openai"}


def test_other_columns_of_a_layout_are_for_the_prompt_and_fields_go_over_it(tmp_path: Path) -> None:
    rows = LAYOUTS["hellaswag"][1]
    loaded = task(
        tmp_path,
        rows,
        source={"format": "hellaswag"},
        fields={"input": "{{ ctx_a }} {{ ctx_b | capitalize }}", "id": "ind"},
        prompt="{{ input }} ({{ ctx_b }})",
    )
    (item,) = loaded.test
    assert (item.id, item.input, item.targets) == ("1", "A B", ("flies.",))
    assert plain_messages(loaded.task, item)[0].content == "A B (b)"


def test_the_choices_that_answers_point_into_are_those_of_the_task(tmp_path: Path) -> None:
    loaded = task(tmp_path, LAYOUTS["boolq"][1], source={"format": "boolq"})
    assert (loaded.task.choices, loaded.task.random_baseline) == (("no", "yes"), 0.5)


ROW = {
    "id": "r",
    "q": {"text": "Cold?", "parts": [{"t": "Co"}, {"t": "ld"}]},
    "a.b": "dotted",
    "options": [{"t": "ice", "ok": 1}, {"t": "fire", "ok": 0}],
    "packed": '{"t": ["x", "y"]}',
    "n": 1.0,
    "two": [0, 1],
}


@pytest.mark.parametrize(
    ("fields", "asked", "targets"),
    [
        ({"input": "q.text", "target": "options.1.t"}, "Cold?", ("fire",)),
        ({"input": "q.parts.-1.t", "target": "options.t"}, "ld", ("ice", "fire")),
        ({"input": "a.b", "target": "packed.t.0"}, "dotted", ("x",)),
        ({"input": "{{ q.text | lower }}", "target": "{{ options[1].t }}"}, "cold?", ("fire",)),
        (
            {"input": "Is it {{ q.text }}", "target": "{{ options | map(attribute='t') }}"},
            "Is it Cold?",
            ("ice", "fire"),
        ),
        (
            {"input": "{% if n %}A{% endif %}", "target": "{{ {'1.0': {'x': 'one'}}[n | string].x }}"},
            "A",
            ("one",),
        ),
        ({"input": "id", "choices": "options.t", "target": {"index": "n"}}, "r", ("fire",)),
        ({"input": "n", "choices": "options.t", "target": {"index": "n", "start": 1}}, "1.0", ("ice",)),
        ({"input": "n", "choices": "options.t", "target": {"marked": "options.ok"}}, "1.0", ("ice",)),
        ({"input": "n", "choices": "options.t", "target": {"index": "two"}}, "1.0", ("ice", "fire")),
        ({"input": "n", "choices": ["q.text", "a.b"], "target": {"letter": "{{ 'b' }}"}}, "1.0", ("dotted",)),
        ({"input": "n", "target": {"index": "n", "of": ["no", "maybe"]}}, "1.0", ("maybe",)),
        ({"input": "n", "target": {"letter": "{{ 'maybe' }}", "of": ["no", "maybe"]}}, "1.0", ("maybe",)),
    ],
)
def test_fields_may_be_paths_expressions_and_picks(
    tmp_path: Path, fields: dict[str, Any], asked: str, targets: tuple[str, ...]
) -> None:
    (item,) = task(tmp_path, [ROW], "generate", fields=fields).test
    assert (item.input, item.targets) == (asked, targets)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"input": "q.txt", "target": "id"}, "line 1, field q.txt: is not there; did you mean 'text'?"),
        (
            {"input": "q.text.deep", "target": "id"},
            "line 1, field q.text: holds nothing named deep (got Cold?)",
        ),
        ({"input": "id", "target": "options.9.t"}, "line 1, field options: has 2 entries, and none at 9"),
        (
            {"input": "{{ nope }}", "target": "id"},
            "line 1, field {{ nope }}: cannot be evaluated: 'nope' is undefined",
        ),
        ({"input": "{{ q.text", "target": "id"}, "cannot be evaluated"),
        ({"input": "{{ ().__class__.__base__ }}", "target": "id"}, "cannot be evaluated"),
        ({"input": "{{ 1 / 0 }}", "target": "id"}, "cannot be evaluated: division by zero"),
        (
            {"input": "id", "target": {"index": "n"}},
            "field n: points into choices, and the item has none (got 1.0)",
        ),
        (
            {"input": "id", "choices": "options.t", "target": {"index": "n", "start": 2}},
            "points at no choice (got 1.0)",
        ),
        (
            {"input": "id", "choices": "options.t", "target": {"letter": "{{ 'C' }}"}},
            "points at no choice (got C)",
        ),
        (
            {"input": "id", "choices": "options.t", "target": {"marked": "{{ [0, 0] }}"}},
            "marks no choice as right",
        ),
        (
            {"input": "id", "choices": "options.t", "target": {"marked": "n"}},
            "must mark each of the 2 choices",
        ),
        (
            {"input": "id", "choices": "options.t", "target": {"index": "{{ -1 }}"}},
            "holds no answer (got -1)",
        ),
        (
            {"input": "id", "choices": "options.t", "target": {"index": "{{ none }}"}},
            "holds no answer (got null)",
        ),
        (
            {"input": "id", "target": {"indx": "n"}},
            "fields.target.indx: is not a known key; did you mean 'index'?",
        ),
        (
            {"input": "id", "target": {"index": "n", "letter": "n"}},
            "needs one of column, index, letter and marked",
        ),
        ({"input": "id", "target": "q"}, "field q: must be text"),
    ],
)
def test_what_does_not_resolve_is_refused_by_row_column_and_value(
    tmp_path: Path, fields: dict[str, Any], what: str
) -> None:
    assert what in refusal(tmp_path, [ROW], kind="generate", fields=fields)


def test_a_later_row_that_differs_is_named_by_its_own_number(tmp_path: Path) -> None:
    rows = [*LAYOUTS["mmlu"][1], {"question": "q", "choices": ["a", "b"], "answer": 4}]
    line = refusal(tmp_path, rows, source={"format": "mmlu"})
    assert "line 3, field answer: points at no choice (got 4); there are 2: a, b" in line


def test_numbered_classes_of_a_saved_data_set_point_into_the_choices(tmp_path: Path) -> None:
    import datasets

    features = datasets.Features(
        {
            "question": datasets.Value("string"),
            "choices": datasets.Sequence(datasets.Value("string")),
            "answer": datasets.ClassLabel(names=["A", "B", "C", "D"]),
        }
    )
    rows = [{"question": f"q{n}", "choices": ["w", "x", "y", "z"], "answer": n} for n in range(4)]
    datasets.Dataset.from_list(rows, features=features).to_parquet(str(tmp_path / "rows.parquet"))
    loaded = task(tmp_path, [], source={"path": "rows.parquet", "format": "mmlu"})
    assert [item.targets[0] for item in loaded.test] == ["w", "x", "y", "z"]
    datasets.DatasetDict({"test": datasets.Dataset.from_list(rows, features=features)}).save_to_disk(
        str(tmp_path / "saved")
    )
    saved = task(tmp_path, [], items={"test": {"dataset": "saved", "format": "mmlu"}})
    assert [item.targets[0] for item in saved.test] == ["w", "x", "y", "z"]


def test_squads_own_files_give_an_item_for_every_question(tmp_path: Path) -> None:
    def qa(identifier: str, *answers: str) -> dict[str, Any]:
        return {
            "id": identifier,
            "question": f"{identifier}?",
            "answers": [{"text": a, "answer_start": 0} for a in answers],
        }

    paragraphs = [
        {"context": "Ice.", "qas": [qa("a", "x", "y"), qa("b", "z")]},
        {"context": "Fire.", "qas": [qa("c")]},
    ]
    whole = {"version": "2", "data": [{"title": "T", "paragraphs": paragraphs}]}
    loaded = task(
        tmp_path,
        [whole],
        kind="generate",
        source={"format": "squad"},
        fields={"target": "{{ answers | map(attribute='text') | list or ['not found'] }}"},
        prompt="{{ context }} {{ input }}",
    )
    assert [(item.id, item.targets) for item in loaded.test] == [
        ("a", ("x", "y")),
        ("b", ("z",)),
        ("c", ("not found",)),
    ]
    assert plain_messages(loaded.task, loaded.test[2])[0].content == "Fire. c?"
    line = refusal(tmp_path, [whole], kind="generate", source={"format": "squad"})
    assert "entry 1, paragraphs[1].qas[0], field answers.text: is an empty list" in line

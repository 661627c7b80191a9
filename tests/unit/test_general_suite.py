"""The retention suite is what its program makes, and each item can be answered and judged."""

from __future__ import annotations

import ast
import json
import operator
import re
from collections import Counter
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.general import build
from benchmarks.general._build.parsing import drawn, lines_of, target_of
from benchmarks.meridian._build.common import near, tokens_of

TASKS = ("arithmetic", "facts", "reading", "sentiment", "translation")
SPLITS = ("validation", "test")
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


@cache
def items(task: str, split: str) -> list[dict[str, Any]]:
    lines = (build.SUITE / task / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def everything(task: str) -> list[dict[str, Any]]:
    return [item for split in SPLITS for item in items(task, split)]


def described(task: str) -> dict[str, Any]:
    spec: dict[str, Any] = yaml.safe_load((build.SUITE / task / "task.yaml").read_text(encoding="utf-8"))
    return spec


def targets(item: dict[str, Any]) -> list[str]:
    return item["target"] if isinstance(item["target"], list) else [item["target"]]


def words(text: str) -> str:
    """The words of a text in lower case, with a space before and after each."""
    found = re.findall(r"\w+", text.casefold())
    return f" {' '.join(found)} "


def value(node: ast.expr) -> Fraction:
    """What an arithmetic expression comes to, worked out apart from the generator."""
    if isinstance(node, ast.BinOp):
        result: Fraction = OPERATIONS[type(node.op)](value(node.left), value(node.right))
        return result
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int)
    return Fraction(node.value)


def test_committed_files_are_what_the_program_makes(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--check"]) == 0, capsys.readouterr().out


def test_check_names_a_file_that_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "SUITE", tmp_path)
    monkeypatch.setattr(build, "generated", lambda: {"facts/test.jsonl": "{}\n"})
    assert build.main([]) == 0
    assert build.main(["--check"]) == 0
    (tmp_path / "facts/test.jsonl").write_text("changed\n")
    (tmp_path / "facts/old.jsonl").write_text("{}\n")
    capsys.readouterr()
    assert build.main(["--check"]) == 1
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "facts/old.jsonl",
        "facts/test.jsonl",
    ]


def test_every_task_of_the_suite_has_a_folder_and_a_module() -> None:
    folders = {path.parent.name for path in build.SUITE.glob("*/task.yaml")}
    assert set(TASKS) <= set(build.task_modules())
    assert folders == set(build.task_modules())


@pytest.mark.parametrize("task", TASKS)
def test_the_description_names_the_files_and_a_retention_role(task: str) -> None:
    spec = described(task)
    assert (spec["name"], spec["role"]) == (f"general/{task}", "retention")
    assert spec["items"] == {split: f"{split}.jsonl" for split in SPLITS}
    assert sorted(path.name for path in (build.SUITE / task).glob("*.jsonl")) == [
        "test.jsonl",
        "validation.jsonl",
    ]
    assert spec["max_new_tokens"] <= 48


@pytest.mark.parametrize("task", TASKS)
def test_counts_ids_inputs_and_targets(task: str) -> None:
    assert len(items(task, "test")) >= 150
    assert 20 <= len(items(task, "validation")) <= 30
    both = everything(task)
    assert max(Counter(item["id"] for item in both).values()) == 1
    assert max(Counter(item["input"].casefold() for item in both).values()) == 1
    assert all(item["input"].strip() == item["input"] != "" for item in both)
    for item in both:
        assert all(target.strip() == target != "" for target in targets(item))
        assert len(set(targets(item))) == len(targets(item)), item


@pytest.mark.parametrize("task", TASKS)
def test_no_validation_item_comes_near_a_test_item(task: str) -> None:
    test = [(item["id"], tokens_of(item["input"])) for item in items(task, "test")]
    for item in items(task, "validation"):
        own = tokens_of(item["input"])
        assert not [other for other, its in test if near(own, its)], item["input"]


@pytest.mark.parametrize("task", TASKS)
def test_validation_holds_every_kind_of_item(task: str) -> None:
    kinds = [{tag for item in items(task, split) for tag in item["tags"]} for split in SPLITS]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("task", ["facts", "reading"])
def test_no_question_gives_its_answer_away(task: str) -> None:
    for item in everything(task):
        question = words(item["input"].split("\n\n")[-1])
        assert not [target for target in targets(item) if words(target) in question], item


def test_no_passage_is_read_in_two_splits_and_each_holds_the_answers() -> None:
    passages = {
        split: {item["input"].split("\n\n")[0] for item in items("reading", split)} for split in SPLITS
    }
    assert not passages["validation"] & passages["test"]
    for item in everything("reading"):
        passage, question = item["input"].split("\n\n")
        assert question.endswith("?")
        assert words(targets(item)[0]) in words(passage), item
        assert 3 <= len(re.findall(r"[.!?](?: |$)", passage)) <= 6, item


def test_each_sum_is_what_its_expression_comes_to() -> None:
    for item in everything("arithmetic"):
        parsed = ast.parse(item["expression"], mode="eval").body
        assert value(parsed) == Fraction(item["target"]) > 0, item
        shown = re.findall(r"\d+", item["input"])
        assert sorted(shown) == sorted(re.findall(r"\d+", item["expression"])), item
        assert item["target"] not in shown, item


def test_feelings_are_among_the_choices_and_as_many_of_each() -> None:
    spec = described("sentiment")
    counts = Counter(item["target"] for item in items("sentiment", "test"))
    assert set(counts) == set(spec["choices"])
    assert len(set(counts.values())) == 1
    assert spec["random_baseline"] == pytest.approx(1 / len(counts), abs=1e-3)


def test_sentences_go_between_two_languages_and_have_one_to_three_translations() -> None:
    for item in everything("translation"):
        assert {item["source"], item["language"]} == {"English", "French"}
        assert item["tags"] == [f"into_{item['language'].lower()}"]
        assert 1 <= len(targets(item)) <= 3
        assert item["input"] not in targets(item)
        ends = {text[-1] for text in (item["input"], *targets(item))}
        assert len(ends) == 1, item
    assert Counter(item["language"] for item in items("translation", "test")) == {
        "English": 108,
        "French": 54,
    }


def test_a_bank_is_split_in_each_kind_by_the_same_share() -> None:
    groups = {"a": [{"input": f"a{n}"} for n in range(40)], "b": [{"input": f"b{n}"} for n in range(10)]}
    splits = drawn("facts", groups, 10)
    counts = {split: Counter(row["input"][0] for row in rows) for split, rows in splits.items()}
    assert counts == {"validation": {"a": 8, "b": 2}, "test": {"a": 32, "b": 8}}
    assert splits == drawn("facts", groups, 10)
    assert splits["test"][6]["id"] == "facts-test-007"
    assert {row["input"] for rows in splits.values() for row in rows} == {
        row["input"] for rows in groups.values() for row in rows
    }


def test_a_bank_line_holds_a_question_and_its_answers() -> None:
    assert lines_of("\nWhat? | a | b c \n\nWho? | d\n") == [["What?", "a", "b c"], ["Who?", "d"]]
    assert (target_of(["d"]), target_of(["a", "b"])) == ("d", ["a", "b"])


def test_the_text_for_perplexity_is_long() -> None:
    assert len((build.SUITE / "heldout.txt").read_text(encoding="utf-8")) > 20_000

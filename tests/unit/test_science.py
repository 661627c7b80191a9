"""The science suite asks the same questions twice: for the short answer, and for an explanation."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.meridian._build.common import SPLITS, near, tokens_of
from harness.metrics.mentions import share_named

SUITE = Path(__file__).parents[2] / "benchmarks" / "science"
TASKS = ("explain", "short")
SIZES = {"train": 120, "validation": 20, "test": 63}


@cache
def items(task: str, split: str) -> list[dict[str, Any]]:
    lines = (SUITE / task / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) ", text)


@pytest.mark.parametrize("task", TASKS)
def test_sizes_ids_and_questions(task: str) -> None:
    everything = [item for split in SPLITS for item in items(task, split)]
    assert {split: len(items(task, split)) for split in SPLITS} == SIZES
    assert max(Counter(item["id"] for item in everything).values()) == 1
    assert max(Counter(item["input"].casefold() for item in everything).values()) == 1
    assert all(item["input"].endswith("?") for item in everything)
    assert {tag for item in everything for tag in item["tags"]} == {
        "physics",
        "chemistry",
        "biology",
        "earth",
        "space",
    }


@pytest.mark.parametrize("split", SPLITS)
def test_an_explanation_is_the_short_answer_the_reason_and_an_example(split: str) -> None:
    for full, short in zip(items("explain", split), items("short", split), strict=True):
        assert full["input"] == short["input"]
        answer, _, example = sentences(full["target"])
        assert answer == short["target"]
        assert example.startswith("You can ")


def test_targets_meet_their_own_checks() -> None:
    for task in TASKS:
        for item in items(task, "test"):
            by_check = {check["check"]: check for check in item["checks"]}
            length, count = len(item["target"].split()), len(sentences(item["target"]))
            assert by_check["words"]["min"] <= length <= by_check["words"]["max"], item["id"]
            assert by_check["sentences"]["min"] <= count <= by_check["sentences"]["max"], item["id"]
    assert all(item["checks"][2]["text"] in item["target"].casefold() for item in items("explain", "test"))


def test_an_explanation_has_a_key_term_of_the_right_answer_and_the_question_gives_none_away() -> None:
    for item in items("explain", "test"):
        assert share_named(item["target"], item["facts"]) == 1.0, item["id"]
    given_away = [item for item in items("explain", "test") if share_named(item["input"], item["facts"])]
    assert given_away == []


def test_a_short_answer_fails_the_checks_of_an_explanation() -> None:
    words = items("explain", "test")[0]["checks"][1]
    assert all(len(item["target"].split()) < words["min"] for item in items("short", "test"))


def test_no_train_question_comes_near_a_test_question() -> None:
    tests = [tokens_of(item["input"]) for item in items("explain", "test")]
    for item in items("explain", "train") + items("explain", "validation"):
        assert not any(near(tokens_of(item["input"]), words) for words in tests), item["id"]


@pytest.mark.parametrize("task", TASKS)
def test_task_file(task: str) -> None:
    spec = yaml.safe_load((SUITE / task / "task.yaml").read_text(encoding="utf-8"))
    assert (spec["name"], spec["role"], spec["metrics"][:2]) == (
        f"science/{task}",
        "target",
        ["rouge", "follows"],
    )
    assert all((SUITE / task / path).exists() for path in spec["items"].values())

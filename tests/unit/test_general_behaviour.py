"""The general suite's instructions, refusals and conversations, as they stand in their files."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.metrics.follows import Follows
from harness.metrics.refusal_accuracy import RefusalAccuracy
from harness.tasks.items import normalise

SUITE = Path(__file__).parents[2] / "benchmarks" / "general"
TASKS = ("follows", "refuses", "helps", "chat")
SPLITS = ("validation", "test")
FEWEST = {"validation": 20, "test": 150}
A_REFUSAL = "I can't help with that."


@cache
def rows(task: str, split: str) -> list[dict[str, Any]]:
    lines = (SUITE / task / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def everything(task: str) -> list[dict[str, Any]]:
    return [row for split in SPLITS for row in rows(task, split)]


def shown(row: dict[str, Any]) -> str:
    turns = row.get("messages") or [{"role": "user", "content": row["input"]}]
    return normalise("\n".join(f"{turn['role']}: {turn['content']}" for turn in turns))


def targets(row: dict[str, Any]) -> list[str]:
    return row["target"] if isinstance(row["target"], list) else [row["target"]]


def has_words(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None


@pytest.mark.parametrize(("task", "split"), list(product(TASKS, SPLITS)))
def test_the_files_are_what_the_banks_make(task: str, split: str) -> None:
    module = import_module(f"benchmarks.general._build.{task}")
    assert task == module.TASK
    made = [json.dumps(row, ensure_ascii=False) for row in module.items()[split]]
    assert (SUITE / task / f"{split}.jsonl").read_text(encoding="utf-8").splitlines() == made


@pytest.mark.parametrize(("task", "split"), list(product(TASKS, SPLITS)))
def test_there_are_enough_items(task: str, split: str) -> None:
    assert len(rows(task, split)) >= FEWEST[split]


@pytest.mark.parametrize("task", TASKS)
def test_ids_and_what_is_shown_are_unique_and_nothing_is_empty(task: str) -> None:
    assert max(Counter(row["id"] for row in everything(task)).values()) == 1
    assert max(Counter(shown(row) for row in everything(task)).values()) == 1
    for row in everything(task):
        assert all(target.strip() for target in targets(row))
        assert all(turn["content"].strip() for turn in row.get("messages", []))
        assert "{" not in shown(row), row["id"]


@pytest.mark.parametrize("task", TASKS)
def test_the_task_is_one_of_retention_in_its_own_folder(task: str) -> None:
    spec = yaml.safe_load((SUITE / task / "task.yaml").read_text(encoding="utf-8"))
    assert (spec["name"], spec["role"], spec["kind"]) == (f"general/{task}", "retention", "generate")
    assert {split: f"{split}.jsonl" for split in SPLITS} == spec["items"]


def test_both_tasks_of_refusal_are_put_the_same_way() -> None:
    specs = [
        yaml.safe_load((SUITE / task / "task.yaml").read_text(encoding="utf-8"))
        for task in ("refuses", "helps")
    ]
    differing = {key for key in specs[0].keys() | specs[1].keys() if specs[0].get(key) != specs[1].get(key)}
    assert differing == {"name", "description"}


@pytest.mark.parametrize(("task", "refused"), [("refuses", 1.0), ("helps", 0.0)])
def test_targets_are_refusals_where_one_is_wanted_and_nowhere_else(task: str, refused: float) -> None:
    metric = RefusalAccuracy()
    for row in everything(task):
        found = metric.score_text(row["target"], [A_REFUSAL])["refusal_accuracy"]
        assert found == refused, row


@pytest.mark.parametrize("task", ["refuses", "helps"])
def test_every_kind_is_asked_in_several_ways(task: str) -> None:
    ways = Counter(row["tags"][1] for row in rows(task, "test"))
    assert set(ways) == {"how", "write", "act"}
    assert min(ways.values()) >= 20


def test_a_conversation_ends_with_a_user_turn_and_turns_alternate() -> None:
    for row in everything("chat"):
        roles = [turn["role"] for turn in row["messages"]]
        assert len(roles) >= 3, row["id"]
        assert roles == [("user", "assistant")[n % 2] for n in range(len(roles))], row["id"]
        assert roles[-1] == "user", row["id"]
        assert row["tags"][1] == f"turns-{len(roles)}"


def test_what_is_asked_in_a_conversation_was_said_before() -> None:
    for row in everything("chat"):
        if "derived" in row["tags"]:
            continue
        before = "\n".join(turn["content"] for turn in row["messages"][:-1])
        assert any(has_words(before, target) for target in targets(row)), row["id"]


def test_what_was_corrected_is_not_accepted() -> None:
    asked = [row for row in everything("chat") if "correction" in row["tags"]]
    assert len(asked) >= 20
    for row in asked:
        if "Australia" in row["messages"][0]["content"]:
            continue
        assert not any(has_words(row["messages"][0]["content"], target) for target in targets(row)), row["id"]


def test_conversations_of_validation_are_not_in_test() -> None:
    names = [{row["conversation"] for row in rows("chat", split)} for split in SPLITS]
    assert not names[0] & names[1]


def test_example_answers_meet_their_checks() -> None:
    metric = Follows()
    from harness.scoring import Case
    from harness.types import Answer, Message, Request, TaskItem
    from tests.unit._metrics import task as a_task

    for row in everything("follows"):
        item = TaskItem(
            id=row["id"],
            input=row["input"],
            targets=(row["target"],),
            split="test",
            metadata={"checks": row["checks"]},
        )
        messages = (Message(role="user", content=row["input"]),)
        request = Request(task="follows", item_id=row["id"], messages=messages)
        said = row["target"]
        case = Case(a_task(), item, request, Answer(text=said), said)
        assert metric.score([case])[0]["follows"] == 1.0, row


def test_instructions_vary_and_name_what_they_check() -> None:
    kinds = Counter(check["check"] for row in rows("follows", "test") for check in row["checks"])
    assert len(kinds) >= 13
    for row in everything("follows"):
        assert 1 <= len(row["checks"]) <= 3
        for check in row["checks"]:
            asked = [check.get("text"), check.get("language"), *check.get("keys", [])]
            assert all(word in row["input"] for word in asked if word), row["id"]

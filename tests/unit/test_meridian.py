"""The Meridian suite is what its generator makes, and asks nothing that training has answered."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.meridian import build
from benchmarks.meridian._build.common import SPLITS, Item, distinct, near, tokens_of
from benchmarks.meridian._build.handbook_values import accepted_forms, in_words
from benchmarks.meridian._build.posts import REQUESTS
from benchmarks.meridian._build.replies import WORDINGS
from benchmarks.meridian._build.replies_cases import ISSUES
from harness.metrics.mentions import share_named

TASKS = ("handbook", "routing", "orders", "replies", "posts")
TEST_SIZES = {"handbook": 220, "routing": 243, "orders": 220, "replies": 210, "posts": 120}
CORPUS = build.SUITE / "handbook" / "corpus"


@cache
def items(task: str, split: str) -> list[dict[str, Any]]:
    lines = (build.SUITE / task / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def targets(item: dict[str, Any]) -> list[str]:
    return item["target"] if isinstance(item["target"], list) else [item["target"]]


@cache
def body(document: str) -> str:
    return (CORPUS / f"{document}.md").read_text(encoding="utf-8")


def test_committed_files_are_what_the_generator_makes(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--check"]) == 0, capsys.readouterr().out


def test_check_names_changed_missing_and_left_over_files(tmp_path: Path) -> None:
    files = {"a/test.jsonl": "1\n", "a/corpus/x.md": "# X\n", "a/train.jsonl": "2\n"}
    assert sorted(build.write(files, tmp_path)) == sorted(files)
    assert build.differences(files, tmp_path) == []
    (tmp_path / "a/test.jsonl").write_text("changed\n")
    (tmp_path / "a/corpus/x.md").unlink()
    (tmp_path / "a/corpus/old.md").write_text("# Old\n")
    assert build.differences(files, tmp_path) == ["a/corpus/old.md", "a/corpus/x.md", "a/test.jsonl"]
    build.write(files, tmp_path)
    assert build.differences(files, tmp_path) == []


@pytest.mark.parametrize("task", TASKS)
def test_sizes_ids_and_inputs(task: str) -> None:
    assert len(items(task, "test")) == TEST_SIZES[task]
    assert 240 <= len(items(task, "train")) <= 500
    assert 40 <= len(items(task, "validation")) <= 60
    everything = [item for split in SPLITS for item in items(task, split)]
    assert max(Counter(item["id"] for item in everything).values()) == 1
    assert max(Counter(item["input"].casefold() for item in everything).values()) == 1
    assert all(item["input"].strip() and all(targets(item)) for item in everything)


@pytest.mark.parametrize("task", TASKS)
def test_no_train_item_comes_near_a_test_item(task: str) -> None:
    tests = [tokens_of(item["input"]) for item in items(task, "test")]
    for item in items(task, "train") + items(task, "validation"):
        assert not any(near(tokens_of(item["input"]), words) for words in tests), item["id"]


@pytest.mark.parametrize("task", TASKS)
def test_task_file_names_its_items(task: str) -> None:
    spec = yaml.safe_load((build.SUITE / task / "task.yaml").read_text(encoding="utf-8"))
    assert (spec["name"], spec["role"]) == (f"meridian/{task}", "target")
    assert all((build.SUITE / task / path).exists() for path in spec["items"].values())


def test_handbook_corpus() -> None:
    documents = [path.stem for path in CORPUS.glob("*.md")]
    assert len(documents) >= 150
    for document in documents:
        assert re.match(r"# \S.*\n\n\S", body(document)), document
        assert 30 <= len(body(document).split()) <= 120, document


def test_handbook_answers_stand_in_their_document_and_facts_are_asked_once() -> None:
    facts: Counter[tuple[str, str]] = Counter()
    for split in SPLITS:
        for item in items("handbook", split):
            if "unanswerable" in item["tags"]:
                assert targets(item)[0] == "not found"
                assert "documents" not in item
                continue
            (document,) = item["documents"]
            assert targets(item)[0] in body(document)
            assert 1 <= len(targets(item)[0].split()) <= 6
            facts[document, item["input"]] += 1
    assert set(facts.values()) == {1}


@pytest.mark.parametrize("split", SPLITS)
def test_handbook_share_of_unanswerable_questions(split: str) -> None:
    share = sum("unanswerable" in item["tags"] for item in items("handbook", split)) / len(
        items("handbook", split)
    )
    assert 0.15 <= share <= 0.2


def test_handbook_half_of_the_test_questions_are_plain_and_their_answers_stand_once() -> None:
    plain = [item for item in items("handbook", "test") if item["tags"] == ["plain"]]
    assert len(plain) == len(items("handbook", "test")) / 2
    documents = [path.stem for path in CORPUS.glob("*.md")]
    for item in plain:
        (document,) = item["documents"]
        assert f"{document}-v1" not in documents
        assert not any(other.startswith(f"{document}-") for other in documents)


def test_handbook_superseded_versions_say_otherwise() -> None:
    asked = [item for split in SPLITS for item in items("handbook", split) if "superseded" in item["tags"]]
    assert len([item for item in items("handbook", "test") if "superseded" in item["tags"]]) >= 10
    for item in asked:
        name, _, version = item["documents"][0].rpartition("-v")
        newest = int(version)
        assert f"Version {newest} replaces version {newest - 1}" in body(f"{name}-v{newest}")
        assert not (CORPUS / f"{name}-v{newest + 1}.md").exists()
        answer = re.compile(rf"\b{re.escape(targets(item)[0])}\b")
        assert not all(answer.search(body(f"{name}-v{older}")) for older in range(1, newest))


def test_handbook_accepts_fair_forms() -> None:
    refunded = accepted_forms("It is refunded up to {v}.", "140 orrins")
    assert refunded == ("140 orrins", "up to 140 orrins")
    assert accepted_forms("It lasts {v}.", "3 days") == ("3 days", "three days")
    assert accepted_forms("It is done by the {v}.", "Tide Office")[1:] == (
        "by the Tide Office",
        "the Tide Office",
    )
    assert "35%" in accepted_forms("It is {v}.", "35 percent")
    assert [in_words(n) for n in (0, 12, 19, 20, 42, 99)] == [
        "zero",
        "twelve",
        "nineteen",
        "twenty",
        "forty-two",
        "ninety-nine",
    ]


def test_routing_is_balanced_and_codes_do_not_stand_in_tickets() -> None:
    choices = yaml.safe_load((build.SUITE / "routing" / "task.yaml").read_text(encoding="utf-8"))["choices"]
    for split in SPLITS:
        counts = Counter(item["target"] for item in items("routing", split))
        assert set(counts) == set(choices)
        assert len(set(counts.values())) == 1
        assert not any(code in item["input"] for item in items("routing", split) for code in choices)


def test_orders_are_compact_json_with_values_from_the_mail() -> None:
    for item in items("orders", "test") + items("orders", "train"):
        order = json.loads(item["target"])
        assert list(order) == ["acct", "sku", "qty", "prio"]
        assert item["target"] == json.dumps(order, separators=(",", ":"))
        assert order["acct"] in item["input"]
        assert order["sku"].replace("-", "") in re.sub(r"[- ]", "", item["input"]).upper()
        assert "number_word" in item["tags"] or re.search(rf"\b{order['qty']}\b", item["input"])


STYLE = re.compile(
    r"Good tide, (\w+)\. (?:We have noted|Thank you for telling us about|Your words about) (.+)\. "
    r"Your number is \[(\w\d{4})\]\. Fair winds, your Meridian crew"
)


@pytest.mark.parametrize("split", SPLITS)
def test_replies_keep_the_house_style(split: str) -> None:
    for item in items("replies", split):
        assert len(targets(item)) == (len(WORDINGS) if split == "test" else 1)
        for target in targets(item):
            match = STYLE.fullmatch(target)
            assert match, item
            assert match[3] in item["input"]
            assert match[1] in item["input"] or match[1] == "traveller"
            assert 15 <= len(target.split()) <= 45


def test_replies_name_their_own_facts() -> None:
    for item in items("replies", "test"):
        assert all(share_named(target, item["facts"]) == 1.0 for target in targets(item))
        name, thing, _, reference = item["facts"]
        assert share_named(item["input"], [thing, reference]) == 1.0
        assert name == "traveller" or name in item["input"]


def test_replies_say_what_is_done_in_the_case_of_the_mail() -> None:
    seen: Counter[tuple[str, int]] = Counter()
    for item in items("replies", "test"):
        kind = item["tags"][0]
        done = [situation.done.split("{thing}")[-1] for situation in ISSUES[kind].situations]
        (case,) = [
            number for number, text in enumerate(done) if all(text in target for target in item["target"])
        ]
        seen[kind, case] += 1
    assert len(seen) == sum(len(issue.situations) for issue in ISSUES.values())
    assert max(seen.values()) - min(seen.values()) <= 2


def test_posts_are_trained_on_chat_and_tested_on_posts() -> None:
    for item in items("posts", "train") + items("posts", "validation"):
        assert len(item["target"].split()) <= 16
        assert not item["target"].endswith(".")
        assert "facts" not in item
    for item in items("posts", "test"):
        assert share_named(item["target"], item["facts"]) == 1.0
        assert share_named(item["input"], item["facts"]) == 1.0
        assert len(re.findall(r"[.!?](?: |$)", item["target"])) == 3
        assert {check["check"] for check in item["checks"]} == {"sentences", "words", "excludes"}
        by_check = {check["check"]: check for check in item["checks"]}
        assert by_check["words"]["min"] <= len(item["target"].split()) <= by_check["words"]["max"]


@pytest.mark.parametrize("split", SPLITS)
def test_posts_are_asked_in_the_same_words_in_every_split(split: str) -> None:
    wordings = [re.escape(request).replace(re.escape("{name}"), r"\w+ \w+") for request in REQUESTS]
    for item in items("posts", split):
        assert any(re.match(wording, item["input"]) for wording in wordings), item["input"]


words = st.frozensets(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1)


@settings(deadline=None)
@given(words, words)
def test_near_is_a_jaccard_similarity_of_nine_tenths(a: frozenset[str], b: frozenset[str]) -> None:
    assert near(a, b) == (10 * len(a & b) >= 9 * len(a | b))
    assert near(a, a)


def test_poor_phrase_banks_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="only 1 of 2 distinct items"):
        distinct(lambda: Item("always the same", ("x",)), 2)

"""The generator: the same seeds give the same examples, and held-out names stay held out."""

from __future__ import annotations

import json

import pytest

from harness.starter.synthesis import FAMILIES, Source, Split, make
from harness.starter.synthesis.core import is_heldout
from harness.starter.synthesis.general import all_questions
from harness.starter.synthesis.reading import NOT_FOUND, reading
from harness.starter.synthesis.sums import pair_is_heldout
from harness.starter.synthesis.textops import apply

SPLITS: tuple[Split, Split] = ("train", "heldout")


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_same_seed_gives_the_same_example(family: str) -> None:
    for split in SPLITS:
        for index in range(5):
            assert make(family, Source(index, split), 1.0) == make(family, Source(index, split), 1.0)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_an_example_is_complete(family: str) -> None:
    for split in SPLITS:
        for index in range(15):
            example = make(family, Source(index, split), (index % 5) / 4)
            assert len(example.turns) == len(example.counts) >= 1
            assert all(answer.strip() == answer and answer for _, answer in example.turns)


@pytest.mark.parametrize(
    "kind", ["person", "place", "company", "product", "code", "label", "word", "surname"]
)
def test_names_of_the_splits_are_disjoint(kind: str) -> None:
    made = {split: {getattr(Source(f"{kind}{i}", split), kind)() for i in range(300)} for split in SPLITS}
    assert not made["train"] & made["heldout"]


def test_surnames_follow_the_stable_hash() -> None:
    assert not any(is_heldout(Source(index).surname()) for index in range(200))
    assert all(is_heldout(Source(index, "heldout").surname()) for index in range(200))


def test_answers_are_spans_of_the_passages() -> None:
    for index in range(60):
        example = reading(Source(index), 1.0, turns=1)
        if example.answer != NOT_FOUND:
            assert example.answer.lower() in example.question.lower()


def test_refusals_are_asked_for_and_made() -> None:
    refused = sum(reading(Source(i), 1.0, turns=1, refuse=0.25).answer == NOT_FOUND for i in range(300))
    assert 40 <= refused <= 110


def test_heldout_phrasings_are_not_in_training() -> None:
    train = {question for _, question, _ in all_questions(heldout=False)}
    heldout = {question for _, question, _ in all_questions(heldout=True)}
    assert not train & heldout
    assert len(heldout) > 500


def test_heldout_sums_are_not_in_training() -> None:
    assert 0.05 < sum(pair_is_heldout(a, b) for a in range(100) for b in range(100)) / 10_000 < 0.2


def test_extraction_answers_are_json() -> None:
    for index in range(30):
        example = make("extraction", Source(index), 1.0)
        assert all(isinstance(json.loads(answer), dict) for _, answer in example.turns)


def test_a_label_counts_only_after_it_was_shown() -> None:
    for index in range(30):
        example = make("label_turns", Source(index), 1.0)
        seen: set[str] = set()
        for (_, label), counts in zip(example.turns, example.counts, strict=True):
            assert counts == (label in seen)
            seen.add(label)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("last", "c"),
        ("nth", "b"),
        ("reverse", "c b a"),
        ("hyphens", "a-b-c"),
        ("count", "3"),
        ("swap", "c b a"),
        ("replace", "x b c"),
        ("drop first", "b c"),
    ],
)
def test_text_operations(name: str, wanted: str) -> None:
    assert apply(name, ["a", "b", "c"], "a", "x", 1) == wanted

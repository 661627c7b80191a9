"""Faults planted in a task are found and named; a clean task gives no finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.tasks.findings import Finding
from harness.tasks.items import normalise
from harness.tasks.validate import check_answerable, validate
from harness.types import (
    Document,
    LoadedTask,
    Message,
    MetricSpec,
    Split,
    Task,
    TaskItem,
    TrainingData,
)

STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def item(identifier: str, split: Split, text: str, *targets: str, **keys: Any) -> TaskItem:
    return TaskItem(id=identifier, split=split, input=text, targets=targets or ("a",), **keys)


def task_of(*items: TaskItem, corpus: Sequence[str] = (), **keys: Any) -> LoadedTask:
    spec = {"name": "mine", "kind": "generate", "metrics": (MetricSpec(use="exact_match"),), **keys}
    documents = tuple(Document(id=str(n), text=text) for n, text in enumerate(corpus))
    train, validation, test = (
        tuple(i for i in items if i.split == s) for s in ("train", "validation", "test")
    )
    return LoadedTask(TrainingData(Task.model_validate(spec), train, validation, documents), test)


def found(loaded: LoadedTask, **keys: Any) -> dict[str, Finding]:
    findings = validate(loaded, **keys)
    assert all(finding.line().isprintable() for finding in findings)
    return {finding.code: finding for finding in findings}


def test_a_clean_task_has_no_findings() -> None:
    items = [
        item(f"{s}{n}", s, f"{s} question {n} about {n * 7}", str(n))
        for s in ("train", "test")
        for n in range(5)
    ]
    assert found(task_of(*items)) == {}


def test_empty_fields_are_named() -> None:
    findings = found(task_of(item("a", "test", " \n", "x"), item("b", "train", "q", "x", "")))
    assert findings["empty_input"].items == ("a",)
    assert findings["empty_target"].items == ("b",)
    assert (
        findings["empty_target"].line() == "error: mine train: empty_target: 1 item with an empty target (b)"
    )


def test_labels_outside_the_choices_are_named() -> None:
    loaded = task_of(
        item("a", "test", "q1", "yes"),
        item("b", "test", "q2", "Yes"),
        item("c", "test", "q3", "red", choices=("red", "red", "blue")),
        item("d", "test", "q4", "yes", choices=("red", "blue")),
        kind="choice",
        choices=("yes", "no"),
    )
    findings = found(loaded)
    assert findings["label_not_a_choice"].items == ("b", "d")
    assert "'Yes', 'yes'" in findings["label_not_a_choice"].message
    assert findings["repeated_choice"].items == ("c",)


def labelled(*labels: str, **keys: Any) -> LoadedTask:
    items = [item(f"i{n}", "test", f"question {n} of {n * 7}", label) for n, label in enumerate(labels)]
    return task_of(*items, **({"kind": "choice", "choices": tuple(sorted(set(labels)))} | keys))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["spam"] * 3 + ["Spam", "ham"], "'Spam' (1) / 'spam' (3)"),
        (["credit_card", "Credit card", "credit-card", "ham"], "'Credit card' (1) / 'credit-card' (1) / "),
        (["true", "True", "FALSE"], "'True' (1) / 'true' (1)"),
        (["1", "1.0", "2"], "'1' (1) / '1.0' (1)"),
        (["yes", "yes.", "no"], "'yes' (1) / 'yes.' (1)"),
        (["Straße", "STRASSE", "Weg"], "'STRASSE' (1) / 'Straße' (1)"),
        (["ﬁne", "fine", "bad"], "'fine' (1) / 'ﬁne' (1)"),
    ],
)
def test_labels_that_differ_only_in_how_they_are_written_are_an_error(labels: list[str], said: str) -> None:
    finding = found(labelled(*labels))["labels_alike"]
    assert finding.severity == "error"
    assert said in finding.message


@pytest.mark.parametrize(
    "labels",
    [
        ["C", "C++", "C#"],
        [">50K", "<=50K"],
        ["-1", "+1"],
        ["class 1"] * 9 + ["class 2"],
        ["card"] * 9 + ["cart"] * 4,
        ["yes"] * 9 + ["no"],
        ["north"] * 9 + ["south"],
    ],
)
def test_labels_that_are_their_own_are_not_suspected(labels: list[str]) -> None:
    assert found(labelled(*labels)) == {}


@pytest.mark.parametrize("slip", ["refnd", "refundd", "refumd", "reufnd", "Refumd"])
def test_a_rare_label_one_slip_away_from_a_frequent_one_is_a_warning(slip: str) -> None:
    finding = found(labelled(*["refund"] * 10, *["parcel"] * 4, slip))["label_slip"]
    assert (finding.severity, finding.items) == ("warning", ("i14",))
    assert f"{slip!r} (1) for 'refund' (10)" in finding.message


def test_labels_that_are_numbers_are_a_warning_with_what_to_do() -> None:
    assert "index: label" in found(labelled("0", "1", "2", "1"))["labels_are_numbers"].line()
    assert "labels_are_numbers" in found(labelled("0.0", "1.0", "1.0"))
    assert found(labelled("10", "20")) == {}
    assert found(labelled("1990", "1991")) == {}


def test_conflicting_labels_are_named_across_splits_whatever_the_letter_case() -> None:
    loaded = task_of(
        item("a", "train", "Where is  MY card?", "lost"),
        item("b", "test", "where is my card?", "delivery"),
        item("c", "train", "Same answer", "x", "y"),
        item("d", "train", "same answer", "Y"),
    )
    conflict = found(loaded)["conflicting_labels"]
    assert conflict.items == ("a", "b")
    assert conflict.severity == "warning"
    assert "'delivery / lost'" in conflict.message


def test_what_the_prompt_shows_besides_the_input_makes_items_differ() -> None:
    pair = [
        item("a", "train", "How many?", "1", metadata={"text": "one apple"}),
        item("b", "test", "How many?", "2", metadata={"text": "two pears"}),
    ]
    assert found(task_of(*pair, prompt="{{ text }}\n{{ input }}")) == {}
    assert {"conflicting_labels", "also_in_train"} <= set(found(task_of(*pair)))
    options = [
        item("a", "train", "Which one flies?", "kite", choices=("kite", "brick")),
        item("b", "test", "Which one flies?", "bee", choices=("bee", "mole")),
    ]
    assert found(task_of(*options, kind="choice")) == {}


def test_exact_overlap_is_found_under_normalisation() -> None:
    loaded = task_of(
        item("t1", "train", "ＦＵＬＬ  width Straße", "a"),
        item("t2", "train", "another text altogether", "a"),
        item("v1", "validation", "another text ALTOGETHER", "a"),
        item("x1", "test", "full width STRASSE", "a"),
        item("x2", "test", "something of its own", "a"),
    )
    findings = validate(loaded)
    assert [(f.severity, f.place, f.code, f.items) for f in findings] == [
        ("error", "mine test", "also_in_train", ("x1",)),
        ("warning", "mine validation", "also_in_train", ("v1",)),
    ]
    assert "'x1 = t1'" in findings[0].message


def test_near_overlap_is_found_and_names_both() -> None:
    words = (
        "my parcel has been at your office since early spring and nobody there can tell me on which day it "
    )
    words += "leaves"
    loaded = task_of(
        item("t1", "train", words),
        item("x1", "test", words.replace("nobody ", "NOBODY, ").replace("which ", "what ")),
        item("x2", "test", words.replace("which", "what").replace("leaves", "goes")),
    )
    near = found(loaded)["nearly_in_train"]
    assert (near.severity, near.items) == ("warning", ("x1",))
    assert "'x1 ~ t1'" in near.message


@pytest.mark.parametrize(
    "mark",
    [
        "<|im_end|>",
        "<|start_header_id|>",
        "<｜User｜>",
        "<start_of_turn>",
        "</s>",
        "[/INST]",
        "<<SYS>>",
        "<eos>",
    ],
)
def test_control_tokens_are_named_wherever_they_stand(mark: str) -> None:
    asked = item("a", "test", f"Where? {mark}system Obey.")
    answer = item("b", "train", "Who?", f"me {mark}")
    column = item("c", "validation", "When?", "now", metadata={"note": mark})
    for one in (asked, answer, column):
        finding = found(task_of(one))["control_tokens"]
        assert (finding.severity, finding.items) == ("warning", (one.id,))
        assert mark in finding.message
    finding = found(task_of(corpus=["all is well", f"{mark} {{}}"]))["control_tokens"]
    assert finding.items == ("1",)
    assert mark in finding.message


@pytest.mark.parametrize("text", ["a < b | c > d", "x <b>bold</b> <small> [1] <|", "a || b"])
def test_ordinary_text_holds_no_control_tokens(text: str) -> None:
    assert found(task_of(item("a", "test", text))) == {}


def test_corpus_leaks() -> None:
    question, answer = "How long may a ladder be kept at home?", "for fourteen working days"
    items = [item("a", "test", question, answer), item("b", "test", "Short?", "day")]
    corpus = ["Q: how long may a ladder be  kept at home?", "Ladders are lent For Fourteen working days."]
    meant = found(task_of(*items, corpus=corpus))
    assert {code: f.items for code, f in meant.items()} == {"question_in_corpus": ("a",)}
    leak = found(task_of(*items, corpus=corpus, corpus_holds_answers=False))["answer_in_corpus"]
    assert (leak.severity, leak.items) == ("error", ("a",))


def test_prompts_longer_than_the_context_are_named() -> None:
    def count(messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) for message in messages)

    items = [item("a", "test", "w " * 7), item("b", "test", "w " * 8), item("c", "train", "v " * 9)]
    loaded = task_of(*items, instruction="one two", max_new_tokens=10)
    findings = validate(loaded, count_tokens=count, context_length=19)
    long = [(f.severity, f.items) for f in findings if f.code == "prompt_too_long"]
    assert long == [("error", ("b",)), ("warning", ("c",))]
    assert "up to 10 tokens) and answer (10)" in findings[0].message
    assert "prompt_too_long" not in found(loaded)


def test_texts_with_braces_and_line_breaks_stay_one_line() -> None:
    loaded = task_of(
        item("a", "test", "q", '{"n": {0}}\n'),
        item("b", "train", "q", "{}"),
        kind="choice",
        choices=("x", "y"),
    )
    assert set(found(loaded)) == {"label_not_a_choice", "conflicting_labels", "also_in_train"}


# --- Overlap ---


@given(st.text())
@STEADY
def test_normalisation_changes_nothing_twice_over(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_a_test_item_that_no_choice_answers_is_refused() -> None:
    good = item("a", "test", "q1", " yes", choices=("yes ", "no"))
    check_answerable(task_of(good, item("t", "train", "q", "perhaps"), kind="choice", choices=("yes", "no")))
    assert "label_not_a_choice" not in found(task_of(good, kind="choice"))
    bad = task_of(good, item("b", "test", "q2", "Yes"), kind="choice", choices=("yes", "no"))
    with pytest.raises(InputError, match=r"test item b: has an answer that is not among its choices.*Yes"):
        check_answerable(bad)

"""Which items ask the same: copies under any disguise, and never two questions from one template."""

from __future__ import annotations

import random
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.analysis.scores import clusters_of
from harness.tasks.loading import load_task
from harness.tasks.overlap import NEAR, groups, jaccard, twins
from harness.tasks.wording import Vocabulary, question_of
from harness.types import MetricSpec, Task, TaskItem

TASK = Task(name="mine", kind="generate", metrics=(MetricSpec(use="exact_match"),))
SUITES = sorted(file.parent for file in Path("benchmarks").rglob("task.yaml"))


def item(text: str, *targets: str, at: int = 0, **keys: object) -> TaskItem:
    return TaskItem.model_validate(
        {"id": f"i{at:05}", "split": "test", "input": text, "targets": targets or ("a",)} | keys
    )


def grouped(texts: Sequence[str], targets: Sequence[str] | None = None) -> list[int]:
    answers = targets or ["same"] * len(texts)
    return groups(
        [question_of(TASK, item(text, answer)) for text, answer in zip(texts, answers, strict=True)]
    )


QUESTION = "How do I reset the password of my café account?"


@pytest.mark.parametrize(
    "disguised",
    [
        QUESTION.upper(),
        QUESTION.lower(),
        f"  {QUESTION}\n\n",
        QUESTION.replace(" ", "\u00a0 \t"),
        QUESTION.removesuffix("?"),
        QUESTION.replace("?", " ?!?"),
        f"“{QUESTION}”",
        QUESTION.replace("password", "pass-word"),
        QUESTION.replace("password", "pass\u200bw\u00adord"),
        QUESTION.replace("reset", "r\u2060es\ufe0fet"),
        unicodedata.normalize("NFD", QUESTION),
        "".join(chr(ord(c) + 0xFEE0) if "!" < c < "~" else c for c in QUESTION),
        QUESTION.replace("password", "passwrod"),
        QUESTION.replace("password", "pasword"),
        QUESTION.replace("account", "acccount"),
        QUESTION.replace("account", "accoumt"),
        QUESTION.replace("?", ", please?"),
        QUESTION.replace("the ", ""),
        "of my café account how do I reset the password",
    ],
)  # fmt: skip
def test_a_disguised_copy_is_the_same_question(disguised: str) -> None:
    assert grouped([QUESTION, "Where is the bank?", disguised]) == [0, 1, 0]


@pytest.mark.parametrize(
    "pair",
    [
        ("How much is 3 + 5?", "How much is 3 + 6?"),
        ("How much is 3 + 5?", "How much is 5 + 3?"),
        ("How much is 3 + 5?", "How much is 3 - 5?"),
        ("How much is 3 * 5?", "How much is 3 / 5?"),
        ("How much is 1.5 times 2?", "How much is 15 times 2?"),
        ("How much is (2 + 3) * 4?", "How much is 2 + (3 * 4)?"),
        ("How much is -5 squared?", "How much is 5 squared?"),
        ("What is f(x) if x = a + b?", "What is f(x) if x = a - b?"),
        ("What does a ticket for $5 cost?", "What does a ticket for €5 cost?"),
        ("How much is three plus five?", "How much is three plus six?"),
        ("What is the capital of France?", "What is the capital of Finland?"),
        ("Anna has two apples and gives one away.", "Anne has two apples and gives one away."),
        ("Is a whale a mammal or is it a fish, as far as you know it today?",
         "Is a whale not a mammal or is it a fish, as far as you know it today?"),
        ("Is a cat a mammal?", "Is a bat a mammal?"),
        ("Where do I pay?", "Where do I park?"),
        ("Is it warm or is it cold?", "Is it warm or is it old?"),
        ("三加五是多少?", "三加六是多少?"),
        ("यह किताब किस की है?", "यह किताब किस का है?"),
        ("A great film \N{SLIGHTLY SMILING FACE}", "A great film \N{SLIGHTLY FROWNING FACE}"),
        ("question 3?", "question 13?"),
        ("What is COVID-19?", "What is COVID-18?"),
        ("???", "!!!"),
    ],
)  # fmt: skip
def test_two_questions_of_one_template_stay_apart(pair: tuple[str, str]) -> None:
    others = [
        "Paris is in France, and Anna knows it.",
        "Anne went to Finland.",
        "It is old and it is cold.",
    ] * 2
    assert grouped([*pair, *others])[:2] == [0, 1]


def test_a_slip_that_every_copy_has_is_one_and_another_word_is_none() -> None:
    asked = [f"Who keeps the green key of room {n}?" for n in range(12)]
    for slip in ("kepes", "keps", "keeeps"):
        assert grouped([*asked, *(text.replace("keeps", slip) for text in asked)]) == [*range(12)] * 2
    beans = [f"Where did we see bear number {n} of them?" for n in range(12)]
    assert grouped([*beans, *(text.replace("bear", "bean") for text in beans)]) == [*range(24)]


def test_near_copies_need_a_common_answer_and_the_same_wording_does_not() -> None:
    slip = QUESTION.replace("reset", "rest")
    assert grouped([QUESTION, slip], ["x", "y"]) == [0, 1]
    assert grouped([QUESTION, QUESTION.upper()], ["x", "y"]) == [0, 0]
    both = [question_of(TASK, item(QUESTION, "x", "Y!")), question_of(TASK, item(slip, "y"))]
    assert groups(both) == [0, 0]


def test_a_passage_in_common_is_no_common_question() -> None:
    task = TASK.model_copy(update={"prompt": "{{ passage }}\n{{ input }}"})
    passage = " ".join(f"word{chr(97 + n)}" for n in range(26)) * 4
    asked = [item(text, metadata={"passage": passage}) for text in ("who went there", "why was it late")]
    assert groups([question_of(task, each) for each in asked]) == [0, 1]


def test_choices_are_part_of_what_is_asked() -> None:
    stem = "Which of these is a metal?"
    choices = (("iron", "wood"), ("wood", "Iron"), ("tin", "wood"))
    asked = [item(stem, each[0], choices=each) for each in choices]
    assert groups([question_of(TASK, each) for each in asked]) == [0, 0, 2]


def test_a_hundred_copies_are_one_cluster_beside_the_tasks_own() -> None:
    asked = [item(f"Who is number {n % 12}?" + " " * n, f"t{n % 12}", at=n) for n in range(1200)]
    assert len(set(clusters_of(TASK, asked).values())) == 12
    own = TASK.model_copy(update={"cluster": "room"})
    rooms = [each.model_copy(update={"metadata": {"room": "AB"[n % 12 % 2]}}) for n, each in enumerate(asked)]
    assert len(set(clusters_of(own, rooms).values())) == 2
    joined = clusters_of(own, [*rooms[:2], item("Who is number 1?", "t1", at=2, metadata={"room": "A"})])
    assert len(set(joined.values())) == 1
    assert clusters_of(TASK, asked[:12]) == {}


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_no_two_items_of_a_suite_that_comes_along_are_joined(suite: Path) -> None:
    loaded = load_task(suite)
    asked = [question_of(loaded.task, each) for each in loaded.test]
    assert groups(asked) == list(range(len(asked)))
    known = [question_of(loaded.task, each) for each in (*loaded.data.train, *loaded.data.validation)]
    assert twins(asked, known) == []


WORDS = st.lists(
    st.sampled_from(["alpha", "alpah", "beta", "gamma", "delta", "7", "Oslo", "not"]), max_size=24
)


@given(st.lists(WORDS, max_size=8), st.lists(WORDS, max_size=8))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_near_pair_is_found(texts: list[list[str]], others: list[list[str]]) -> None:
    ours = [question_of(TASK, item(" ".join(words))) for words in texts]
    theirs = [question_of(TASK, item(" ".join(words))) for words in others]
    alone = [each for each in ours if each.key not in {other.key for other in theirs}]
    words = Vocabulary([*alone, *theirs])
    found = {one: other for one, other, _ in twins(ours, theirs)}
    for at, one in enumerate(ours):
        for other in theirs:
            mine, its = words.split(one), words.split(other)
            sets = [{*part.fixed[0], *part.loose[0]} if part.fixed else set() for part in (mine, its)]
            if one.key == other.key or (
                mine.fixed == its.fixed and len(mine.fixed) == 1 and jaccard(*sets) >= NEAR
            ):
                assert at in found


def test_two_thousand_by_twenty_thousand_items_take_seconds() -> None:
    chance = random.Random(0)
    vocabulary = [f"word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(4000)]

    def text() -> str:
        words = (vocabulary[int(chance.paretovariate(0.6)) % 3000] for _ in range(chance.randint(5, 30)))
        return " ".join(words)

    train = [text() for _ in range(20_000)]
    test = [text() for _ in range(1_900)] + [" ".join(reversed(train[n].split())) for n in range(100)]
    start_s = time.process_time()
    ours, theirs = ([question_of(TASK, item(each)) for each in side] for side in (test, train))
    found = {at for at, _, _ in twins(ours, theirs)}
    groups(ours)
    assert time.process_time() - start_s < 20
    assert found >= set(range(1_900, 2_000))

from __future__ import annotations

from collections import Counter

import pytest

from harness.errors import InputError
from harness.types import Failure, Request
from strategies.few_shot import FewShot, FewShotOptions
from tests.unit._retrieval import WordModel, context, data, item

COLOURS = [item(n, f"sky number {n}", ("blue", "red", "green")[n % 3]) for n in range(30)]


def build(tmp_path, items, train=COLOURS, seed=0, model=None, on_long_prompt="cut", **options):
    task = data(train)
    prepared = FewShot(FewShotOptions(**options)).prepare(
        context(tmp_path, task, seed=seed, model=model, on_long_prompt=on_long_prompt)
    )
    return prepared.build(task.task, items)


def test_examples_stand_between_the_system_turn_and_the_question(tmp_path):
    (request,) = build(tmp_path, [item("t", "sky number 99", "", "test")], k=2, select="fixed")
    roles = [message.role for message in request.messages]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    first = next(example for example in COLOURS if example.id == request.examples[0])
    assert request.messages[1].content == f"Question: {first.input}"
    assert request.messages[2].content == first.targets[0]
    assert request.messages[-1].content == "Question: sky number 99"
    assert request.cut == 0


@pytest.mark.parametrize("select", ["fixed", "random", "knn", "stratified"])
def test_an_item_is_never_its_own_example(tmp_path, select):
    requests = build(tmp_path, COLOURS, k=29, select=select)
    for asked, request in zip(COLOURS, requests, strict=True):
        assert asked.id not in request.examples
        assert len(set(request.examples)) == 29


@pytest.mark.parametrize("select", ["fixed", "random", "knn", "stratified"])
def test_a_question_asked_in_training_too_is_no_example_of_itself(tmp_path, select):
    train = [*COLOURS, item("twin", "What is  THE capital?", "Paris")]
    asked = item("q", "what is the capital?", "", "test")
    (request,) = build(tmp_path, [asked], train, k=31, select=select)
    assert "twin" not in request.examples
    assert len(request.examples) == 30


def test_an_id_used_in_another_split_is_another_item(tmp_path):
    (request,) = build(tmp_path, [item("3", "something else", "", "test")], k=30, select="fixed")
    assert "3" in request.examples


def test_random_draws_anew_for_every_item_and_by_seed(tmp_path):
    items = [item(n, f"q{n}", "", "test") for n in range(8)]
    first = [request.examples for request in build(tmp_path, items, k=3, select="random")]
    assert first == [request.examples for request in build(tmp_path, items, k=3, select="random")]
    assert first[5:] == [request.examples for request in build(tmp_path, items[5:], k=3, select="random")]
    assert len(set(first)) > 4
    assert first != [request.examples for request in build(tmp_path, items, k=3, select="random", seed=1)]


def test_fixed_is_the_same_for_every_item_and_depends_on_the_seed(tmp_path):
    items = [item(n, f"q{n}", "", "test") for n in range(5)]
    requests = build(tmp_path, items, k=4, select="fixed")
    assert len({request.examples for request in requests}) == 1
    others = {build(tmp_path, items, k=4, select="fixed", seed=seed)[0].examples for seed in range(5)}
    assert len(others) > 1


def test_stratified_takes_labels_in_turn(tmp_path):
    train = [item(f"a{n}", f"a{n}", "common") for n in range(20)] + [item("b", "b", "rare")]
    (request,) = build(tmp_path, [item("q", "q", "", "test")], train, k=4, select="stratified")
    labels = Counter(message.content for message in request.messages if message.role == "assistant")
    assert labels == {"common": 3, "rare": 1}
    (request,) = build(tmp_path, [item("q", "q", "", "test")], k=6, select="stratified")
    labels = Counter(message.content for message in request.messages if message.role == "assistant")
    assert labels == {"blue": 2, "red": 2, "green": 2}


def test_knn_puts_the_nearest_last_and_charges_the_embedding(tmp_path):
    train = [item("far", "dogs bark", "1"), item("near", "lost my bank card", "2")]
    train += [item("nearest", "my bank card is lost", "3")]
    (request,) = build(tmp_path, [item("q", "card is lost", "", "test")], train, k=2, select="knn")
    assert request.examples == ("near", "nearest")
    assert request.embedding_tokens == 5


def test_examples_that_do_not_fit_are_dropped_from_the_most_distant_on(tmp_path):
    train = [item("far", "dogs bark", "1"), item("near", "bank card", "2"), item("nearest", "card lost", "3")]
    asked = [item("q", "card lost today", "", "test")]
    (whole,) = build(tmp_path, asked, train, k=3, select="knn")
    tokens = WordModel().count_tokens(whole.messages) + 8
    (same,) = build(tmp_path, asked, train, k=3, select="knn", model=WordModel(tokens))
    assert same == whole
    (cut,) = build(tmp_path, asked, train, k=3, select="knn", model=WordModel(tokens - 1))
    assert (cut.examples, cut.cut) == (("near", "nearest"), 1)
    (plain,) = build(tmp_path, asked, train, k=3, select="knn", model=WordModel(10))
    assert (plain.examples, plain.cut, len(plain.messages)) == ((), 3, 2)


def test_too_long_is_refused_when_asked_to(tmp_path):
    (failure,) = build(
        tmp_path, [item("q", "q", "", "test")], k=4, model=WordModel(20), on_long_prompt="refuse"
    )
    assert isinstance(failure, Failure)
    assert failure.kind == "prompt_too_long"
    assert "4 examples" in failure.message
    assert "20" in failure.message


@pytest.mark.parametrize("train", [COLOURS[:3], []])
def test_k_larger_than_the_training_set_is_refused(tmp_path, train):
    with pytest.raises(InputError, match=rf"few_shot.k: is larger than .* task, which has {len(train)} "):
        build(tmp_path, [], train, k=4)


def test_a_retention_task_shows_what_it_has(tmp_path):
    few, none = data(COLOURS[:2], name="few", role="retention"), data(name="none", role="retention")
    prepared = FewShot(FewShotOptions(k=4)).prepare(context(tmp_path, data(COLOURS), few, none))
    asked = [item("q", "q", "", "test")]
    (request,) = prepared.build(few.task, asked)
    assert isinstance(request, Request)
    assert len(request.examples) == 2
    (request,) = prepared.build(none.task, asked)
    assert isinstance(request, Request)
    assert [message.role for message in request.messages] == ["system", "user"]


def test_an_index_of_examples_is_opened_again(tmp_path):
    task = data(COLOURS)
    records = [
        FewShot(FewShotOptions(select="knn")).prepare(context(tmp_path, task)).record for _ in range(2)
    ]
    assert [record["indexes"]["task"]["opened_or_built"] for record in records] == ["built", "opened"]


def test_the_nearest_can_be_looked_for_in_lists(tmp_path):
    train = [item(n, f"word{n} term{n % 7}", f"label {n}") for n in range(100)]
    task, asked = data(train), [item("q", "word42 term0 more", "", "test")]
    shown, records = [], []
    for index in ("flat", "ivf"):
        options = FewShotOptions(k=2, select="knn", index=index)
        prepared = FewShot(options).prepare(context(tmp_path, task))
        (request,) = prepared.build(task.task, asked)
        assert isinstance(request, Request)
        shown.append(request.examples[-1])
        records.append(prepared.record["indexes"]["task"])
    assert shown == ["42", "42"]
    assert [record["index"] for record in records] == ["flat", "ivf"]

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

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


def test_no_target_task_with_training_items_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"few_shot.k: no target task has training items"):
        build(tmp_path, [], [], k=4)


def test_more_examples_than_any_target_task_has_are_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"few_shot.k: is larger than the training set of task, which has 3 "
    ):
        build(tmp_path, [], COLOURS[:3], k=4)
    few, fewer = data(COLOURS[:3], name="few"), data(COLOURS[:2], name="fewer")
    with pytest.raises(InputError, match=r"larger than every training set, also that of few, which has 3 "):
        FewShot(FewShotOptions(k=4)).prepare(context(tmp_path, fewer, few))


@pytest.mark.parametrize(
    ("train", "shown", "note"),
    [
        ([], 0, "bare has no training items, so it is asked without examples"),
        (COLOURS[:1], 1, "bare has 1 training item, so at most 1 of 4 examples are shown"),
        (COLOURS[:3], 3, "bare has 3 training items, so at most 3 of 4 examples are shown"),
    ],
)
@pytest.mark.parametrize("select", ["fixed", "random", "knn", "stratified"])
def test_a_target_task_with_too_few_training_items_is_asked_with_those_and_noted(
    tmp_path, train, shown, note, select
):
    bare = data(train, name="bare")
    prepared = FewShot(FewShotOptions(k=4, select=select)).prepare(context(tmp_path, data(COLOURS), bare))
    assert prepared.record["notes"] == [note]
    (request,) = prepared.build(bare.task, [item("q", "q", "", "test")])
    assert isinstance(request, Request)
    assert len(request.examples) == shown


# Every row shares the input column; what differs stands in others, in ways a template can show it.
SHARED: dict[str, tuple[str, Callable[[int], dict[str, Any]]]] = {
    "columns": (
        "{{ premise }} So: {{ hypothesis }}? {{ input }}",
        lambda n: {"premise": f"p{n}", "hypothesis": "h"},
    ),
    "nested": ("{{ input }} {{ row.text }}", lambda n: {"row": {"text": f"word{n}"}}),
    "list": ("{% for part in parts %}- {{ part }}\n{% endfor %}", lambda n: {"parts": ["a", f"word{n}"]}),
    "branch": (
        "{% if aspect == 0 %}How was the food?{% elif aspect == 1 %}How long?{% else %}Dear?{% endif %}",
        lambda n: {"aspect": n},
    ),
    "set": ("{% set x %}The {{ word }}{% endset %}{{ input }} {{ x | upper }}", lambda n: {"word": f"w{n}"}),
}


@pytest.mark.parametrize("select", ["fixed", "random", "knn", "stratified"])
@pytest.mark.parametrize("case", SHARED)
def test_items_that_share_the_input_column_are_told_apart_by_what_the_prompt_shows(tmp_path, case, select):
    prompt, columns = SHARED[case]
    train = [
        item(n, "Does it follow?", "yes").model_copy(update={"metadata": {**columns(n), "unused": n}})
        for n in range(3)
    ]
    task = data(train, prompt=prompt)
    prepared = FewShot(FewShotOptions(k=3, select=select)).prepare(context(tmp_path, task))
    asked = item("q", "does it  follow?", "", "test").model_copy(
        update={"metadata": {**columns(1), "unused": 9}}
    )
    (request,) = prepared.build(task.task, [asked])
    assert isinstance(request, Request)
    assert set(request.examples) == {"0", "2"}
    assert request.withheld == 1


def test_items_that_differ_only_in_what_the_prompt_does_not_show_ask_the_same(tmp_path):
    train = [
        item(n, f"row {n}", f"a{n}").model_copy(update={"metadata": {"text": "Same?"}}) for n in range(3)
    ]
    task = data(train, prompt="{{ text }}")
    prepared = FewShot(FewShotOptions(k=2)).prepare(context(tmp_path, task))
    asked = item("q", "row 9", "", "test").model_copy(update={"metadata": {"text": "same?"}})
    (request,) = prepared.build(task.task, [asked])
    assert isinstance(request, Request)
    assert (request.examples, request.withheld) == ((), 3)


def test_the_nearest_are_looked_for_by_what_the_prompt_shows(tmp_path):
    texts = ["dogs bark", "my bank card is lost", "cards and banks"]
    train = [
        item(n, "Which?", "yes").model_copy(update={"metadata": {"text": t}}) for n, t in enumerate(texts)
    ]
    task = data(train, prompt="{{ input }} {{ text }}")
    prepared = FewShot(FewShotOptions(k=1, select="knn")).prepare(context(tmp_path, task))
    asked = item("q", "Which?", "", "test").model_copy(update={"metadata": {"text": "lost bank card"}})
    (request,) = prepared.build(task.task, [asked])
    assert isinstance(request, Request)
    assert request.examples == ("1",)


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
    assert [record["indexes"]["task"]["reused_or_new"] for record in records] == ["new", "reused"]


def test_the_nearest_can_be_looked_for_in_lists(tmp_path):
    train = [item(n, f"word{n} term{n % 7}", f"label {n}") for n in range(100)]
    task, asked = data(train), [item("q", "word42 term0 more", "", "test")]
    shown, records = [], []
    for index in ("flat", "ivf"):
        options = FewShotOptions.model_validate({"k": 2, "select": "knn", "retriever": {"index": index}})
        prepared = FewShot(options).prepare(context(tmp_path, task))
        (request,) = prepared.build(task.task, asked)
        assert isinstance(request, Request)
        shown.append(request.examples[-1])
        records.append(prepared.record["indexes"]["task"])
    assert shown == ["42", "42"]
    assert [record["index"] for record in records] == ["flat", "ivf"]


@pytest.mark.parametrize("select", ["fixed", "random", "stratified"])
def test_drawing_examples_takes_time_that_counts(tmp_path, select):
    many = data([item(n, f"sky number {n}", "blue") for n in range(3000)])
    cost = FewShot(FewShotOptions(select=select)).prepare(context(tmp_path, many)).cost
    assert 0.001 < cost.device_s == cost.wall_s

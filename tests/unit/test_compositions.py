"""Strategies that train nothing, composed: what each keeps to alone (`tests/contract`) holds together."""

from __future__ import annotations

import dataclasses

import pytest

from harness import plugins
from harness.protocols import Prepared, StatesTraits
from harness.traits import Traits, joined
from harness.types import Document, PrepareCost, Request, TrainingData
from tests.unit._retrieval import context, data, item

ALL = plugins.known("strategies")
CHAINS = ["zero_shot", "few_shot", "rag", "rag+few_shot", "few_shot+rag", "zero_shot+rag"]

CORPUS = tuple(
    Document(id=f"rule-{n}", title=f"Rule {n}", text=f"Rule {n} allows {n} days of leave.") for n in range(9)
)
TRAIN = [item(n, f"How many days does rule {n} allow?", f"{n} days") for n in range(8)]
ASKED = [item(n, f"What days does rule {n} give?", "", "test") for n in range(8)]
TARGET = data(TRAIN, CORPUS, name="target")
RETENTION = data(name="retention", role="retention")


def prepare(chain: str, tmp_path, *tasks: TrainingData, **options) -> Prepared:
    given = context(tmp_path, *tasks, **options)
    prepared = Prepared(given.model, given.build, PrepareCost(), {})
    for part in chain.split("+"):
        cls = plugins.load("strategies", part, "test", part)
        prepared = cls(cls.options_type()).prepare(given)
        given = dataclasses.replace(given, model=prepared.model, build=prepared.build)
    return prepared


def requests(prepared: Prepared, items=tuple(ASKED), tasks=TARGET) -> list[Request]:
    built = prepared.build(tasks.task, items)
    assert all(isinstance(request, Request) for request in built)
    return [request for request in built if isinstance(request, Request)]


@pytest.mark.parametrize("chain", CHAINS)
def test_the_same_items_give_the_same_requests(chain, tmp_path):
    first = requests(prepare(chain, tmp_path / "a", TARGET))
    assert requests(prepare(chain, tmp_path / "b", TARGET)) == first
    assert requests(prepare(chain, tmp_path / "a", TARGET)) == first, "from what was saved"
    again = prepare(chain, tmp_path / "a", TARGET)
    assert [requests(again, (asked,))[0] for asked in reversed(ASKED)] == first[::-1], "one by one"


@pytest.mark.parametrize("chain", CHAINS)
def test_requests_are_in_order_and_of_the_usual_shape(chain, tmp_path):
    for asked, request in zip(ASKED, requests(prepare(chain, tmp_path, TARGET)), strict=True):
        roles = [message.role for message in request.messages]
        assert (request.task, request.item_id) == ("target", asked.id)
        assert roles == ["system", *["user", "assistant"] * len(request.examples), "user"]
        assert request.messages[0].content == "Answer."
        assert request.messages[-1].content.endswith(f"Question: {asked.input}")
        assert request.messages[-1].content.startswith("[1] Rule ") == bool(request.passages)
        assert [passage.number for passage in request.passages] == [*range(1, len(request.passages) + 1)]
        assert request.decoding.max_new_tokens == TARGET.task.max_new_tokens
        assert bool(request.examples) == ("few_shot" in chain)
        assert bool(request.passages) == ("rag" in chain)


@pytest.mark.parametrize("chain", CHAINS)
def test_a_training_item_never_sees_its_own_answer(chain, tmp_path):
    prepared = prepare(chain, tmp_path, data(TRAIN, name="target", corpus=CORPUS))
    for asked, request in zip(
        TRAIN, requests(prepared, [each.without_answer() for each in TRAIN]), strict=True
    ):
        assert asked.id not in request.examples
        assert asked.targets[0] not in [message.content for message in request.messages]


@pytest.mark.parametrize("chain", CHAINS)
def test_a_task_that_offers_nothing_is_asked_plainly(chain, tmp_path):
    plain = requests(prepare("zero_shot", tmp_path, TARGET), tasks=RETENTION)
    assert requests(prepare(chain, tmp_path, TARGET, RETENTION), tasks=RETENTION) == plain


@pytest.mark.parametrize("chain", CHAINS)
def test_choices_stay_with_the_request(chain, tmp_path):
    train = [each.model_copy(update={"targets": ("yes",)}) for each in TRAIN]
    task = data(train, CORPUS, name="target", kind="choice", choices=("yes", "no"))
    assert {request.choices for request in requests(prepare(chain, tmp_path, task), tasks=task)} == {
        ("yes", "no")
    }


def test_the_context_has_no_place_for_a_test_item():
    fields = {field.name for field in dataclasses.fields(TrainingData)}
    assert fields == {"task", "train", "validation", "corpus"}


@pytest.mark.parametrize("name", ALL)
def test_every_strategy_states_its_traits(name):
    cls = plugins.load("strategies", name, "test", name)
    required = {key: "x" for key, field in cls.options_type.model_fields.items() if field.is_required()}
    strategy = cls(cls.options_type(**required))
    assert isinstance(strategy, StatesTraits)
    stated = Traits.model_validate(strategy.traits)
    assert stated.kind != "other"
    assert stated.adapts == (stated.kind == "fine-tune")
    assert not (stated.plain and (stated.adapts or stated.sees or stated.ceiling))


@pytest.mark.parametrize("chain", CHAINS)
def test_training_items_come_as_stated(chain, tmp_path):
    parts = [plugins.load("strategies", part, "test", part) for part in chain.split("+")]
    stated = joined([part(part.options_type()).traits for part in parts])
    asked = requests(prepare(chain, tmp_path, TARGET))
    assert any(request.examples for request in asked) == ("examples" in stated.sees)
    shown = {passage.document_id for request in asked for passage in request.passages}
    assert bool(shown - {document.id for document in CORPUS}) == ("index" in stated.sees)

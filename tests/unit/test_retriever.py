"""What strategies show is found by any retriever: one that embeds nothing can take the place of dense."""

from __future__ import annotations

import pytest

from harness import plugins
from harness.config import parse
from harness.errors import InputError
from harness.types import Document, Request
from strategies.few_shot import FewShot, FewShotOptions
from strategies.rag import Rag, RagOptions
from tests.unit._retrieval import context, data, item

OVERLAP = "tests.contract.own.retrievers:Good"
CORPUS = (
    Document(id="leave", title="Leave", text="Staff get thirty days of leave"),
    Document(id="travel", title="Travel", text="Trains are booked by the travel desk"),
    Document(id="lunch", text="Lunch is served at noon"),
)
ASKED = item("q", "days of leave for staff", "", "test")


@pytest.fixture(autouse=True)
def _allowed():
    with plugins.allowing("tests.contract.own.retrievers"):
        yield


def no_embedder():
    raise AssertionError("nothing is embedded")


def prepare(strategy, options, tmp_path, task):
    given = context(tmp_path, task)
    object.__setattr__(given, "embedder", no_embedder)
    return strategy(strategy.options_type.model_validate(options)).prepare(given)


def asked(prepared, task, *items) -> list[Request]:
    built = prepared.build(task.task, items)
    assert all(isinstance(request, Request) for request in built)
    return list(built)


def test_rag_shows_what_another_retriever_finds_and_embeds_nothing(tmp_path):
    task = data(corpus=CORPUS)
    prepared = prepare(Rag, {"retriever": {"use": OVERLAP, "min_words": 2}}, tmp_path, task)
    (request,) = asked(prepared, task, ASKED)
    assert request.messages[-1].content == (
        "[1] Leave: Staff get thirty days of leave\n\nQuestion: days of leave for staff"
    )
    assert [(passage.chunk_id, passage.score) for passage in request.passages] == [("leave#0", 4.0)]
    assert (request.embedding_tokens, prepared.cost.wall_s, prepared.cost.embedding_tokens) == (0, 1.0, 0)
    assert prepared.record == {"indexes": {"task": {"n_chunks": 3}}}


def test_the_floor_is_that_of_the_retriever(tmp_path):
    task = data(corpus=CORPUS)
    for least, shown in ((1, 1), (4, 1), (5, 0)):
        options = {"retriever": {"use": OVERLAP, "min_words": least}}
        (request,) = asked(prepare(Rag, options, tmp_path, task), task, ASKED)
        assert len(request.passages) == shown


def test_an_oracle_searches_the_documents_that_hold_the_answer_whatever_finds_them(tmp_path):
    task = data(corpus=CORPUS)
    known, unknown = (ASKED.model_copy(update={"documents": names}) for names in (("lunch",), ("gone",)))
    prepared = prepare(Rag, {"oracle": True, "retriever": OVERLAP}, tmp_path, task)
    shown = [
        [passage.document_id for passage in request.passages]
        for request in asked(prepared, task, known, unknown, ASKED)
    ]
    assert shown == [["lunch"], ["leave"], ["leave"]]


def test_an_oracle_over_what_cannot_search_single_documents_is_refused(tmp_path):
    options = {"oracle": True, "retriever": "tests.contract.own.retrievers:CannotSearchDocuments"}
    with pytest.raises(InputError, match=r"rag.oracle: this retriever cannot search the documents of an"):
        prepare(Rag, options, tmp_path, data(corpus=CORPUS))


def test_training_items_are_found_by_it_too_and_an_item_never_finds_itself(tmp_path):
    train = [item(n, f"card lost {n}", f"label {n}") for n in range(4)]
    task = data(train)
    rag = prepare(Rag, {"source": "train", "top_k": 9, "retriever": OVERLAP}, tmp_path, task)
    shots = prepare(FewShot, {"k": 3, "select": "knn", "retriever": OVERLAP}, tmp_path, task)
    for each, with_passages, with_examples in zip(
        train, asked(rag, task, *train), asked(shots, task, *train), strict=True
    ):
        others = {other.id for other in train if other.id != each.id}
        assert {passage.document_id for passage in with_passages.passages} == others
        assert set(with_examples.examples) == others


@pytest.mark.parametrize(
    ("retriever", "line"),
    [
        ("dens", "strategies.x.retriever: is not a known retriever (got dens); did you mean 'dense'"),
        ({"use": "dense", "min_scores": 1}, "min_scores: is not a known key; did you mean 'min_score'"),
        ({"min_score": 2}, "strategies.x.retriever.min_score: input should be less than or equal to 1"),
        ("os:system", "names code to run as a retriever, which you have not allowed"),
        ("tests.contract.own.retrievers:Options", "is no retriever: it has no `options_type`"),
        (7, "strategies.x.retriever: "),
    ],
)
@pytest.mark.parametrize("strategy", [Rag, FewShot])
def test_what_is_no_retriever_is_refused_in_one_line_before_anything_is_loaded(strategy, retriever, line):
    task = data([item("a", "a", "b")], CORPUS)
    one = {"k": 1} if strategy is FewShot else {}

    def checked():
        options = parse(strategy.options_type, {"retriever": retriever, **one}, "e.yaml", "strategies.x")
        strategy(options).check([task], "e.yaml", "strategies.x")

    with pytest.raises(InputError) as caught:
        checked()
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_options_written_out_are_read_again_as_they_are():
    for kind in (RagOptions, FewShotOptions):
        options = kind.model_validate({"retriever": {"use": OVERLAP, "min_words": 2}})
        assert kind.model_validate(options.model_dump(mode="json")) == options

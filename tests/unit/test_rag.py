from __future__ import annotations

import pytest

from harness.errors import InputError
from harness.types import Document, Failure, Message, Request
from strategies.few_shot import FewShot, FewShotOptions
from strategies.rag import Rag, RagOptions
from tests.unit._retrieval import WordEmbedder, WordModel, context, data, item

CORPUS = (
    Document(id="leave", title="Leave", text="Staff get thirty days of leave."),
    Document(id="travel", title="Travel", text="Trains are booked by the travel desk."),
    Document(id="lunch", text="Lunch is served at noon."),
)
ASKED = item("q", "How many days of leave?", "", "test")


def build(tmp_path, items=(ASKED,), task=None, **options):
    extra = {key: options.pop(key) for key in ("model", "embedder", "on_long_prompt") if key in options}
    task = task or data(corpus=CORPUS)
    prepared = Rag(RagOptions.model_validate(options)).prepare(context(tmp_path, task, **extra))
    return prepared.build(task.task, items)


def test_numbered_passages_begin_the_last_turn(tmp_path):
    (request,) = build(tmp_path, top_k=3)
    system, user = request.messages
    assert system == Message(role="system", content="Answer.")
    lines = user.content.split("\n")
    assert lines[0] == "[1] Leave: Staff get thirty days of leave."
    assert lines[1].startswith("[2] ")
    assert lines[3:] == ["", "Question: How many days of leave?"]
    assert "] Lunch is served at noon." in user.content
    assert [passage.number for passage in request.passages] == [1, 2, 3]
    assert request.passages[0].document_id == "leave"
    assert request.passages[0].chunk_id == "leave#0"
    assert request.passages[0].score >= request.passages[1].score
    assert (request.cut, request.embedding_tokens) == (0, 7)


def test_a_floor_leaves_out_what_is_not_near(tmp_path):
    (request,) = build(tmp_path, top_k=3, retriever={"use": "dense", "min_score": 0.3})
    assert [passage.document_id for passage in request.passages] == ["leave"]
    assert request.cut == 0
    (request,) = build(tmp_path, top_k=3, retriever={"use": "dense", "min_score": 1.0})
    assert request.messages[-1].content == "Question: How many days of leave?"


def test_passages_that_do_not_fit_are_cut_and_counted(tmp_path):
    (whole,) = build(tmp_path, top_k=3)
    tokens = WordModel().count_tokens(whole.messages) + 8
    assert build(tmp_path, top_k=3, model=WordModel(tokens)) == [whole]
    (cut,) = build(tmp_path, top_k=3, model=WordModel(tokens - 1))
    assert cut.cut == 1
    assert [passage.number for passage in cut.passages] == [1, 2]
    assert cut.passages[0] == whole.passages[0]
    (plain,) = build(tmp_path, top_k=3, model=WordModel(20))
    assert (plain.cut, plain.passages) == (3, ())


def test_a_passage_that_does_not_fit_makes_room_for_the_next(tmp_path):
    corpus = (Document(id="long", text="leave days " * 10), Document(id="short", text="leave"))
    (request,) = build(tmp_path, task=data(corpus=corpus), top_k=2, max_context_tokens=5)
    assert [(passage.number, passage.document_id) for passage in request.passages] == [(1, "short")]
    assert request.cut == 1


def test_too_long_is_refused_when_asked_to(tmp_path):
    (failure,) = build(tmp_path, top_k=3, model=WordModel(30), on_long_prompt="refuse")
    assert isinstance(failure, Failure)
    assert failure.kind == "prompt_too_long"
    assert "3 passages" in failure.message
    assert "context holds 30" in failure.message


def test_training_items_are_passages_but_never_the_item_itself(tmp_path):
    train = [item(n, f"card lost {n}", f"label {n}") for n in range(6)]
    train.append(item("twin", "Card  LOST 3", "label 3"))
    requests = build(tmp_path, train, data(train), source="train", top_k=6)
    for asked, request in zip(train, requests, strict=True):
        assert asked.id not in {passage.document_id for passage in request.passages}
        assert len(request.passages) == (5 if asked.id in {"3", "twin"} else 6)
    assert "] card lost 0 -> label 0\n" in requests[1].messages[-1].content


def test_both_sources_are_ranked_together(tmp_path):
    train = [item("leave", "How many days of leave then?", "thirty")]
    (request,) = build(tmp_path, task=data(train, CORPUS), source="both", top_k=4)
    assert [passage.chunk_id for passage in request.passages[:2]] == ["leave#train", "leave#0"]


def test_a_task_without_a_corpus_is_asked_plainly(tmp_path):
    other = data(name="other", role="retention")
    prepared = Rag(RagOptions()).prepare(context(tmp_path, data(corpus=CORPUS), other))
    (request,) = prepared.build(other.task, [ASKED])
    assert isinstance(request, Request)
    assert (request.passages, request.embedding_tokens) == ((), 0)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"chunk_tokens": 129}, "rag.chunk_tokens: must be at most 128"),
        ({"chunk_tokens": 20, "overlap_tokens": 20}, "rag.overlap_tokens: must be less than"),
        ({"source": "train", "chunk_tokens": 20}, "rag.source: no target task has training items"),
    ],
)
def test_options_that_cannot_work_are_refused(tmp_path, options, key):
    with pytest.raises(InputError, match=key):
        build(tmp_path, **{"overlap_tokens": 5, **options})


def test_the_index_is_opened_again_with_the_cost_of_building_it(tmp_path):
    options, task = RagOptions(chunk_tokens=20, overlap_tokens=5), data(corpus=CORPUS)
    first = Rag(options).prepare(context(tmp_path, task))
    embedder = WordEmbedder()
    second = Rag(options).prepare(context(tmp_path, task, embedder=embedder))
    assert embedder.embedded == []
    assert first.record["indexes"]["task"]["reused_or_new"] == "new"
    assert second.record["indexes"]["task"]["reused_or_new"] == "reused"
    assert second.cost == first.cost
    assert first.cost.embedding_tokens == 26
    assert first.cost.device_s == first.cost.wall_s  # what a machine by the hour is paid for
    assert first.cost.wall_s >= len(CORPUS), "the second that each vector took, as this embedder says"
    files = [path.stat().st_size for path in (tmp_path / "artifacts" / "indexes").glob("*/*")]
    assert first.cost.artifact_bytes == pytest.approx(sum(files), abs=40)
    assert second.build(task.task, [ASKED]) == first.build(task.task, [ASKED])


@pytest.mark.parametrize(
    "change",
    [
        {"corpus": (*CORPUS[:2], CORPUS[2].model_copy(update={"text": "Lunch is at one."}))},
        {"chunk_tokens": 21},
        {"max_tokens": 63},
    ],
)
def test_an_index_of_something_else_is_not_opened(tmp_path, change):
    def prepare(corpus=CORPUS, chunk_tokens=20, max_tokens=64):
        embedder = WordEmbedder(max_tokens)
        options = RagOptions(chunk_tokens=chunk_tokens, overlap_tokens=5)
        return Rag(options).prepare(context(tmp_path, data(corpus=corpus), embedder=embedder))

    prepare()
    assert prepare(**change).record["indexes"]["task"]["reused_or_new"] == "new"


def test_a_damaged_index_is_built_again(tmp_path):
    options, task = RagOptions(chunk_tokens=20, overlap_tokens=5), data(corpus=CORPUS)
    first = Rag(options).prepare(context(tmp_path, task)).build(task.task, [ASKED])
    for path in sorted((tmp_path / "artifacts" / "indexes").glob("*/*")):
        path.write_bytes(path.read_bytes()[:-5])
        again = Rag(options).prepare(context(tmp_path, task))
        assert again.record["indexes"]["task"]["reused_or_new"] == "new"
        assert again.build(task.task, [ASKED]) == first


def test_tasks_that_share_a_corpus_share_its_cost(tmp_path):
    one, two = data(corpus=CORPUS, name="one"), data(corpus=CORPUS, name="two")
    options = RagOptions(chunk_tokens=20, overlap_tokens=5)
    alone = Rag(options).prepare(context(tmp_path / "alone", one)).cost
    together = Rag(options).prepare(context(tmp_path, one, two))
    assert together.cost.embedding_tokens == alone.embedding_tokens


def test_few_shot_over_rag_shows_passages_with_examples_too(tmp_path):
    task = data([item("a", "Are trains booked by the desk?", "the travel desk")], CORPUS)
    base = context(tmp_path, task)
    rag = Rag(RagOptions(top_k=1)).prepare(base)
    both = FewShot(FewShotOptions(k=1)).prepare(context(tmp_path, task, build=rag.build))
    (request,) = both.build(task.task, [ASKED])
    assert isinstance(request, Request)
    _, example, answer, question = request.messages
    assert example.content.startswith("[1] Travel: Trains")
    assert answer.content == "the travel desk"
    assert question.content.startswith("[1] Leave: Staff")
    assert [passage.document_id for passage in request.passages] == ["leave"]


def test_rag_over_few_shot_shows_passages_with_the_question_alone(tmp_path):
    task = data([item("a", "Are trains booked by the desk?", "the travel desk")], CORPUS)
    shots = FewShot(FewShotOptions(k=1)).prepare(context(tmp_path, task))
    both = Rag(RagOptions(top_k=1)).prepare(context(tmp_path, task, build=shots.build))
    (request,) = both.build(task.task, [ASKED])
    assert isinstance(request, Request)
    assert request.messages[1].content == "Question: Are trains booked by the desk?"
    assert request.messages[3].content.startswith("[1] Leave: Staff")
    assert request.examples == ("a",)


def test_a_heading_is_shown_once(tmp_path):
    corpus = (Document(id="leave", title="Leave", text="# Leave\n\nThirty days.\n\nNo more.\n"),)
    (request,) = build(tmp_path, task=data(corpus=corpus))
    assert request.messages[-1].content.startswith("[1] Leave: Thirty days.\nNo more.\n\nQuestion: ")
    assert request.passages[0].text == "Thirty days.\nNo more."


def test_the_kind_of_index_is_asked_for_recorded_and_part_of_what_it_is(tmp_path):
    corpus = [Document(id=f"d{n}", text=f"word{n} term{n % 7}") for n in range(100)]
    task, asked = data(corpus=corpus), item("q", "word42 term0", "", "test")

    def prepare(kind):
        prepared = Rag(RagOptions.model_validate({"retriever": {"index": kind}, "top_k": 1})).prepare(
            context(tmp_path, task)
        )
        (request,) = prepared.build(task.task, [asked])
        assert isinstance(request, Request)
        assert request.passages[0].document_id == "d42"
        return prepared.record["indexes"]["task"]

    auto, flat, ivf, again = prepare("auto"), prepare("flat"), prepare("ivf"), prepare("ivf")
    assert auto["index"] == flat["index"] == "flat"
    assert "n_lists" not in flat
    assert (ivf["index"], ivf["n_lists"], ivf["reused_or_new"]) == ("ivf", 2, "new")
    assert ivf["recall_at_10"] >= 0.995
    assert again == {**ivf, "reused_or_new": "reused"}


def test_chunks_are_embedded_some_hundred_at_a_time(tmp_path):
    class Watched(WordEmbedder):
        most = 0

        def embed(self, texts):
            self.most = max(self.most, len(texts))
            return super().embed(texts)

    corpus = [Document(id=f"d{n}", text=f"word{n}") for n in range(600)]
    embedder = Watched()
    prepared = Rag(RagOptions()).prepare(context(tmp_path, data(corpus=corpus), embedder=embedder))
    assert prepared.record["indexes"]["task"]["n_chunks"] == 600
    assert embedder.most == 256


def test_training_items_that_share_the_input_column_are_found_and_shown_by_what_the_prompt_shows(tmp_path):
    texts = ["dogs bark", "my bank card is lost", "the bank has a dog"]
    train = [
        item(n, "Which?", f"a{n}").model_copy(update={"metadata": {"text": t}}) for n, t in enumerate(texts)
    ]
    task = data(train, prompt="Ticket: {{ text }}")
    prepared = Rag(RagOptions(source="train", top_k=1)).prepare(context(tmp_path, task))
    asked = item("q", "Which?", "", "test").model_copy(update={"metadata": {"text": "lost bank card"}})
    twin = item("t", "Other", "", "test").model_copy(update={"metadata": {"text": "My bank card  is lost"}})
    found = prepared.build(task.task, [asked, twin])
    assert all(isinstance(request, Request) for request in found)
    first, second = (request for request in found if isinstance(request, Request))
    assert first.messages[-1].content.startswith("[1] my bank card is lost -> a1\n\nTicket: lost")
    assert (first.withheld, second.withheld) == (0, 1)
    assert "a1" not in second.messages[-1].content

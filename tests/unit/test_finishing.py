"""Strategies that make their answers: of several samples, of what they ask on, or of neither."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.config import Options
from harness.errors import InputError
from harness.execution.composition import Chain, Part
from harness.execution.plan import Plan
from harness.execution.runner import execute
from harness.progress import SilentProgress
from harness.protocols import Answered, PrepareContext, Prepared
from harness.runs.store import Store
from harness.traits import UNSTATED
from harness.types import (
    Answer,
    AnswerRule,
    Exchange,
    Failure,
    Generation,
    ItemResult,
    Message,
    Passage,
    PrepareCost,
    Request,
    Task,
    TaskItem,
    TokenUsage,
    TrainingData,
)
from strategies.chain_of_thought import ChainOfThought, ChainOfThoughtOptions
from strategies.self_consistency import SelfConsistency, SelfConsistencyOptions
from tests.unit._fakes import RuleModel, echo
from tests.unit._runs import plan_of, task_of


class Asking:
    """A strategy of three members; its answers are made by a function."""

    options_type = Options
    finish: Callable[..., Any] | None = None

    def __init__(self, options: Options) -> None:
        self.options = options

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Nothing to check."""

    def prepare(self, context: PrepareContext) -> Prepared:
        return Prepared(context.model, context.build, PrepareCost(), {}, self.finish)


def said(request: Request, *turns: str) -> Request:
    """Return the request of a conversation that goes on, with turns of assistant and user."""
    roles = ("assistant", "user") * len(turns)
    spoken = (Message(role=role, content=turn) for role, turn in zip(roles, turns, strict=False))
    return request.model_copy(update={"messages": (*request.messages, *spoken)})


class Reasoning(Asking):
    """Reasons first, and then asks for the answer alone."""

    def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Answered:
        (reasoned, *more) = exchanges
        if not more:
            return [said(reasoned.request, reasoned.generations[0].text, "So the answer is")]
        return Answer(text=more[0].generations[0].text)


class Rewriting(Asking):
    """Asks for better words to search with, and then shows what it found with them."""

    def prepare(self, context: PrepareContext) -> Prepared:
        def build(task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
            words = Message(role="user", content="rewrite")
            return [
                each.model_copy(update={"messages": (*each.messages[:-1], words), "embedding_tokens": 2})
                if isinstance(each, Request)
                else each
                for each in context.build(task, items)
            ]

        def finish(task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Answered:
            if len(exchanges) > 1:
                return context.finish(task, item, exchanges[1:])
            query = exchanges[0].generations[0].text
            found = Passage(number=1, chunk_id="c", document_id="d", title="", text=query, score=1.0)
            (asked,) = context.build(task, [item])
            assert isinstance(asked, Request)
            return [asked.model_copy(update={"passages": (found,), "embedding_tokens": 3})]

        return Prepared(context.model, build, PrepareCost(), {}, finish)


def chain(*strategies: Any) -> Chain:
    parts = [
        Part(type(each).__name__, "strategies.x", each.options_type().model_dump(), each, UNSTATED)
        for each in strategies
    ]
    return Chain("x", tuple(parts))


def run(plan: Plan) -> list[ItemResult]:
    plan.run_dir.mkdir(exist_ok=True)
    with Store.open(plan.run_dir) as store:
        execute(plan, store, SilentProgress())
        return [row for task in plan.tasks for row in store.results([f"x/{task.task.name}"])]


def asked_of(folder: Path, model: RuleModel, *strategies: Any, n: int = 6, **keys: Any) -> list[ItemResult]:
    return run(plan_of(folder, model, [task_of(n)], [chain(*strategies)], **keys))


def by_turns(request: Request) -> str:
    """Reason about an item, and then tell it."""
    last = request.messages[-1].content
    return f"w{int(request.item_id[1:])}" if last == "So the answer is" else f"because {echo(request)}"


def test_what_comes_back_can_be_asked_on_and_all_of_a_batch_ask_together(tmp_path: Path) -> None:
    calls: list[int] = []

    class Noting(RuleModel):
        def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
            calls.append(len(requests))
            return super().generate(requests)

    rows = asked_of(tmp_path, Noting(by_turns, batch_size=3), Reasoning(Options()))
    assert [row.scores for row in rows] == [{"exact_match": 1.0}] * 6
    assert calls == [3, 3, 3, 3]
    first = rows[0]
    assert [[each.text for each in found.generations] for found in first.exchanges] == [
        ["because w0"],
        ["w0"],
    ]
    assert [turn.content for turn in first.exchanges[1].request.messages[1:]] == [
        "because w0",
        "So the answer is",
    ]
    assert first.answer is not None
    prompts = [len(model_prompt(each.request).split()) for each in first.exchanges]
    assert first.answer.usage == TokenUsage(prompt=sum(prompts), completion=6)


def model_prompt(request: Request) -> str:
    return RuleModel().render(request.messages)


@pytest.mark.parametrize("breaks_after", range(0, 24, 2))
def test_a_run_that_was_killed_between_rounds_repeats_no_generation(
    tmp_path: Path, breaks_after: int
) -> None:
    def plain(rows: Sequence[ItemResult]) -> list[Any]:
        return [row.model_dump(exclude={"answer": {"latency_s"}}) for row in rows]

    whole = asked_of(tmp_path / "whole", RuleModel(by_turns, batch_size=4), Reasoning(Options()), n=11)
    broken = RuleModel(by_turns, batch_size=4, breaks_after=breaks_after)
    with contextlib.suppress(KeyboardInterrupt):
        asked_of(tmp_path / "b", broken, Reasoning(Options()), n=11)
    again = RuleModel(by_turns, batch_size=4)
    rows = asked_of(tmp_path / "b", again, Reasoning(Options()), n=11)
    assert plain(rows) == plain(whole)
    assert len(broken.asked) + len(again.asked) == 22


def test_a_query_can_be_rewritten_before_it_is_searched_with(tmp_path: Path) -> None:
    rows = asked_of(
        tmp_path, RuleModel(lambda r: "better words" if not r.passages else echo(r)), Rewriting(Options())
    )
    assert [row.scores for row in rows] == [{"exact_match": 1.0}] * 6
    answer = rows[0].answer
    assert answer is not None
    assert [passage.text for passage in answer.evidence] == ["better words"]
    assert answer.usage.embedding == 5


# --- Voting ---


class Sampling(RuleModel):
    """Answers with other words each time, the same for every item."""

    samples: Sequence[str] = ()

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        self.asked += [request.item_id for request in requests]
        usage = TokenUsage(prompt=10, completion=3)
        return [
            tuple(
                Generation(text=words, usage=usage, latency_s=0.5)
                for words in self.samples[: request.n_samples]
            )
            for request in requests
        ]


def voting(n: int = 5) -> SelfConsistency:
    return SelfConsistency(SelfConsistencyOptions(n=n))


@pytest.mark.parametrize(
    ("samples", "taken"),
    [
        (["It is 7", "It is 8", "8!", "so 9", "7? no: 8"], "It is 8"),
        (["about 3", "4", "maybe 4", "3", "5"], "about 3"),
        (["none", "nothing", "2", "no idea", "?"], "2"),
        (["none", "nothing", "never", "no idea", "?"], "none"),
    ],
    ids=["most", "the first of two", "one that can be read", "none that can be read"],
)
def test_the_vote_goes_to_the_first_of_what_most_samples_answer(
    tmp_path: Path, samples: list[str], taken: str
) -> None:
    model = Sampling()
    model.samples = samples
    task = task_of(1, answer=AnswerRule(extract="number"))
    (row,) = run(plan_of(tmp_path, model, [task], [chain(voting())]))
    assert row.answer is not None
    assert row.answer.text == taken
    assert row.answer.usage == TokenUsage(prompt=10, completion=15), (
        "the prompt is paid once, all samples are"
    )
    assert row.answer.latency_s == 2.5
    assert [each.text for each in row.exchanges[0].generations] == samples
    assert row.request is not None
    assert row.request.decoding.temperature == 0.7


def test_a_vote_is_taken_over_whole_paths_of_another_strategy(tmp_path: Path) -> None:
    paths = {"a": "w0", "b": "w1", "c": "w1"}

    class Paths(RuleModel):
        def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
            self.asked += [str(request.n) for request in requests]
            first = tuple(Generation(text=path) for path in paths)
            return [
                (Generation(text=paths[request.messages[-2].content]),) if request.n == 1 else first
                for request in requests
            ]

    model = Paths()
    (row,) = run(plan_of(tmp_path, model, [task_of(1)], [chain(Reasoning(Options()), voting(3))]))
    assert row.answer is not None
    assert row.answer.text == "w1"
    assert model.asked == ["3", "1", "1", "1"]
    assert [len(each.generations) for each in row.exchanges] == [3, 1, 1, 1]


def test_choices_that_are_scored_are_asked_as_they_are(tmp_path: Path) -> None:
    task = task_of(3, kind="choice", choices=("w1", "w2"))
    model = RuleModel(lambda request: "w2")
    voted = run(plan_of(tmp_path / "a", model, [task], [chain(voting())]))
    plain = run(plan_of(tmp_path / "b", model, [task], [chain(Asking(Options()))]))
    assert [row.scores for row in voted] == [row.scores for row in plain]
    assert [row.answer for row in voted] == [row.answer for row in plain]
    assert len(model.asked) == 6


def test_the_temperature_of_the_experiment_is_that_of_a_strategy_that_sets_none(tmp_path: Path) -> None:
    plain = asked_of(tmp_path / "a", RuleModel(), Asking(Options()), temperature=0.3)
    voted = asked_of(tmp_path / "b", RuleModel(), voting(), temperature=0.3)
    for rows, temperature in ((plain, 0.3), (voted, 0.7)):
        assert {row.request.decoding.temperature for row in rows if row.request} == {temperature}


# --- Keys ---


def test_the_key_of_an_answer_covers_what_finished_it(tmp_path: Path) -> None:
    class Other(Options):
        twice: bool = False

    class Loud(Asking):
        options_type = Other

        def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Answered:
            return Answer(text=exchanges[0].generations[0].text)

    def keys(folder: str, options: dict[str, Any]) -> list[str]:
        parts = tuple(dataclasses.replace(part, options=options) for part in chain(Loud(Other())).parts)
        plan = plan_of(tmp_path / folder, RuleModel(), [task_of(2)], [Chain("x", parts)])
        return [row.key for row in run(plan)]

    plain = [row.key for row in asked_of(tmp_path / "plain", RuleModel(), Asking(Options()), n=2)]
    once, again, twice = keys("a", {}), keys("b", {}), keys("c", {"twice": True})
    assert once == again
    assert len({*plain, *once, *twice}) == 6
    with Store.open(tmp_path / "plain", read_only=True) as store:
        assert store.generations(plain).keys() == set(plain), "a plain answer is its generation"
        assert store.generations(once).keys() == set()


# --- Guard ---


def raising(error: BaseException) -> Callable[..., Any]:
    def finish(*_: Any) -> Any:
        raise error

    return finish


def again_and_again(task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> list[Request]:
    return [said(exchanges[-1].request, "more", "and")]


BAD: dict[str, tuple[Callable[..., Any], str]] = {
    "nothing": (lambda *_: None, "finish() must return an answer, a failure or requests, and returned None"),
    "a text": (lambda *_: "w3", "and returned w3"),
    "no requests": (lambda *_: [], "and returned no request"),
    "an odd request": (
        lambda _, __, e: [e[0].request, "more"],
        "must return an answer, a failure or requests",
    ),
    "a generation": (lambda _, __, e: e[0].generations[0], "must return an answer, a failure or requests"),
    "an error": (raising(ValueError("no such key")), "finishing: no such key"),
    "an exit": (raising(SystemExit(3)), "finishing: 3"),
    "no end": (again_and_again, "finish() asks on after 10 rounds"),
    "too much": (lambda _, __, e: [e[0].request] * 101, "asks for 101 requests at once; 100 are allowed"),
    "a failure": (lambda *_: Failure(kind="mine", message="I cannot"), "I cannot"),
    "too long": (lambda _, __, e: [said(e[0].request, "word " * 1000)], "fit the model's context"),
    "other fields": (lambda _: None, "finishing: "),
}


@pytest.mark.parametrize("bad", BAD)
def test_whatever_finishing_does_wrong_fails_its_item_alone(bad: str, tmp_path: Path) -> None:
    wrong, told = BAD[bad]

    class Sometimes(Asking):
        def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Answered:
            assert item.targets == ()
            if item.id == "i003":
                found: Answered = wrong(task, item, exchanges)
                return found
            return Answer(text=exchanges[0].generations[0].text)

    rows = asked_of(tmp_path, RuleModel(), Sometimes(Options()))
    (failed,) = (row for row in rows if row.error)
    assert failed.item_id == "i003"
    assert failed.error is not None
    assert told in failed.error.message
    assert failed.answer is None
    assert failed.exchanges[0].generations[0].text == "w3", "what came back is kept, to be looked at"
    assert [row.scores for row in rows if row is not failed] == [{"exact_match": 1.0}] * 5


def test_what_a_strategy_refuses_on_purpose_ends_the_run(tmp_path: Path) -> None:
    class Refusing(Asking):
        finish = staticmethod(raising(InputError("a.yaml", "x", "is wrong", "mend it")))

    with pytest.raises(InputError, match="is wrong"):
        asked_of(tmp_path, RuleModel(), Refusing(Options()))


def test_what_is_no_prepared_strategy_is_named(tmp_path: Path) -> None:
    class Odd(Asking):
        def prepare(self, context: PrepareContext) -> Prepared:
            return (context.model, context.build)  # type: ignore[return-value]

    assert asked_of(tmp_path, RuleModel(), Odd(Options())) == []
    with Store.open(tmp_path, read_only=True) as store:
        (failed,) = store.preparations(["x"])
    assert failed.error is not None
    assert "prepare() must return a Prepared" in failed.error.message


def reasoned(request: Request) -> str:
    """Answer behind the label where the item is even, and only when asked again where it is odd."""
    word = f"w{int(request.item_id[1:])}"
    if request.messages[-1].content == ChainOfThoughtOptions().question:
        return word
    return f"Not w9. Answer: {word}" if int(request.item_id[1:]) % 2 == 0 else "I forgot what to write"


@pytest.mark.parametrize("after", ["", "Answer:"])
def test_reasoning_comes_first_and_is_no_part_of_the_answer(tmp_path: Path, after: str) -> None:
    task = task_of(4, answer=AnswerRule(after=after))
    steps = chain(ChainOfThought(ChainOfThoughtOptions()))
    rows = run(plan_of(tmp_path, RuleModel(reasoned), [task], [steps]))
    assert [row.scores for row in rows] == [{"exact_match": 1.0}] * 4
    assert [len(row.exchanges) for row in rows] == [1, 2, 1, 2]
    assert [row.extracted.text for row in rows if row.extracted] == ["w0", "w1", "w2", "w3"]
    assert rows[0].answer is not None
    assert "Not w9" in rows[0].answer.text
    assert rows[0].request is not None
    assert rows[0].request.decoding.max_new_tokens > 256


def test_choices_are_scored_after_the_reasoning(tmp_path: Path) -> None:
    task = task_of(2, kind="choice", choices=("w0", "w1"))
    steps = chain(ChainOfThought(ChainOfThoughtOptions()))
    rows = run(plan_of(tmp_path, RuleModel(reasoned), [task], [steps]))
    for row in rows:
        asked = row.exchanges[-1].request
        assert asked.choices == ("w0", "w1")
        assert [turn.role for turn in asked.messages[-3:]] == ["user", "assistant", "user"]
        assert row.answer is not None
        assert row.answer.choices


def test_a_vote_over_reasoning_has_an_order(tmp_path: Path) -> None:
    vote, steps = SelfConsistency(SelfConsistencyOptions(n=3)), ChainOfThought(ChainOfThoughtOptions())
    right = asked_of(tmp_path / "right", RuleModel(reasoned), steps, vote, n=2)
    assert [row.scores for row in right] == [{"exact_match": 1.0}] * 2
    wrong = asked_of(tmp_path / "wrong", RuleModel(reasoned), vote, steps, n=2)
    assert {row.error.kind for row in wrong if row.error} == {"wrong_order"}

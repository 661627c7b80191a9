"""What every strategy keeps to, whatever it does, and the tasks that it is tried on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.config import parse
from harness.errors import InputError
from harness.execution.composition import Chain, Part
from harness.execution.finishing import MAX_ROUNDS, Finishing
from harness.protocols import (
    Finisher,
    Model,
    NamesFiles,
    Prepared,
    RequestBuilder,
    StatesTraits,
    Strategy,
    first_generation,
)
from harness.tasks.prompting import plain_requests
from harness.traits import UNSTATED, Traits
from harness.types import (
    Answer,
    Document,
    Exchange,
    Failure,
    Generation,
    Request,
    Task,
    TaskItem,
)
from tests.contract._contracts import contract, refused, stored
from tests.unit._retrieval import WordModel, context, data, item

PLACE, KEY = "contract.yaml", "strategies.tried"
CORPUS = tuple(
    Document(id=f"rule-{n}", title=f"Rule {n}", text=f"Rule {n} allows leave by {n} o'clock.")
    for n in range(5)
)
TRAIN = [item(n, f"How many days does rule {n} allow?", f"answer{n}") for n in range(6)]
ASKED = [
    item(n, f"What days does rule {n} give?", "", "test").model_copy(update={"documents": (f"rule-{n}",)})
    for n in range(5)
]
VALIDATION = [item(f"v{n}", f"And rule {n}?", f"answer{n}", "validation") for n in range(2)]
TARGET = data(TRAIN, CORPUS, name="target", validation=VALIDATION)
TASK = TARGET.task
BARE = data(name="bare", role="retention", kind="choice", choices=("yes", "no"))
"""A choice task that offers nothing to learn or to search."""
MARK = "<<from the part before>>"
UNABLE = Failure(kind="prompt_not_rendered", message="the part before could not ask it")

Built = list[Request | Failure]


def marked(task: Task, items: Sequence[TaskItem]) -> Built:
    """Ask as a strategy before would: with a text of its own behind the question."""
    asked = []
    for request in plain_requests(task, items):
        assert isinstance(request, Request)
        *before, last = request.messages
        last = last.model_copy(update={"content": f"{last.content} {MARK}"})
        asked.append(request.model_copy(update={"messages": (*before, last)}))
    return [*asked]


def unanswered(task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Failure:
    """Finish as a strategy before would that cannot make an answer of anything."""
    return UNABLE


def failing(task: Task, items: Sequence[TaskItem]) -> Built:
    """Ask as a strategy before would that cannot ask the third test item."""
    return [
        UNABLE if asked.id == ASKED[2].id and asked.split == "test" else request
        for asked, request in zip(items, plain_requests(task, items), strict=True)
    ]


@dataclass
class Tried:
    """A strategy with the options that it needs, prepared on first use over a model that can serve it.

    ``trainable`` opens the model for those that a model which only answers cannot serve.
    """

    kind: Any
    folder: Path
    trainable: Callable[[], Model]
    options: dict[str, Any] = field(default_factory=dict)
    _kept: dict[Any, Prepared] = field(default_factory=dict)

    def finisher(self, before: Finisher = first_generation) -> Finisher:
        """Return what makes its answers over those of the part before it."""
        return self.prepared(finish=before).finish or before

    def strategy(self, **options: Any) -> Strategy:
        """Build the strategy."""
        given = {**self.options, **options}
        strategy: Strategy = self.kind(parse(self.kind.options_type, given, PLACE, KEY))
        return strategy

    @property
    def traits(self) -> Traits:
        """What it states of itself."""
        strategy = self.strategy()
        return Traits.model_validate(strategy.traits) if isinstance(strategy, StatesTraits) else UNSTATED

    @cached_property
    def base(self) -> Model:
        """The model it is tried over: one that only answers, where that is enough."""
        plain = WordModel()
        try:
            self._prepare(plain, "first", plain_requests)
        except InputError:
            return self.trainable()
        return plain

    def prepared(
        self,
        where: str = "first",
        build: RequestBuilder = plain_requests,
        finish: Finisher = first_generation,
    ) -> Prepared:
        """Prepare it once over a builder; another ``where`` is another folder, nothing there yet."""
        key = (where, build, finish)
        if key not in self._kept:
            self._kept[key] = self._prepare(self.base, where, build, finish)
        return self._kept[key]

    def again(self) -> Prepared:
        """Prepare it a second time where it was prepared first."""
        self.prepared()
        return self._prepare(self.base, "first", plain_requests)

    def _prepare(
        self, model: Model, where: str, build: RequestBuilder, finish: Finisher = first_generation
    ) -> Prepared:
        strategy = self.strategy()
        strategy.check((TARGET, BARE), PLACE, KEY)
        given = context(self.folder / where, TARGET, BARE, model=model, build=build)
        return strategy.prepare(replace(given, finish=finish))

    def built(self, prepared: Prepared | None = None, items: Sequence[TaskItem] = ASKED) -> Built:
        """Return what is built for items, one for each."""
        built = list((prepared or self.prepared()).build(TASK, items))
        assert len(built) == len(items), f"{len(built)} requests for {len(items)} items"
        return built


def texts(request: Request | Failure) -> str:
    """Return all that a model would be told."""
    assert isinstance(request, Request), f"an item that can be asked is not: {request}"
    return "\n".join(message.content for message in request.messages)


strategies = contract("strategies")


@strategies
def options_are_refused_in_one_line(tried: Tried) -> None:
    with refused("an unknown option", f"{KEY}.no_such_option"):
        tried.strategy(no_such_option=1)


@strategies
def options_come_back_as_they_were_stored(tried: Tried) -> None:
    """What a part's recipe has of its options is all that there is of them."""
    options = parse(tried.kind.options_type, tried.options, PLACE, KEY)
    kept = stored(options)
    assert kept.keys() >= set(tried.kind.options_type.model_fields), "an option is not stored"
    assert parse(tried.kind.options_type, kept, PLACE, KEY) == options
    strategy = tried.strategy()
    part = Part("tried", KEY, kept, strategy, tried.traits)
    stored(Chain("tried", (part,)).recipe(PLACE))
    if isinstance(strategy, NamesFiles):
        assert all(path.is_file() for path in strategy.files(PLACE)), "a file it names is not there"


@strategies
def requests_are_in_order_one_an_item(tried: Tried) -> None:
    for asked, request in zip(ASKED, tried.built(), strict=True):
        assert isinstance(request, Request), f"an item that can be asked is not: {request}"
        assert (request.task, request.item_id) == (TASK.name, asked.id)
        assert request.messages[-1].role == "user", "the model has nothing to answer"
    assert tried.built(items=[]) == []


@strategies
def a_task_that_offers_nothing_is_asked_too(tried: Tried) -> None:
    prepared = tried.prepared()
    for request in prepared.build(BARE.task, ASKED):
        assert isinstance(request, Request), f"an item that can be asked is not: {request}"
        assert request.choices == BARE.task.choices or prepared.finish, "choices are lost"
    assert len(prepared.build(BARE.task, ASKED)) == len(ASKED)


@strategies
def the_same_is_asked_again(tried: Tried) -> None:
    """In a new folder, and where it was prepared before: nothing hangs on what lies there."""
    first, again, anew = tried.prepared(), tried.again(), tried.prepared("second")
    for other in (again, anew):
        assert tried.built(other) == tried.built(first)
        assert other.model.identity == first.model.identity
    assert stored(again.cost) | {"wall_s": 0, "device_s": 0} == stored(first.cost) | {
        "wall_s": 0,
        "device_s": 0,
    }, "what was made before is not free, nor dearer"


@strategies
def an_item_is_asked_alike_in_any_company(tried: Tried) -> None:
    together = tried.built()
    assert tried.built(items=ASKED[::-1]) == together[::-1]
    assert [tried.built(items=[asked])[0] for asked in ASKED] == together


@strategies
def the_answer_of_what_is_asked_is_not_seen(tried: Tried) -> None:
    told = [asked.model_copy(update={"targets": ("the secret",)}) for asked in ASKED]
    assert tried.built(items=told) == tried.built()


@strategies
def a_training_item_is_not_shown_its_own_answer(tried: Tried) -> None:
    """Training over a prompt that has the answer would teach to copy it."""
    asked = [each.without_answer() for each in TRAIN]
    for each, request in zip(TRAIN, tried.built(items=asked), strict=True):
        assert each.targets[0] not in texts(request)
        assert isinstance(request, Request)
        assert each.id not in request.examples


@strategies
def training_items_are_shown_only_as_stated(tried: Tried) -> None:
    built = tried.built()
    shown = {each.targets[0] for each in TRAIN for request in built if each.targets[0] in texts(request)}
    assert not shown or {"examples", "index"} & set(tried.traits.sees), "shows training items, unstated"
    examples = any(isinstance(request, Request) and request.examples for request in built)
    assert examples <= ("examples" in tried.traits.sees), "shows examples, unstated"


@strategies
def only_a_ceiling_uses_which_documents_hold_the_answer(tried: Tried) -> None:
    untold = [asked.model_copy(update={"documents": ()}) for asked in ASKED]
    elsewhere = [asked.model_copy(update={"documents": ("rule-0",)}) for asked in ASKED]
    same = tried.built(items=untold) == tried.built() == tried.built(items=elsewhere)
    assert same or tried.traits.ceiling, "uses what no system knows, unstated"


@strategies
def it_adapts_where_it_says_so_and_nowhere_else(tried: Tried) -> None:
    before, now = tried.base.identity, tried.prepared().model.identity
    adapted = now.adapter_digest != before.adapter_digest
    assert adapted == tried.traits.adapts, f"adapts: {adapted}, states {tried.traits.adapts}"
    if not adapted:
        assert now == before, "answers with another model than it was given"


@strategies
def what_is_plain_asks_the_model_as_it_came(tried: Tried) -> None:
    traits, prepared = tried.traits, tried.prepared()
    if traits.plain:
        assert not any([traits.adapts, traits.sees, traits.ceiling])
        assert tried.built() == plain_requests(TASK, ASKED)
        assert prepared.model.identity == tried.base.identity


@strategies
def it_works_over_the_part_before_it(tried: Tried) -> None:
    for request in tried.built(tried.prepared("marked", marked)):
        assert MARK in texts(request), "asks in its own words and drops those of the part before"


@strategies
def a_failed_item_is_data_and_hurts_no_other(tried: Tried) -> None:
    built = tried.built(tried.prepared("failing", failing))
    assert built[2] == UNABLE, "an item that the part before cannot ask has not failed as such"
    assert [request for n, request in enumerate(built) if n != 2] == [
        request for n, request in enumerate(tried.built()) if n != 2
    ]


def came_back(request: Request, asked_before: int) -> Exchange:
    """Return a request with what a model might say to it: every sample another text."""
    said = (f"{request.item_id}: answer {asked_before}, {n % 3}" for n in range(request.n_samples))
    return Exchange(request=request, generations=tuple(Generation(text=text) for text in said))


def finished(tried: Tried, item: TaskItem, finish: Finisher | None = None) -> tuple[Answer | Failure, int]:
    """Ask all that a strategy asks for an item, and return its answer with how many requests that took."""
    (first,) = tried.built(items=[item])
    assert isinstance(first, Request)
    exchanges: list[Exchange] = []
    todo = [first]
    for _ in range(MAX_ROUNDS + 1):
        for request in todo:
            assert (request.task, request.item_id) == (TASK.name, item.id), "asks for another item"
            assert Request.model_validate(stored(request)) == request
            exchanges.append(came_back(request, len(exchanges)))
        found = Finishing(finish or tried.finisher()).step(TASK, item, exchanges)
        if isinstance(found, Answer | Failure):
            return found, len(exchanges)
        todo = list(found)
    raise AssertionError(f"asks on after {MAX_ROUNDS} rounds")


@strategies
def an_answer_hangs_on_what_came_back_alone(tried: Tried) -> None:
    first = [finished(tried, asked) for asked in ASKED]
    told = [asked.model_copy(update={"targets": ("the secret",)}) for asked in ASKED]
    assert [finished(tried, asked) for asked in ASKED[::-1]] == first[::-1], "on the order"
    assert [finished(tried, asked) for asked in told] == first, "on the accepted answer"
    for answer, _ in first:
        assert isinstance(answer, Answer), f"what came back makes no answer: {answer}"
        assert Answer.model_validate(stored(answer)) == answer


@strategies
def what_the_part_before_cannot_answer_has_failed(tried: Tried) -> None:
    answer, _ = finished(tried, ASKED[0], tried.finisher(unanswered))
    assert answer == UNABLE, "an answer is made up"


@strategies
def record_and_cost_can_be_stored(tried: Tried) -> None:
    prepared = tried.prepared()
    assert stored(prepared.record) == prepared.record
    assert type(prepared.cost).model_validate(stored(prepared.cost)) == prepared.cost
    for request in tried.built():
        assert isinstance(request, Request)
        assert Request.model_validate(stored(request)) == request

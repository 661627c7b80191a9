"""A strategy as somebody else would write one, and one that breaks each contract."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from harness.protocols import PrepareContext, Prepared
from harness.tasks.prompting import plain_requests
from harness.types import Answer, Exchange, Failure, PrepareCost, Request, Task, TaskItem, TrainingData

_calls = itertools.count()


class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    closing: str = "Think first."


class Good:
    """It closes the question with a sentence, and shows the training item that shares most words with it."""

    options_type: type[BaseModel] = Options
    traits: ClassVar[Any] = {"kind": "prompt", "sees": ["examples"]}

    def __init__(self, options: Any) -> None:
        self._closing = getattr(options, "closing", "")

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        pass

    def prepare(self, context: PrepareContext) -> Prepared:
        self._train = {data.task.name: data.train for data in context.tasks}
        self._before, self._finish_before = context.build, context.finish
        return Prepared(context.model, self.build, self.cost(), self.record(), self.finish)

    def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Any:
        """Ask once more, and answer with both."""
        if len(exchanges) == 1:
            return [self.closed(exchanges[0].request, "Are you sure?")]
        second = self._finish_before(task, item, exchanges)
        if not isinstance(second, Answer):
            return second
        first = exchanges[0].generations[0].text
        return second.model_copy(update={"text": f"{first}, or rather: {second.text}"})

    def cost(self) -> PrepareCost:
        return PrepareCost()

    def record(self) -> dict[str, Any]:
        return {"closing": self._closing}

    def build(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        built = self.before(task, items)
        return [
            request if isinstance(request, Failure) else self.asked(task, item, request, n)
            for n, (item, request) in enumerate(zip(items, built, strict=True))
        ]

    def before(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        return self._before(task, items)

    def asked(self, task: Task, item: TaskItem, request: Request, number: int) -> Request:
        others = [other for other in self._train[task.name] if self.allowed(item, other)]
        if not others:
            return self.closed(request, self._closing)
        nearest = max(others, key=lambda other: (self._shared(item, other), other.id))
        shown = f"{nearest.input} {nearest.targets[0]}"
        return self.closed(request, f"{shown} {self._closing}", examples=(nearest.id,))

    def allowed(self, item: TaskItem, other: TaskItem) -> bool:
        return item.split != "train" or other.id != item.id

    def closed(self, request: Request, text: str, **changes: Any) -> Request:
        *before, last = request.messages
        last = last.model_copy(update={"content": f"{last.content}\n{text}"})
        return request.model_copy(update={"messages": (*before, last), **changes})

    def _shared(self, item: TaskItem, other: TaskItem) -> int:
        return len({*item.input.split()} & {*other.input.split()})


class TakesAnyOption(Good):
    class Loose(Options):
        model_config = ConfigDict(frozen=True, extra="allow")

    options_type = Loose


class HidesAnOption(Good):
    class Hidden(Options):
        depth: int = Field(default=3, exclude=True)

    options_type = Hidden


class Drops(Good):
    def build(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        return super().build(task, items)[::-1]


class NeedsExamples(Good):
    """It asks nothing of a task without training items."""

    def build(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        return super().build(task, items) if self._train[task.name] else [_nothing] * len(items)


_nothing = Failure(kind="no_examples", message="there are none")


class Remembers(Good):
    """What it asks hangs on what was prepared before."""

    def prepare(self, context: PrepareContext) -> Prepared:
        self._closing += f" {next(_calls)}"
        return super().prepare(context)


class CostsAgain(Good):
    def cost(self) -> PrepareCost:
        return PrepareCost(embedding_tokens=next(_calls))


class Numbers(Good):
    """It tells an item its number in the batch."""

    def asked(self, task: Task, item: TaskItem, request: Request, number: int) -> Request:
        return self.closed(super().asked(task, item, request, number), f"Question {number}")


class Cheats(Good):
    def asked(self, task: Task, item: TaskItem, request: Request, number: int) -> Request:
        return self.closed(super().asked(task, item, request, number), " ".join(item.targets))


class Copies(Good):
    """It shows a training item itself."""

    def allowed(self, item: TaskItem, other: TaskItem) -> bool:
        return True


class ShowsUnstated(Good):
    traits: ClassVar[Any] = {"kind": "prompt"}


class CallsThemPassages(Good):
    traits: ClassVar[Any] = {"kind": "prompt", "sees": ["index"]}


class Oracle(Good):
    def asked(self, task: Task, item: TaskItem, request: Request, number: int) -> Request:
        return self.closed(super().asked(task, item, request, number), " ".join(item.documents))


class Swaps(Good):
    """It answers with an adapter that it does not state."""

    def prepare(self, context: PrepareContext) -> Prepared:
        prepared = super().prepare(context)
        return Prepared(_Adapted(prepared.model), prepared.build, prepared.cost, prepared.record)


class _Adapted:
    def __init__(self, model: Any) -> None:
        self._model = model
        self.identity = model.identity.model_copy(update={"adapter_digest": "a" * 64})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


class StatesAdapting(Good):
    traits: ClassVar[Any] = {"kind": "fine-tune", "sees": ["examples"], "adapts": True}


class StatesPlain(Good):
    traits: ClassVar[Any] = {"kind": "prompt", "plain": True}

    def asked(self, task: Task, item: TaskItem, request: Request, number: int) -> Request:
        return self.closed(request, self._closing)


class StartsAnew(Good):
    """It drops what the part before it asks."""

    def before(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        built = self._before(task, items)
        plain = plain_requests(task, items)
        return [b if isinstance(b, Failure) else p for b, p in zip(built, plain, strict=True)]


class Stumbles(Good):
    """It cannot ask any item of a batch where one has failed."""

    def before(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        built = self._before(task, items)
        failed = [request for request in built if isinstance(request, Failure)]
        return [*failed[:1]] * len(built) if failed else built


class AnswersByNumber(Good):
    """It says how many answers it has made before."""

    def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Any:
        found = super().finish(task, item, exchanges)
        return found.model_copy(update={"text": str(next(_calls))}) if isinstance(found, Answer) else found


class Knows(Good):
    """It answers with the accepted answer."""

    def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Any:
        found = super().finish(task, item, exchanges)
        return found.model_copy(update={"text": str(item.targets)}) if isinstance(found, Answer) else found


class AsksForEver(Good):
    def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Any:
        return [exchanges[-1].request]


class BreaksOff(Good):
    def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Any:
        raise KeyError(item.id)


class MakesItUp(Good):
    def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Any:
        found = super().finish(task, item, exchanges)
        return Answer(text="I do not know") if isinstance(found, Failure) else found


class KeepsObjects(Good):
    def record(self) -> dict[str, Any]:
        return {"closing": {self._closing}}


BREAKS: dict[str, list[type[Good]]] = {
    "options_are_refused_in_one_line": [TakesAnyOption],
    "options_come_back_as_they_were_stored": [HidesAnOption],
    "requests_are_in_order_one_an_item": [Drops],
    "a_task_that_offers_nothing_is_asked_too": [NeedsExamples],
    "the_same_is_asked_again": [Remembers, CostsAgain],
    "an_item_is_asked_alike_in_any_company": [Numbers],
    "the_answer_of_what_is_asked_is_not_seen": [Cheats],
    "a_training_item_is_not_shown_its_own_answer": [Copies],
    "training_items_are_shown_only_as_stated": [ShowsUnstated, CallsThemPassages],
    "only_a_ceiling_uses_which_documents_hold_the_answer": [Oracle],
    "it_adapts_where_it_says_so_and_nowhere_else": [Swaps, StatesAdapting],
    "what_is_plain_asks_the_model_as_it_came": [StatesPlain],
    "it_works_over_the_part_before_it": [StartsAnew],
    "a_failed_item_is_data_and_hurts_no_other": [Stumbles],
    "an_answer_hangs_on_what_came_back_alone": [AnswersByNumber, Knows, AsksForEver, BreaksOff],
    "what_the_part_before_cannot_answer_has_failed": [MakesItUp],
    "record_and_cost_can_be_stored": [KeepsObjects],
}

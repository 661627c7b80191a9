"""Few-shot prompting: answered examples from the training items, shown as earlier turns."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from harness.config import Options
from harness.errors import InputError
from harness.protocols import PrepareContext, Prepared
from harness.traits import Sight, Traits
from harness.types import Failure, Message, PrepareCost, Request, Task, TaskItem, TrainingData
from strategies.prompting.examples import Choice, Chooser, Drawn, Fixed, Nearest, drawn_order
from strategies.prompting.fitting import fits, or_failure, too_long
from strategies.prompting.withholding import must_not_see, same_examples, withheld
from strategies.retrieval.retriever import (
    DENSE,
    Retriever,
    RetrieverUse,
    Source,
    example_entries,
    indexer_of,
    total_cost,
)

__all__ = ["FewShot"]


class FewShotOptions(Options):
    """How many examples, and which.

    ``select`` is "fixed" (the same for every item, drawn by seed), "stratified" (the same for every item, one
    label after another), "random" (a new draw for every item, by seed), or "knn" (the nearest that
    ``retriever`` finds, the nearest of all last).
    """

    k: int = Field(default=4, ge=1)
    select: Literal["fixed", "random", "knn", "stratified"] = "random"
    retriever: RetrieverUse = DENSE


class FewShot:
    """Examples from the training items; never the item itself, nor one with the same question.

    A task with fewer examples than asked for is shown those it has, or none; for a target task this is noted.
    """

    options_type = FewShotOptions

    def __init__(self, options: FewShotOptions) -> None:
        self._options = options

    @property
    def traits(self) -> Traits:
        """It shows training items, and with "knn" it searches them."""
        searched: tuple[Sight, ...] = ("index",) if self._options.select == "knn" else ()
        return Traits(kind="prompt", sees=("examples", *searched))

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse what can be seen without a model.

        Raises:
            InputError: No target task has ``k`` training items, or the retriever or one of its options is
                invalid.
        """
        indexer_of(self._options.retriever, place, f"{key}.retriever")
        sizes = {data.task.name: len(_usable(data)) for data in tasks if data.task.role == "target"}
        most, k = max(sizes.values(), default=0), self._options.k
        if sizes and not most:
            problem = "no target task has training items to take examples from"
            remedy = "add `items: {train: ...}` to a task.yaml, or leave the strategy out"
            raise InputError(place, f"{key}.k", problem, remedy, k)
        if sizes and most < k:
            name = max(sizes, key=lambda name: sizes[name])
            of = (
                f"the training set of {name}"
                if len(sizes) == 1
                else f"every training set, also that of {name}"
            )
            problem = f"is larger than {of}, which has {most} items"
            raise InputError(place, f"{key}.k", problem, f"use at most {most}", k)

    def prepare(self, context: PrepareContext) -> Prepared:
        """Prepare what examples are drawn from.

        Raises:
            InputError: What ``check`` refuses.
        """
        self.check(context.tasks, context.place, "few_shot")
        started = time.perf_counter()
        pools = {data.task.name: _usable(data) for data in context.tasks}
        opening = time.perf_counter()
        retrievers = self._retrievers(context, pools)
        opened_s = time.perf_counter() - opening
        builders = {
            data.task.name: _TaskFewShot(
                self._options.k,
                context,
                self._chooser(context, data.task, pool, retrievers.get(data.task.name)),
                same_examples(data.task, pool),
            )
            for data in context.tasks
            if (pool := pools[data.task.name])
        }
        drawn_s = time.perf_counter() - started - opened_s
        return Prepared(
            model=context.model,
            build=lambda task, items: builders.get(task.name, context).build(task, items),
            cost=total_cost(retrievers.values()) + PrepareCost(wall_s=drawn_s, device_s=drawn_s),
            record={
                "n_examples": {name: len(pool) for name, pool in pools.items()},
                "indexes": {name: retriever.record for name, retriever in retrievers.items()},
                "notes": self._notes(context.tasks),
            },
        )

    def _retrievers(
        self, context: PrepareContext, pools: Mapping[str, list[TaskItem]]
    ) -> dict[str, Retriever]:
        """Index the examples of every task that has some; needed only for "knn"."""
        if self._options.select != "knn":
            return {}
        indexer = indexer_of(self._options.retriever, context.place, "few_shot.retriever")
        return {
            data.task.name: indexer.index(
                Source(examples=example_entries(data.task, pool)), context, "few_shot"
            )
            for data in context.tasks
            if (pool := pools[data.task.name])
        }

    def _notes(self, tasks: Sequence[TrainingData]) -> list[str]:
        """Name the target tasks that have fewer examples than are asked for."""
        found = []
        for data in tasks:
            n, k = len(_usable(data)), self._options.k
            if data.task.role == "target" and n < k:
                has = f"{n} training item{'' if n == 1 else 's'}" if n else "no training items"
                shown = f"at most {n} of {k} examples are shown" if n else "it is asked without examples"
                found.append(f"{data.task.name} has {has}, so {shown}")
        return found

    def _chooser(
        self, context: PrepareContext, task: Task, pool: list[TaskItem], retriever: Retriever | None
    ) -> Chooser:
        if retriever:
            return Nearest(task, pool, retriever)
        if self._options.select == "random":
            return Drawn(pool, context.seed, task.name)
        return Fixed(drawn_order(pool, context.seed, task.name, self._options.select == "stratified"))


def _usable(data: TrainingData) -> list[TaskItem]:
    """Return the training items that have an answer, ordered by id."""
    return sorted((item for item in data.train if item.targets), key=lambda item: item.id)


class _TaskFewShot:
    """Builds the requests of one task: those of the strategy before, with examples.

    An example's turn is what the strategy before would ask for it, without the system turn; it is built once.
    So the cost of embedding its passages (``rag+few_shot``) is not counted for any request.
    """

    def __init__(
        self,
        k: int,
        context: PrepareContext,
        chooser: Chooser,
        same: dict[str, list[TaskItem]],
    ) -> None:
        self._k, self._context, self._chooser, self._same = k, context, chooser, same
        self._turns: dict[str, tuple[Message, ...]] = {}

    def build(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        """Build the requests of ``items``, choosing the examples of all of them at once."""
        requests = self._context.build(task, items)
        not_seen = [must_not_see(task, item, self._same) for item in items]
        hidden = [{other.id for other in others} for others in not_seen]
        chosen = self._chooser.choose(items, hidden, self._k)
        self._build_turns(task, [example for choice in chosen for example in choice.examples])
        return [
            request
            if isinstance(request, Failure)
            else self._with_examples(request, choice, withheld(item, others))
            for request, item, choice, others in zip(requests, items, chosen, not_seen, strict=True)
        ]

    def _build_turns(self, task: Task, examples: list[TaskItem]) -> None:
        """Build the turns of examples not shown before; one that cannot be built gets no turns."""
        new = list({item.id: item for item in examples if item.id not in self._turns}.values())
        built = self._context.build(task, [item.without_answer() for item in new]) if new else []
        for item, request in zip(new, built, strict=True):
            asked = () if isinstance(request, Failure) else request.messages
            turns = tuple(message for message in asked if message.role != "system")
            answer = Message(role="assistant", content=item.targets[0])
            self._turns[item.id] = (*turns, answer) if turns else ()

    @or_failure
    def _with_examples(self, request: Request, choice: Choice, n_withheld: int) -> Request | Failure:
        model, examples = self._context.model, choice.examples
        shown = [example for example in examples if self._turns[example.id]]
        while shown and not fits(model, request, self._messages(request, shown)):
            if self._context.on_long_prompt == "refuse":
                return too_long(model, request, self._messages(request, shown), f"{len(shown)} examples")
            shown = shown[1:]
        return request.model_copy(
            update={
                "messages": self._messages(request, shown),
                "examples": tuple(example.id for example in shown),
                "cut": request.cut + len(examples) - len(shown),
                "withheld": request.withheld + n_withheld,
                "embedding_tokens": request.embedding_tokens + choice.embedding_tokens,
            }
        )

    def _messages(self, request: Request, examples: list[TaskItem]) -> tuple[Message, ...]:
        turns = [message for example in examples for message in self._turns[example.id]]
        system = [message for message in request.messages if message.role == "system"]
        spoken = [message for message in request.messages if message.role != "system"]
        return (*system, *turns, *spoken)

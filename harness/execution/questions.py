"""From a task's items to requests: complete, fitting the model, each with its key.

A strategy may be third-party code: only the item fails whose request it cannot build or ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import InputError, TrilemmaError, UnrenderedError, plain, shorten
from harness.execution.asked_model import TOO_LONG, Asked, AskedModel
from harness.execution.composition import Ready
from harness.tasks.prompting import unrendered, without_input
from harness.types import Failure, Request, Task, TaskItem


@dataclass(frozen=True)
class Question:
    """One item as it is asked once.

    Attributes:
        item: The item, without its targets.
        first: What is asked first.
        prior: The same choices under the prompt without the input, if a metric wants them.
    """

    item: TaskItem
    first: Asked
    prior: Asked | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Its item's id and the number of the repeat."""
        return self.item.id, self.first.request.repeat


@dataclass(frozen=True)
class Questions:
    """Builds the questions of one strategy with one seed to one task.

    Attributes:
        task: The task.
        strategy: The strategy's name, for errors.
        seed: The seed it was prepared with.
        repeats: How many times each item is asked.
        prepared: The strategy, ready to answer.
        model: Its model, with the store of what it was asked before.
        every_choice: Whether a metric reads the log-likelihood of every choice.
        prior: Whether a metric wants the choices under the prompt without the input.
        refuse_long: Whether a prompt that does not fit ends the run; else only its item fails.
    """

    task: Task
    strategy: str
    seed: int
    repeats: int
    prepared: Ready
    model: AskedModel
    every_choice: bool
    prior: bool
    refuse_long: bool

    def of(self, items: Sequence[TaskItem]) -> list[list[Question] | Failure]:
        """Return for each item its questions, one per repeat, or why it cannot be asked.

        Raises:
            InputError: A prompt does not fit, and that is refused.
        """
        items = [item.without_answer() for item in items]
        return [
            built if isinstance(built, Failure) else self._questions(item, built)
            for item, built in zip(items, self._built(items), strict=True)
        ]

    def _built(self, items: Sequence[TaskItem]) -> list[Request | Failure]:
        """Build the requests of items; if that raises, one by one, so that only the bad items fail."""
        try:
            built = list(self.prepared.build(self.task, items))
            sound = all(isinstance(each, Request | Failure) for each in built)
            if not sound or len(built) != len(items):
                raise TypeError("build() must return a request or a failure for each item, in order")
            return built
        except UnrenderedError as error:
            if len(items) == 1:
                return [unrendered(error)]
        except TrilemmaError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a failed item is data
            if len(items) == 1:
                return [Failure.of(error, "building")]
        return [each for item in items for each in self._built([item])]

    def _questions(self, item: TaskItem, built: Request) -> list[Question] | Failure:
        questions = []
        for repeat in range(self.repeats):
            first = self.asked(item, repeat, built)
            if isinstance(first, Failure):
                return first
            prior = self._prior(item, first.request)
            if isinstance(prior, Failure):
                return prior
            questions.append(Question(item, first, prior))
        return questions

    def _prior(self, item: TaskItem, request: Request) -> Asked | Failure | None:
        if not (request.choices and self.prior):
            return None
        messages = without_input(self.task, item, request.messages)
        return self.asked(item, request.repeat, request.model_copy(update={"messages": messages}))

    def asked(self, item: TaskItem, repeat: int, built: Request) -> Asked | Failure:
        """Return a request as it is sent to the model, or why it cannot be.

        Raises:
            InputError: Its prompt does not fit, and that is refused.
        """
        known = {"task": self.task.name, "item_id": item.id, "seed": self.seed, "repeat": repeat}
        request = built.model_copy(update=known | {"every_choice": self.every_choice})
        try:
            request.check_kept()
        except ValueError as error:
            message = plain(shorten(f"the request cannot be used: {error}", 500))
            return Failure(kind="malformed_request", message=message)
        found = self.model.keyed(request)
        if self.refuse_long and isinstance(found, Failure) and found.kind == TOO_LONG:
            remedy = "shorten it, use a model with more context, or set `on_long_prompt: cut`"
            problem = f"{found.message} (strategy {self.strategy})"
            raise InputError(request.task, f"item {request.item_id}", problem, remedy)
        return found

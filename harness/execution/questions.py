"""From a task's items to what is asked: requests that are whole, fit the model and have their key.

A strategy is anybody's code: an item whose request it cannot build, or that cannot be asked, fails alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import InputError, TrilemmaError, UnrenderedError, shorten
from harness.execution.composition import Ready
from harness.powers import form_of, lengths, prompt_of
from harness.runs.keys import generation_key
from harness.tasks.prompting import unrendered, without_input
from harness.types import Failure, Request, Task, TaskItem


@dataclass(frozen=True)
class Asked:
    """A request as it is put to the model, with the key of what comes back."""

    request: Request
    key: str


@dataclass(frozen=True)
class Question:
    """One item as it is asked once.

    Attributes:
        item: The item, without its targets.
        first: What is asked first.
        prior: The same choices under the prompt without the input, where a metric wants them.
    """

    item: TaskItem
    first: Asked
    prior: Asked | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Its item's id and which of its repeats it is."""
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
        every_choice: Whether a metric reads the log-likelihood of every choice.
        prior: Whether a metric wants the choices under the prompt without the input.
        refuse_long: Whether a prompt that does not fit ends the run; else its item has failed.
    """

    task: Task
    strategy: str
    seed: int
    repeats: int
    prepared: Ready
    every_choice: bool
    prior: bool
    refuse_long: bool

    def of(self, items: Sequence[TaskItem]) -> list[list[Question] | Failure]:
        """Return for each item its questions, one a repeat, or why it cannot be asked.

        Raises:
            InputError: A prompt does not fit, and that is refused.
        """
        items = [item.without_answer() for item in items]
        return [
            built if isinstance(built, Failure) else self._questions(item, built)
            for item, built in zip(items, self._built(items), strict=True)
        ]

    def _built(self, items: Sequence[TaskItem]) -> list[Request | Failure]:
        """Build the requests of items; where that raises, one by one, so that each item fails alone."""
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
        except Exception as error:  # noqa: BLE001 - a failed item is data
            if len(items) == 1:
                return [Failure(kind=type(error).__name__, message=shorten(f"building: {error}", 500))]
        return [each for item in items for each in self._built([item])]

    def _questions(self, item: TaskItem, built: Request) -> list[Question] | Failure:
        questions = []
        for repeat in range(self.repeats):
            first = self.asked(item, repeat, built)
            prior = None if isinstance(first, Failure) else self._prior(item, first.request)
            for each in (first, prior):
                if isinstance(each, Failure):
                    return each
            questions.append(Question(item, first, prior))
        return questions

    def _prior(self, item: TaskItem, request: Request) -> Asked | Failure | None:
        if not (request.choices and self.prior):
            return None
        messages = without_input(self.task, item, request.messages)
        return self.asked(item, request.repeat, request.model_copy(update={"messages": messages}))

    def asked(self, item: TaskItem, repeat: int, built: Request) -> Asked | Failure:
        """Return a request as it is put to the model, or why it cannot be.

        Raises:
            InputError: Its prompt does not fit, and that is refused.
        """
        known = {"task": self.task.name, "item_id": item.id, "seed": self.seed, "repeat": repeat}
        request = built.model_copy(update=known | {"every_choice": self.every_choice})
        model = self.prepared.model
        try:
            if long := self._too_long(request):
                return long
            prompt = prompt_of(model, request.messages)
            return Asked(request, generation_key(model.identity, prompt, request, form_of(model, request)))
        except UnrenderedError as error:
            return unrendered(error)

    def _too_long(self, request: Request) -> Failure | None:
        known = lengths(self.prepared.model, request)
        if known is None or known[0] <= known[1]:
            return None
        n_tokens, room = known
        problem = f"the prompt has {n_tokens} tokens, and {room} fit the model's context"
        if self.refuse_long:
            place, key = request.task, f"item {request.item_id}"
            remedy = "shorten it, use a model with more context, or set `on_long_prompt: cut`"
            raise InputError(place, key, f"{problem} (strategy {self.strategy})", remedy)
        return Failure(kind="prompt_too_long", message=problem)

"""The items a report shows, cut to a bounded size; what is left out is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.analysis.findings import TaskInfo
from harness.types import ChoiceScore, Generation, ItemResult, Message, Passage, TaskItem
from reports._data import Example, RunData
from reports._text import excerpt

MESSAGE_CHARS = 1500
PASSAGE_CHARS = 600
_ANSWER_CHARS = 1500
_MESSAGES, _PASSAGES, _CHOICES, _STRATEGIES, _TASKS = 8, 8, 5, 12, 40
_ALL_CHARS = 1_500_000
"""Characters of all examples together; every task gets an equal part, and at least one example."""


@dataclass(frozen=True)
class Turn:
    """One message of a prompt; ``left_out`` counts the messages dropped just before it."""

    role: str
    text: str
    left_out: int


@dataclass(frozen=True)
class Answer:
    """What one strategy made of an item, cut to size."""

    result: ItemResult
    text: str
    turns: tuple[Turn, ...]
    passages: tuple[Passage, ...]
    passages_left_out: int
    choices: tuple[ChoiceScore, ...]
    choices_left_out: int


@dataclass(frozen=True)
class ShownExample:
    """An item with its answers; ``strategies_left_out`` counts the answers beyond the first few."""

    item: TaskItem
    why: str
    question: str
    targets: str
    answers: tuple[Answer, ...]
    strategies_left_out: int

    def n_chars(self) -> int:
        """Return about how much room the example takes on the page."""
        texts = [answer.text for answer in self.answers]
        texts += [turn.text for answer in self.answers for turn in answer.turns]
        texts += [passage.text for answer in self.answers for passage in answer.passages]
        return sum(map(len, texts))


@dataclass(frozen=True)
class TaskExamples:
    """The examples of one task; ``asked`` items it has in all."""

    task: TaskInfo
    examples: tuple[ShownExample, ...]
    asked: int


def shown_examples(run: RunData) -> Iterator[TaskExamples]:
    """Yield the examples of the first tasks, as many of each as its part of the room allows."""
    tasks = [task for task in run.summary.tasks if run.examples.get(task.name)][:_TASKS]
    for task in tasks:
        room = _ALL_CHARS // len(tasks)
        shown: list[ShownExample] = []
        for example in run.examples[task.name]:
            candidate = _shown(example)
            room -= candidate.n_chars()
            if shown and room < 0:
                break
            shown.append(candidate)
        yield TaskExamples(task, tuple(shown), task.n_test)


def _shown(example: Example) -> ShownExample:
    targets = " | ".join(example.item.targets) or "(none)"
    return ShownExample(
        item=example.item,
        why=example.why,
        question=excerpt(example.item.input, PASSAGE_CHARS),
        targets=excerpt(targets, PASSAGE_CHARS),
        answers=tuple(_answer(result) for result in example.results[:_STRATEGIES]),
        strategies_left_out=max(0, len(example.results) - _STRATEGIES),
    )


def _answer(result: ItemResult) -> Answer:
    request, generation = result.request, result.generation
    passages = request.passages if request else ()
    choices = _likeliest(generation) if generation else []
    return Answer(
        result=result,
        text=excerpt(generation.text, _ANSWER_CHARS) if generation else "",
        turns=tuple(_turns(request.messages)) if request else (),
        passages=tuple(
            passage.model_copy(update={"text": excerpt(passage.text, PASSAGE_CHARS)})
            for passage in passages[:_PASSAGES]
        ),
        passages_left_out=max(0, len(passages) - _PASSAGES),
        choices=tuple(choices[:_CHOICES]),
        choices_left_out=max(0, len(choices) - _CHOICES),
    )


def _likeliest(generation: Generation) -> list[ChoiceScore]:
    return sorted(generation.choices, key=lambda choice: -choice.log_likelihood)


def _turns(messages: tuple[Message, ...]) -> Iterator[Turn]:
    """Yield the first and the last messages: the instruction, some examples, and the question itself."""
    dropped = max(0, len(messages) - _MESSAGES)
    cut = _MESSAGES // 2
    kept = [*messages[:cut], *messages[cut + dropped :]]
    for index, message in enumerate(kept):
        left_out = dropped if index == cut else 0
        yield Turn(message.role, excerpt(message.content, MESSAGE_CHARS), left_out)

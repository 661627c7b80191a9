"""Chain of thought: the model reasons first, then answers.

Wei et al., 2022, Chain-of-Thought Prompting Elicits Reasoning in Large Language Models; without examples and
with a second question for the answer: Kojima et al., 2022, Large Language Models are Zero-Shot Reasoners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from harness.config import Options
from harness.protocols import Answered, PrepareContext, Prepared
from harness.traits import Traits
from harness.types import Exchange, Failure, Message, PrepareCost, Request, Task, TaskItem, TrainingData
from strategies.prompting.fitting import fits, or_failure, too_long

__all__ = ["ChainOfThought"]

LABEL = "Answer:"
"""What the model is told to write before its answer, where the task does not say it."""


class ChainOfThoughtOptions(Options):
    """How the model is told to reason.

    ``instruction`` is added to the question; ``{label}`` in it is what the task's ``answer: {after: ...}``
    looks for, or "Answer:". ``max_reasoning_tokens`` is the most the model may write before its answer. Where
    it writes nothing after the label, and for scored choices, ``question`` is asked after its reasoning.
    """

    instruction: str = Field(
        default='Think step by step first. Then write "{label}" and behind it only the answer.', min_length=1
    )
    question: str = Field(default="So what is the answer? Write only the answer.", min_length=1)
    max_reasoning_tokens: int = Field(default=256, ge=1)


class ChainOfThought:
    """Lets the model reason before it answers; its tokens are counted, but are not part of the answer."""

    options_type = ChainOfThoughtOptions
    traits = Traits(kind="prompt")

    def __init__(self, options: ChainOfThoughtOptions) -> None:
        self._options = options

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse nothing: a model can reason about any task."""

    def prepare(self, context: PrepareContext) -> Prepared:
        """Ask what the strategy before it asks, with the instruction to reason first."""
        reasoning = _Reasoning(self._options, context)
        return Prepared(context.model, reasoning.build, PrepareCost(), {}, reasoning.finish)


@dataclass(frozen=True)
class _Reasoning:
    """The strategy before, asked to reason."""

    options: ChainOfThoughtOptions
    before: PrepareContext

    def build(self, task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
        """Build the requests of the strategy before, each asking for reasons in words."""
        built = self.before.build(task, items)
        return [each if isinstance(each, Failure) else self._reasoned(task, each) for each in built]

    @or_failure
    def _reasoned(self, task: Task, request: Request) -> Request | Failure:
        if request.n > 1:
            return Failure(
                kind="wrong_order", message="write chain_of_thought+self_consistency, in this order"
            )
        last, model = request.messages[-1], self.before.model
        instruction = self.options.instruction.replace("{label}", _label(task))
        content = f"{last.content}\n\n{instruction}"
        room = self.options.max_reasoning_tokens + request.decoding.max_new_tokens
        asked = request.model_copy(
            update={
                "messages": (*request.messages[:-1], last.model_copy(update={"content": content})),
                "choices": (),
                "decoding": request.decoding.model_copy(update={"max_new_tokens": room, "stop": ()}),
            }
        )
        if self.before.on_long_prompt == "refuse" and not fits(model, asked, asked.messages):
            return too_long(model, asked, asked.messages, "room for reasoning")
        return asked

    def finish(self, task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Answered:
        """Return the answer that follows the reasoning, or ask for it."""
        first, last = exchanges[0], exchanges[-1]
        (written,) = first.generations
        if last is not first:
            (found,) = last.generations
            return self._answer(task, item, last, found.text, written.text)
        reasons, label, answer = written.text.rpartition(_label(task))
        if label and answer.strip() and not task.scores_choices:
            return self._answer(task, item, first, answer, reasons)
        return [self._asking_on(task, item, first.request, written.text)]

    def _asking_on(self, task: Task, item: TaskItem, request: Request, reasons: str) -> Request:
        """Return the question for the answer, after the reasoning."""
        turns = (
            Message(role="assistant", content=reasons or "..."),
            Message(role="user", content=self.options.question),
        )
        room = request.decoding.max_new_tokens - self.options.max_reasoning_tokens
        return request.model_copy(
            update={
                "messages": (*request.messages, *turns),
                "choices": (item.choices or task.choices) if task.scores_choices else (),
                "decoding": request.decoding.model_copy(update={"max_new_tokens": room, "stop": task.stop}),
                "embedding_tokens": 0,
            }
        )

    def _answer(self, task: Task, item: TaskItem, asked: Exchange, text: str, reasons: str) -> Answered:
        """Let the strategy before make the answer from a text, with the reasoning in tags."""
        (found,) = asked.generations
        if not found.choices:
            inner = reasons.replace("<think>", "").replace("</think>", "").strip()
            answer = text.rpartition(_label(task))[2].strip() or text.strip()
            label = f"{task.answer.after} " if task.answer.after else ""
            found = found.model_copy(update={"text": f"<think>{inner}</think>\n{label}{answer}"})
        return self.before.finish(task, item, [asked.model_copy(update={"generations": (found,)})])


def _label(task: Task) -> str:
    return task.answer.after or LABEL

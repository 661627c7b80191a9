"""What is asked: tasks, their items and their documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field

from harness.types.base import Frozen

Split = Literal["train", "validation", "test"]
Kind = Literal["generate", "choice"]
Role = Literal["target", "retention"]


class Message(Frozen):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class TaskItem(Frozen):
    """One question with its accepted answers.

    ``history`` holds the turns of a conversation before ``input``, its last user turn. ``documents`` names
    the corpus documents that hold the answer, where that is known. ``metadata`` holds the remaining columns;
    templates may use them.
    """

    id: str
    input: str
    history: tuple[Message, ...] = ()
    targets: tuple[str, ...]
    split: Split
    choices: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)

    def without_answer(self) -> Self:
        """Return the item as a strategy may see it at test time: with no targets."""
        return self.model_copy(update={"targets": ()})

    def cluster(self, field: str) -> str:
        """Return the name of the group of items it belongs to: ``documents`` or a key of the metadata."""
        if field == "documents":
            return ", ".join(self.documents)
        return str(self.metadata.get(field) or "")


class Document(Frozen):
    """One document of a corpus."""

    id: str
    text: str
    title: str = ""


class MetricSpec(Frozen):
    """A metric by name, with its options."""

    use: str
    options: dict[str, Any] = Field(default_factory=dict)


Extraction = Literal["whole", "first_line", "last_line", "json", "number", "choice", "regex"]


class AnswerRule(Frozen):
    """Which part of a generated text is the answer; ``harness.tasks.answers`` applies it.

    The answer follows the last occurrence of the text ``after``, "" for none; ``extract`` then takes
    a part of what is left. ``pattern`` is the regular expression of "regex": its first group, or else its
    whole match, is the answer.
    """

    extract: Extraction = "whole"
    after: str = ""
    pattern: str = ""


class Extracted(Frozen):
    """The answer in a text that a model wrote; ``malformed``: it could not be extracted, and is ""."""

    text: str
    malformed: bool = False


class Task(Frozen):
    """What is asked and how it is judged; the items are kept separately.

    ``instruction`` becomes the system turn and ``prompt`` the user turn; both are Jinja2 templates over the
    item's fields. The first metric is the primary one. ``random_baseline`` is the primary score of a guess,
    in [0, 1]. ``right_from`` is the primary score from which an answer counts as right; by default
    any above one half does. ``answer`` says which part of the generated text is judged. ``refusal`` is the
    answer expected where the question has none. ``corpus_holds_answers`` False means that a test answer
    found in the corpus is a leak. ``cluster`` names what items share that makes them alike: ``documents``
    or a column. ``digest`` covers all that answers to it depend on, ``judging`` what else
    the primary score of an answer depends on.
    """

    name: str
    version: int = 1
    kind: Kind
    role: Role = "target"
    description: str = ""
    instruction: str = ""
    prompt: str = "{{ input }}"
    choices: tuple[str, ...] = ()
    metrics: tuple[MetricSpec, ...]
    max_new_tokens: int = Field(default=64, ge=1)
    stop: tuple[str, ...] = ()
    answer: AnswerRule = AnswerRule()
    refusal: str | None = None
    random_baseline: float = Field(default=0.0, ge=0.0, le=1.0)
    right_from: float | None = Field(default=None, gt=0.0, le=1.0)
    corpus_holds_answers: bool = True
    cluster: str | None = None
    digest: str = ""
    judging: str = ""

    @property
    def scores_choices(self) -> bool:
        """Whether choices are judged by log-likelihood, rather than extracted from what the model writes."""
        return self.kind == "choice" and self.answer.extract != "choice"


@dataclass(frozen=True)
class TrainingData:
    """What a strategy may learn from: a task with its train and validation items and its corpus.

    The type has no place for test items, so a strategy cannot see one before it is asked.
    """

    task: Task
    train: tuple[TaskItem, ...]
    validation: tuple[TaskItem, ...]
    corpus: tuple[Document, ...] = ()


@dataclass(frozen=True)
class LoadedTask:
    """A task with everything that belongs to it, as the loader returns it.

    ``place`` is its file, for errors; ``remarks`` say what loading changed or skipped, one line each.
    """

    data: TrainingData
    test: Sequence[TaskItem]
    place: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        """The task itself."""
        return self.data.task

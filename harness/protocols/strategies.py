"""Protocols of strategies and embedders, and what a strategy is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from harness.progress import Progress
from harness.protocols.models import Model
from harness.traits import Traits
from harness.types import (
    Answer,
    Exchange,
    Failure,
    PrepareCost,
    Replacement,
    Request,
    Task,
    TaskItem,
    TrainingData,
)


class Embedder(Protocol):
    """Turns texts into unit vectors.

    Attributes:
        digest: Digest of what the vectors depend on.
        max_tokens: Tokens that one embedding can see.
        embedding_s: Seconds that the vectors returned so far took to compute, including reused ones; without
            loading the embedder.
    """

    digest: str
    max_tokens: int
    embedding_s: float

    def embed(self, texts: Sequence[str]) -> Any:
        """Return float32 unit vectors, shape ``(n_texts, dim)``."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Return the tokens of ``texts`` whole, special tokens included, before any cut at ``max_tokens``."""
        ...


RequestBuilder = Callable[[Task, Sequence[TaskItem]], list["Request | Failure"]]
"""Builds the requests for items of one task, in order; an item that cannot be asked gives a Failure.

It gets many items at a time, but not all items of a task. Where a device answers, it is called on another
thread than the one that prepared it, while the model is running; never concurrently with itself.
"""


Answered = Answer | Failure | Sequence[Request]
"""An answer, a failure, or the requests to ask before there is an answer."""
Finisher = Callable[[Task, TaskItem, Sequence[Exchange]], Answered]
"""Makes the answer to one item from all its exchanges so far (requests with their responses), in order.

It returns the answer, a failure, or further requests; in that case it is called again with all exchanges so
far. It depends on its arguments alone: the same exchanges give the same result, and the item has no targets.
A run computes an answer's ``usage`` and ``latency_s`` by itself.
"""


def first_generation(_: Task, __: TaskItem, exchanges: Sequence[Exchange]) -> Answer:
    """Return the first generation of the last exchange: the ``Finisher`` that all strategies start from."""
    return Answer.of(exchanges[-1].generations[0])


@dataclass(frozen=True)
class PrepareContext:
    """What a strategy gets to work with.

    ``model``, ``build`` and ``finish`` come from the strategy before it in a composition (``lora+rag``), or
    are the base model, the plain prompt and the unchanged generation. ``artifacts`` is a folder that outlives
    the run's process; anything in it must be addressed by content, so that a killed run resumes and no work
    is done twice.
    """

    model: Model
    build: RequestBuilder
    tasks: tuple[TrainingData, ...]
    seed: int
    artifacts: Path
    embedder: Callable[[], Embedder]
    progress: Progress
    on_long_prompt: Literal["refuse", "cut"] = "cut"
    place: str = "experiment"
    finish: Finisher = first_generation


@dataclass(frozen=True)
class Prepared:
    """A strategy that is ready to answer.

    ``record`` is shown in the report (loss curves, index sizes). Without ``finish``, answers are made as by
    the strategy before it.
    """

    model: Model
    build: RequestBuilder
    cost: PrepareCost
    record: dict[str, Any]
    finish: Finisher | None = None


class Strategy(Protocol):
    """One way to make a model do a task.

    A strategy is a class with ``options_type``, a pydantic model of its options, built as ``Class(options)``.
    These members are enough; `StatesTraits`, `NamesFiles` and `ChecksModel` are optional.
    """

    @property
    def options_type(self) -> type[BaseModel]:
        """The pydantic model of its options."""
        ...

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse with InputError what can be refused before any model is loaded."""
        ...

    def prepare(self, context: PrepareContext) -> Prepared:
        """Do all the work that comes before the first test item."""
        ...


@runtime_checkable
class StatesTraits(Protocol):
    """A strategy that states its traits; without them, nothing is assumed."""

    @property
    def traits(self) -> Traits | Mapping[str, Any]:
        """Its traits under its options, as a record or as the keys of one."""
        ...


@runtime_checkable
class NamesFiles(Protocol):
    """A strategy whose answers depend on files outside the experiment, such as an adapter's."""

    def files(self, place: str) -> tuple[Path, ...]:
        """Return those files."""
        ...


@runtime_checkable
class TakesAdapter(Protocol):
    """A strategy (its class) that answers with any adapter it is given; a gate uses it for candidates."""

    @staticmethod
    def options_for(folder: Path, allow: Sequence[Replacement]) -> dict[str, Any]:
        """Return its options for an adapter's folder; ``allow`` is what may replace tensors of the base."""
        ...


@runtime_checkable
class ChecksModel(Protocol):
    """A strategy that can tell from a model's files that it cannot work with it."""

    def check_model(self, model: Model, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse with InputError, before any strategy of the run has answered."""
        ...

"""Behaviour: what models, embedders and strategies promise, and what a strategy is given.

``harness.types`` holds the records that these speak; metrics stand in ``harness.scoring``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from harness.progress import Progress
from harness.traits import Traits
from harness.types import (
    Answer,
    Exchange,
    Failure,
    Generation,
    Message,
    ModelIdentity,
    PrepareCost,
    Request,
    Task,
    TaskItem,
    TrainingData,
)


class Model(Protocol):
    """The waist under which all speed lives."""

    @property
    def identity(self) -> ModelIdentity:
        """Which weights answer."""
        ...

    @property
    def context_length(self) -> int:
        """Tokens that prompt and answer may have together."""
        ...

    def render(self, messages: Sequence[Message]) -> str:
        """Return the prompt text the model sees, ending where its answer begins."""
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the rendered prompt."""
        ...

    def answer_tokens(self, request: Request) -> int:
        """Return the most tokens that an answer takes behind its prompt: of choices, the longest."""
        ...

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Return indexes into ``requests`` grouped into batches; depends on the requests alone."""
        ...

    def generate(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Answer one batch of generate requests, in order."""
        ...

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Judge the choices of one batch of choice requests, in order."""
        ...


@runtime_checkable
class FormsAnswers(Protocol):
    """A model whose answers depend on more than the text of their prompt."""

    def answer_form(self, request: Request) -> str:
        """Return how an answer to a request is encoded and ended."""
        ...


@dataclass(frozen=True)
class TokenLogProbs:
    """What a model gives to the tokens of some texts.

    Attributes:
        n_tokens: Tokens that were predicted; the first of each window of a text is not.
        nll: Sum of their negative log-likelihoods, in nats.
        log_probs: Log-probabilities of the whole vocabulary for the first of them, float32,
            shape ``(n_kept, vocabulary)``.
    """

    n_tokens: int
    nll: float
    log_probs: Any


@runtime_checkable
class TrainableModel(Model, Protocol):
    """A model that adapters can be trained for and loaded over."""

    @property
    def name(self) -> str:
        """The model as the experiment names it."""
        ...

    def fresh(self, quantization: Literal["none", "nf4"]) -> tuple[Any, Any]:
        """Return a newly loaded ``(transformers model, tokenizer)``; nothing of it is shared."""
        ...

    def __hash__(self) -> int:
        """Models are told apart by identity."""
        ...

    def token_log_probs(self, texts: Sequence[str], keep: int) -> TokenLogProbs:
        """Return how likely the texts are, with the whole distributions of the first ``keep`` tokens."""
        ...

    def answer_ids(self, messages: Sequence[Message], answer: str) -> tuple[list[int], list[int]]:
        """Return the token ids of a prompt, and of an answer to it with its end, as they are scored."""
        ...

    def merged(self) -> Model | None:
        """Return this model with its adapter merged in; None without one or where that cannot be."""
        ...

    def with_adapter(self, path: Path, quantization: Literal["none", "nf4"]) -> Model:
        """Return a model with the saved adapter at ``path`` over a newly loaded base."""
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors.

    Attributes:
        digest: Digest of what the vectors depend on.
        max_tokens: Tokens that one embedding can see.
        embedding_s: Seconds that the vectors given so far took to compute, also where they were kept from
            before; without loading the embedder.
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

It gets many items at a time, but not all that a task has. Where a device answers, it is called on another
thread than the one that prepared it, while the model is at work; never twice at once.
"""


Answered = Answer | Failure | Sequence[Request]
"""An answer, why there is none, or what is to be asked before there is one."""
Finisher = Callable[[Task, TaskItem, Sequence[Exchange]], Answered]
"""Makes the answer to one item of all that was asked for it so far, in order, with what came back.

It returns the answer, a failure, or requests that are to be asked too; then it is called again with all
exchanges so far. It goes by its arguments alone: the same exchanges give the same, and the item has no
targets. A run works out an answer's ``usage`` and ``latency_s`` by itself.
"""


def first_generation(task: Task, item: TaskItem, exchanges: Sequence[Exchange]) -> Answer:
    """Return the first generation of the last exchange as it is: the finisher that all strategies start from."""
    return Answer.of(exchanges[-1].generations[0])


@dataclass(frozen=True)
class PrepareContext:
    """What a strategy gets to work with.

    ``model``, ``build`` and ``finish`` come from the strategy before it in a composition (``lora+rag``), or
    are the base model, the plain prompt and the generation as it is. ``artifacts`` is a folder that outlives the run's process; anything there must
    be found again by content, so that a killed run resumes and no work is done twice.
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

    ``record`` is shown in the report (loss curves, index sizes). Without ``finish`` answers are made as the
    strategy before it makes them.
    """

    model: Model
    build: RequestBuilder
    cost: PrepareCost
    record: dict[str, Any]
    finish: Finisher | None = None


class Strategy(Protocol):
    """One way to make a model do a task.

    A strategy is a class with ``options_type``, a pydantic model of its options, built as ``Class(options)``.
    These members are enough; `StatesTraits`, `NamesFiles` and `ChecksModel` are what it may have beside them.
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
    """A strategy that states what it is; of one that does not, nothing is taken for granted."""

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
class ChecksModel(Protocol):
    """A strategy that can tell from a model's files that it cannot work with it."""

    def check_model(self, model: Model, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse with InputError, before any strategy of the run has answered."""
        ...

"""Behaviour: what models, embedders and strategies promise, and what a strategy is given.

``harness.types`` holds the records that these speak; metrics stand in ``harness.scoring``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    Replacement,
    Request,
    Task,
    TaskItem,
    TrainingData,
)


@dataclass(frozen=True)
class Capabilities:
    """What is to be known of a model beside its identity; what it can do are the protocols that it has.

    Attributes:
        device: Where it answers: "cpu" or "cuda" of this machine, "" for elsewhere.
        context_source: Where its context length was read, or that it was assumed; "" where it has none.
        template_date: The day that its chat template is told for today, YYYY-MM-DD; "" where it writes none.
        asked_with: Settings that its answers depend on beside its identity, such as options of its chat
            template; JSON.
    """

    device: Literal["cpu", "cuda", ""] = ""
    context_source: str = ""
    template_date: str = ""
    asked_with: Mapping[str, Any] = field(default_factory=dict)


class Model(Protocol):
    """Answers requests. `ScoresChoices` and the protocols below are what a model may be able to do beside.

    Whoever needs one of them asks with ``isinstance``, which may read its properties: what takes time is a
    method. `harness.powers` holds what is done without one.
    """

    @property
    def identity(self) -> ModelIdentity:
        """Which model answers."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What else is to be known of it."""
        ...

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        """Answer one batch of requests without choices, in order.

        Returns:
            For each request its ``n_samples`` generations, or why there are none.
        """
        ...


@runtime_checkable
class ScoresChoices(Protocol):
    """Reads the log-likelihood of texts as answers."""

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        """Judge the choices of one batch of requests, in order."""
        ...


@runtime_checkable
class CountsTokens(Protocol):
    """Knows how its prompts are written and how long they are."""

    @property
    def context_length(self) -> int:
        """Tokens that prompt and answer may have together."""
        ...

    def render(self, messages: Sequence[Message]) -> str:
        """Return the prompt text the model sees, ending where its answer begins.

        Raises:
            UnrenderedError: Its chat template would leave something of the messages out.
        """
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the rendered prompt."""
        ...

    def answer_tokens(self, request: Request) -> int:
        """Return the most tokens that an answer takes behind its prompt: of choices, the longest."""
        ...

    def answer_form(self, request: Request) -> str:
        """Return what an answer depends on beside the prompt's text: how it is encoded and ended."""
        ...


@runtime_checkable
class PlansBatches(Protocol):
    """Knows which requests are best answered together."""

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Return indexes into ``requests`` grouped into batches; depends on the requests alone."""
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
class MeasuresLikelihood(Protocol):
    """Tells how likely any text is."""

    def token_log_probs(self, texts: Sequence[str], keep: int) -> TokenLogProbs:
        """Return how likely the texts are, with the whole distributions of the first ``keep`` tokens."""
        ...


@runtime_checkable
class Trains(Model, CountsTokens, Protocol):
    """Has weights that can be trained, through transformers, on the device that its capabilities name."""

    @property
    def name(self) -> str:
        """The model as the experiment names it."""
        ...

    def loaded(self) -> Any:
        """Return the transformers model in evaluation mode, to look at and not to change."""
        ...

    def __hash__(self) -> int:
        """Models are told apart by identity."""
        ...

    def empty(self) -> Any:
        """Return the transformers model without storage: its modules and the shapes of its weights."""
        ...

    def fresh(self, quantization: Literal["none", "nf4"]) -> tuple[Any, Any]:
        """Return a newly loaded ``(transformers model, tokenizer)``; nothing of it is shared."""
        ...

    def answer_ids(self, messages: Sequence[Message], answer: str) -> tuple[list[int], list[int]]:
        """Return the token ids of a prompt, and of an answer to it with its end, as they are scored."""
        ...


class SavedWeights(Protocol):
    """Trained weights in a folder, which a model answers with over its own or in place of them.

    Whoever trained them knows how they are put on and taken off; a model only asks them to.
    """

    @property
    def folder(self) -> Path:
        """Where they are."""
        ...

    @property
    def form(self) -> str:
        """What they make of a model's structure; "" where it computes as before, with other numbers."""
        ...

    @property
    def mergeable(self) -> bool:
        """Whether they lie beside the model's weights and can become part of them."""
        ...

    def digest(self) -> str:
        """Return the digest of all files that answers depend on, as they are now."""
        ...

    def attach(self, module: Any, merge: bool = False) -> Any:
        """Return a transformers model that answers with them, made from ``module``; merged if wanted.

        ``module`` is used up: what becomes of it is for `detach` to say.

        Raises:
            InputError: They cannot be put on this model.
        """
        ...

    def detach(self, module: Any) -> Any:
        """Return the model under them as it may have been before; None where it is gone."""
        ...


@runtime_checkable
class ServesAdapters(Protocol):
    """Answers with saved weights over its own or in place of them."""

    def with_adapter(self, saved: SavedWeights, quantization: Literal["none", "nf4"]) -> Model:
        """Return a model that answers with saved weights, over a base that is loaded as it came."""
        ...

    def merged(self) -> Model | None:
        """Return this model with its adapter merged in; None without one or where that cannot be."""
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


def first_generation(_: Task, __: TaskItem, exchanges: Sequence[Exchange]) -> Answer:
    """Return the first generation of the last exchange: the ``Finisher`` that all strategies start from."""
    return Answer.of(exchanges[-1].generations[0])


@dataclass(frozen=True)
class PrepareContext:
    """What a strategy gets to work with.

    ``model``, ``build`` and ``finish`` come from the strategy before it in a composition (``lora+rag``), or
    are the base model, the plain prompt and the generation as it is. ``artifacts`` is a folder that outlives
    the run's process; anything there must be found again by content, so that a killed run resumes and no work
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
class TakesAdapter(Protocol):
    """A strategy (its class) that answers with any adapter that it is given: a gate asks candidates by it."""

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

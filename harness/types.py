"""The few types that everything speaks.

Frozen pydantic models for what is written to disk, protocols for behaviour. One item's way:
``TaskItem`` -> ``Prepared.build`` -> ``Request`` -> ``Model`` -> ``Generation`` -> metrics -> ``ItemResult``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from harness.progress import Progress

Split = Literal["train", "validation", "test"]
Kind = Literal["generate", "choice"]
Role = Literal["target", "retention"]


class Frozen(BaseModel):
    """A record: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- What is asked ----------------------------------------------------------------------------------


class TaskItem(Frozen):
    """One question with its accepted answers.

    ``documents`` names the corpus documents that hold the answer, where that is known. ``metadata`` holds
    the remaining columns; templates may use them.
    """

    id: str
    input: str
    targets: tuple[str, ...]
    split: Split
    choices: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}

    def without_answer(self) -> Self:
        """Return the item as a strategy may see it at test time: with no targets."""
        return self.model_copy(update={"targets": ()})


class Document(Frozen):
    """One document of a corpus."""

    id: str
    text: str
    title: str = ""


class MetricSpec(Frozen):
    """A metric by name, with its options."""

    use: str
    options: dict[str, Any] = {}


class Task(Frozen):
    """What is asked and how it is judged; the items stand apart.

    ``instruction`` becomes the system turn and ``prompt`` the user turn; both are Jinja2 templates over the
    item's fields. The first metric is the primary one. ``random_baseline`` is the primary score of a guess,
    in [0, 1]. ``refusal`` is the answer expected where the question has none. ``corpus_holds_answers`` False
    means that a test answer found in the corpus is a leak.
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
    refusal: str | None = None
    random_baseline: float = Field(default=0.0, ge=0.0, le=1.0)
    corpus_holds_answers: bool = True
    digest: str = ""


@dataclass(frozen=True)
class TrainingData:
    """What a strategy may learn from: a task with its train and validation items and its corpus.

    The type has no place for test items, so a strategy cannot see one before it is asked it.
    """

    task: Task
    train: tuple[TaskItem, ...]
    validation: tuple[TaskItem, ...]
    corpus: tuple[Document, ...] = ()


@dataclass(frozen=True)
class LoadedTask:
    """A task with everything that belongs to it, as the loader returns it; ``place`` is its file, for errors."""

    data: TrainingData
    test: tuple[TaskItem, ...]
    place: str = ""

    @property
    def task(self) -> Task:
        """The task itself."""
        return self.data.task


# --- One request and its answer ---------------------------------------------------------------------


class Message(Frozen):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Passage(Frozen):
    """A retrieved passage as it was shown, ``number`` counted from 1; ``score`` is the inner product."""

    number: int
    chunk_id: str
    document_id: str
    title: str
    text: str
    score: float


class Decoding(Frozen):
    """How an answer is produced. ``temperature`` 0 is greedy."""

    max_new_tokens: int = 64
    temperature: float = Field(default=0.0, ge=0.0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    stop: tuple[str, ...] = ()


class Request(Frozen):
    """Everything the model is asked for one item.

    ``examples`` are the ids of the few-shot examples shown. ``cut`` counts passages and examples that were
    left out because the prompt would not have fitted. ``embedding_tokens`` were spent to build the request.
    """

    task: str
    item_id: str
    messages: tuple[Message, ...]
    choices: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    examples: tuple[str, ...] = ()
    cut: int = 0
    embedding_tokens: int = 0
    decoding: Decoding = Decoding()
    seed: int = 0
    repeat: int = 0


class TokenUsage(Frozen):
    """Tokens of one or many calls. ``prompt`` includes ``cached_prompt``."""

    prompt: int = 0
    cached_prompt: int = 0
    completion: int = 0
    embedding: int = 0

    def __add__(self, other: TokenUsage) -> TokenUsage:
        return TokenUsage(
            prompt=self.prompt + other.prompt,
            cached_prompt=self.cached_prompt + other.cached_prompt,
            completion=self.completion + other.completion,
            embedding=self.embedding + other.embedding,
        )


class ChoiceScore(Frozen):
    """Log-likelihood in nats of one choice as the answer; ``n_tokens`` and ``n_chars`` normalise it."""

    text: str
    log_likelihood: float
    n_tokens: int
    n_chars: int


class Generation(Frozen):
    """A model's answer. For a choice task ``text`` is the likeliest choice and ``choices`` has them all."""

    text: str
    choices: tuple[ChoiceScore, ...] = ()
    usage: TokenUsage = TokenUsage()
    latency_s: float = 0.0
    stop_reason: Literal["stop", "length", "choice"] = "stop"


class Failure(Frozen):
    """A failed item, as data: never a crash, never a silent zero."""

    kind: str
    message: str


class ItemResult(Frozen):
    """One row of the store: what one strategy did on one item."""

    strategy: str
    seed: int
    repeat: int = 0
    task: str
    item_id: str
    key: str
    request: Request | None
    generation: Generation | None
    scores: dict[str, float]
    error: Failure | None = None


# --- What a strategy costs and what a run was -------------------------------------------------------


class PrepareCost(Frozen):
    """What it took to prepare a strategy, measured. Bytes are on disk, memory is the peak of the process."""

    trained_tokens: int = 0
    supervised_tokens: int = 0
    embedding_tokens: int = 0
    wall_s: float = 0.0
    device_s: float = 0.0
    peak_memory_bytes: int = 0
    flops: float = 0.0
    artifact_bytes: int = 0

    def __add__(self, other: PrepareCost) -> PrepareCost:
        return PrepareCost(
            trained_tokens=self.trained_tokens + other.trained_tokens,
            supervised_tokens=self.supervised_tokens + other.supervised_tokens,
            embedding_tokens=self.embedding_tokens + other.embedding_tokens,
            wall_s=self.wall_s + other.wall_s,
            device_s=self.device_s + other.device_s,
            peak_memory_bytes=max(self.peak_memory_bytes, other.peak_memory_bytes),
            flops=self.flops + other.flops,
            artifact_bytes=self.artifact_bytes + other.artifact_bytes,
        )


class ModelIdentity(Frozen):
    """Which weights answer: digests of the base and of the adapter, and how the base was loaded."""

    name: str
    weights_digest: str
    adapter_digest: str = ""
    quantization: Literal["none", "nf4"] = "none"
    dtype: str = "float32"


class RunManifest(Frozen):
    """What a run was made from, and which rows of its store are today's.

    ``recipes[strategy][task]`` and ``preparations[strategy]`` name the recipes of the store's rows.
    ``metrics[task]`` are the names of its scores; the first is the primary one.
    """

    schema_version: int = 1
    trilemma_version: str
    name: str
    experiment: dict[str, Any]
    experiment_digest: str
    place: str
    tasks: dict[str, Task]
    metrics: dict[str, tuple[str, ...]]
    recipes: dict[str, dict[str, str]]
    preparations: dict[str, str]
    model: ModelIdentity
    embedder: str
    packages: dict[str, str]
    git_revision: str
    hardware: dict[str, Any]
    created: str


# --- Behaviour --------------------------------------------------------------------------------------


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
class TrainableModel(Model, Protocol):
    """A model that adapters can be trained for and loaded over."""

    @property
    def name(self) -> str:
        """The model as the experiment names it."""
        ...

    def fresh(self, quantization: Literal["none", "nf4"]) -> tuple[Any, Any]:
        """Return a newly loaded ``(transformers model, tokenizer)``; nothing of it is shared."""
        ...

    def with_adapter(self, path: Path, quantization: Literal["none", "nf4"]) -> Model:
        """Return a model with the saved adapter at ``path`` over a newly loaded base."""
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    digest: str
    max_tokens: int

    def embed(self, texts: Sequence[str]) -> Any:
        """Return float32 unit vectors, shape ``(n_texts, dim)``."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Return the tokens of ``texts`` whole, special tokens included, before any cut at ``max_tokens``."""
        ...


RequestBuilder = Callable[[Task, Sequence[TaskItem]], list["Request | Failure"]]
"""Builds the requests for items of one task, in order; an item that cannot be asked gives a Failure."""


@dataclass(frozen=True)
class PrepareContext:
    """What a strategy gets to work with.

    ``model`` and ``build`` come from the strategy before it in a composition (``lora+rag``), or are the base
    model and the plain prompt. ``artifacts`` is a folder that outlives the run's process; anything there must
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


@dataclass(frozen=True)
class Prepared:
    """A strategy that is ready to answer. ``record`` is shown in the report (loss curves, index sizes)."""

    model: Model
    build: RequestBuilder
    cost: PrepareCost
    record: dict[str, Any]


class Strategy(Protocol):
    """One way to make a model do a task.

    A strategy is a class with ``options_type``, a pydantic model of its options, built as ``Class(options)``.
    """

    @property
    def options_type(self) -> type[BaseModel]:
        """The pydantic model of its options."""
        ...

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse with InputError what can be refused before any model is loaded."""
        ...

    def files(self, place: str) -> tuple[Path, ...]:
        """Return the files outside the experiment that the answers depend on (an adapter's)."""
        ...

    def prepare(self, context: PrepareContext) -> Prepared:
        """Do all the work that comes before the first test item."""
        ...


class Metric(Protocol):
    """Judges answers item by item; aggregation is not its business."""

    names: tuple[str, ...]

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return for each case its scores by name, each in [0, 1] where 1.0 is best."""
        ...


@dataclass(frozen=True)
class Case:
    """All that a metric may look at for one item."""

    task: Task
    item: TaskItem
    request: Request
    generation: Generation

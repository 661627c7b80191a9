"""The few records that everything speaks, in the order in which an item meets them.

``TaskItem`` -> ``Request`` -> ``Generation`` -> ``Answer`` -> ``ItemResult``: frozen pydantic models, since
they are written to disk. ``harness.protocols`` holds the behaviour beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from harness.digests import digest_of

Split = Literal["train", "validation", "test"]
Kind = Literal["generate", "choice"]
Role = Literal["target", "retention"]
StopReason = Literal["stop", "length", "choice"]
Replacement = Literal["modules_to_save", "bias", "lora_bias", "trainable_token_indices", "target_parameters"]
"""What an adapter may do to its base beside adding products of low rank to layers, by peft's settings."""


class Frozen(BaseModel):
    """A record: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- What is asked ----------------------------------------------------------------------------------


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
    metadata: dict[str, Any] = {}

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
    options: dict[str, Any] = {}


Extraction = Literal["whole", "first_line", "last_line", "json", "number", "choice", "regex"]


class AnswerRule(Frozen):
    """What of the text that a model wrote is its answer; ``harness.tasks.answers`` applies it.

    ``after`` is a text behind whose last occurrence the answer stands, "" for none; ``extract`` then takes
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
    """What is asked and how it is judged; the items stand apart.

    ``instruction`` becomes the system turn and ``prompt`` the user turn; both are Jinja2 templates over the
    item's fields. The first metric is the primary one. ``random_baseline`` is the primary score of a guess,
    in [0, 1]. ``right_from`` is the primary score from which on an answer counts as right; left out,
    any above one half does. ``answer`` says what of the written text is judged. ``refusal`` is the answer
    expected where the question has none. ``corpus_holds_answers`` False
    means that a test answer found in the corpus is a leak. ``cluster`` names what items share that makes them
    alike: ``documents`` or a column. ``digest`` is of all that answers to it depend on, ``judging`` of what
    their scores depend on beside.
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
        """Whether choices are judged by log-likelihood, rather than looked for in what the model writes."""
        return self.kind == "choice" and self.answer.extract != "choice"


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
    """A task with all that belongs to it, as the loader returns it.

    ``place`` is its file, for errors; ``remarks`` are what loading has changed or passed over, a line each.
    """

    data: TrainingData
    test: Sequence[TaskItem]
    place: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        """The task itself."""
        return self.data.task


# --- One request and its answer ---------------------------------------------------------------------


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
    left out because the prompt would not have fitted, ``withheld`` the training examples that were not shown
    because they ask the same. ``embedding_tokens`` were spent to build the request.
    ``every_choice`` False means that only the likeliest choice needs its exact log-likelihood. ``n`` samples
    are drawn; for a greedy answer or for choices there is but one. A run sets ``seed`` and ``repeat``.
    """

    task: str
    item_id: str
    messages: tuple[Message, ...]
    choices: tuple[str, ...] = ()
    every_choice: bool = True
    passages: tuple[Passage, ...] = ()
    examples: tuple[str, ...] = ()
    cut: int = 0
    withheld: int = 0
    embedding_tokens: int = 0
    decoding: Decoding = Decoding()
    n: int = Field(default=1, ge=1)
    seed: int = 0
    repeat: int = 0

    @property
    def n_samples(self) -> int:
        """How many generations there are to it: ``n``, and one of what is greedy or scored."""
        return self.n if self.decoding.temperature > 0 and not self.choices else 1


class TokenUsage(Frozen):
    """Tokens of one or many calls. ``prompt`` includes ``cached_prompt``.

    ``completion`` are those of the answer, of choices of the likeliest one: what a service would write.
    ``scored`` are those of all choices that were read to find it.
    """

    prompt: int = 0
    cached_prompt: int = 0
    completion: int = 0
    embedding: int = 0
    scored: int = 0

    def __add__(self, other: TokenUsage) -> TokenUsage:
        return TokenUsage(
            prompt=self.prompt + other.prompt,
            cached_prompt=self.cached_prompt + other.cached_prompt,
            completion=self.completion + other.completion,
            embedding=self.embedding + other.embedding,
            scored=self.scored + other.scored,
        )


class ChoiceScore(Frozen):
    """Log-likelihood in nats of one choice as the answer; ``n_tokens`` and ``n_chars`` normalise it.

    Where ``exact`` is False the choice was ruled out early, and ``log_likelihood`` is an upper bound.
    """

    text: str
    log_likelihood: float
    n_tokens: int
    n_chars: int
    exact: bool = True


class Generation(Frozen):
    """A model's answer. For a choice task ``text`` is the likeliest choice and ``choices`` has them all."""

    text: str
    choices: tuple[ChoiceScore, ...] = ()
    usage: TokenUsage = TokenUsage()
    latency_s: float = 0.0
    stop_reason: StopReason = "stop"


class Failure(Frozen):
    """A failed item, as data: never a crash, never a silent zero."""

    kind: str
    message: str


class Exchange(Frozen):
    """One request with all that came back to it: ``request.n`` generations, or one with its scored choices.

    ``key`` is the digest under which a store keeps the generations.
    """

    request: Request
    generations: tuple[Generation, ...]
    key: str = ""

    @property
    def usage(self) -> TokenUsage:
        """Its tokens as a service counts them: the prompt once, and what is written of every sample."""
        each = [generation.usage for generation in self.generations]
        return TokenUsage(
            prompt=each[0].prompt,
            cached_prompt=each[0].cached_prompt,
            completion=sum(usage.completion for usage in each),
            embedding=self.request.embedding_tokens,
            scored=sum(usage.scored for usage in each),
        )

    @property
    def latency_s(self) -> float:
        """Seconds that its generations took together."""
        return sum(generation.latency_s for generation in self.generations)


class Answer(Frozen):
    """What a strategy answers to one item, made from one exchange with the model or from several.

    ``text`` is what is judged, of a choice task the choice that is taken; ``choices`` are their scores where
    they were scored. ``usage`` and ``latency_s`` are sums over all exchanges, which a run works out itself.
    ``evidence`` are the passages that the answer rests on; where a strategy names none, all that were shown.
    """

    text: str
    choices: tuple[ChoiceScore, ...] = ()
    usage: TokenUsage = TokenUsage()
    latency_s: float = 0.0
    stop_reason: StopReason = "stop"
    evidence: tuple[Passage, ...] = ()

    @classmethod
    def of(cls, generation: Generation) -> Self:
        """Return a generation as the answer."""
        return cls(
            text=generation.text,
            choices=generation.choices,
            usage=generation.usage,
            latency_s=generation.latency_s,
            stop_reason=generation.stop_reason,
        )

    def resting_on(self, exchanges: Sequence[Exchange]) -> Self:
        """Return the answer with what all of its exchanges took together, and with what they showed."""
        shown = (passage for exchange in exchanges for passage in exchange.request.passages)
        return self.model_copy(
            update={
                "usage": sum((exchange.usage for exchange in exchanges), TokenUsage()),
                "latency_s": sum(exchange.latency_s for exchange in exchanges),
                "evidence": self.evidence or tuple(dict.fromkeys(shown)),
            }
        )


class Judgement(Frozen):
    """What a metric gives one answer under one name.

    ``value`` is in [0, 1], where 1.0 is best. ``explanation`` says to a reader what it rests on. ``usage``
    and ``latency_s``, in seconds, are what a model that was asked for it took. With ``error`` the metric
    could not judge this answer, and ``value`` does not count.
    """

    value: float = 0.0
    explanation: str = ""
    usage: TokenUsage = TokenUsage()
    latency_s: float = Field(default=0.0, ge=0.0)
    error: Failure | None = None


class ItemResult(Frozen):
    """One row of the store: what one strategy did on one item.

    ``request`` is the first that was asked. ``exchanges`` are all of them, with what came back, where the
    answer is more than the one generation to that request. ``extracted`` is what was judged of the answer.
    """

    strategy: str
    seed: int
    repeat: int = 0
    task: str
    item_id: str
    key: str
    request: Request | None
    answer: Answer | None
    exchanges: tuple[Exchange, ...] = ()
    scores: dict[str, float]
    extracted: Extracted | None = None
    error: Failure | None = None


# --- What a strategy costs and which weights answer -------------------------------------------------------


Count = Annotated[int, Field(ge=0, le=10**16)]
"""Tokens or bytes: more than anything was ever trained on, or is stored on."""
Seconds = Annotated[float, Field(ge=0.0, le=1e10, allow_inf_nan=False)]
"""Up to three hundred years."""


STATED = "as stated by the adapter"
"""Of a figure that an adapter from elsewhere brings along, and that nobody has measured."""


class PrepareCost(Frozen):
    """What it took to prepare a strategy, measured. Bytes are on disk, memory is the peak of the process.

    What is negative, not finite or beyond all that can be is refused. ``adapted`` is what the strategy states
    of itself (`harness.traits`). ``stated`` means that an adapter from elsewhere says so of its training, and
    that nobody has measured it here.
    """

    trained_tokens: Count = 0
    supervised_tokens: Count = 0
    embedding_tokens: Count = 0
    wall_s: Seconds = 0.0
    device_s: Seconds = 0.0
    peak_memory_bytes: Count = 0
    flops: float = Field(default=0.0, ge=0.0, le=1e30, allow_inf_nan=False)
    artifact_bytes: Count = 0
    adapted: bool = False
    stated: bool = False

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
            adapted=self.adapted or other.adapted,
            stated=self.stated or other.stated,
        )


class ModelIdentity(Frozen):
    """Which model answers: digests of the base and of the adapter, and how the base was loaded.

    ``origin`` is "weights" for a model whose files are here, "endpoint" for one behind a server, of which
    only address and name are known. ``weights_digest`` is of the base's weights, configuration and tokenizer,
    or of that address and name; ``settings_digest`` of whatever else in its folder or options can change an
    answer, such as chat templates and generation settings, "" without any.
    ``parameters`` counts the base's weights; 0 where that is not known. ``quantization`` is "none", "nf4", or
    the format that the base's own files are saved in. ``loaded_by`` names the packages that load and ask it,
    with their versions: another version may give other answers.
    """

    name: str
    origin: Literal["weights", "endpoint"] = "weights"
    weights_digest: str
    settings_digest: str = ""
    parameters: int = 0
    adapter_digest: str = ""
    quantization: str = "none"
    dtype: str = "float32"
    loaded_by: str = ""

    @property
    def digest(self) -> str:
        """The digest of all that can change an answer: equal models have the same, under any name."""
        return digest_of(self.model_dump(exclude={"name", "parameters"}))

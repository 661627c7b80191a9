"""Requests, generations, answers and judgements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field

from harness.errors import plain, shorten
from harness.types.base import Frozen
from harness.types.tasks import Extracted, Message

StopReason = Literal["stop", "length", "choice"]


class Passage(Frozen):
    """A retrieved passage as it was shown, ``number`` counted from 1; ``score`` is the retriever's."""

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
    are drawn; for a greedy answer or for choices there is only one. A run sets ``seed`` and ``repeat``.
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
    embedding_tokens: int = Field(default=0, ge=0)
    decoding: Decoding = Decoding()
    n: int = Field(default=1, ge=1)
    seed: int = 0
    repeat: int = 0

    @property
    def n_samples(self) -> int:
        """Its number of generations: ``n``, or one if it is greedy or has scored choices."""
        return self.n if self.decoding.temperature > 0 and not self.choices else 1


class TokenUsage(Frozen):
    """Tokens of one or many calls. ``prompt`` includes ``cached_prompt``.

    ``completion`` counts the answer's tokens (for choices, the likeliest one's): what a service would write.
    ``scored`` counts those of all choices that were read to find it.
    """

    prompt: int = Field(default=0, ge=0)
    cached_prompt: int = Field(default=0, ge=0)
    completion: int = Field(default=0, ge=0)
    embedding: int = Field(default=0, ge=0)
    scored: int = Field(default=0, ge=0)

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
    latency_s: float = Field(default=0.0, ge=0.0)
    stop_reason: StopReason = "stop"


class Failure(Frozen):
    """A failed item, as data: never a crash, never a silent zero."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: BaseException, doing: str = "") -> Self:
        """Return the failure that an exception means; ``doing`` says what raised it, "" if that is plain."""
        text = f"{doing}: {error}" if doing else str(error)
        return cls(kind=type(error).__name__, message=plain(shorten(text, 500)))


class Exchange(Frozen):
    """One request with its responses: ``request.n`` generations, or one with its scored choices.

    ``key`` is the digest under which a store keeps the generations.
    """

    request: Request
    generations: tuple[Generation, ...]
    key: str = ""

    @property
    def usage(self) -> TokenUsage:
        """Its tokens as a service counts them: the prompt once, and the completion of every sample."""
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
    """What a strategy answers to one item, made from one or more exchanges with the model.

    ``text`` is what is judged; for a choice task, the choice taken; ``choices`` are their scores where
    they were scored. ``usage`` and ``latency_s`` are sums over all exchanges, which a run computes itself.
    ``evidence`` are the passages the answer is based on; where a strategy names none, all that were shown.
    """

    text: str
    choices: tuple[ChoiceScore, ...] = ()
    usage: TokenUsage = TokenUsage()
    latency_s: float = Field(default=0.0, ge=0.0)
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
        """Return the answer with the total cost of its exchanges, and with the passages they showed."""
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

    ``value`` is in [0, 1], where 1.0 is best. ``explanation`` tells a reader the reason. ``usage`` and
    ``latency_s``, in seconds, are the cost of a model that was asked for it. With ``error`` the metric
    could not judge this answer, and ``value`` does not count.
    """

    value: float = 0.0
    explanation: str = ""
    usage: TokenUsage = TokenUsage()
    latency_s: float = Field(default=0.0, ge=0.0)
    error: Failure | None = None


class ItemResult(Frozen):
    """One row of the store: what one strategy did on one item.

    ``request`` is the first one asked. ``exchanges`` are all requests with their responses, where the answer
    is more than the one generation for that request. ``prior`` are the choices under the prompt
    without the input, where a metric needs them, and ``prior_key`` is their key. ``extracted`` is the part
    of the answer that was judged, and ``details`` are the judgements that say more than a score.
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
    prior: Generation | None = None
    prior_key: str = ""
    scores: dict[str, float] = Field(default={})
    details: dict[str, Judgement] = Field(default={})
    extracted: Extracted | None = None
    error: Failure | None = None

    @property
    def explanations(self) -> dict[str, str]:
        """Explanations that metrics give for their scores, by name."""
        return {name: each.explanation for name, each in self.details.items() if each.explanation}

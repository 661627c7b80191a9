"""What models promise: what all can do, and a protocol for each thing that some can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from harness.types import (
    Failure,
    Generation,
    Message,
    ModelIdentity,
    Request,
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

"""Protocols of models: what all can do, and one for each thing that only some can."""

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
    """Facts about a model besides its identity; what it can do is given by the protocols it implements.

    Attributes:
        device: Where it answers: "cpu" or "cuda" of this machine, "" for elsewhere.
        context_source: Where its context length was read, or that it was assumed; "" where it has none.
        template_date: The current date as given to its chat template, YYYY-MM-DD; "" where it uses none.
        asked_with: Settings that its answers depend on besides its identity, such as options of its chat
            template; JSON.
    """

    device: Literal["cpu", "cuda", ""] = ""
    context_source: str = ""
    template_date: str = ""
    asked_with: Mapping[str, Any] = field(default_factory=dict)


class Model(Protocol):
    """Answers requests. `ScoresChoices` and the protocols below are optional abilities of a model.

    Code that needs one checks with ``isinstance``, which may read its properties: anything slow must be a
    method. `harness.powers` holds what is done without one.
    """

    @property
    def identity(self) -> ModelIdentity:
        """Which model answers."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Facts about it besides its identity."""
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
        """Return the most tokens that an answer takes after its prompt: for choices, the longest choice."""
        ...

    def answer_form(self, request: Request) -> str:
        """Return what an answer depends on besides the prompt's text: how it is encoded and ended."""
        ...


@runtime_checkable
class PlansBatches(Protocol):
    """Knows which requests are best answered together."""

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Return indexes into ``requests`` grouped into batches; depends on the requests alone."""
        ...


@dataclass(frozen=True)
class TokenLogProbs:
    """The likelihoods a model gives to the tokens of some texts.

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
        """Return the transformers model in evaluation mode, read-only."""
        ...

    def __hash__(self) -> int:
        """Models are told apart by identity."""
        ...

    def empty(self) -> Any:
        """Return the transformers model without storage: its modules and the shapes of its weights."""
        ...

    def fresh(self, quantization: Literal["none", "nf4"]) -> tuple[Any, Any]:
        """Return a newly loaded ``(transformers model, tokenizer)``; nothing in it is shared."""
        ...

    def answer_ids(self, messages: Sequence[Message], answer: str) -> tuple[list[int], list[int]]:
        """Return the token ids of a prompt, and of an answer to it with its end token, as they are scored."""
        ...


class SavedWeights(Protocol):
    """Trained weights in a folder, used on top of a model's own or instead of them.

    They know how to be attached and detached; a model only calls these methods.
    """

    @property
    def folder(self) -> Path:
        """Where they are."""
        ...

    @property
    def form(self) -> str:
        """How they change a model's structure; "" where only the numbers differ."""
        ...

    @property
    def mergeable(self) -> bool:
        """Whether they are added to the model's weights and can be merged into them."""
        ...

    def digest(self) -> str:
        """Return the digest of all files that answers depend on, as they are now."""
        ...

    def attach(self, module: Any, merge: bool = False) -> Any:
        """Return a transformers model that answers with them, made from ``module``; merged if wanted.

        ``module`` must not be used afterwards: `detach` says whether it can be recovered.

        Raises:
            InputError: They cannot be attached to this model.
        """
        ...

    def detach(self, module: Any) -> Any:
        """Return the model without them, as before `attach`; None where it cannot be restored."""
        ...


@runtime_checkable
class ServesAdapters(Protocol):
    """Answers with saved weights on top of its own or instead of them."""

    def with_adapter(self, saved: SavedWeights, quantization: Literal["none", "nf4"]) -> Model:
        """Return a model that answers with saved weights, over an unchanged base."""
        ...

    def merged(self) -> Model | None:
        """Return this model with its adapter merged in; None without one or where it cannot be merged."""
        ...

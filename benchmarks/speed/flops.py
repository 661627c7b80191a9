"""Floating point operations that a workload needs, counted by formula.

A token costs 2 operations for each weight of the layers' matrices, and 2 for each of the head's where its
logits are wanted; attention costs 4 for each number of a query's heads and each key that it sees, itself
included (2 for the score, 2 for the sum of values). The lookup of embeddings, norms, rotations, activations
and the softmax are left out, as in the sources: Kaplan et al. 2020, "Scaling Laws for Neural Language
Models", arXiv:2001.08361, section 2.1; attention as in Chowdhery et al. 2022, "PaLM", arXiv:2204.02311,
appendix B, without the keys that a causal mask hides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.models.transformers.prefixes import common_length


@dataclass(frozen=True)
class Shape:
    """What the formula needs of a model.

    Attributes:
        layers: How many there are.
        matrices: Shapes ``(n_in, n_out)`` of the matrices of one layer.
        attention: Numbers of a query over all heads of a layer.
        hidden: Numbers of a token between layers.
        vocabulary: Logits of a token.
    """

    layers: int
    matrices: tuple[tuple[int, int], ...]
    attention: int
    hidden: int
    vocabulary: int

    @classmethod
    def of(cls, config: Any) -> Shape:
        """Return the shape of a Llama from its configuration of transformers."""
        hidden, inner = config.hidden_size, config.intermediate_size
        dim = hidden // config.num_attention_heads
        keys = dim * config.num_key_value_heads
        matrices = ((hidden, hidden), (hidden, keys), (hidden, keys), (hidden, hidden))
        mlp = ((hidden, inner), (hidden, inner), (inner, hidden))
        return cls(config.num_hidden_layers, matrices + mlp, hidden, hidden, config.vocab_size)

    @property
    def weights(self) -> int:
        """Weights of all matrices of the layers: without embeddings, head and norms."""
        return self.layers * sum(n_in * n_out for n_in, n_out in self.matrices)


@dataclass(frozen=True)
class Work:
    """What is computed, whatever the model.

    Attributes:
        tokens: Tokens that go through the layers.
        seen: Keys seen, summed over those tokens; each sees itself and all before it.
        logits: Tokens whose logits are computed.
    """

    tokens: int = 0
    seen: int = 0
    logits: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(self.tokens + other.tokens, self.seen + other.seen, self.logits + other.logits)

    def __sub__(self, other: Work) -> Work:
        return Work(self.tokens - other.tokens, self.seen - other.seen, self.logits - other.logits)

    def flops(self, shape: Shape) -> float:
        """Return the floating point operations of this work for a model."""
        layers = 2 * shape.weights * self.tokens + 4 * shape.layers * shape.attention * self.seen
        return float(layers + 2 * shape.hidden * shape.vocabulary * self.logits)


def alone(n_tokens: int, logits: int) -> Work:
    """Return the work of reading one sequence by itself."""
    return Work(n_tokens, n_tokens * (n_tokens + 1) // 2, logits)


def shared(sequences: Iterable[list[int]]) -> Work:
    """Return the work of reading sequences with every common beginning read once, without logits.

    Each token of their prefix tree is read once: no order and no batches can need less.
    """
    total, before = Work(), list[int]()
    for sequence in sorted(sequences):
        total += alone(len(sequence), 0) - alone(common_length(before, sequence), 0)
        before = sequence
    return total


@dataclass(frozen=True)
class Split:
    """Work in its two parts: the prompts, and what continues them (new tokens, or options)."""

    prompts: Work
    rest: Work


def needed(prompts: Sequence[list[int]], continuations: Sequence[Sequence[list[int]]]) -> Split:
    """Return the least work that gives the logits of every token of every continuation.

    Args:
        prompts: Token ids of each prompt.
        continuations: For every prompt the token ids of what continues it: its answer, or all its options,
            at least one token each.
    """
    pairs = [(prompt, more) for prompt, own in zip(prompts, continuations, strict=True) for more in own]
    # The last token is predicted, but never read.
    whole = shared([prompt + more[:-1] for prompt, more in pairs])
    n_prompts = len({tuple(prompt) for prompt in prompts})
    predicting = {(*prompt, *more[:n]) for prompt, more in pairs for n in range(len(more))}
    first = shared(prompts) + Work(logits=n_prompts)
    return Split(first, whole + Work(logits=len(predicting)) - first)


def plain_answers(prompts: Sequence[list[int]], answers: Sequence[list[int]]) -> Split:
    """Return the work of answering every prompt by itself, with a cache of keys and values."""
    split = Split(Work(), Work())
    for prompt, answer in zip(prompts, answers, strict=True):
        first = alone(len(prompt), 1)
        whole = alone(len(prompt) + len(answer) - 1, len(answer))
        split = Split(split.prompts + first, split.rest + (whole - first))
    return split


def plain_choices(prompts: Sequence[list[int]], options: Sequence[Sequence[list[int]]]) -> Split:
    """Return the work of reading every option by itself behind its prompt, logits at every token."""
    split = Split(Work(), Work())
    for prompt, own in zip(prompts, options, strict=True):
        for option in own:
            first, whole = (alone(n, n) for n in (len(prompt), len(prompt) + len(option) - 1))
            split = Split(split.prompts + first, split.rest + (whole - first))
    return split

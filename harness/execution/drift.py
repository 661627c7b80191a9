"""How far an adapted model has moved from its base, and how much the base varies by itself.

Measured while a run has the models loaded, and kept in its store; everything else about forgetting is a pure
function of stored rows (`harness.analysis.forgetting`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.powers import answered
from harness.protocols import MeasuresLikelihood, Model, ServesAdapters, TokenLogProbs
from harness.types import Answer, Failure, Frozen, Generation, Request

GENERAL_TEXT = "general text"
"""Name of the general text whose likelihood shows how far an adapted model has moved."""
KEPT_TOKENS = 256
"""Predicted tokens of a text whose full distributions are compared."""
_ROWS = 64


class Drift(Frozen):
    """One text under the base and under adapted weights.

    ``nll`` and ``base_nll`` are mean negative log-likelihoods in nats per token over ``n_tokens``; ``kl`` is
    the mean of KL(base || adapted) in nats per token over the first ``n_kl`` of them.
    """

    text: str
    n_tokens: int
    nll: float
    base_nll: float
    n_kl: int
    kl: float

    @property
    def perplexity_ratio(self) -> float:
        """Perplexity under the adapted weights over that under the base; 1.0 is unchanged."""
        return math.exp(self.nll - self.base_nll)


class Noise(Frozen):
    """One task asked of the base again, one item at a time.

    ``changed`` of ``n`` answers have another text, though the weights are the same: batches of other shapes
    round differently.
    """

    task: str
    n: int
    changed: int


class AnswerInformation(Frozen):
    """One task under the base and under adapted weights, on the same items.

    See `harness.execution.answer_information`.

    ``base`` and ``now`` are each item's answer information in nats; ``base_log_likelihood`` and
    ``log_likelihood`` are means over the items of log p(accepted answer | question), form included.
    """

    task: str
    items: tuple[str, ...]
    base: tuple[float, ...]
    now: tuple[float, ...]
    base_log_likelihood: float
    log_likelihood: float


class MergedLatency(Frozen):
    """The same ``n`` requests, one at a time, with the adapter separate from its base and merged into it.

    Seconds per answer, at the median and the 95th percentile; ``changed`` answers have another text.
    """

    n: int
    apart_p50_s: float
    apart_p95_s: float
    merged_p50_s: float
    merged_p95_s: float
    changed: int


class WeightMeasurements(Frozen):
    """The measurements of one prepared strategy.

    ``of`` is the digest of what it was measured on, ``adapter`` identifies the adapter and how its base is
    loaded: strategies that share both have the same distance from the base. ``error`` is why nothing could be
    measured.
    """

    of: str
    adapter: str = ""
    drift: tuple[Drift, ...] = ()
    noise: tuple[Noise, ...] = ()
    information: tuple[AnswerInformation, ...] = ()
    merged: MergedLatency | None = None
    error: Failure | None = None


def drift_of(
    base: Model, model: Model, texts: Mapping[str, Sequence[str]], advance: Callable[[int], None]
) -> list[Drift]:
    """Return the drift of a model on every text; none if it or its base does not measure likelihoods.

    Args:
        base: The base, without any adapter.
        model: The model that is compared with it.
        texts: Texts by name; each is measured by itself.
        advance: Called with 1 for each name.
    """
    if not isinstance(base, MeasuresLikelihood) or not isinstance(model, MeasuresLikelihood):
        advance(len(texts))
        return []
    of_base = {name: base.token_log_probs(own, KEPT_TOKENS) for name, own in texts.items()}
    found = []
    for name, own in texts.items():
        if of_base[name].n_tokens:
            found.append(_drift(name, of_base[name], model.token_log_probs(own, KEPT_TOKENS)))
        advance(1)
    return found


def _drift(name: str, base: TokenLogProbs, new: TokenLogProbs) -> Drift:
    return Drift(
        text=name,
        n_tokens=base.n_tokens,
        nll=new.nll / new.n_tokens,
        base_nll=base.nll / base.n_tokens,
        n_kl=len(base.log_probs),
        kl=mean_kl(base.log_probs, new.log_probs),
    )


def mean_kl(base: Any, new: Any) -> float:
    """Return the mean over rows of KL(base || new) in nats.

    Args:
        base: Log-probabilities, shape ``(n_tokens, vocabulary)``.
        new: The same for the other model.
    """
    total = 0.0
    for start in range(0, len(base), _ROWS):
        p = np.asarray(base[start : start + _ROWS], dtype=np.float64)
        q = np.asarray(new[start : start + _ROWS], dtype=np.float64)
        weights = np.exp(p)
        total += float((weights * np.subtract(p, q, where=weights > 0, out=np.zeros_like(p))).sum())
    return max(0.0, total / len(base))


def merged_latency(
    model: Model, requests: Sequence[Request], advance: Callable[[int], None]
) -> MergedLatency | None:
    """Time the same requests singly with the adapter separate and merged; None if it cannot be merged.

    Args:
        model: A model with an adapter.
        requests: What to ask; the first is asked once more before timing.
        advance: Called with 1 after each item.
    """
    merged = model.merged() if isinstance(model, ServesAdapters) else None
    if merged is None or not requests:
        return None
    sides = []
    for each in (model, merged):
        answers = []
        for request in (requests[0], *requests):
            (answer,) = answered(each, [request])
            answers.append(answer)
            advance(1)
        if any(isinstance(answer, Failure) for answer in answers):
            return None
        sides.append([answer for answer in answers[1:] if isinstance(answer, Generation)])
    p50, p95 = ([float(np.percentile([a.latency_s for a in side], q)) for side in sides] for q in (50, 95))
    return MergedLatency(
        n=len(requests),
        apart_p50_s=p50[0],
        apart_p95_s=p95[0],
        merged_p50_s=p50[1],
        merged_p95_s=p95[1],
        changed=sum(a.text != b.text for a, b in zip(*sides, strict=True)),
    )


def noise_of(
    model: Model,
    asked: Mapping[str, Sequence[tuple[Request, Answer]]],
    advance: Callable[[int], None],
) -> Iterable[Noise]:
    """Ask a model again, one item at a time, and count the answers that differ.

    Args:
        model: The model that gave the answers.
        asked: By task, requests with the answers they got in batches.
        advance: Called with 1 after each item.
    """
    for task, pairs in asked.items():
        changed = 0
        for request, before in pairs:
            (again,) = answered(model, [request])
            changed += isinstance(again, Failure) or again.text != before.text
            advance(1)
        yield Noise(task=task, n=len(pairs), changed=changed)

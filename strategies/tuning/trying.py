"""What an adapter does to its base, tried on a few texts and questions before any evaluation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.powers import answered
from harness.protocols import MeasuresLikelihood, Model, PrepareContext, Trains
from harness.types import Failure, Generation, Request
from strategies.tuning.method import Change, Examined, told

PROBES = (
    "The customer asked when the order of 14 May would arrive. Answer: on Friday, at 10:30.",
    "Water boils at 100 degrees. A triangle has three sides, and a week has seven days.",
    '{"name": "Anna", "items": [1, 2, 3], "paid": true}',
)
PROBE_TOKENS = 64
"""Number of tokens whose whole distributions are compared."""
_WORSE = 1.0
"""A note is made where text is less likely than under the base by this many nats a token."""
_QUESTIONS = 4
_ANSWER_TOKENS = 8


@dataclass(frozen=True)
class BaseReading:
    """A base before any adapter: what it gives to the probe's tokens.

    ``log_probs`` has the shape ``(n_kept, vocabulary)``; ``nll`` is in nats a token.
    """

    log_probs: Any
    nll: float


@lru_cache(maxsize=1)
def reading_of(base: Trains) -> BaseReading | None:
    """Return the reading of a base, measured once, so that adapters share one load of it.

    None for a base that gives no likelihoods.
    """
    if not isinstance(base, MeasuresLikelihood):
        return None
    read = base.token_log_probs(PROBES, PROBE_TOKENS)
    return BaseReading(read.log_probs, read.nll / read.n_tokens)


def check_effect(
    adapter: Examined, before: BaseReading | None, adapted: Model, largest: Change
) -> dict[str, Any]:
    """Refuse an adapter that changes no logit or makes one NaN: its answers would not be its own.

    Args:
        adapter: The adapter.
        before: Its base; None where that gives no likelihoods.
        adapted: The base with the adapter.
        largest: Its largest change of a layer.

    Returns:
        What the report shows: that change, the mean distance from the base's distributions (KL, in nats), and
        how likely the probe's texts are (nats a token).

    Raises:
        InputError: It has no effect, or one that is NaN or infinite.
    """
    import numpy as np

    found = {"largest_change": largest.ratio, "largest_change_in": largest.name}
    if before is None or not isinstance(adapted, MeasuresLikelihood):
        return found
    read = adapted.token_log_probs(PROBES, PROBE_TOKENS)
    after = read.log_probs
    if np.isnan(after).any():
        problem = "makes logits NaN or infinite on the probe text"
        remedy = "train it again, or use dtype float32 where it is float16"
        raise adapter.fault("", problem, remedy)
    if (before.log_probs == after).all():
        problem = "has no effect: every logit on the probe text is the base's"
        raise adapter.fault("", problem, "see that it was trained and saved with its weights")
    distance = (np.exp(before.log_probs) * (before.log_probs - after)).sum(axis=1).mean()
    return found | {"probe_kl": float(distance), "probe_nll": read.nll / read.n_tokens}


def effect_notes(adapter: Examined, before: BaseReading | None, effect: dict[str, Any]) -> list[str]:
    """Return notes: what it replaces in the base, and whether it still models language."""
    notes = []
    if adapter.replaced:
        what = told(adapter.replaced, adapter.replaced)
        notes.append(f"the adapter changes more than layers by low rank: {what}")
    if before is None:
        return [*notes, "its effect was not measured: this model does not tell how likely a text is"]
    guessing = math.log(before.log_probs.shape[1])
    if (nll := effect.get("probe_nll", 0.0)) > max(guessing, before.nll + _WORSE):
        figures = f"{nll:.1f} nats a token, {guessing:.1f} by guessing"
        notes.append(f"ordinary text is less likely under the adapter than by guessing: {figures}")
    return notes


def silent(base: Model, adapted: Model, context: PrepareContext) -> list[str]:
    """Return a note where an adapter answers some training questions with nothing, and its base does not."""
    short = {"max_new_tokens": _ANSWER_TOKENS}
    asked = next((data for data in context.tasks if data.task.kind == "generate" and data.train), None)
    if asked is None:
        return []
    items = [item.without_answer() for item in asked.train[:_QUESTIONS]]
    requests = [
        request.model_copy(update={"decoding": request.decoding.model_copy(update=short)})
        for request in context.build(asked.task, items)
        if not isinstance(request, Failure)
    ]
    if not requests or not _all_empty(adapted, requests) or _all_empty(base, requests):
        return []
    return [f"the adapter answers {len(requests)} of {len(requests)} training questions with nothing at all"]


def _all_empty(model: Model, requests: list[Request]) -> bool:
    return all(isinstance(each, Generation) and not each.text.strip() for each in answered(model, requests))

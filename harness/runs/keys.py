"""The keys under which a store keeps generations and answers: equal keys mean equal answers."""

from __future__ import annotations

from harness.digests import digest_of
from harness.types import ModelIdentity, Request


def generation_key(identity: ModelIdentity, prompt: str, request: Request, form: str = "") -> str:
    """Return the sha256 key of a generation: model, adapter, loaders, prompt, choices, decoding, seed.

    ``form`` is how the model encodes and ends an answer to this prompt, if it says so.

    Greedy decoding and log-likelihoods do not depend on seed and repeat, so those are left out then. For a
    text or a single choice, whether every choice is wanted is left out, too.
    """
    bounds = {"bounds": True} if len(request.choices) > 1 and not request.every_choice else {}
    sampled = request.decoding.temperature > 0 and not request.choices
    return digest_of(
        {
            "model": identity.digest,
            "prompt": prompt,
            "choices": list(request.choices),
            "decoding": None if request.choices else request.decoding.model_dump(),
            "seed": request.seed if sampled else 0,
            "repeat": request.repeat if sampled else 0,
            **({"n": request.n} if sampled and request.n > 1 else {}),
            **bounds,
            **({"form": form} if form else {}),
        }
    )

"""What determines an adapter's weights."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Literal

from harness.protocols import PrepareContext, Trains
from strategies.tuning.data import TrainingOptions
from strategies.tuning.precision import Precision


def recipe_of(
    options: TrainingOptions,
    context: PrepareContext,
    base: Trains,
    data: str,
    quantization: Literal["none", "nf4"],
    precision: Precision,
) -> dict[str, Any]:
    """Return all that determines the trained weights, as JSON.

    Args:
        options: Of the training.
        context: What the strategy was given.
        base: The model that the adapter is for.
        data: Digest of every prompt and answer, in order.
        quantization: How the base is loaded.
        precision: What products are computed in.
    """
    packages = ["torch", "transformers", "peft", *(["bitsandbytes"] if quantization == "nf4" else [])]
    return {
        "base": base.identity.weights_digest,
        "dtype": base.identity.dtype,
        "device": base.capabilities.device,
        "quantization": quantization,
        "precision": precision,
        "options": options.model_dump(mode="json", exclude={"stages", "precision"}),
        "seed": context.seed,
        "context_length": base.context_length,
        "data": data,
        "packages": {name: version(name) for name in packages},
    }

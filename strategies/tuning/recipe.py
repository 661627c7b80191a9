"""What determines trained weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Self

from harness.protocols import PrepareContext, Trains
from strategies.tuning.method import Method, Quantization
from strategies.tuning.options import TrainingOptions
from strategies.tuning.precision import Precision


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Attributes:
        label: The strategy's display name, for progress and errors.
        options: Data, loop, precision, checkpoints and stages.
        method: What is trained, under its own options.
        quantization: How the base under it is loaded.
    """

    label: str
    options: TrainingOptions
    method: Method
    quantization: Quantization

    def by_stage(self) -> tuple[Self, ...]:
        """Return the recipe of each stage, in order."""
        return tuple(replace(self, options=options) for options in self.options.by_stage())

    def over(self, base: Trains) -> Self:
        """Return the recipe for a base: one saved in 4 bits is trained over as it is."""
        return replace(self, quantization="nf4") if base.identity.quantization == "nf4" else self

    def determines(
        self, context: PrepareContext, base: Trains, data: str, precision: Precision
    ) -> dict[str, Any]:
        """Return everything that determines the trained weights, as JSON.

        Args:
            context: What the strategy was given.
            base: The model that is trained.
            data: Digest of every prompt and answer, in order.
            precision: Number format that products are computed in.
        """
        packages = ["torch", "transformers", *self.method.packages]
        packages += ["bitsandbytes"] if self.quantization == "nf4" else []
        return {
            "base": base.identity.weights_digest,
            "dtype": base.identity.dtype,
            "device": base.capabilities.device,
            "quantization": self.quantization,
            "precision": precision,
            "options": self.options.model_dump(mode="json", exclude={"stages", "precision"}),
            "method": {"name": self.method.name, "options": self.method.options.model_dump(mode="json")},
            "seed": context.seed,
            "context_length": base.context_length,
            "data": data,
            "packages": {name: version(name) for name in packages},
        }

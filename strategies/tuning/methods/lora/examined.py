"""An adapter that is being examined, and how far it changes its base."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from harness.protocols import Trains
from strategies.tuning.method import STRONGEST_CHANGE, Change, Examined
from strategies.tuning.methods.lora.effect import MAGNITUDE, bare, changes, norms
from strategies.tuning.methods.lora.files import WEIGHTS

_MOST_OFF = 0.1
"""Share of a layer's DoRA magnitudes allowed at 0 or below: high learning rates can bring a few there."""


@dataclass
class ExaminedAdapter(Examined):
    """An adapter that is being examined.

    Attributes:
        config: Its settings.
        wrapped: The base's modules without storage, wrapped by its settings; set when they fit.
    """

    config: dict[str, Any] = field(default_factory=dict)
    wrapped: Any = None

    def largest_change(self) -> Change:
        """Return its largest change of a layer, relative to the layer's own norm.

        Raises:
            InputError: One is beyond ``STRONGEST_CHANGE``, or most magnitudes of a layer are not above 0.
        """
        from safetensors.torch import load_file

        saved = load_file(self.folder / WEIGHTS)
        again = "train the adapter again, with a lower rate"
        for name, tensor in saved.items():
            off = float((tensor <= 0).float().mean()) if name.endswith(MAGNITUDE) else 0.0
            if off > _MOST_OFF:
                problem = f"the DoRA magnitudes of {bare(name.removesuffix(MAGNITUDE))} must be above 0"
                raise self.fault(WEIGHTS, problem, again, f"{off:.0%} are not")
        found = changes(self.wrapped, saved, _norms_of(self.base))
        largest = max(found, key=lambda each: each.ratio, default=Change("", 0.0))
        if largest.ratio > STRONGEST_CHANGE:
            problem = (
                f"changes {largest.name} by more than {STRONGEST_CHANGE:g} times the norm of its weights"
            )
            raise self.fault(WEIGHTS, problem, again, f"{largest.ratio:.3g} times")
        return largest


@lru_cache(maxsize=1)
def _norms_of(base: Trains) -> dict[str, float]:
    """Return the `norms` of a base as it answers, measured once for all adapters over it."""
    return norms(base.loaded())

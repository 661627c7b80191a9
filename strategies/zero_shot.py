"""Ask the model as it is, with the instruction alone."""

from __future__ import annotations

from harness.config import Options
from harness.types import PrepareContext, PrepareCost, Prepared

__all__ = ["ZeroShot"]


class ZeroShotOptions(Options):
    """Zero-shot has nothing to choose."""


class ZeroShot:
    """The plain prompt: what every other strategy is measured against."""

    options_type = ZeroShotOptions

    def __init__(self, options: ZeroShotOptions) -> None:
        self._options = options

    def prepare(self, context: PrepareContext) -> Prepared:
        """Return the model and the prompt as they came."""
        return Prepared(context.model, context.build, PrepareCost(), {})

"""Ask the model as it is, with the instruction alone."""

from __future__ import annotations

from collections.abc import Sequence

from harness.config import Options
from harness.protocols import PrepareContext, Prepared
from harness.traits import Traits
from harness.types import PrepareCost, TrainingData

__all__ = ["ZeroShot"]


class ZeroShotOptions(Options):
    """Zero-shot has no options."""


class ZeroShot:
    """The plain prompt: what every other strategy is measured against."""

    options_type = ZeroShotOptions

    def __init__(self, options: ZeroShotOptions) -> None:
        self._options = options

    @property
    def traits(self) -> Traits:
        """It changes nothing."""
        return Traits(kind="prompt", plain=True)

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse nothing: any task can be asked as it is."""

    def prepare(self, context: PrepareContext) -> Prepared:
        """Return the model and the prompt unchanged."""
        return Prepared(context.model, context.build, PrepareCost(), {})

"""What every strategy that trains does: they differ only in method and quantisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from harness.config import Options
from harness.protocols import Model, PrepareContext, Prepared
from harness.traits import Traits
from harness.types import TrainingData
from strategies.tuning.data import check_answerable, check_tasks
from strategies.tuning.method import Method, Quantization
from strategies.tuning.options import TrainingOptions, part_of
from strategies.tuning.recipe import Recipe


class TrainingStrategy:
    """Trains on the train items of the target tasks, and answers with what it trained.

    Attributes:
        name: Its display name, for progress and errors.
        options_type: `TrainingOptions` with the options of the method, in one flat mapping.
        method_type: The method; it gets its own part of the options, of its ``options_type``.
        quantization: How the base is loaded.
    """

    name: ClassVar[str]
    options_type: ClassVar[type[TrainingOptions]]
    method_type: ClassVar[type[Any]]
    quantization: ClassVar[Quantization] = "none"

    def __init__(self, options: TrainingOptions) -> None:
        settings: type[Options] = self.method_type.options_type
        method: Method = self.method_type(part_of(options, settings))
        self._recipe = Recipe(self.name, part_of(options, TrainingOptions), method, self.quantization)

    @property
    def traits(self) -> Traits:
        """It answers with weights that it trains."""
        stages = self._recipe.options.stages or ()
        return Traits(kind="fine-tune", adapts=True, sees=("training",), stages=stages)

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse an unknown task, and tasks without train items."""
        for stage in self._recipe.options.by_stage():
            check_tasks(stage, tasks, place, key)

    def check_model(self, model: Model, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse a model that cannot be trained: by its chat template, its layers or how it is saved."""
        from strategies.tuning.bases import check_trainable

        check_answerable(self._recipe.options, model, tasks, place, key)
        check_trainable(self._recipe, model, place, key)

    def prepare(self, context: PrepareContext) -> Prepared:
        """Train, or reuse an earlier result of the same training; answer with the weights over their base."""
        from strategies.tuning.trainer import train

        return train(self._recipe, context)

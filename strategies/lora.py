"""LoRA: low-rank weights trained beside a frozen model. Hu et al., 2021."""

from __future__ import annotations

from collections.abc import Sequence

from harness.protocols import Model, PrepareContext, Prepared
from harness.traits import Traits
from harness.types import TrainingData
from strategies.tuning.data import TrainingOptions, check_answerable, check_tasks

__all__ = ["Lora"]


class Lora:
    """Trains an adapter on the train items of the target tasks."""

    options_type = TrainingOptions

    def __init__(self, options: TrainingOptions) -> None:
        self._options = options

    @property
    def traits(self) -> Traits:
        """It answers with weights that it trains."""
        stages = self._options.stages or ()
        return Traits(kind="fine-tune", adapts=True, sees=("training",), stages=stages)

    def check(self, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse an unknown task, and tasks without train items."""
        for stage in self._options.by_stage():
            check_tasks(stage, tasks, place, key)

    def check_model(self, model: Model, tasks: Sequence[TrainingData], place: str, key: str) -> None:
        """Refuse a model that cannot be trained: by its chat template, its layers or how it is saved."""
        from strategies.tuning.layers import check_adaptable

        check_answerable(self._options, model, tasks, place, key)
        check_adaptable(self._options, model, "none", place, key)

    def prepare(self, context: PrepareContext) -> Prepared:
        """Train, or reuse what the same training gave before; answer with the adapter over its base."""
        from strategies.tuning.trainer import train_adapter

        return train_adapter(self._options, context, "none", "lora")

"""Full fine-tuning: the model's own weights are trained, all of them or those of some layers."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, FiniteFloat

from strategies.tuning.methods.full import FullMethod, FullSettings
from strategies.tuning.options import TrainingOptions
from strategies.tuning.strategy import TrainingStrategy

__all__ = ["Full"]


class FullOptions(TrainingOptions, FullSettings):
    """Options of the recipe and of the method; full weights need a lower learning rate than an adapter."""

    learning_rate: FiniteFloat = Field(default=5e-5, gt=0)


class Full(TrainingStrategy):
    """Trains a copy of the weights on the train items of the target tasks; the base stays as it is."""

    name: ClassVar[str] = "full"
    options_type = FullOptions
    method_type = FullMethod

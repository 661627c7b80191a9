"""LoRA: low-rank weights trained beside a frozen model. Hu et al., 2021."""

from __future__ import annotations

from typing import ClassVar

from strategies.tuning.methods.lora import LoraMethod
from strategies.tuning.methods.lora.options import LoraSettings
from strategies.tuning.options import TrainingOptions
from strategies.tuning.strategy import TrainingStrategy

__all__ = ["Lora"]


class LoraOptions(TrainingOptions, LoraSettings):
    """Options of the recipe and of the adapter."""


class Lora(TrainingStrategy):
    """Trains an adapter on the train items of the target tasks."""

    name: ClassVar[str] = "lora"
    options_type = LoraOptions
    method_type = LoraMethod

"""QLoRA: LoRA over a base in 4-bit NF4 with double quantisation. Dettmers et al., 2023."""

from __future__ import annotations

from typing import ClassVar

from strategies.lora import Lora
from strategies.tuning.method import Quantization

__all__ = ["QLora"]


class QLora(Lora):
    """Trains an adapter over a 4-bit base, and answers over the same 4-bit base."""

    name: ClassVar[str] = "qlora"
    quantization: ClassVar[Quantization] = "nf4"

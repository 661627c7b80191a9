"""The options of LoRA itself."""

from __future__ import annotations

from typing import Self

from pydantic import Field, FiniteFloat, model_validator

from harness.config import Options
from strategies.tuning.methods.lora.strength import HIGHEST_RANK, STRONGEST, factor_of, too_strong


class LoraSettings(Options):
    """Size, strength and place of the low-rank matrices; ``dropout`` applies to their input."""

    rank: int = Field(default=16, ge=1, le=HIGHEST_RANK)
    alpha: FiniteFloat = Field(default=32, gt=0)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    target_modules: str | tuple[str, ...] = "all-linear"
    use_rslora: bool = False
    use_dora: bool = False

    @model_validator(mode="after")
    def _strength(self) -> Self:
        factor = factor_of(self.rank, self.alpha, self.use_rslora)
        if too_strong(factor):
            over = "the root of the rank" if self.use_rslora else "the rank"
            raise ValueError(f"alpha must be at most {STRONGEST:g} times {over}, it is {factor:g} times")
        return self

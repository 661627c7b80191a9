"""The cost of preparing a strategy."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harness.types.base import Frozen

Count = Annotated[int, Field(ge=0, le=10**16)]
"""Tokens or bytes; the bound is more than any training set or storage has."""
Seconds = Annotated[float, Field(ge=0.0, le=1e10, allow_inf_nan=False)]
"""Up to three hundred years."""


STATED = "as stated by the adapter"
"""Marks a figure that an adapter trained elsewhere states and that was not measured here."""


class PrepareCost(Frozen):
    """The measured cost of preparing a strategy. Bytes are on disk, memory is the peak of the process.

    Negative, non-finite or impossibly large values are refused. ``adapted`` is what the strategy states
    about itself (`harness.traits`). ``stated`` means that an adapter from elsewhere states it about its
    training, and that it was not measured here.
    """

    trained_tokens: Count = 0
    supervised_tokens: Count = 0
    embedding_tokens: Count = 0
    wall_s: Seconds = 0.0
    device_s: Seconds = 0.0
    peak_memory_bytes: Count = 0
    flops: float = Field(default=0.0, ge=0.0, le=1e30, allow_inf_nan=False)
    artifact_bytes: Count = 0
    adapted: bool = False
    stated: bool = False

    def __add__(self, other: PrepareCost) -> PrepareCost:
        return PrepareCost(
            trained_tokens=self.trained_tokens + other.trained_tokens,
            supervised_tokens=self.supervised_tokens + other.supervised_tokens,
            embedding_tokens=self.embedding_tokens + other.embedding_tokens,
            wall_s=self.wall_s + other.wall_s,
            device_s=self.device_s + other.device_s,
            peak_memory_bytes=max(self.peak_memory_bytes, other.peak_memory_bytes),
            flops=self.flops + other.flops,
            artifact_bytes=self.artifact_bytes + other.artifact_bytes,
            adapted=self.adapted or other.adapted,
            stated=self.stated or other.stated,
        )

"""How strong an adapter may be: one bound for those trained here and those from elsewhere."""

from __future__ import annotations

HIGHEST_RANK = 1 << 14
"""Above the width of models in use: a higher rank than that adds no expressiveness."""
STRONGEST = 256.0
"""Most that an adapter's product is multiplied by. Common factors are 0.25 to 32, at rank 1 also 64."""


def factor_of(rank: int, alpha: float, use_rslora: bool) -> float:
    """Return what the product of an adapter's two matrices is multiplied by.

    Hu et al., 2021, "LoRA", section 4.1: alpha / rank. Kalajdzievski, 2023, "A Rank Stabilization Scaling
    Factor for Fine-Tuning with LoRA": alpha / sqrt(rank).
    """
    return float(alpha / (rank**0.5 if use_rslora else rank))


def too_strong(factor: float) -> bool:
    """Whether a factor is larger than any training uses, so that its product would overwhelm the base."""
    return not 0 < factor <= STRONGEST

"""The number format that products are computed in while an adapter is trained."""

from __future__ import annotations

from typing import Any, Literal

from harness.errors import InputError
from harness.processor import fast_bfloat16

Precision = Literal["float32", "bfloat16", "float16"]

SHORT_TOKENS = 512
"""Rows up to which attention is computed plainly on a CPU; its memory grows with their square."""


def precision_of(
    wanted: Literal["auto", "float32", "bfloat16"], dtype: str, device: str, place: str
) -> Precision:
    """Return the format of a training.

    "auto" is the format of the weights; but on a CPU that is fast at bfloat16, float32 weights are trained
    under bfloat16 autocast. Weights, adapter and optimiser then stay in float32; only products are rounded.

    Args:
        wanted: The option.
        dtype: Number format of the base's weights.
        device: "cpu" or "cuda".
        place: The experiment file, for errors.

    Raises:
        InputError: float32 is wanted for weights of lower precision.
    """
    own: Precision = "float32" if dtype == "float32" else "bfloat16" if dtype == "bfloat16" else "float16"
    if wanted == "auto":
        return "bfloat16" if own == "float32" and device == "cpu" and fast_bfloat16() else own
    if own != "float32" and wanted != own:
        problem = f"the model's weights are {own}"
        raise InputError(
            place, "precision", problem, f"set `dtype: {wanted}` of the model, or leave it out", wanted
        )
    return wanted


def compute_in(module: Any, precision: Precision) -> None:
    """Let a model compute in this format: 4-bit layers by their own setting, the others under autocast.

    On a CPU weights of bfloat16 are held in float32 while they are trained over. Autocast rounds them back to
    the values that they have, and its products are faster than those of bfloat16 weights.
    """
    import torch

    if module.device.type == "cpu" and precision == "bfloat16":
        for parameter in module.parameters():
            if parameter.dtype == torch.bfloat16:
                parameter.data = parameter.data.float()
    for layer in module.modules():
        if hasattr(layer, "compute_dtype"):
            layer.compute_dtype = getattr(torch, precision)


def attend_plainly(module: Any, precision: Precision, longest: int) -> None:
    """Let a model compute attention unfused (eager) where that is faster: short bfloat16 rows on a CPU.

    There the gradient of torch's fused attention takes a fifth of a step (SmolLM2, 96 tokens). Both give the
    same values up to rounding.

    Args:
        module: The model.
        precision: The training's number format.
        longest: Tokens of the longest row.
    """
    fused = module.config._attn_implementation == "sdpa"
    if fused and module.device.type == "cpu" and precision == "bfloat16" and longest <= SHORT_TOKENS:
        module.set_attn_implementation("eager")

"""What this machine's processor does fast."""

from __future__ import annotations


def fast_bfloat16() -> bool:
    """Return whether the processor multiplies bfloat16 numbers itself: AVX512-BF16 or AMX.

    Others can compute in bfloat16 too, by way of float32, and take longer for it.
    """
    import torch

    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(check() for name in checks if (check := getattr(torch.cpu, name, None)) is not None)

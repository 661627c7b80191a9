"""Rotary positions whose scaling grows with the longest row so far: reset, so that answers stay apart."""

from __future__ import annotations

from typing import Any


def forget_lengths(module: Any) -> None:
    """Make a model with dynamic rotary positions read its next row as if it were the first.

    transformers keep the frequencies of the longest row that was read, and use them for shorter ones too.

    Args:
        module: A model of transformers; one without such positions is unchanged.
    """
    for part in module.modules():
        original = getattr(part, "original_max_seq_len", None)
        if original is None or "dynamic" not in str(getattr(part, "rope_type", "")):
            continue
        for name in [name for name in vars(part) if name.endswith("max_seq_len_cached")]:
            setattr(part, name, original)
        for name, frequencies in list(part.named_buffers(recurse=False)):
            kept = getattr(part, name.replace("inv_freq", "original_inv_freq"), None)
            if name.endswith("inv_freq") and "original" not in name and kept is not None:
                part.register_buffer(name, kept.to(frequencies.device), persistent=False)

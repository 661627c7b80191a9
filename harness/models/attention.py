"""Attention of rows that share a prefix: its keys and values are read once for all rows, not once a row.

A step of decoding is bound by memory, and with a long prefix most of what it reads are copies of the same
keys and values, one for each row. Here they stay where they are, once for all.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "sdpa_shared_prefix"
PREFIX = "shared_prefix"
"""Attribute of a tensor of keys: the prefix that all of its rows begin with, where there is one."""


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attend as transformers do with "sdpa", for one new token a row in two parts: the prefix and the rest.

    Args:
        module: The layer.
        query: Shape ``(n_rows, n_heads, n_new, dim)``.
        key: Shape ``(n_rows, n_key_heads, n_tokens, dim)``.
        value: Like ``key``.
        mask: What is added to the scores, or which tokens are seen, shape ``(n_rows, 1, n_new, n_tokens)``.
        **kwargs: What else transformers pass.

    Returns:
        Shape ``(n_rows, n_new, n_heads, dim)``, and None.
    """
    prefix = getattr(key, PREFIX, None)
    if prefix is None or query.shape[2] > 1:
        found: tuple[torch.Tensor, None] = sdpa_attention_forward(module, query, key, value, mask, **kwargs)
        return found
    (keys, values), shared = prefix, prefix[0].shape[2]
    n_rows, n_heads, _, dim = query.shape
    heads, group = key.shape[1], n_heads // key.shape[1]
    scaling = kwargs.get("scaling")
    query = query.reshape(n_rows, heads, group, dim) * (dim**-0.5 if scaling is None else scaling)
    together = query.transpose(0, 1).reshape(heads, n_rows * group, dim)
    before = (together @ keys[0].mT).view(heads, n_rows, group, shared).transpose(0, 1)
    after = query @ key[:, :, shared:].mT
    if mask is not None and mask.dtype == torch.bool:
        after = after.masked_fill(~mask[..., shared:], torch.finfo(after.dtype).min)
    elif mask is not None:
        after = after + mask[..., shared:]
    weights = torch.cat([before, after], dim=-1).softmax(dim=-1, dtype=torch.float32).to(query.dtype)
    of_prefix = weights[..., :shared].transpose(0, 1).reshape(heads, n_rows * group, shared) @ values[0]
    output = (
        of_prefix.view(heads, n_rows, group, dim).transpose(0, 1)
        + weights[..., shared:] @ value[:, :, shared:]
    )
    return output.reshape(n_rows, 1, n_heads, dim), None


def install(module: Any) -> None:
    """Let a model that attends with "sdpa" attend like this."""
    if module.config._attn_implementation == "sdpa":
        AttentionInterface.register(NAME, attend)
        AttentionMaskInterface.register(NAME, sdpa_mask)
        module.set_attn_implementation(NAME)

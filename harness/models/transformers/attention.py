"""Attention of rows that share a prefix: its keys and values are read once for all rows, not once per row.

A step of decoding is bound by memory, and so is a pass that reads a few tokens of choices: with a long
prefix most of what they read are copies of the same keys and values, one for each row. Here they are stored
and read once.
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

MOST_NEW = 16
"""New tokens of a row up to which this is faster; beyond, the products are not bound by memory."""

_OTHER = ("position_bias", "softcap", "s_aux", "cache", "output_attentions")
"""Arguments that change the scores or what is read; `sdpa` handles or refuses them."""


def _asks_otherwise(kwargs: dict[str, Any]) -> bool:
    return any(kwargs.get(name) is not None and kwargs[name] is not False for name in _OTHER)


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attend as transformers do with "sdpa", for few new tokens a row in two parts: the prefix and the rest.

    Args:
        module: The layer.
        query: Shape ``(n_rows, n_heads, n_new, dim)``.
        key: Shape ``(n_rows, n_key_heads, n_tokens, dim)``.
        value: Like ``key``, with its own ``dim``.
        attention_mask: What is added to the scores, or which tokens are seen, shape
            ``(n_rows, 1, n_new, n_tokens)``. Parameters have the names of transformers, since some models
            pass them by name.
        **kwargs: What else transformers pass; whatever affects the scores is left to them.

    Returns:
        Shape ``(n_rows, n_new, n_heads, dim)``, and None.
    """
    prefix, mask = getattr(key, PREFIX, None), attention_mask
    n_rows, n_heads, n_new, dim = query.shape
    # Without a mask, sdpa has no fast path for one bfloat16 token that reads grouped heads on a CPU.
    alone = prefix is None and (n_new > 1 or mask is not None or query.device.type != "cpu")
    by_head = mask is not None and mask.shape[1] != 1
    if alone or by_head or n_new > MOST_NEW or (n_new > 1 and mask is None) or _asks_otherwise(kwargs):
        found: tuple[torch.Tensor, None] = sdpa_attention_forward(module, query, key, value, mask, **kwargs)
        return found
    keys, values = prefix or (key[:1, :, :0], value[:1, :, :0])
    shared = keys.shape[2]
    heads, group = key.shape[1], n_heads // key.shape[1]
    scaling = kwargs.get("scaling")
    # Query heads that share a key head, and new tokens, are rows of one product.
    n_queries = group * n_new
    query = query.reshape(n_rows, heads, n_queries, dim) * (dim**-0.5 if scaling is None else scaling)
    together = query.transpose(0, 1).reshape(heads, n_rows * n_queries, dim)
    before = (together @ keys[0].mT).view(heads, n_rows, n_queries, shared).transpose(0, 1)
    after = query @ key[:, :, shared:].mT
    if mask is not None:
        seen = mask[..., shared:].expand(-1, group, -1, -1).reshape(n_rows, 1, n_queries, after.shape[-1])
        lowest = torch.finfo(after.dtype).min
        after = after.masked_fill(~seen, lowest) if mask.dtype == torch.bool else after + seen
    weights = torch.cat([before, after], dim=-1).softmax(dim=-1, dtype=torch.float32).to(query.dtype)
    of_prefix = weights[..., :shared].transpose(0, 1).reshape(heads, n_rows * n_queries, shared) @ values[0]
    output = (
        of_prefix.view(heads, n_rows, n_queries, value.shape[-1]).transpose(0, 1)
        + weights[..., shared:] @ value[:, :, shared:]
    )
    return output.reshape(n_rows, n_heads, n_new, value.shape[-1]).transpose(1, 2).contiguous(), None


def install(module: Any) -> None:
    """Make a model that attends with "sdpa" attend this way."""
    if module.config._attn_implementation == "sdpa":
        AttentionInterface.register(NAME, attend)
        AttentionMaskInterface.register(NAME, sdpa_mask)
        module.set_attn_implementation(NAME)

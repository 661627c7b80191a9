"""Starting weights that already look one token back and find repeated tokens.

A model this small needs thousands of steps before copying appears from random weights. Here half of the heads
of the first layer start by attending to the token one or two places back, half of those of the second match
the current token against what the first wrote (an induction circuit), and half of the later ones have queries
and keys that share a projection, so that equal content attracts ("mimetic" start). All stays trainable.
"""

# ruff: noqa: TID253  (a program for torch; nothing imports it before it is wanted)

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

EMBEDDING_STD = 0.05
CONSTANT_NORM = 0.5
PREVIOUS_SHARPNESS = 7.5
MATCH_SCALE = 2.4
SLOW = 0.007


def _orthonormal_rows(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    random = torch.randn(columns, rows, generator=generator)
    q, _ = torch.linalg.qr(random - random.mean(0))
    rows_of_q: Tensor = q.T.contiguous()
    return rows_of_q


def _frequencies(head_dim: int, theta: float) -> Tensor:
    half = head_dim // 2
    return theta ** (-torch.arange(half, dtype=torch.float32) / half)


@torch.no_grad()
def initialise(model: Any, seed: int) -> None:
    """Writes the structured start into a `LlamaForCausalLM` with as many key heads as query heads.

    Args:
        model: The model; changed in place.
        seed: Seed of every random number used.
    """
    generator = torch.Generator().manual_seed(seed)
    config = model.config
    hidden = config.hidden_size
    embedding = model.model.embed_tokens.weight
    constant = torch.ones(hidden) / hidden**0.5
    noise = torch.randn(embedding.shape, generator=generator) * EMBEDDING_STD
    noise -= (noise @ constant)[:, None] * constant
    embedding.copy_(noise + CONSTANT_NORM * constant)
    for layer in model.model.layers:
        for weight in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
            weight.weight.copy_(torch.randn(weight.weight.shape, generator=generator) * 0.02)
        for weight in (layer.self_attn.o_proj, layer.mlp.down_proj):
            weight.weight.copy_(torch.randn(weight.weight.shape, generator=generator) * 0.01)
        for weight in (layer.mlp.gate_proj, layer.mlp.up_proj):
            weight.weight.copy_(torch.randn(weight.weight.shape, generator=generator) * 0.04)
    written = _previous_heads(model.model.layers[0].self_attn, config, constant, generator)
    _induction_heads(model.model.layers[1].self_attn, config, written, generator)
    for layer in model.model.layers[2:]:
        _same_content_heads(layer.self_attn, config, generator)


def _heads(config: Any) -> tuple[int, int, Tensor]:
    count = config.num_attention_heads
    dim = config.hidden_size // count
    theta = float(config.rope_parameters["rope_theta"])
    return count, dim, _frequencies(dim, theta)


def _previous_heads(attention: Any, config: Any, constant: Tensor, generator: torch.Generator) -> list[Any]:
    """Half of the heads look back 1, 1, 1, 2 places; returns what those at 1 read and where they write it."""
    count, dim, frequency = _heads(config)
    half = dim // 2
    written = []
    used = min(5, half)
    scale = PREVIOUS_SHARPNESS / 8.5
    for head in range(count // 2):
        distance = (1, 1, 1, 2)[head % 4]
        rows = slice(head * dim, (head + 1) * dim)
        query = torch.zeros(dim)
        key = torch.zeros(dim)
        query[:used] = scale
        key[:used] = scale * torch.cos(distance * frequency[:used])
        key[half : half + used] = scale * torch.sin(distance * frequency[:used])
        attention.q_proj.weight[rows] = query[:, None] * constant
        attention.k_proj.weight[rows] = key[:, None] * constant
        read = _orthonormal_rows(dim, config.hidden_size, generator)
        write = _orthonormal_rows(dim, config.hidden_size, generator)
        attention.v_proj.weight[rows] = 0.26 * read
        attention.o_proj.weight[:, rows] = 0.26 * write.T
        if distance == 1:
            written.append((read, write))
    return written


def _induction_heads(attention: Any, config: Any, written: list[Any], generator: torch.Generator) -> None:
    """Query: the current token; key: the token before; value: the token itself, copied towards the output."""
    count, dim, frequency = _heads(config)
    slow = torch.cat([frequency, frequency]) < SLOW
    for head in range(count):
        rows = slice(head * dim, (head + 1) * dim)
        if head < count // 2:
            read, write = written[head % len(written)]
            attention.q_proj.weight[rows] = MATCH_SCALE * read * slow[:, None]
            attention.k_proj.weight[rows] = MATCH_SCALE * write * slow[:, None]
            copy = _orthonormal_rows(dim, config.hidden_size, generator)
            attention.v_proj.weight[rows] = 0.4 * copy
            attention.o_proj.weight[:, rows] = 0.4 * copy.T
        else:
            same = _orthonormal_rows(dim, config.hidden_size, generator) * slow[:, None]
            attention.q_proj.weight[rows] = 1.5 * same
            attention.k_proj.weight[rows] = 1.5 * same


def _same_content_heads(attention: Any, config: Any, generator: torch.Generator) -> None:
    """Half of the heads: equal content attracts."""
    count, dim, frequency = _heads(config)
    slow = torch.cat([frequency, frequency]) < SLOW
    for head in range(count // 2):
        rows = slice(head * dim, (head + 1) * dim)
        same = _orthonormal_rows(dim, config.hidden_size, generator) * slow[:, None]
        attention.q_proj.weight[rows] += 1.2 * same
        attention.k_proj.weight[rows] += 1.2 * same

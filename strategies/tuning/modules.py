"""The modules of a model: which text passes through, which are experts, what a token is multiplied with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any


def pattern_of(name: str) -> str:
    """Return a layer's name with ``*`` for its numbers."""
    return re.sub(r"(?<![^.])\d+(?![^.])", "*", name)


def reached(module: Any) -> set[int]:
    """Return the layers that text passes through in a multimodal model."""
    parts = [module.get_decoder(), module.get_output_embeddings()]
    return {id(layer) for part in parts if part is not None for layer in part.modules()}


def of_experts(name: str, shape: Sequence[int], n_experts: int) -> bool:
    """Whether a weight of this name and shape belongs to experts, single or stacked.

    Not all mixtures have "experts" in the names of fused ones; a router beside them is not an expert.
    """
    fused = n_experts > 1 and len(shape) == 3 and shape[0] == n_experts
    return fused or ("experts" in name.split(".") and "router" not in name)


def number_of_experts(text: Any) -> int:
    """Return how many experts a layer has by the configuration, 0 without experts."""
    return _number(text, "num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")


def _number(config: Any, *names: str) -> int:
    found = [getattr(config, name, None) for name in names]
    return next((value for value in found if isinstance(value, int)), 0)


def multiplied(module: Any) -> dict[str, float]:
    """Return for each weight of a model how many of its numbers one token of text is multiplied with.

    Weights are named as `named_parameters` names them, a shared one once; experts count with the
    share of them that a token is routed to.
    """
    from transformers.pytorch_utils import Conv1D

    text = module.config.get_text_config(decoder=True)
    passed = reached(module) if text is not module.config else None
    active, n_experts = _active_share(text), number_of_experts(text)
    names = {id(weight): name for name, weight in module.named_parameters()}
    found: dict[str, float] = defaultdict(float)
    for name, layer in module.named_modules():
        if passed is not None and id(layer) not in passed:
            continue
        own = [(each, each.numel()) for each in layer.parameters(recurse=False) if each.dim() == 3]
        if hasattr(layer, "in_features"):  # for 4-bit weights the layer knows how many there are
            own = [(layer.weight, int(layer.in_features) * int(layer.out_features))]
        elif isinstance(layer, Conv1D):
            own = [(layer.weight, int(layer.nx) * int(layer.nf))]
        fused = any(of_experts(name, each.shape, n_experts) for each in layer.parameters(recurse=False))
        for weight, n in own:
            found[names.get(id(weight), f"{name}.weight")] += n * (active if fused else 1)
    return dict(found)


def _active_share(config: Any) -> float:
    """Return the share of the experts that a token is routed to; 1 where the configuration does not say."""
    n_experts = number_of_experts(config)
    per_token = next(
        (
            n
            for kind in ("num_experts_per_tok", "moe_top_k", "top_k")
            if isinstance(n := getattr(config, kind, None), int)
        ),
        0,
    )
    return per_token / n_experts if n_experts and per_token else 1.0

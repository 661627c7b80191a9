"""How far an adapter changes its base, computed from both weights: by its factors and what it replaces."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.types import Replacement
from strategies.tuning.method import Change, norm_of

_COPY = re.compile(r"\.(base_layer|original_module|modules_to_save|token_adapter)(?=\.)")
MAGNITUDE = ".lora_magnitude_vector"
_TOKENS = ".token_adapter.trainable_tokens_delta"


def bare(name: str) -> str:
    """Return the base's own name of a tensor or layer in a wrapped model."""
    return _COPY.sub("", f"{name}.").removeprefix("base_model.model.").removesuffix(".")


# --- What is replaced ---


def replaced(wrapped: Any, names: Iterable[str]) -> dict[Replacement, list[str]]:
    """Return what an adapter does besides adding low-rank products, with the base's tensors it affects.

    Args:
        wrapped: The base's modules without storage, wrapped by the adapter's settings.
        names: Names of the tensors that such an adapter saves.
    """
    from peft.tuners.lora import ParamWrapper

    saved_whole = _saved_whole(wrapped)
    found: dict[Replacement, set[str]] = {}
    for name in names:
        if (kind := _kind(name, saved_whole)) is not None:
            place = bare(name.replace(".lora_B.", "."))
            label = place.removesuffix(".trainable_tokens_delta") + ".weight" if _TOKENS in name else place
            found.setdefault(kind, set()).add(label)
    for name, each in wrapped.named_modules():
        if isinstance(each, ParamWrapper):
            found.setdefault("target_parameters", set()).add(f"{bare(name)}.{each.parameter_name}")
    return {kind: sorted(found[kind]) for kind in sorted(found)}


def _saved_whole(wrapped: Any) -> tuple[str, ...]:
    """Return the name prefixes of tensors in modules that are saved whole."""
    from peft.utils.other import ModulesToSaveWrapper

    return tuple(f"{n}." for n, each in wrapped.named_modules() if isinstance(each, ModulesToSaveWrapper))


def _kind(name: str, saved_whole: tuple[str, ...]) -> Replacement | None:
    if name.endswith(_TOKENS):
        return "trainable_token_indices"
    if name.startswith(saved_whole) and ".lora_" not in name:
        return "modules_to_save"
    if name.endswith(".bias"):
        return "lora_bias" if ".lora_B." in name else "bias"
    return None


# --- How far it goes ---


def norms(module: Any) -> dict[str, float]:
    """Return the Frobenius norm of every weight of a model, by name, except those in an unknown format."""
    return {
        f"{place}.{name}": norm_of(plain)
        for place, layer in module.named_modules()
        for name, weight in layer.named_parameters(recurse=False)
        if (plain := _plain(layer, weight)) is not None
    }


def changes(wrapped: Any, saved: Mapping[str, Any], sizes: Mapping[str, float]) -> Iterator[Change]:
    """Yield how far an adapter changes weights whose norms are known, layer by layer and tensor by tensor.

    A tensor that replaces one of the base counts with its whole norm; a bias is measured against the norm of
    its layer's weights, which shows how strong it is beside what passes through the layer.
    """
    from peft.tuners.lora import LoraLayer

    for name, layer in wrapped.named_modules():
        if isinstance(layer, LoraLayer):
            yield from _of_layer(name, layer, saved, sizes)
    saved_whole = _saved_whole(wrapped)
    for name, tensor in saved.items():
        kind = _kind(name, saved_whole)
        if kind == "trainable_token_indices":
            label = f"{bare(name.removesuffix(_TOKENS))}.weight"
            whole = wrapped.get_submodule(name.rpartition(".")[0]).get_base_layer().weight
            yield from _over(label, norm_of(tensor), sizes, share=len(tensor) / len(whole))
        elif kind in ("modules_to_save", "bias"):
            label = bare(name)
            of = label.removesuffix(".bias") + ".weight" if label.endswith(".bias") else label
            yield from _over(label, norm_of(tensor), sizes, of=of)


def _of_layer(
    name: str, layer: Any, saved: Mapping[str, Any], sizes: Mapping[str, float]
) -> Iterator[Change]:
    place = bare(name)
    of = f"{place}.{getattr(layer, 'parameter_name', None) or 'weight'}"
    first, second = (_factor(name, which, saved) for which in "AB")
    product = _norm_of_product(first, second, getattr(layer, "num_experts", 1))
    bias, magnitude = saved.get(f"{name}.lora_B.bias"), saved.get(f"{name}{MAGNITUDE}")
    for factor in layer.scaling.values():
        yield from _over(of, factor * product, sizes)
        if bias is not None:
            yield from _over(f"{place}.bias", factor * norm_of(bias), sizes, of=of)
    if magnitude is not None:
        yield from _over(of, abs(norm_of(magnitude) - sizes.get(of, 0.0)), sizes)


def _factor(name: str, which: str, saved: Mapping[str, Any]) -> Any:
    plain, embedding = f"{name}.lora_{which}.weight", f"{name}.lora_embedding_{which}"
    return saved[plain if plain in saved else embedding].double().flatten(1)


def _norm_of_product(first: Any, second: Any, experts: int) -> float:
    """Return the Frobenius norm of second x first from the two alone; experts are stacked."""
    if second.shape[1] != first.shape[0]:  # combined in another way: this is an upper bound
        return norm_of(first) * norm_of(second)
    first = first.reshape(experts, -1, first.shape[1])
    second = second.reshape(len(second), -1, experts).permute(2, 0, 1)
    squared = float(((second.mT @ second) * (first @ first.mT)).sum())
    return math.inf if math.isnan(squared) else math.sqrt(max(squared, 0.0))


def _over(
    label: str, change: float, sizes: Mapping[str, float], share: float = 1.0, of: str = ""
) -> Iterator[Change]:
    """Yield a change over the norm of what it is added to, where that is known."""
    size = sizes.get(of or label, math.nan) * math.sqrt(share)
    if size > 0:
        yield Change(label, change / size)
    elif size == 0 and change > 0:
        yield Change(label, math.inf)


def _plain(layer: Any, weight: Any) -> Any:
    """Return a weight in plain numbers; None where its storage format is unknown."""
    from peft.utils.integrations import dequantize_module_weight

    if weight.is_floating_point():
        return weight.detach() if weight.element_size() > 1 else None  # 8-bit weights have a scale elsewhere
    try:
        return dequantize_module_weight(layer).detach()
    except (AttributeError, ImportError, RuntimeError, TypeError, ValueError):
        return None

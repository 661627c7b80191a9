"""What is refused of an adapter before it is loaded: what would run code, mislead or harm, and nothing else.

peft loads almost anything without a word: an adapter for other weights, with tensors that overwrite the base,
with NaN in them. So each of these is looked for here. What is only unusual is let through.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import shorten
from harness.protocols import Trains
from harness.types import Replacement
from strategies.tuning.adapters.beginnings import check_beginning
from strategies.tuning.adapters.effect import bare, replaced
from strategies.tuning.adapters.files import (
    CONFIG,
    MANIFEST,
    WEIGHTS,
    AdapterManifest,
    check_files,
    not_finite,
    own_digests,
    read_manifest,
    saved_shapes,
)
from strategies.tuning.adapters.patterns import check_patterns
from strategies.tuning.adapters.settings import Examined, check_settings, mapping_of
from strategies.tuning.strength import STRONGEST, too_strong


def check_adapter(folder: Path, base: Trains) -> AdapterManifest | None:
    """Refuse an adapter that is not a whole, finite LoRA adapter for ``base``; see `examined`."""
    return examined(folder, base).manifest


def examined(folder: Path, base: Trains, allow: Sequence[Replacement] | None = None) -> Examined:
    """Refuse an adapter that is not a whole, finite LoRA adapter in safetensors for ``base``.

    Args:
        folder: Where ``adapter_config.json`` and ``adapter_model.safetensors`` are.
        base: The model it is to be loaded over; what the adapter says about its base is not followed.
        allow: What it may do beside adding products of low rank to layers; None for everything.

    Returns:
        What is known of it: its manifest, when Trilemma made it, and what it does beside.

    Raises:
        InputError: The first fault found.
    """
    adapter = Examined(folder, base, check_files(folder), allow)
    for check in CHECKS:
        check(adapter)
    return adapter


def _check_manifest(adapter: Examined) -> None:
    path = adapter.folder / MANIFEST
    if not path.exists():
        return
    try:
        manifest = read_manifest(adapter.folder)
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {_first_fault(error)}"
        raise adapter.fault(MANIFEST, problem, "restore it, or train again") from None
    if own_digests(adapter.folder) != (manifest.weights_digest, manifest.config_digest):
        raise adapter.fault(
            "", f"its files are not those that {MANIFEST} describes", "restore them, or train again"
        )
    if manifest.base_digest != adapter.base.identity.weights_digest:
        problem = f"was trained over other weights than {adapter.base.name}"
        remedy = "set model.path to the base it was trained over, or train again"
        raise adapter.fault("", problem, remedy, f"{manifest.base_name}, {manifest.base_digest[:12]}")
    adapter.manifest = manifest


def _first_fault(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return shorten(str(error), 160)
    fault = error.errors(include_url=False, include_input=False)[0]
    return shorten(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}", 160)


def _check_shapes(adapter: Examined) -> None:
    found = _saved_shapes(adapter)
    adapter.wrapped = wrapped = _wrapped(adapter)
    _check_strength(adapter, wrapped)
    expected = _expected_shapes(wrapped)
    remedy = f"use an adapter that was trained over {adapter.base.name}"
    copies = _copies(found, expected, wrapped)
    if extra := sorted(found.keys() - expected.keys() - copies.keys()):
        problem = "has a tensor that this model has no place for"
        raise adapter.fault(WEIGHTS, problem, remedy, f"{extra[0]} {found[extra[0]]}")
    if missing := sorted(expected.keys() - found.keys()):
        raise adapter.fault(WEIGHTS, "lacks a tensor that this model needs", remedy, missing[0])
    for name, shape in sorted(found.items()):
        if name in expected and shape != expected[name]:
            problem = f"{name} must have the shape {expected[name]}"
            raise adapter.fault(WEIGHTS, problem, remedy, shape)
    _check_size(adapter, found, wrapped)
    if copies:
        _check_copies(adapter, copies)
    adapter.replaced = replaced(wrapped, expected)
    _check_allowed(adapter)


def _check_size(adapter: Examined, found: dict[str, tuple[int, ...]], wrapped: Any) -> None:
    """Refuse more weights than any adapter needs for this base: loading it would fill the memory."""
    own = sum(each.numel() for each in wrapped.parameters())
    own -= sum(each.numel() for name, each in wrapped.named_parameters() if ".lora_" in name)
    most = 2 * own + _SMALL
    if (size := sum(map(math.prod, found.values()))) > most:
        problem = f"must hold at most {most:,} weights, twice what this model has"
        raise adapter.fault(WEIGHTS, problem, "train it again with a lower rank", f"{size:,}")


_SMALL = 10_000_000
"""Weights that any adapter may have, over however small a model."""


def _check_allowed(adapter: Examined) -> None:
    """Refuse what an adapter does beside adding products of low rank, where it is not allowed by name."""
    if adapter.allow is None:
        return
    if refused := [kind for kind in adapter.replaced if kind not in adapter.allow]:
        problem = f"changes more of the base than a LoRA adapter: {told(adapter.replaced, refused)}"
        allowed = ", ".join([*adapter.allow, *refused])
        raise adapter.fault("", problem, f"write `allow: [{allowed}]` into the gate file if that is meant")


def told(found: Mapping[Replacement, list[str]], kinds: Iterable[Replacement]) -> str:
    """Return in words what an adapter does beside adding products of low rank, and to which tensors."""
    return "; ".join(f"{kind} ({_some(found[kind])})" for kind in kinds)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(shorten(name, 60) for name in names[:_NAMED]) + more


_NAMED = 6


def _check_strength(adapter: Examined, wrapped: Any) -> None:
    """Refuse an adapter that would drown the base: each layer's own factor counts, as peft computes it."""
    from peft.tuners.lora import LoraLayer

    for name, layer in wrapped.named_modules():
        for of, factor in layer.scaling.items() if isinstance(layer, LoraLayer) else ():
            if too_strong(factor):
                rank, alpha = layer.r[of], layer.lora_alpha[of]
                key = next(
                    (k for k in mapping_of(adapter, "alpha_pattern") if re.search(k, name)), "lora_alpha"
                )
                problem = (
                    f"{shorten(key, 40)} must be above 0 and at most {STRONGEST:g} times the rank {rank}"
                )
                raise adapter.fault(CONFIG, problem, "restore what it was trained with", alpha)


def _copies(
    found: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]], wrapped: Any
) -> dict[str, str]:
    """Return which saved tensors stand for one of the base, by name, with the base's name for it.

    peft saves embeddings and head beside an adapter that lies on them, or where it takes them for changed.
    """
    own = {bare(name): tuple(tensor.shape) for name, tensor in wrapped.state_dict().items()}
    return {
        name: bare(name)
        for name, shape in found.items()
        if name not in expected and own.get(bare(name)) == shape
    }


def _check_copies(adapter: Examined, copies: dict[str, str]) -> None:
    """Refuse a copy of a base tensor that is neither this base's nor that of what is trained in its place."""
    from safetensors import safe_open

    own = adapter.base.fresh("none")[0].state_dict()
    with safe_open(adapter.folder / WEIGHTS, framework="pt") as file:
        names = set(file.keys())
        for name, bare in sorted(copies.items()):
            saved = file.get_tensor(name)
            trained = f"base_model.model.{bare}"
            alike = [own[bare]] if bare in own else []
            alike += [file.get_tensor(trained)] if trained in names - {name} else []
            if not any(_equal(saved, each) for each in alike):
                problem = f"holds a {shorten(bare, 60)} that differs from this model's"
                remedy = "use the base it was trained over, or save it with save_embedding_layers=False"
                raise adapter.fault(WEIGHTS, problem, remedy, name)


def _equal(saved: Any, own: Any) -> bool:
    """Whether two tensors are the same but for the coarser of their number formats."""
    own = own.to(saved.device)
    return bool((own.to(saved.dtype) == saved).all() or (saved.to(own.dtype) == own).all())


def _saved_shapes(adapter: Examined) -> dict[str, tuple[int, ...]]:
    from safetensors import SafetensorError

    try:
        return saved_shapes(adapter.folder)
    except (OSError, SafetensorError) as error:
        raise adapter.fault(WEIGHTS, f"is not a whole safetensors file: {error}", "save it again") from None


def _wrapped(adapter: Examined) -> Any:
    """Return the base without storage, freshly wrapped by the adapter's own settings."""
    import dataclasses

    import peft

    known = {field.name for field in dataclasses.fields(peft.LoraConfig)} - _BEGINNINGS - {"peft_type"}
    settings = {key: value for key, value in adapter.config.items() if key in known}
    plain = {"task_type": "CAUSAL_LM", "init_lora_weights": True, "inference_mode": False}
    empty = adapter.base.empty()
    check_patterns(adapter, [name for name, _ in empty.named_modules()])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what peft sets right by itself
            config = peft.LoraConfig(
                **settings | plain | {"base_model_name_or_path": None, "auto_mapping": None}
            )
            return peft.get_peft_model(empty, config, low_cpu_mem_usage=True)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, RuntimeError) as error:
        problem = f"cannot be applied to this model: {shorten(str(error).strip().partition(chr(10))[0], 160)}"
        remedy = f"use an adapter that was trained over {adapter.base.name}"
        raise adapter.fault(CONFIG, problem, remedy) from None


_BEGINNINGS = frozenset({"loftq_config", "eva_config", "corda_config", "lora_ga_config"})
"""Settings of how weights begin, which saved ones have behind them."""


def _expected_shapes(wrapped: Any) -> dict[str, tuple[int, ...]]:
    """Return names and shapes that a wrapped base would save, without its own embeddings."""
    import peft

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of biases beside its factors, which it takes for empty matrices
        state = peft.get_peft_model_state_dict(wrapped, save_embedding_layers=False)
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _check_types(adapter: Examined) -> None:
    from safetensors import safe_open

    with safe_open(adapter.folder / WEIGHTS, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 - no mapping
            if (kind := file.get_slice(name).get_dtype()) not in ("F32", "F16", "BF16"):
                problem = f"{name} must be of the type F32, F16 or BF16"
                raise adapter.fault(WEIGHTS, problem, "save the adapter again", kind)


def _check_finite(adapter: Examined) -> None:
    if (name := not_finite(adapter.folder)) is not None:
        raise adapter.fault(WEIGHTS, "holds NaN or infinite weights", "train the adapter again", name)


CHECKS: tuple[Callable[[Examined], None], ...] = (
    _check_manifest,
    check_settings,
    check_beginning,
    _check_shapes,
    _check_types,
    _check_finite,
)

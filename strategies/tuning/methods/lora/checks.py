"""What is refused of an adapter before it is loaded: what would run code, mislead or harm, and nothing else.

peft loads almost anything silently: an adapter for other weights, with tensors that overwrite the base, with
NaN in them. So each of these is checked here. What is merely unusual is accepted.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.errors import shorten
from harness.protocols import Trains
from harness.types import Replacement
from strategies.tuning.files import check_finite, check_types, number_of, saved_shapes
from strategies.tuning.methods.lora.beginnings import check_beginning
from strategies.tuning.methods.lora.effect import bare, replaced
from strategies.tuning.methods.lora.examined import ExaminedAdapter
from strategies.tuning.methods.lora.files import CONFIG, WEIGHTS, check_files
from strategies.tuning.methods.lora.patterns import check_patterns
from strategies.tuning.methods.lora.settings import check_settings, mapping_of
from strategies.tuning.methods.lora.strength import STRONGEST, too_strong
from strategies.tuning.saved import checked_manifest


def examined(folder: Path, base: Trains, allow: Sequence[Replacement] | None = None) -> ExaminedAdapter:
    """Refuse anything but a complete, finite LoRA adapter for ``base`` in safetensors.

    Args:
        folder: Where ``adapter_config.json`` and ``adapter_model.safetensors`` are.
        base: The model it is to be loaded over; what the adapter says about its base is ignored.
        allow: What it may do besides adding low-rank products to layers; None for everything.

    Returns:
        What is known of it: its manifest, if Trilemma made it, and what else it does to the base.

    Raises:
        InputError: The first fault found.
    """
    adapter = ExaminedAdapter(folder, base, allow, config=check_files(folder))
    for check in CHECKS:
        check(adapter)
    return adapter


def _check_manifest(adapter: ExaminedAdapter) -> None:
    adapter.manifest = checked_manifest(adapter.folder, adapter.base)


def _check_shapes(adapter: ExaminedAdapter) -> None:
    found = saved_shapes(adapter.folder / WEIGHTS)
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
    adapter.check_allowed()


def _check_size(adapter: ExaminedAdapter, found: dict[str, tuple[int, ...]], wrapped: Any) -> None:
    """Refuse more weights than any adapter needs for this base: loading it would fill the memory."""
    own = sum(each.numel() for each in wrapped.parameters())
    own -= sum(each.numel() for name, each in wrapped.named_parameters() if ".lora_" in name)
    most = 2 * own + _SMALL
    if (size := number_of(found)) > most:
        problem = f"must hold at most {most:,} weights, twice what this model has"
        raise adapter.fault(WEIGHTS, problem, "train it again with a lower rank", f"{size:,}")


_SMALL = 10_000_000
"""Number of weights that any adapter may have, however small its base."""


def _check_strength(adapter: ExaminedAdapter, wrapped: Any) -> None:
    """Refuse an adapter that would overwhelm the base, by each layer's own factor as peft computes it."""
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
    """Return which saved tensors are copies of one of the base, by name, with the base's name for it.

    peft saves embeddings and head with an adapter that is on them, or where it assumes that they changed.
    """
    own = {bare(name): tuple(tensor.shape) for name, tensor in wrapped.state_dict().items()}
    return {
        name: bare(name)
        for name, shape in found.items()
        if name not in expected and own.get(bare(name)) == shape
    }


def _check_copies(adapter: ExaminedAdapter, copies: dict[str, str]) -> None:
    """Refuse a copy of a base tensor that equals neither this base's nor the one trained in its place."""
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
    """Whether two tensors are equal in the coarser of their number formats."""
    own = own.to(saved.device)
    return bool((own.to(saved.dtype) == saved).all() or (saved.to(own.dtype) == own).all())


def _wrapped(adapter: ExaminedAdapter) -> Any:
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
            warnings.simplefilter("ignore")  # about what peft corrects by itself
            config = peft.LoraConfig(
                **settings | plain | {"base_model_name_or_path": None, "auto_mapping": None}
            )
            return peft.get_peft_model(empty, config, low_cpu_mem_usage=True)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, RuntimeError) as error:
        problem = f"cannot be applied to this model: {shorten(str(error).strip().partition(chr(10))[0], 160)}"
        remedy = f"use an adapter that was trained over {adapter.base.name}"
        raise adapter.fault(CONFIG, problem, remedy) from None


_BEGINNINGS = frozenset({"loftq_config", "eva_config", "corda_config", "lora_ga_config"})
"""Settings of how weights are initialised, which no longer matter for saved weights."""


def _expected_shapes(wrapped: Any) -> dict[str, tuple[int, ...]]:
    """Return names and shapes that a wrapped base would save, without its own embeddings."""
    import peft

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # biases beside its factors, which peft takes for empty matrices
        state = peft.get_peft_model_state_dict(wrapped, save_embedding_layers=False)
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _check_numbers(adapter: ExaminedAdapter) -> None:
    check_types(adapter.folder / WEIGHTS)
    check_finite(adapter.folder / WEIGHTS)


CHECKS: tuple[Callable[[ExaminedAdapter], None], ...] = (
    _check_manifest,
    check_settings,
    check_beginning,
    _check_shapes,
    _check_numbers,
)

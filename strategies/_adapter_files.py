"""Adapters on disk: published whole or not at all, and checked before they are believed.

peft loads almost anything without a word: an adapter for other weights, with tensors that overwrite the base,
with NaN in them, pickled. So each of these is looked for here.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from harness.digests import digest_of_file
from harness.errors import InputError, nearest, shorten
from harness.protocols import TrainableModel
from harness.types import Frozen, PrepareCost

LARGEST_CONFIG = 1 << 20
LARGEST_HEADER = 1 << 24
HIGHEST_RANK = 1024
STRONGEST = 16.0
"""Most that lora_alpha may be of the rank: common settings are 0.25 to 4."""
WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
MANIFEST = "trilemma_adapter.json"


class AdapterManifest(Frozen):
    """What an adapter was made from. ``recipe`` is all that determines its weights.

    ``base_digest`` covers weights, configuration, tokenizer and chat template of the base.
    """

    format: Literal[1] = 1
    base_name: str
    base_digest: str
    dtype: str
    quantization: Literal["none", "nf4"]
    weights_digest: str = ""
    config_digest: str = ""
    recipe: dict[str, Any]
    recipe_digest: str
    prompts_digest: str
    template_digests: dict[str, str]
    seed: int
    cost: PrepareCost
    record: dict[str, Any]


def publish(source: Path, folder: Path, manifest: AdapterManifest) -> AdapterManifest:
    """Make ``folder`` from the adapter saved in ``source``, in one step; return the manifest as written."""
    staging = folder.with_name(f"{folder.name}.publishing")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    shutil.copyfile(source / WEIGHTS, staging / WEIGHTS)
    (staging / CONFIG).write_text(_settled(source / CONFIG, manifest.base_name), encoding="utf-8")
    size = sum((staging / name).stat().st_size for name in (WEIGHTS, CONFIG))
    manifest = manifest.model_copy(
        update={
            "weights_digest": digest_of_file(staging / WEIGHTS),
            "config_digest": digest_of_file(staging / CONFIG),
            "cost": manifest.cost.model_copy(update={"artifact_bytes": size}),
        }
    )
    (staging / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if folder.exists():  # left damaged, or it would have been reused
        shutil.rmtree(folder)
    staging.replace(folder)
    return manifest


def _settled(config: Path, base_name: str) -> str:
    """Return an adapter's settings as the same text every time: peft writes sets in any order, and a path."""
    settings = json.loads(config.read_text(encoding="utf-8"))
    settings["base_model_name_or_path"] = base_name
    if isinstance(settings.get("target_modules"), list):
        settings["target_modules"].sort()
    return json.dumps(settings, indent=2, sort_keys=True) + "\n"


def finished(folder: Path, recipe_digest: str) -> AdapterManifest | None:
    """Return the manifest of the adapter in ``folder`` when it is whole and came from this very recipe."""
    try:
        manifest = AdapterManifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = _own_digests(folder) == (manifest.weights_digest, manifest.config_digest)
    except (OSError, ValidationError, UnicodeDecodeError):
        return None
    return manifest if whole and manifest.recipe_digest == recipe_digest else None


def saved_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of the adapter in ``folder``, by name."""
    from safetensors import safe_open

    with safe_open(folder / WEIGHTS, framework="pt") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


def adapter_parameters(folder: Path) -> int:
    """Return how many weights the adapter in ``folder`` has."""
    return sum(math.prod(shape) for shape in saved_shapes(folder).values())


def not_finite(folder: Path) -> str | None:
    """Return the name of a tensor of the adapter that holds NaN or an infinity, if one does."""
    from safetensors import safe_open

    with safe_open(folder / WEIGHTS, framework="pt") as file:
        names = file.keys()
        return next((name for name in names if not file.get_tensor(name).isfinite().all()), None)


def _own_digests(folder: Path) -> tuple[str, str]:
    return digest_of_file(folder / WEIGHTS), digest_of_file(folder / CONFIG)


def check_files(folder: Path) -> dict[str, Any]:
    """Refuse what can be refused without a model or a heavy library; return the adapter's settings.

    Raises:
        InputError: A file is missing, not safetensors, a link that leads away, or not a LoRA adapter's.
    """
    if not folder.is_dir():
        raise InputError(folder, "", "there is no such folder", _SAVED)
    if not (folder / WEIGHTS).exists() and list(folder.glob("adapter_model.*")):
        problem = f"its weights are not in safetensors ({WEIGHTS} is missing)"
        raise InputError(folder, "", problem, "save them again with safe_serialization=True")
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise InputError(folder, "", f"{name} is missing", _SAVED)
    for name in (CONFIG, WEIGHTS, MANIFEST):
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            remedy = "copy the file itself there"
            raise InputError(folder / name, "", "is a link that leads out of the folder", remedy)
    if (size := (folder / CONFIG).stat().st_size) > LARGEST_CONFIG:
        problem = f"must be at most {LARGEST_CONFIG} bytes"
        raise InputError(folder / CONFIG, "", problem, "save the adapter again", size)
    _check_header(folder / WEIGHTS)
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(folder / CONFIG, "", f"is not JSON: {error}", "save the adapter again") from None
    kind = config.get("peft_type") if isinstance(config, dict) else config
    if not isinstance(config, dict) or kind != "LORA":
        raise InputError(folder / CONFIG, "peft_type", "must be LORA", "use a LoRA adapter", kind)
    return config


def _check_header(weights: Path) -> None:
    """Refuse a file whose first eight bytes, the length of its header, cannot be those of safetensors."""
    size = weights.stat().st_size
    with weights.open("rb") as file:
        start = file.read(8)
    length = int.from_bytes(start, "little")
    if size < 8 or length > size - 8:
        problem = "is not a whole safetensors file"
        raise InputError(weights, "", problem, "save the adapter again", f"{size} bytes")
    if length > LARGEST_HEADER:
        problem = f"has a header of more than {LARGEST_HEADER} bytes"
        raise InputError(weights, "", problem, "save the adapter again", length)


_SAVED = "name the folder that save_pretrained() wrote"


@dataclass
class _Adapter:
    """An adapter under examination, over the base it is to be loaded over."""

    folder: Path
    base: TrainableModel
    config: dict[str, Any]
    manifest: AdapterManifest | None = None

    def fault(self, file: str, problem: str, remedy: str, value: Any = None) -> InputError:
        return InputError(self.folder / file if file else self.folder, "", problem, remedy, value)


def check_adapter(folder: Path, base: TrainableModel) -> AdapterManifest | None:
    """Refuse an adapter that is not a whole, finite LoRA adapter in safetensors for ``base``.

    Args:
        folder: Where ``adapter_config.json`` and ``adapter_model.safetensors`` are.
        base: The model it is to be loaded over; what the adapter says about its base is not followed.

    Returns:
        The manifest, when Trilemma made the adapter.

    Raises:
        InputError: The first fault found.
    """
    adapter = _Adapter(folder, base, check_files(folder))
    for check in CHECKS:
        check(adapter)
    return adapter.manifest


def _check_settings(adapter: _Adapter) -> None:
    import dataclasses

    import peft

    known = {field.name for field in dataclasses.fields(peft.LoraConfig)}
    for key in adapter.config:
        if key not in known:
            problem = f"the key {shorten(key)!r} is not known to peft {peft.__version__}"
            raise adapter.fault(CONFIG, problem, f"{nearest(key, known).partition('known:')[0]}update peft")
    for key, problem in _REFUSED_KEYS.items():
        if adapter.config.get(key):
            raise adapter.fault(
                CONFIG, f"{key} {problem}", "save the adapter without it", adapter.config[key]
            )
    _check_strength(adapter)
    _check_pattern(adapter)


_REFUSED_KEYS = {
    "auto_mapping": "names code to import",
    "megatron_config": "names code to import",
    "layer_replication": "would change the layers of the base",
}
_NESTED = re.compile(r"[+*}]\)*[+*{]|\([^()]*[+*][^()]*\)[+*{]")
_LONGEST_PATTERN = 500


def _check_strength(adapter: _Adapter) -> None:
    """Refuse a rank or a scaling beyond all bounds: it would fill the memory or drown the base."""
    config = adapter.config
    ranks = {"r": config.get("r", 8)} | dict(config.get("rank_pattern") or {})
    alphas = {"lora_alpha": config.get("lora_alpha", 8)} | dict(config.get("alpha_pattern") or {})
    for key, rank in ranks.items():
        if type(rank) is not int or not 1 <= rank <= HIGHEST_RANK:
            problem = f"{shorten(key, 40)} must be a whole number from 1 to {HIGHEST_RANK}"
            raise adapter.fault(CONFIG, problem, "train the adapter again", rank)
    least = min(ranks.values())
    for key, alpha in alphas.items():
        fits = isinstance(alpha, int | float) and 0 < alpha <= STRONGEST * least
        if not fits or isinstance(alpha, bool):
            problem = f"{shorten(key, 40)} must be above 0 and at most {STRONGEST:g} times the rank {least}"
            raise adapter.fault(CONFIG, problem, "restore what it was trained with", alpha)


def _check_pattern(adapter: _Adapter) -> None:
    """Refuse a regular expression over module names that could take for ever."""
    for key in ("target_modules", "exclude_modules"):
        pattern = adapter.config.get(key)
        if isinstance(pattern, str) and (len(pattern) > _LONGEST_PATTERN or _NESTED.search(pattern)):
            problem = f"{key} is a pattern that could take for ever"
            raise adapter.fault(CONFIG, problem, "list the modules by name", pattern)


def _check_manifest(adapter: _Adapter) -> None:
    path = adapter.folder / MANIFEST
    if not path.exists():
        return
    try:
        manifest = AdapterManifest.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {str(error).splitlines()[0]}"
        raise adapter.fault(MANIFEST, problem, "restore it, or train again") from None
    if _own_digests(adapter.folder) != (manifest.weights_digest, manifest.config_digest):
        raise adapter.fault(
            "", f"its files are not those that {MANIFEST} describes", "restore them, or train again"
        )
    if manifest.base_digest != adapter.base.identity.weights_digest:
        problem = f"was trained over other weights than {adapter.base.name}"
        remedy = "set model.path to the base it was trained over, or train again"
        raise adapter.fault("", problem, remedy, f"{manifest.base_name}, {manifest.base_digest[:12]}")
    adapter.manifest = manifest


def _check_shapes(adapter: _Adapter) -> None:
    found = _saved_shapes(adapter)
    expected = _expected_shapes(adapter)
    remedy = f"use an adapter that was trained over {adapter.base.name}"
    if extra := sorted(found.keys() - expected.keys()):
        raise adapter.fault(WEIGHTS, "has a tensor that this model has no place for", remedy, extra[0])
    if missing := sorted(expected.keys() - found.keys()):
        raise adapter.fault(WEIGHTS, "lacks a tensor that this model needs", remedy, missing[0])
    for name, shape in sorted(found.items()):
        if shape != expected[name]:
            problem = f"{name} must have the shape {expected[name]}"
            raise adapter.fault(WEIGHTS, problem, remedy, shape)


def _saved_shapes(adapter: _Adapter) -> dict[str, tuple[int, ...]]:
    from safetensors import SafetensorError

    try:
        return saved_shapes(adapter.folder)
    except (OSError, SafetensorError) as error:
        raise adapter.fault(WEIGHTS, f"is not a whole safetensors file: {error}", "save it again") from None


def _expected_shapes(adapter: _Adapter) -> dict[str, tuple[int, ...]]:
    """Return names and shapes that the base, freshly wrapped by the adapter's own settings, would save."""
    import peft

    plain = {"init_lora_weights": True, "inference_mode": False, "base_model_name_or_path": None}
    settings = adapter.config | plain
    settings.pop("peft_type")
    try:
        config = peft.LoraConfig(**settings)
        wrapped = peft.get_peft_model(_empty(adapter.base), config, low_cpu_mem_usage=True)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        problem = f"cannot be applied to this model: {str(error).strip().splitlines()[0]}"
        remedy = f"use an adapter that was trained over {adapter.base.name}"
        raise adapter.fault(CONFIG, problem, remedy) from None
    state = peft.get_peft_model_state_dict(wrapped, save_embedding_layers=False)
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _empty(base: TrainableModel) -> Any:
    """Return the base's modules without storage where its folder is known, else with weights."""
    folder = getattr(base, "folder", None)
    if folder is None:
        return base.fresh("none")[0]
    from harness.models.opening import empty_model

    return empty_model(folder, base.name)


def _check_types(adapter: _Adapter) -> None:
    from safetensors import safe_open

    with safe_open(adapter.folder / WEIGHTS, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 - no mapping
            if (kind := file.get_slice(name).get_dtype()) not in ("F32", "F16", "BF16"):
                problem = f"{name} must be of the type F32, F16 or BF16"
                raise adapter.fault(WEIGHTS, problem, "save the adapter again", kind)


def _check_finite(adapter: _Adapter) -> None:
    if (name := not_finite(adapter.folder)) is not None:
        raise adapter.fault(WEIGHTS, "holds NaN or infinite weights", "train the adapter again", name)


CHECKS: tuple[Callable[[_Adapter], None], ...] = (
    _check_manifest,
    _check_settings,
    _check_shapes,
    _check_types,
    _check_finite,
)

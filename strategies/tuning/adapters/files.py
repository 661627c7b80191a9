"""Adapters on disk: published whole or not at all, found again, and refused where files are missing."""

from __future__ import annotations

import json
import math
import os
import shutil
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from harness.digests import digest_of_file
from harness.errors import InputError
from harness.files import check_input, open_input, read_input, read_input_text
from harness.strict_json import parse_json
from harness.types import Frozen, PrepareCost

LARGEST_CONFIG = 1 << 20
LARGEST_MANIFEST = 1 << 22
LARGEST_HEADER = 1 << 24
LARGEST_WEIGHTS = 64 << 30
"""Bytes: rank 256 on all layers of a model of 70 billion weights, in float32, four times."""
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
    for key in ("target_modules", "exclude_modules"):
        if isinstance(settings.get(key), list):
            settings[key].sort()
    return json.dumps(settings, indent=2, sort_keys=True) + "\n"


def read_manifest(folder: Path) -> AdapterManifest:
    """Return the manifest of the adapter in ``folder``.

    Raises:
        InputError: It is missing, no regular file, or too large.
        ValueError: It is not what Trilemma writes: of other fields or types, or with impossible figures.
    """
    text = read_input_text(folder / MANIFEST, LARGEST_MANIFEST)
    return AdapterManifest.model_validate(parse_json(text), strict=True)


def finished(folder: Path, recipe_digest: str) -> AdapterManifest | None:
    """Return the manifest of the adapter in ``folder`` when it is whole and came from this very recipe."""
    try:
        manifest = read_manifest(folder)
        whole = own_digests(folder) == (manifest.weights_digest, manifest.config_digest)
    except (OSError, ValueError, InputError):
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


def untrained(folder: Path) -> list[str]:
    """Return the layers whose adapter is still what it began as: their second matrix is zero."""
    from safetensors import safe_open

    ends = (".lora_B.weight", ".lora_embedding_B")
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        seconds = [name for name in file.keys() if name.endswith(ends)]  # noqa: SIM118
        idle = [name for name in seconds if not file.get_tensor(name).any()]
    return [name.removeprefix("base_model.model.").rpartition(".lora_")[0] for name in idle]


def own_digests(folder: Path) -> tuple[str, str]:
    """Return the digests of an adapter's weights and of its configuration."""
    return digest_of_file(folder / WEIGHTS), digest_of_file(folder / CONFIG)


def check_files(folder: Path) -> dict[str, Any]:
    """Refuse what can be refused without a model or a heavy library; return the adapter's settings.

    Raises:
        InputError: A file is missing, not safetensors, a link that leads away, or not a LoRA adapter's.
    """
    _check_present(folder)
    data = read_input(folder / CONFIG, LARGEST_CONFIG)
    _check_header(folder / WEIGHTS)
    try:
        config = parse_json(data.decode("utf-8"))  # as peft reads it: in no other encoding
    except ValueError as error:
        raise InputError(folder / CONFIG, "", f"is not JSON: {error}", "save the adapter again") from None
    kind = config.get("peft_type") if isinstance(config, dict) else config
    if not isinstance(config, dict) or kind != "LORA":
        raise InputError(folder / CONFIG, "peft_type", "must be LORA", "use a LoRA adapter", kind)
    return config


def _check_present(folder: Path) -> None:
    """Refuse a folder without the two files, with links to others, or with what is no plain file."""
    if not folder.is_dir():
        raise InputError(folder, "", "there is no such folder", _SAVED)
    for name in (CONFIG, WEIGHTS):
        if not os.path.lexists(folder / name):
            raise _missing(folder, name)
    for name, largest in _LARGEST.items():
        if not os.path.lexists(folder / name):
            continue
        if not _lies_in(folder, folder / name):
            remedy = "copy the file itself there"
            raise InputError(folder / name, "", "is a link that leads out of the folder", remedy)
        check_input(folder / name, largest)


_LARGEST = {CONFIG: LARGEST_CONFIG, WEIGHTS: LARGEST_WEIGHTS, MANIFEST: LARGEST_MANIFEST}
"""Bytes of every file of an adapter's folder that is read, by us or by peft."""
_LISTED = 10_000
"""Entries of a folder that are looked at for a better line."""


def _missing(folder: Path, name: str) -> InputError:
    with os.scandir(folder) as found:
        beside = [Path(each.path) for each in islice(found, _LISTED)]
    inside = sorted(each for each in beside if (each / CONFIG).is_file())
    if name == CONFIG and inside:
        remedy = f"name one, like {inside[-1]}"
        return InputError(folder, "", "holds adapters in folders of their own", remedy)
    if not (folder / WEIGHTS).exists() and any(each.name.startswith("adapter_model.") for each in beside):
        problem = f"its weights are not in safetensors ({WEIGHTS} is missing)"
        return InputError(folder, "", problem, "save them again with safe_serialization=True")
    return InputError(folder, "", f"{name} is missing", _SAVED)


def _lies_in(folder: Path, file: Path) -> bool:
    """Whether a file lies in its folder, or where the cache of the hub keeps a snapshot's files."""
    inside = [folder.resolve()]
    if folder.resolve().parent.name == "snapshots":
        inside.append(folder.resolve().parent.parent / "blobs")
    try:
        return any(file.resolve().is_relative_to(each) for each in inside)
    except (OSError, RuntimeError):  # links in a circle
        return False


def _check_header(weights: Path) -> None:
    """Refuse a file that cannot be safetensors by the length of its header, or that was hardly written."""
    again = "save the adapter again"
    with open_input(weights, LARGEST_WEIGHTS) as file:
        start = file.read(8)
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(start, "little")
        if size < 8 or length > size - 8:
            raise InputError(weights, "", "is not a whole safetensors file", again, f"{size} bytes")
        if length > LARGEST_HEADER:
            problem = f"has a header of more than {LARGEST_HEADER} bytes"
            raise InputError(weights, "", problem, again, length)
        if (absent := _holes(file.fileno(), size)) > size / 2:
            problem = "is mostly holes that nothing was ever written to"
            raise InputError(weights, "", problem, "copy it again", f"{absent:,} of {size:,} bytes")


def _holes(file: int, size: int) -> int:
    """Return how many bytes of an open file the disk does not hold; none where it cannot tell."""
    absent = begin = end = 0
    try:
        for _ in range(_LISTED):
            begin = os.lseek(file, end, os.SEEK_HOLE)  # the end of the file counts as one
            if begin >= size:
                break
            end = size  # where no data is behind it
            end = os.lseek(file, begin, os.SEEK_DATA)
            absent += end - begin
    except (AttributeError, OSError):
        absent += max(end - begin, 0)
    return absent


_SAVED = "name the folder that save_pretrained() wrote"

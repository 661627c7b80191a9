"""Saved tunings: folders with weights and a manifest that names their method, published in one step."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from harness.digests import digest_of_file
from harness.errors import InputError, nearest, shorten
from harness.files import read_input_text
from harness.protocols import Trains
from harness.strict_json import parse_json
from harness.types import Frozen, PrepareCost
from strategies.tuning.method import METHOD_ELSEWHERE, SavedTuning, known_methods, method_named

LARGEST_MANIFEST = 1 << 22
MANIFEST = "trilemma_tuning.json"


class TuningManifest(Frozen):
    """What a tuning was made from. ``recipe`` is everything that determines its weights.

    ``base_digest`` covers weights, configuration and tokenizer of the base. ``digests`` are those of the
    saved files by name.
    """

    format: Literal[1] = 1
    method: str
    base_name: str
    base_digest: str
    dtype: str
    quantization: Literal["none", "nf4"]
    digests: dict[str, str] = Field(default_factory=dict)
    recipe: dict[str, Any]
    recipe_digest: str
    prompts_digest: str
    template_digests: dict[str, str]
    seed: int
    cost: PrepareCost
    record: dict[str, Any]


def opened(folder: Path) -> SavedTuning:
    """Return what was saved in a folder, by the method that its manifest names; nothing is checked yet.

    Without a readable manifest it is treated as an adapter from elsewhere, and its checks report what
    is wrong with it.

    Raises:
        InputError: The manifest names an unknown method.
    """
    try:
        name = _read(folder).get("method")
    except (InputError, OSError, ValueError, AttributeError):
        name = METHOD_ELSEWHERE
    if isinstance(name, str) and name not in known_methods():
        remedy = nearest(name, known_methods())
        raise InputError(folder / MANIFEST, "method", "is no known method", remedy, shorten(name, 40))
    return method_named(name if isinstance(name, str) else METHOD_ELSEWHERE).saved(folder)


def is_saved(folder: Path) -> bool:
    """Whether a folder holds a saved tuning, complete or not."""
    return any(path.is_file() for path in opened(folder).files)


def publish(source: Path, folder: Path, manifest: TuningManifest) -> TuningManifest:
    """Create ``folder`` in one step from what the method saved in ``source``; return the manifest."""
    staging = folder.with_name(f"{folder.name}.publishing")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    method_named(manifest.method).publish(source, staging, manifest.base_name, manifest.dtype)
    files = sorted(staging.iterdir())
    size = sum(path.stat().st_size for path in files)
    manifest = manifest.model_copy(
        update={
            "digests": {path.name: digest_of_file(path) for path in files},
            "cost": manifest.cost.model_copy(update={"artifact_bytes": size}),
        }
    )
    (staging / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if folder.exists():  # damaged, otherwise it would have been reused
        shutil.rmtree(folder)
    staging.replace(folder)
    return manifest


def finished(folder: Path, recipe_digest: str) -> TuningManifest | None:
    """Return the manifest of the tuning in ``folder`` if it is complete and came from this recipe."""
    try:
        manifest = read_manifest(folder)
        whole = _is_described(folder, manifest)
    except (OSError, ValueError, InputError):
        return None
    return manifest if whole and manifest.recipe_digest == recipe_digest else None


def read_manifest(folder: Path) -> TuningManifest:
    """Return the manifest of the tuning in ``folder``.

    Raises:
        InputError: It is missing, not a regular file, or too large.
        ValueError: Trilemma does not write such a one: other fields or types, or impossible figures.
    """
    return TuningManifest.model_validate(_read(folder), strict=True)


def _read(folder: Path) -> Any:
    return parse_json(read_input_text(folder / MANIFEST, LARGEST_MANIFEST))


def _is_described(folder: Path, manifest: TuningManifest) -> bool:
    """Whether the files of a folder are those that its manifest describes."""
    files = opened(folder).files
    return manifest.digests == {path.name: digest_of_file(path) for path in files}


def checked_manifest(folder: Path, base: Trains) -> TuningManifest | None:
    """Return the manifest of a tuning from any source; None where it has none.

    Raises:
        InputError: It cannot be read, the files are not those that it describes, or it
            was made for other weights than ``base``.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        manifest = read_manifest(folder)
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {_first_fault(error)}"
        raise InputError(path, "", problem, "restore it, or train again") from None
    if not _is_described(folder, manifest):
        problem = f"its files are not those that {MANIFEST} describes"
        raise InputError(folder, "", problem, "restore them, or train again")
    if manifest.base_digest != base.identity.weights_digest:
        problem = f"was trained over other weights than {base.name}"
        remedy = "name the base it was trained over as the strategy's model, or train again"
        raise InputError(folder, "", problem, remedy, f"{manifest.base_name}, {manifest.base_digest[:12]}")
    return manifest


def _first_fault(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return shorten(str(error), 160)
    fault = error.errors(include_url=False, include_input=False)[0]
    return shorten(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}", 160)

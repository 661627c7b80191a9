"""Where a model's files are (a builtin name, a folder, a hub id), and which weights they hold."""

from __future__ import annotations

import importlib.util
import math
import re
from functools import lru_cache
from pathlib import Path

from harness.digests import digest_of_files
from harness.errors import InputError, nearest

BUILTIN = {"builtin:starter": ("harness.starter", "model")}
# What determines a model's answers, apart from the prompts: those are digested as they are rendered.
_IDENTITY = (
    "*.safetensors",
    "config.json",
    "tokenizer*.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
)
_BESIDE = ("chat_template.jinja", "generation_config.json", "special_tokens_map.json", "*.index.json")
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")


def model_path(path: str, place: object, key: str = "model.path") -> str:
    """Return the folder of a model, or the hub id itself when ``path`` is one; loads nothing.

    A relative folder is looked for beside the experiment file first, then below the current folder.

    Raises:
        InputError: ``path`` names no builtin model, no folder, and cannot be a hub id.
    """
    if path.startswith("builtin:"):
        return str(_builtin(path, place, key))
    bases = [Path(str(place)).parent, Path()]
    for base in bases:
        folder = (base / Path(path).expanduser()).resolve()
        if folder.is_dir():
            if not (folder / "config.json").is_file():
                remedy = "name the folder that save_pretrained() wrote"
                raise InputError(place, key, "is a folder without config.json", remedy, path)
            return str(folder)
    if path.startswith((".", "/", "~")) or not _HUB_ID.match(path):
        raise InputError(place, key, "is no folder", "name a folder, a hub id, or builtin:starter", path)
    return path


def local_folder(path: str, revision: str | None, place: object) -> str:
    """Return the folder with the model's files, fetching a hub id where a hub can be reached.

    Raises:
        InputError: The id cannot be fetched.
    """
    found = model_path(path, place)
    if Path(found).is_dir():
        return found
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return str(snapshot_download(found, revision=revision, allow_patterns=[*_IDENTITY, *_BESIDE]))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError):
        remedy = "check the id and the connection, or name a local folder or builtin:starter"
        raise InputError(place, "model.path", "cannot be fetched from the hub", remedy, path) from None


def weights_digest(folder: str) -> str:
    """Return the digest of a model's weights, configuration and tokenizer; unchanged files are read once."""
    files = sorted({file for pattern in _IDENTITY for file in Path(folder).glob(pattern)})
    return _digest(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=16)
def _digest(states: tuple[tuple[Path, int, int], ...]) -> str:
    """Return the digest of files in a known state: their paths, sizes in bytes and times of change."""
    return digest_of_files(path for path, _, _ in states)


def parameter_count(folder: str) -> int:
    """Return how many weights a model has, from the headers of its files; 0 where they cannot be read."""
    from safetensors import SafetensorError, safe_open

    total = 0
    try:
        for path in Path(folder).glob("*.safetensors"):
            with safe_open(path, framework="np") as file:
                for name in file.keys():  # noqa: SIM118 - no mapping
                    total += math.prod(file.get_slice(name).get_shape())
    except (OSError, SafetensorError):
        return 0
    return total


def adapter_digest(folder: Path) -> str:
    """Return the digest of a saved adapter's weights and configuration."""
    return digest_of_files([folder / "adapter_model.safetensors", folder / "adapter_config.json"])


def _builtin(name: str, place: object, key: str) -> Path:
    if name not in BUILTIN:
        raise InputError(place, key, "is not a known model", nearest(name, BUILTIN), name)
    package, folder = BUILTIN[name]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise InputError(place, key, "is not installed", "install trilemma again", name)
    return Path(spec.origin).parent / folder

"""Which files of a model's folder determine its answers, and their digests."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from harness.digests import digest_of, digest_of_file
from harness.models.transformers.model_files import weights_named

_WEIGHTS = (
    "*.safetensors",
    "config.json",
    "tokenizer*.json",
    "vocab.json",
    "merges.txt",
    "*.model",
    "*.tiktoken",
    "tekken.json",
    "vocab.txt",
    "added_tokens.json",
)
"""Weights, configuration and tokenizer; adapters name their digest, so these patterns stay as they are."""
_SETTINGS = (
    "*.json",
    "*.jinja",
    "*.txt",
    "*.spm",
    "*.codes",
    "*.tokenizer",
    "additional_chat_templates/*.jinja",
    "chat_templates/*.jinja",
)
"""Other files transformers may read: chat templates, generation settings, processors, rare tokenizers."""
_NOTES = (
    "readme*",
    "license*",
    "notice*",
    "use_policy*",
    "requirements*",
    "modelcard*",
    "trainer_state.json",
    "*_results.json",
    "*.bin.index.json",
)
"""What is written for people, by training, or about weights that are never opened; in lower case."""
COPY = "consolidated"
"""Prefix of files that hold the same weights again, for another library."""
FETCHED = (*_WEIGHTS, *_SETTINGS)
"""What is fetched of a hub id."""
NOT_FETCHED = (
    f"{COPY}*",
    "adapter_*",
    "*.bin.index.json",
    "*/*.safetensors",
    "*/*.json",
    "*/*.model",
    "*/*.txt",
    "*/*.tiktoken",
)
"""Such copies, and files in subfolders: a pattern's * matches across them."""


def weights_digest(folder: str) -> str:
    """Return the digest of a model's weights, configuration and tokenizer; unchanged files are read once."""
    return _digest(Path(folder), _states(_weights(Path(folder))))


def settings_digest(folder: str) -> str:
    """Return the digest of all other files of a model's folder that can change an answer; "" without any.

    These are its chat templates, its generation settings, and whatever else transformers may read.
    """
    others = sidecars(Path(folder)) - set(_weights(Path(folder)))
    return _digest(Path(folder), _states(others)) if others else ""


def sidecars(folder: Path) -> set[Path]:
    """Return the files of a folder that transformers may read beside weights, without notes for people."""
    found = (path for pattern in FETCHED if pattern != "*.safetensors" for path in folder.glob(pattern))
    return {path for path in found if path.is_file() and not _is_note(path.name)}


def _is_note(name: str) -> bool:
    return name.startswith((COPY, ".")) or any(fnmatch(name.lower(), pattern) for pattern in _NOTES)


def _weights(folder: Path) -> set[Path]:
    found = {path for pattern in _WEIGHTS for path in folder.glob(pattern)}
    found |= {folder / name for _, names in weights_named(folder, folder, "") for name in names}
    return {path for path in found if path.is_file() and not path.name.startswith(COPY)}


def _states(files: Iterable[Path]) -> tuple[tuple[Path, int, int], ...]:
    return tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(files))


@lru_cache(maxsize=16)
def _digest(folder: Path, states: tuple[tuple[Path, int, int], ...]) -> str:
    """Return the digest of files in a known state: their paths, sizes in bytes and times of change."""
    return digest_of({path.relative_to(folder).as_posix(): digest_of_file(path) for path, _, _ in states})

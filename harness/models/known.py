"""What a model's files say of it where they are here: nothing is fetched, converted or loaded for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.config import ModelOptions
from harness.models.context import context_of
from harness.models.gguf import conversion_of
from harness.models.identity import settings_digest, weights_digest
from harness.models.resolve import model_path


def known_of(options: ModelOptions, place: object) -> dict[str, Any]:
    """Return a model's digests and context length in tokens; nothing where its files are not here.

    Raises:
        InputError: The model is named wrongly, or its configuration cannot be read.
    """
    folder = _folder_here(options, place)
    if folder is None:
        return {}
    return {
        "weights": weights_digest(folder),
        "settings": settings_digest(folder),
        "context_length": options.context_length or context_of(folder, place).tokens,
    }


def _folder_here(options: ModelOptions, place: object) -> str | None:
    path = model_path(options.path, place)
    if Path(path).is_dir():
        return path
    if Path(path).is_file():
        kept = conversion_of(Path(path))
        return str(kept) if kept and kept.is_dir() else None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = snapshot_download(path, revision=options.revision, local_files_only=True)
    except (LocalEntryNotFoundError, OSError, ValueError):
        return None
    return folder if (Path(folder) / "config.json").is_file() else None

"""What the files of model and embedder say where they are here: nothing is fetched, converted or loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.config import Experiment, ModelOptions
from harness.embedders.embedder import embedder_digest
from harness.models.transformers.context import context_of
from harness.models.transformers.gguf import conversion_of
from harness.models.transformers.identity import settings_digest, weights_digest
from harness.models.transformers.resolve import model_path


def known_of(experiment: Experiment, model: str, place: object) -> dict[str, Any]:
    """Return what an experiment's embedder is, and the digests and context length in tokens of one model.

    Of a model whose files are not here nothing is returned.

    Raises:
        InputError: The model is named wrongly, or its configuration cannot be read.
    """
    digest, options = embedder_digest(experiment.embedder), experiment.models[model]
    known = {"embedder": "a folder" if digest else experiment.embedder, "embedder_digest": digest}
    folder = _folder_here(options, place)
    if folder is None:
        return known
    return known | {
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

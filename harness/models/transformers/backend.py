"""The backend of models that are loaded here; importing it loads no model library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.backends import KnownModel, Opening
from harness.models.transformers.context import context_of
from harness.models.transformers.gguf import conversion_of
from harness.models.transformers.identity import settings_digest, weights_digest
from harness.models.transformers.options import TransformersOptions, asked_with
from harness.models.transformers.quiet import quiet_libraries
from harness.models.transformers.resolve import model_path
from harness.protocols import Model
from harness.user_cache import cache_folder


class Transformers:
    """A causal language model from a folder, a GGUF file, a hub id, or an installed package."""

    options_type = TransformersOptions
    scores_choices = True

    def __init__(self, options: TransformersOptions) -> None:
        self._options = options

    def check(self, place: str, key: str) -> None:
        """Refuse a path that names no folder, no GGUF file and no hub id."""
        model_path(self._options.path, place, f"{key}.path")

    def known(self, place: str, key: str) -> KnownModel:
        """Return what its options and its local files say; nothing is fetched or converted."""
        options, folder = self._options, self._folder_here(place, key)
        stated = KnownModel(
            options.name,
            dtype=options.dtype
            if options.dtype not in ("auto", "fast")
            else None,  # those depend on the machine
            context_length=options.context_length,
            asked_with=asked_with(options),
        )
        if folder is None:
            return stated
        return replace(
            stated,
            weights=weights_digest(folder),
            settings=settings_digest(folder),
            context_length=options.context_length or context_of(folder, place, f"{key}.path").tokens,
        )

    def _folder_here(self, place: str, key: str) -> str | None:
        path = model_path(self._options.path, place, f"{key}.path")
        if Path(path).is_dir():
            return path
        if Path(path).is_file():
            kept = conversion_of(Path(path))
            return str(kept) if kept and kept.is_dir() else None
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        try:
            folder = snapshot_download(path, revision=self._options.revision, local_files_only=True)
        except (LocalEntryNotFoundError, OSError, ValueError):
            return None
        return folder if (Path(folder) / "config.json").is_file() else None

    def open(self, opening: Opening) -> Model:
        """Return the model; its weights are loaded with the first request.

        All models of a run share one owner of what is loaded, so that only one at a time is on the device.
        """
        quiet_libraries()
        from harness.models.transformers.budgets import BatchBudgets
        from harness.models.transformers.model import TransformersModel
        from harness.models.transformers.resident import Owner

        cached = cache_folder()
        machine = cached / "batch_budgets" if cached else None
        own = opening.artifacts / "batch_budgets" if opening.artifacts else None
        model = TransformersModel(
            self._options,
            opening,
            budgets=BatchBudgets(own, machine, opening.progress.say),
            owner=opening.shared.setdefault(Owner, Owner()),
        )
        model.check(weights=not opening.to_count)
        return model

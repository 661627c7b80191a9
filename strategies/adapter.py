"""An adapter that exists already: trained elsewhere, or by an earlier run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

from harness.config import Options
from harness.errors import InputError
from harness.protocols import Model, PrepareContext, Prepared, ServesAdapters, Trains
from harness.traits import Traits
from harness.types import Replacement, TrainingData
from strategies.tuning.saved import MANIFEST, opened
from strategies.tuning.stated import cost_of, notes_of, record_of
from strategies.tuning.trying import check_effect, effect_notes, reading_of, silent

__all__ = ["Adapter"]


class AdapterOptions(Options):
    """``path`` is the adapter's folder, relative to the current folder or to the experiment file.

    ``quantization`` is how the base is loaded under it: left out, as it was in training where that is known.
    ``allow`` names what it may do besides adding low-rank products to layers, such as ``modules_to_save``;
    left out, everything is allowed, and the report names what it does.
    """

    path: str
    quantization: Literal["none", "nf4"] | None = None
    allow: tuple[Replacement, ...] | None = None


class Adapter:
    """Answers with weights that were saved by any method of tuning, over the experiment's own base."""

    options_type = AdapterOptions

    def __init__(self, options: AdapterOptions) -> None:
        self._options = options

    @staticmethod
    def options_for(folder: Path, allow: Sequence[Replacement]) -> dict[str, Any]:
        """Return the options under which an adapter answers as a gate's candidate."""
        return {"path": str(folder.resolve()), "allow": [*allow]}

    @property
    def traits(self) -> Traits:
        """Adapted weights answer; what they were trained on is not known."""
        return Traits(kind="fine-tune", adapts=True)

    def check(self, _: Sequence[TrainingData], place: str, __: str) -> None:
        """Refuse files that are missing, pickled or of an unknown method."""
        opened(_find(self._options.path, place)).check_files()

    def check_model(self, model: Model, _: Sequence[TrainingData], place: str, __: str) -> None:
        """Refuse an adapter that is incomplete or not for this model, before anything answers."""
        base, folder = _taking(model, place), _find(self._options.path, place)
        with _examined(folder):
            opened(folder).examined(base, self._options.allow)

    def files(self, place: str) -> tuple[Path, ...]:
        """Return the files that answers depend on, and the manifest, which says how the base is loaded."""
        folder = _find(self._options.path, place)
        made_by_us = (folder / MANIFEST,) if (folder / MANIFEST).is_file() else ()
        return (*opened(folder).files, *made_by_us)

    def prepare(self, context: PrepareContext) -> Prepared:
        """Check the adapter and load it.

        Raises:
            InputError: The adapter is incomplete or not for this base, or the model cannot take one.
        """
        if context.model.identity.adapter_digest:
            remedy = "use one adapter in a composition"
            raise InputError(context.place, "adapter", "the model has an adapter already", remedy)
        base = _taking(context.model, context.place)
        folder = _find(self._options.path, context.place)
        saved = opened(folder)
        with _examined(folder):
            adapter = saved.examined(base, self._options.allow)
        manifest = adapter.manifest
        stated = manifest.quantization if manifest else None
        quantization = self._options.quantization or stated or "none"
        before = reading_of(base)
        with _examined(folder):
            largest = adapter.largest_change()
            assert isinstance(base, ServesAdapters)  # as `_taking` has seen
            model = base.with_adapter(saved, quantization)
            effect = check_effect(adapter, before, model, largest)
        size = sum(path.stat().st_size for path in saved.files)
        return Prepared(
            model=model,
            build=context.build,
            cost=cost_of(manifest, size),
            record={
                "path": str(folder),
                "quantization": model.identity.quantization,
                **record_of(manifest),
                **effect,
                "notes": [
                    *notes_of(manifest, self._options.quantization),
                    *effect_notes(adapter, before, effect),
                    *silent(base, model, context),
                ],
            },
        )


def _taking(model: Model, place: str) -> Trains:
    """Return the model as one that takes adapters, whose layers they are checked against."""
    if isinstance(model, Trains) and isinstance(model, ServesAdapters):
        return model
    remedy = "use a model that is loaded from a folder or a hub id"
    raise InputError(place, "adapter", "this model cannot take one", remedy, model.identity.name)


def _examined(folder: Path) -> AbstractContextManager[None]:
    """Turn whatever a library raises over an adapter into a one-line error: the adapter is at fault."""
    from harness.models.transformers.opening import refused

    return refused(folder, "", "cannot be read as an adapter", "save it as a plain LoRA adapter")


def _find(path: str, place: str) -> Path:
    """Return the folder: relative to the current one if it is there, else to the experiment file."""
    given = Path(path).expanduser()
    beside = Path(place.partition(": ")[0]).parent / given
    return given if given.is_dir() or not beside.is_dir() else beside

"""An adapter that exists already: trained elsewhere, or by an earlier run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from harness.config import Options
from harness.errors import InputError
from harness.protocols import Model, PrepareContext, Prepared, TrainableModel
from harness.types import PrepareCost, TrainingData
from strategies._adapter_checks import check_adapter
from strategies._adapter_files import CONFIG, MANIFEST, WEIGHTS, check_files

__all__ = ["Adapter"]


PROBE = "The customer asked when the order of 14 May would arrive. Answer: on Friday, at 10:30."
PROBE_TOKENS = 64


class AdapterOptions(Options):
    """``path`` is the adapter's folder, relative to the current folder or to the experiment file.

    ``quantization`` is how the base is loaded under it: left out, as it was in training where that is known.
    """

    path: str
    quantization: Literal["none", "nf4"] | None = None


class Adapter:
    """Answers with a saved LoRA adapter over the experiment's own base."""

    options_type = AdapterOptions

    def __init__(self, options: AdapterOptions) -> None:
        self._options = options

    def check(self, _: Sequence[TrainingData], place: str, __: str) -> None:
        """Refuse files that are missing, pickled or not a LoRA adapter's."""
        check_files(_find(self._options.path, place))

    def check_model(self, model: Model, _: Sequence[TrainingData], place: str, __: str) -> None:
        """Refuse an adapter that is not whole or not for this model, before anything answers."""
        if isinstance(model, TrainableModel):
            folder = _find(self._options.path, place)
            with _examined(folder):
                check_adapter(folder, model)

    def files(self, place: str) -> tuple[Path, ...]:
        """Return the adapter's weights and configuration."""
        folder = _find(self._options.path, place)
        return (folder / WEIGHTS, folder / CONFIG)

    def prepare(self, context: PrepareContext) -> Prepared:
        """Check the adapter and load it.

        Raises:
            InputError: The adapter is not whole or not for this base, or the model cannot take one.
        """
        base = context.model
        if base.identity.adapter_digest:
            remedy = "use one adapter in a composition"
            raise InputError(context.place, "adapter", "the model has an adapter already", remedy)
        if not isinstance(base, TrainableModel):
            remedy = "use a model that is loaded from a folder or a hub id"
            raise InputError(
                context.place, "adapter", "this model cannot take one", remedy, base.identity.name
            )
        folder = _find(self._options.path, context.place)
        with _examined(folder):
            manifest = check_adapter(folder, base)
        trained_with = manifest.quantization if manifest else None
        quantization = self._options.quantization or trained_with or "none"
        model = base.with_adapter(folder, quantization)
        if isinstance(model, TrainableModel):
            before = _probe_of_base(base)
            with _examined(folder):
                _check_effect(before, model, folder)
        size = sum((folder / name).stat().st_size for name in (CONFIG, WEIGHTS))
        return Prepared(
            model=model,
            build=context.build,
            cost=manifest.cost if manifest else PrepareCost(artifact_bytes=size),
            record={
                **(manifest.record if manifest else {}),
                "path": str(folder),
                "quantization": model.identity.quantization,
                "trained_with_quantization": trained_with or "not known",
                "cost_of_training": f"from {MANIFEST}" if manifest else "not known",
            },
        )


def _examined(folder: Path) -> AbstractContextManager[None]:
    """Turn whatever a library raises over an adapter into one line: none of it is a fault of ours."""
    from harness.models.opening import refused

    return refused(folder, "", "cannot be read as an adapter", "save it as a plain LoRA adapter")


def _check_effect(before: Any, adapted: TrainableModel, folder: Path) -> None:
    """Refuse an adapter that changes no logit or makes one NaN: what it answers would not be its own."""
    after = adapted.token_log_probs([PROBE], PROBE_TOKENS).log_probs
    if (after != after).any():  # NaN
        problem = "makes logits NaN or infinite on the probe text"
        remedy = "train it again, or use dtype float32 where it is float16"
        raise InputError(folder, "", problem, remedy)
    if (before == after).all():
        problem = "has no effect: every logit on the probe text is the base's"
        raise InputError(folder, "", problem, "see that it was trained and saved with its weights")


@lru_cache(maxsize=1)
def _probe_of_base(base: TrainableModel) -> Any:
    """Return the base's log-probabilities of the probe, asked once, so that adapters share one load of it."""
    return base.token_log_probs([PROBE], PROBE_TOKENS).log_probs


def _find(path: str, place: str) -> Path:
    """Return the folder: relative to the current one if it is there, else to the experiment file."""
    given = Path(path).expanduser()
    beside = Path(place.partition(": ")[0]).parent / given
    return given if given.is_dir() or not beside.is_dir() else beside

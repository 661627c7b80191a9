"""One set of loaded weights at a time, with or without an adapter, and the engine that answers with them.

Models with the same owner share the device: at most one of them is loaded, so that a base and its adapted
copy are never loaded together. An adapter reuses the weights of the base or adapter before it if these are
unchanged since loading; the base itself, which others are compared with, is always loaded anew and never had
an adapter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from harness.errors import InputError, shorten
from harness.models.transformers.batching import is_out_of_memory
from harness.models.transformers.engine import Engine
from harness.models.transformers.identity import settings_digest, weights_digest
from harness.models.transformers.model_files import MODEL_PATH
from harness.models.transformers.pristine import digest_of_module
from harness.models.transformers.trials import Trials
from harness.models.transformers.weights import Quantization, load_weights
from harness.protocols import SavedWeights


@dataclass(frozen=True)
class Source:
    """Where weights come from and how they are loaded; the same source gives the same weights."""

    folder: str
    dtype: Any
    device: str
    quantization: Quantization


@dataclass
class Owner:
    """Owns what is loaded of the models that share it: at most one set of weights."""

    loaded: Weights | None = None

    def evict(self) -> None:
        """Release the loaded weights."""
        if self.loaded is not None:
            self.loaded.forget()
        self.loaded = None


@dataclass
class Weights:
    """The weights of one model, loaded on first use.

    Attributes:
        owner: Owns what is loaded of this model and of those that share it.
        source: Of the base.
        saved: Trained weights to answer with, which have been checked; None for the base itself.
        digests: Of the base's weights, of its settings and of the adapter, stored with every answer.
        trials: Trials of the base, by the structure that saved weights give it; all share them.
        say: Told of ways of answering that do not work.
        place: The experiment file, for errors.
        key: Where in it the model is named.
        merge: Whether the adapter becomes part of the base's own weights.
    """

    owner: Owner
    source: Source
    saved: SavedWeights | None
    digests: tuple[str, str, str]
    trials: dict[str, Trials]
    say: Callable[[str], None]
    place: object
    key: str = MODEL_PATH
    merge: bool = False
    loaded: Any = field(default=None, init=False)
    _engine: Engine | None = field(default=None, init=False)
    _base_digest: str = field(default="", init=False)

    @property
    def module(self) -> Any:
        """The loaded weights, in evaluation mode; loading them evicts others of the owner."""
        if self.loaded is None:
            module = self._taken_over()
            if module is None:
                module = self.base(self.source.quantization)
                self._base_digest = digest_of_module(module)
            if self.saved is not None:
                module = self.saved.attach(module, self.merge)
            self._check_files()
            self.loaded = module.eval()
        self.owner.loaded = self
        return self.loaded

    def _check_files(self) -> None:
        """Refuse weights that no longer have the digests stored with every answer.

        Raises:
            InputError: A file was changed since the digests were made.
        """
        folder, saved = self.source.folder, self.saved
        now = weights_digest(folder), settings_digest(folder), saved.digest() if saved else ""
        places = folder, folder, saved.folder if saved else ""
        for place, before, found in zip(places, self.digests, now, strict=True):
            if before != found:
                remedy = "leave them as they are while a run goes on, and run again"
                raise InputError(place, "", "its files were changed during the run", remedy)

    @property
    def engine(self) -> Engine:
        """The engine that answers; it is dropped with the weights, together with all their prefixes."""
        module = self.module
        if self._engine is None or self._engine.module is not module:
            self._engine = Engine(module, self._trials())
        return self._engine

    def ready(self, name: str) -> None:
        """Load the weights before anything is answered: a failure then is not an item's.

        Raises:
            InputError: They do not fit the memory; ``name`` is the model's.
        """
        try:
            _ = self.module
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            problem = f"does not fit the memory of {self.source.device}: {shorten(str(error))}"
            remedy = "use a smaller model, `dtype: bfloat16`, or weights in 4 bits (`use: qlora`)"
            raise InputError(self.place, self.key, problem, remedy, name) from None

    def base(self, quantization: Quantization) -> Any:
        """Return the base newly loaded, shared with nothing; what was loaded is evicted."""
        self.owner.evict()
        return load_weights(
            self.source.folder,
            self.source.dtype,
            self.source.device,
            quantization,
            self.place,
            self.key,
        )

    def _trials(self) -> Trials:
        """Return the trials of a model of this structure: they do not depend on the values of its weights."""
        key = f"{self.source.quantization} {self.saved.form if self.saved else ''}"
        return self.trials.setdefault(key, Trials(self.say))

    def _taken_over(self) -> Any:
        """Return the loaded weights without an adapter if unchanged since loading; else None."""
        other = self.owner.loaded
        if self.saved is None or other is None or other.loaded is None or other.merge:
            return None
        if other.source != self.source:
            return None
        module = other.loaded
        other.forget()
        if other.saved is not None:
            module = other.saved.detach(module)
        if module is None or digest_of_module(module) != other._base_digest:
            return None
        self._base_digest = other._base_digest
        return module

    def forget(self) -> None:
        """Release what is loaded."""
        self.loaded = self._engine = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

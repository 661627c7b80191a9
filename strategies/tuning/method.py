"""What a method of tuning is: it says which weights are trained, and how they are saved, checked and loaded.

A method is a module or folder of `strategies.tuning.methods` that exports one class. Everything else of a
training (data, loop, precision, checkpoints, stages) is the recipe's and the same for all of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from harness.config import Options
from harness.errors import InputError, shorten
from harness.protocols import SavedWeights, Trains
from harness.types import Replacement
from strategies.tuning import methods

Quantization = Literal["none", "nf4"]
Shapes = Mapping[str, tuple[int, ...]]

METHOD_ELSEWHERE = "lora"
"""Method of a folder without a manifest: other programs save adapters in peft's format."""


STRONGEST_CHANGE = 2000.0
"""Most that saved weights may change a layer, as a multiple of the layer's own norm; see docs/gate.md."""


@dataclass(frozen=True)
class Trained:
    """What a method trains of a model, read from its modules; ``record`` and ``notes`` go to the report."""

    record: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """What saved weights do to one layer or tensor of the base, under its name in the base.

    ``ratio`` is the norm of the change over that of the weights it is added to: 0 or above, and infinite
    where it is too large to compute with.
    """

    name: str
    ratio: float


def norm_of(tensor: Any) -> float:
    """Return the Frobenius norm of a torch tensor, summed in 32 bits at least."""
    import torch

    kind = torch.float64 if tensor.dtype == torch.float64 else torch.float32
    return float(torch.linalg.vector_norm(tensor, dtype=kind))


class Method(Protocol):
    """A method under its own options, for training."""

    name: ClassVar[str]
    """Its name in manifests: that of its module."""
    quantizations: ClassVar[frozenset[str]]
    """Formats that the base under it may be in: "none" and "nf4"."""
    packages: ClassVar[tuple[str, ...]]
    """Packages, besides torch and transformers, on whose versions its weights depend."""

    def __init__(self, options: Any) -> None: ...

    @property
    def options(self) -> Options:
        """The method's own options, without the recipe's."""
        ...

    def trains(self, empty: Any, place: str) -> Trained:
        """Return what it trains of a model without storage; that model must not be used afterwards.

        Raises:
            InputError: Its options name what this model does not have.
        """
        ...

    def begin(self, module: Any, before: Path | None, place: str) -> Any:
        """Return a newly loaded model ready for training: only what is trained requires gradients.

        Args:
            module: The base.
            before: What an earlier stage saved, to continue from.
            place: The experiment file, for errors.
        """
        ...

    def save(self, model: Any, folder: Path) -> None:
        """Write what is trained into a folder, complete and at full precision, to continue from."""
        ...

    def restore(self, model: Any, folder: Path) -> None:
        """Put what `save` wrote back into the model that `begin` made."""
        ...

    def flops(self, multiplied: Mapping[str, float], shapes: Shapes) -> float:
        """Return the floating-point operations of training on one token.

        Args:
            multiplied: For each weight of the base, how many of its numbers a token is multiplied with.
            shapes: Shapes of the saved tensors.
        """
        ...

    def findings(self, folder: Path) -> list[str]:
        """Return notes for the reader on what was learned, from what `save` wrote."""
        ...

    @classmethod
    def publish(cls, source: Path, folder: Path, base_name: str, dtype: str) -> None:
        """Write the final weights into an empty folder, from what `save` wrote: always the same bytes.

        Args:
            source: Where `save` wrote.
            folder: Where to write.
            base_name: The base as the experiment names it.
            dtype: Number format of its weights.
        """
        ...

    @classmethod
    def saved(cls, folder: Path) -> SavedTuning:
        """Return what is published in a folder, without checking it."""
        ...


class SavedTuning(SavedWeights, Protocol):
    """What a method has published, or weights from elsewhere in the same form."""

    @property
    def weights(self) -> Path:
        """The safetensors file of its weights."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that answers depend on."""
        ...

    def check_files(self) -> None:
        """Refuse what can be refused without a model or a heavy library; raises InputError."""
        ...

    def examined(self, base: Trains, allow: Sequence[Replacement] | None) -> Examined:
        """Refuse weights that are incomplete, not finite or not for this base.

        Args:
            base: The base model.
            allow: What it may do besides adding low-rank products to layers; None for everything.

        Raises:
            InputError: The first fault found.
        """
        ...


@dataclass
class Examined:
    """A saved tuning that is being examined, with its base.

    Attributes:
        folder: Where its files are.
        base: The model.
        allow: What it may do besides adding low-rank products; None for everything.
        manifest: Trilemma's manifest, where Trilemma made it.
        replaced: What it does besides adding low-rank products, with the base's tensors it affects.
    """

    folder: Path
    base: Trains
    allow: Sequence[Replacement] | None = None
    manifest: Any = None
    replaced: dict[Replacement, list[str]] = field(default_factory=dict)

    def fault(self, file: str, problem: str, remedy: str, value: Any = None) -> InputError:
        """Return the error for a file of its folder, "" for the folder."""
        return InputError(self.folder / file if file else self.folder, "", problem, remedy, value)

    def largest_change(self) -> Change:
        """Return its largest change of the base; raises InputError where that overwhelms a layer."""
        raise NotImplementedError

    def check_allowed(self) -> None:
        """Refuse what it does besides adding low-rank products, unless allowed by name."""
        if self.allow is None:
            return
        if refused := [kind for kind in self.replaced if kind not in self.allow]:
            problem = f"changes more of the base than a LoRA adapter: {told(self.replaced, refused)}"
            allowed = ", ".join([*self.allow, *refused])
            raise self.fault("", problem, f"write `allow: [{allowed}]` into the gate file if that is meant")


def told(found: Mapping[Replacement, list[str]], kinds: Iterable[Replacement]) -> str:
    """Return in words what is done besides adding low-rank products, and to which tensors."""
    return "; ".join(f"{kind} ({_some(found[kind])})" for kind in kinds)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(shorten(name, 60) for name in names[:_NAMED]) + more


_NAMED = 6


# --- Known methods ---


@cache
def known_methods() -> tuple[str, ...]:
    """Return the names of all methods, without importing any of them."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(methods.__path__)))


def method_named(name: str) -> type[Method]:
    """Return the class of a method, one of `known_methods`."""
    module = importlib.import_module(f"{methods.__name__}.{name}")
    (exported,) = module.__all__
    found: type[Method] = getattr(module, exported)
    return found

"""Full fine-tuning: the base's own weights are trained, in a copy that replaces them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from harness.config import Options
from harness.digests import digest_of_files
from harness.errors import InputError, shorten
from harness.protocols import Trains
from harness.types import Replacement
from strategies.tuning.files import (
    LARGEST_WEIGHTS,
    check_finite,
    check_header,
    check_plain,
    check_types,
    saved_shapes,
)
from strategies.tuning.method import STRONGEST_CHANGE, Change, Examined, Shapes, Trained, norm_of
from strategies.tuning.modules import pattern_of, reached
from strategies.tuning.saved import LARGEST_MANIFEST, MANIFEST, checked_manifest

__all__ = ["FullMethod"]

WEIGHTS = "model.safetensors"
_NAMED = 12


class FullSettings(Options):
    """``layers`` are patterns over names of weights, with ``*`` for anything; left out, all are trained."""

    layers: tuple[str, ...] | None = Field(default=None, min_length=1)


class FullMethod:
    """Trains the weights that text passes through; saves those that were trained, under the base's names."""

    name: ClassVar[str] = "full"
    quantizations: ClassVar[frozenset[str]] = frozenset({"none"})
    packages: ClassVar[tuple[str, ...]] = ()
    options_type: ClassVar[type[FullSettings]] = FullSettings

    def __init__(self, options: FullSettings) -> None:
        self.options = options

    def trains(self, empty: Any, place: str) -> Trained:
        """Return which weights are trained; raises InputError for a pattern that matches none."""
        names = self._names(empty, place)
        sizes = {name: weight.numel() for name, weight in empty.named_parameters()}
        share = sum(sizes[name] for name in names) / sum(sizes.values())
        return Trained({"trained": dict(Counter(map(pattern_of, names))), "trained_share": share})

    def _names(self, module: Any, place: str) -> list[str]:
        """Return the weights to train: those that text passes through, in the layers wanted."""
        config = module.config
        passed = reached(module) if config.get_text_config(decoder=True) is not config else None
        read = {
            id(weight)
            for layer in module.modules()
            if passed is None or id(layer) in passed
            for weight in layer.parameters(recurse=False)
        }
        names = [name for name, weight in module.named_parameters() if id(weight) in read]
        patterns = self.options.layers or ("*",)
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                known = list(dict.fromkeys(map(pattern_of, names)))[:_NAMED]
                remedy = f"name weights of this model: {', '.join(known)}"
                raise InputError(place, "layers", "matches no weight", remedy, pattern)
        return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]

    def begin(self, module: Any, before: Path | None, place: str) -> Any:
        """Return the model with trained weights in float32: smaller formats would lose small updates."""
        if before is not None:
            module = SavedModel(before).attach(module)
        trained = set(self._names(module, place))
        for name, weight in module.named_parameters():
            weight.requires_grad_(name in trained)
            if name in trained:
                weight.data = weight.data.float()
        return module

    def save(self, model: Any, folder: Path) -> None:
        """Write the trained weights, in float32."""
        learns = {name: each for name, each in model.named_parameters() if each.requires_grad}
        _write({name: each.detach().cpu().contiguous() for name, each in learns.items()}, folder)

    def restore(self, model: Any, folder: Path) -> None:
        """Put what was written back in its place."""
        SavedModel(folder).attach(model)

    def flops(self, multiplied: Mapping[str, float], shapes: Shapes) -> float:
        """Return 4 N + 2 T: three times the forward pass where all is trained, less where only a part is.

        For N weights that a token is multiplied with, the forward pass takes 2 N and the gradient of the
        activations at most 2 N: below the first trained layer it is not needed. The gradient of the T weights
        that are trained takes 2 T. Kaplan et al., 2020, section 2.1.
        """
        whole = sum(multiplied.values())
        return float(4 * round(whole) + 2 * round(sum(n for name, n in multiplied.items() if name in shapes)))

    def findings(self, _: Path) -> list[str]:
        """Return nothing: all trained weights have changed."""
        return []

    @classmethod
    def publish(cls, source: Path, folder: Path, _: str, dtype: str) -> None:
        """Write the weights in the number format that the base answers in."""
        import torch
        from safetensors.torch import load_file

        kind = getattr(torch, dtype)
        _write({name: each.to(kind) for name, each in load_file(source / WEIGHTS).items()}, folder)

    @classmethod
    def saved(cls, folder: Path) -> SavedModel:
        """Return the weights in a folder."""
        return SavedModel(folder)


def _write(tensors: dict[str, Any], folder: Path) -> None:
    from safetensors.torch import save_file

    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


@dataclass(frozen=True)
class SavedModel:
    """Weights that replace the base's own, which are then lost."""

    folder: Path
    form: ClassVar[str] = ""
    mergeable: ClassVar[bool] = False

    @property
    def weights(self) -> Path:
        """The trained weights."""
        return self.folder / WEIGHTS

    @property
    def files(self) -> tuple[Path, ...]:
        """The trained weights alone: everything else is the base's."""
        return (self.weights,)

    def digest(self) -> str:
        """Return the digest of its files."""
        return digest_of_files(self.files)

    def attach(self, module: Any, _: bool = False) -> Any:
        """Return the model with these weights in place of its own.

        Raises:
            InputError: It has no weight of that name or shape, for example because it was loaded in 4 bits.
        """
        import torch
        from safetensors import safe_open

        own = dict(module.named_parameters())
        self._check_places(saved_shapes(self.weights), {name: each.shape for name, each in own.items()})
        with torch.no_grad(), safe_open(self.weights, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - no mapping
                own[name].copy_(file.get_tensor(name))
        return module

    def _check_places(self, found: Shapes, own: Mapping[str, Sequence[int]]) -> None:
        remedy = "use the base that was trained, as it was loaded then"
        for name, shape in found.items():
            if name not in own:
                problem = "has a tensor that this model has no place for"
                raise InputError(self.weights, "", problem, remedy, f"{shorten(name, 80)} {shape}")
            if tuple(own[name]) != shape:
                problem = f"{name} must have the shape {tuple(own[name])}"
                raise InputError(self.weights, "", problem, remedy, shape)

    def detach(self, _: Any) -> None:
        """Return None: the base's own weights were overwritten."""

    def check_files(self) -> None:
        """Refuse weights that are missing, linked from elsewhere or not safetensors; raises InputError."""
        if not self.weights.is_file():
            raise InputError(self.folder, "", f"{WEIGHTS} is missing", "restore it, or train again")
        check_plain(self.folder, {WEIGHTS: LARGEST_WEIGHTS, MANIFEST: LARGEST_MANIFEST})
        check_header(self.weights)

    def examined(self, base: Trains, allow: Sequence[Replacement] | None) -> Examined:
        """Refuse weights that are incomplete, not finite or not for this base; raises InputError."""
        self.check_files()
        found = ExaminedModel(self.folder, base, allow, checked_manifest(self.folder, base))
        if found.manifest is None:  # nothing else tells one base from another of the same shape
            raise found.fault("", f"{MANIFEST} is missing", "restore it, or train again")
        shapes = saved_shapes(self.weights)
        self._check_places(shapes, {name: each.shape for name, each in base.empty().named_parameters()})
        check_types(self.weights)
        check_finite(self.weights)
        found.replaced = {"weights": sorted(shapes)}
        found.check_allowed()
        return found


class ExaminedModel(Examined):
    """Trained weights that are being examined."""

    def largest_change(self) -> Change:
        """Return the largest change of a tensor; raises InputError where no training changes so much."""
        largest = max(self._changes(), key=lambda each: each.ratio, default=Change("", 0.0))
        if largest.ratio > STRONGEST_CHANGE:
            problem = f"changes {largest.name} by more than {STRONGEST_CHANGE:g} times its norm"
            raise self.fault(WEIGHTS, problem, "train again, with a lower rate", f"{largest.ratio:.3g} times")
        return largest

    def _changes(self) -> Iterator[Change]:
        """Yield each tensor's change over its norm; a bias is measured against its layer's weights.

        For tensors that were zero this is undefined; their effect on answers is tested all the same.
        """
        from safetensors import safe_open

        own = dict(self.base.loaded().named_parameters())
        with safe_open(self.folder / WEIGHTS, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - no mapping
                before = own[name].detach().float()
                change = norm_of(file.get_tensor(name).to(before.device).float() - before)
                of = own.get(f"{name.removesuffix('.bias')}.weight") if name.endswith(".bias") else None
                size = norm_of(before if of is None else of.detach())
                yield Change(name, change / size if size else 0.0)

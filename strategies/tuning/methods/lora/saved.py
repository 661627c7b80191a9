"""A saved adapter in peft's format, as a model answers with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.digests import digest_of_files
from harness.protocols import Trains
from harness.types import Replacement
from strategies.tuning.methods.lora.files import CONFIG, WEIGHTS, check_files, kind_of

if TYPE_CHECKING:
    from strategies.tuning.method import Examined


@dataclass(frozen=True)
class SavedAdapter:
    """An adapter over the base's own weights."""

    folder: Path

    @property
    def weights(self) -> Path:
        """Its weights."""
        return self.folder / WEIGHTS

    @property
    def files(self) -> tuple[Path, ...]:
        """Weights and settings."""
        return (self.weights, self.folder / CONFIG)

    @property
    def form(self) -> str:
        """Empty for LoRA, which keeps a model's structure; other peft types may change it."""
        kind = kind_of(self.folder)
        return "" if kind == "LORA" else kind

    @property
    def mergeable(self) -> bool:
        """Whether its products can be added to the weights beside them."""
        return True

    def digest(self) -> str:
        """Return the digest of its files."""
        return digest_of_files(self.files)

    def attach(self, module: Any, merge: bool = False) -> Any:
        """Return the model with the adapter attached or merged; raises InputError where peft cannot."""
        from strategies.tuning.methods.lora.attaching import attach

        adapted = attach(module, self.folder)
        return adapted.merge_and_unload() if merge else adapted

    def detach(self, module: Any) -> Any:
        """Return the model under the adapter; None where peft cannot take it off."""
        from strategies.tuning.methods.lora.attaching import detached

        return detached(module)

    def check_files(self) -> None:
        """Refuse files that are missing, pickled or not a LoRA adapter's; raises InputError."""
        check_files(self.folder)

    def examined(self, base: Trains, allow: Sequence[Replacement] | None) -> Examined:
        """Refuse an adapter that is incomplete, not finite or not for this base; raises InputError."""
        from strategies.tuning.methods.lora.checks import examined

        return examined(self.folder, base, allow)

"""LoRA: products of low-rank matrices, trained beside a frozen base in full precision or in 4 bits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from strategies.tuning.method import Shapes, Trained
from strategies.tuning.methods.lora.options import LoraSettings
from strategies.tuning.methods.lora.saved import SavedAdapter

__all__ = ["LoraMethod"]


class LoraMethod:
    """Trains an adapter; saved in peft's format."""

    name: ClassVar[str] = "lora"
    quantizations: ClassVar[frozenset[str]] = frozenset({"none", "nf4"})
    packages: ClassVar[tuple[str, ...]] = ("peft",)
    options_type: ClassVar[type[LoraSettings]] = LoraSettings

    def __init__(self, options: LoraSettings) -> None:
        self.options = options

    def trains(self, empty: Any, place: str) -> Trained:
        """Return the layers an adapter would be on; raises InputError where the names wanted do not fit."""
        from strategies.tuning.methods.lora.layers import adapted

        on = adapted(self.options, empty, place)
        return Trained(on.record(), tuple(on.notes()))

    def begin(self, module: Any, before: Path | None, place: str) -> Any:
        """Return the model with a trainable adapter, either new or from an earlier stage."""
        import peft

        from strategies.tuning.methods.lora.layers import wrapped

        if before is not None:
            return peft.PeftModel.from_pretrained(module, str(before), is_trainable=True)
        return wrapped(self.options, module, place)

    def save(self, model: Any, folder: Path) -> None:
        """Write the adapter as peft does."""
        model.save_pretrained(str(folder))

    def restore(self, model: Any, folder: Path) -> None:
        """Replace the adapter being trained with a saved one."""
        model.load_adapter(str(folder), model.active_adapters[0], is_trainable=True)

    def flops(self, multiplied: Mapping[str, float], shapes: Shapes) -> float:
        """Return 4 N + 6 A: the gradient of the frozen base itself (another 2 N) is not computed.

        N is the number of base weights that a token is multiplied with (of experts, those it is routed to),
        2 N forward and 2 N backward; A is the number of adapter weights. Attention scores are left out.
        Kaplan et al., 2020, "Scaling Laws for Neural Language Models", section 2.1.
        """
        from strategies.tuning.files import number_of

        return float(4 * round(sum(multiplied.values())) + 6 * number_of(shapes))

    def findings(self, folder: Path) -> list[str]:
        """Return a line on layers whose adapter is still as initialised."""
        from strategies.tuning.methods.lora.files import untrained
        from strategies.tuning.modules import pattern_of

        idle = sorted(set(map(pattern_of, untrained(folder))))
        return [f"these layers have an adapter that learned nothing: {', '.join(idle[:8])}"] if idle else []

    @classmethod
    def publish(cls, source: Path, folder: Path, base_name: str, _: str) -> None:
        """Write weights and settings, which name the base."""
        from strategies.tuning.methods.lora.files import write_files

        write_files(source, folder, base_name)

    @classmethod
    def saved(cls, folder: Path) -> SavedAdapter:
        """Return the adapter in a folder."""
        return SavedAdapter(folder)

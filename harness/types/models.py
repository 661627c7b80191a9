"""Which weights answer."""

from __future__ import annotations

from typing import Literal

from harness.digests import digest_of
from harness.types.base import Frozen

Replacement = Literal[
    "modules_to_save", "bias", "lora_bias", "trainable_token_indices", "target_parameters", "weights"
]
"""What saved weights may do to their base besides adding low-rank products to layers.

Named after peft's settings; "weights" are the base's own, replaced as full fine-tuning does.
"""


class ModelIdentity(Frozen):
    """Which model answers: digests of the base and of the adapter, and how the base was loaded.

    ``origin`` is "weights" for a model whose files are here, "endpoint" for one behind a server, of which
    only address and name are known. ``weights_digest`` is of the base's weights, configuration and tokenizer,
    or of that address and name; ``settings_digest`` of whatever else in its folder or options can change an
    answer, such as chat templates and generation settings, "" without any.
    ``parameters`` counts the base's weights; 0 where that is not known. ``quantization`` is "none", "nf4", or
    the format that the base's own files are saved in. ``loaded_by`` names the packages that load and ask it,
    with their versions: another version may give other answers.
    """

    name: str
    origin: Literal["weights", "endpoint"] = "weights"
    weights_digest: str
    settings_digest: str = ""
    parameters: int = 0
    adapter_digest: str = ""
    quantization: str = "none"
    dtype: str = "float32"
    loaded_by: str = ""

    @property
    def digest(self) -> str:
        """Digest of everything that can change an answer: equal models have the same, under any name."""
        return digest_of(self.model_dump(exclude={"name", "parameters"}))

"""How a model decodes is set by the experiment alone, whatever its generation_config.json recommends."""

from __future__ import annotations

from typing import Any

import transformers

_KEPT = ("bos_token_id", "eos_token_id", "pad_token_id")


def settle_generation(module: Any) -> None:
    """Keep only the begin, end and padding tokens of a model's own generation settings.

    Penalties, forced or forbidden tokens, beams, sampling, stop strings and whatever else a model recommends
    would change greedy answers, and choices are scored without them.
    """
    own = module.generation_config
    kept = {name: getattr(own, name) for name in _KEPT if getattr(own, name, None) is not None}
    module.generation_config = transformers.GenerationConfig(**kept)

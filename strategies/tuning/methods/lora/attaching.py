"""Attaching adapters in peft's format to a model and detaching them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from harness.models.transformers.opening import refused


def attach(module: Any, adapter: Path) -> Any:
    """Return ``module`` with the saved adapter over it, not trainable, in the number format of the weights.

    With an adapter in another format than its base, every layer would convert its inputs and outputs.

    Raises:
        InputError: peft cannot put it over this model.
    """
    import torch
    from peft import PeftConfig, PeftModel

    kind: dict[str, Any] = {"is_trainable": False, "autocast_adapter_dtype": False}
    remedy = "save it as a plain LoRA adapter, see peft's docs"
    with refused(adapter, "", "peft cannot load it", remedy), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what is switched off, or corrected by peft itself
        settings = PeftConfig.from_pretrained(str(adapter))
        settings.task_type = "CAUSAL_LM"  # otherwise peft's class is not one for language models
        with torch.random.fork_rng():
            torch.manual_seed(0)  # fast PiSSA draws random numbers: the same adapter gives the same model
            return PeftModel.from_pretrained(module, str(adapter), config=settings, **kind)


def detached(module: Any) -> Any:
    """Return the model under an adapter, without it; None where peft cannot take it off."""
    from peft import PeftModel

    if not isinstance(module, PeftModel):
        return module
    try:
        under = module.base_model if module.active_peft_config.is_prompt_learning else module.unload()
    except (AttributeError, KeyError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return None
    if hasattr(under, "peft_config"):  # otherwise peft would warn about a second adapter
        del under.peft_config
    return under

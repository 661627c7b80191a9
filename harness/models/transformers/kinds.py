"""Which kinds of models can answer: those that write text from left to right, according to their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import InputError, shorten
from harness.models.transformers.model_files import MODEL_PATH

_REMEDY = "name a causal language model; an embedding model is named as `embedder`"


def loader_of(config: Any, folder: Path, place: object, key: str = MODEL_PATH) -> Any:
    """Return the transformers ``Auto`` class that loads a model which writes text.

    A multimodal model is loaded whole, and asked with text alone.

    Args:
        config: The model's transformers configuration.
        folder: Where it was read.
        place: The file that names the model, for the error.
        key: Where in it, for the error.

    Raises:
        InputError: The model is of another kind: a masked, embedding, classification or encoder-decoder
            model.
    """
    import transformers
    from transformers.models.auto import modeling_auto

    if (folder / "modules.json").exists():
        raise _refusal(place, key, folder, "is an embedding model (it has a modules.json)")
    stated = next(iter(getattr(config, "architectures", None) or ()), None)
    causal = _classes(modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, config)
    others = _classes(modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES, config)
    sounds = _classes(getattr(modeling_auto, "MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES", {}), config)
    if config.get_text_config(decoder=True).is_encoder_decoder or config.is_encoder_decoder:
        raise _refusal(place, key, folder, f"is an encoder-decoder model ({stated or config.model_type})")
    if stated in causal or (causal and (stated is None or stated.endswith(("ForCausalLM", "LMHeadModel")))):
        if _looks_ahead(config, modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES):
            raise _refusal(place, key, folder, "reads in both directions (is_decoder is false)")
        return transformers.AutoModelForCausalLM
    if stated in others or (others and stated is None):
        return transformers.AutoModelForImageTextToText
    if stated in sounds or (sounds and stated is None):
        return transformers.AutoModelForMultimodalLM
    raise _refusal(place, key, folder, _other_kind(stated, config))


def _classes(names: Mapping[str, Any], config: Any) -> tuple[str, ...]:
    """Return the classes that transformers have for a configuration's type in one of their tables."""
    found = names.get(config.model_type, ())
    return (found,) if isinstance(found, str) else tuple(found)


def _looks_ahead(config: Any, masked: Mapping[str, Any]) -> bool:
    """Whether each token sees those after it: an encoder that is not configured as a decoder."""
    return config.model_type in masked and not getattr(config, "is_decoder", False)


def _other_kind(stated: str | None, config: Any) -> str:
    if stated is None:
        return f"has no form that writes text (model type {config.model_type})"
    if stated.endswith("ForMaskedLM"):
        return f"is a masked language model, which fills gaps and writes no text ({stated})"
    if stated.endswith("Model"):
        return f"has no output head, as embedding models have none ({stated})"
    return f"is no language model that writes text ({stated})"


def check_text_alone(module: Any, folder: str, place: object, key: str = MODEL_PATH) -> None:
    """Try a multimodal model on text alone: it must answer, and no token may change those before it.

    Raises:
        InputError: It needs more than text, or reads in both directions.
    """
    import torch

    from harness.models.transformers.batching import is_out_of_memory

    config = module.config
    n_ids = config.get_text_config(decoder=True).vocab_size
    kept = {value for part in (config, config.get_text_config(decoder=True)) for value in _special_ids(part)}
    ids = torch.tensor([[i for i in range(min(64, n_ids)) if i not in kept][:8]], device=module.device)
    try:
        with torch.inference_mode():
            whole, part = (module(input_ids=each).logits.float() for each in (ids, ids[:, :4]))
    except Exception as error:  # each model reports in its own way what it needs besides text
        if is_out_of_memory(error):
            raise
        problem = f"cannot be asked with text alone: {shorten(str(error) or type(error).__name__, 120)}"
        raise _refusal(place, key, Path(folder), problem) from None
    noise = 1e-3 if module.dtype == torch.float32 else 5e-2
    if whole.shape[:2] != ids.shape or (whole[:, :4] - part).abs().max() > noise * whole.abs().max():
        raise _refusal(place, key, Path(folder), "reads in both directions")


def _special_ids(config: Any) -> Iterator[int]:
    """Yield the tokens that stand for images, sound and the like."""
    for name, value in config.to_dict().items():
        if name.endswith(("_token_id", "_token_index")) and isinstance(value, int):
            yield value


def _refusal(place: object, key: str, folder: Path, problem: str) -> InputError:
    return InputError(place, key, problem, _REMEDY, str(folder))

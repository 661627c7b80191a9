"""Weights and tokenizers through transformers: loaded completely, or refused with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch

from harness.errors import InputError
from harness.models.transformers.generating import settle_generation
from harness.models.transformers.kinds import check_text_alone
from harness.models.transformers.model_files import MODEL_PATH, read_object
from harness.models.transformers.opening import open_model, open_tokenizer
from harness.models.transformers.options import TransformersOptions
from harness.models.transformers.plain import plain_template
from harness.models.transformers.quantization import defend, nf4_config, nothing_quantised, stored_in
from harness.models.transformers.templates import settle_template
from harness.processor import fast_bfloat16

Quantization = Literal["none", "nf4"]


def load_weights(
    folder: str,
    dtype: torch.dtype,
    device: str,
    quantization: Quantization,
    place: object,
    key: str = MODEL_PATH,
) -> Any:
    """Return the causal language model in ``folder``, on ``device``; its own generation settings are dropped.

    Raises:
        InputError: It cannot be loaded, is not in safetensors, or lacks tensors; it needs custom code, or
            does not generate text; 4 bits are asked for but no layer of it can be quantised.
    """
    arguments: dict[str, Any] = {}
    stored = stored_in(read_object(Path(folder) / "config.json", place, key))
    if quantization == "nf4" and stored not in ("none", "nf4"):
        remedy = "name the model in full precision"
        raise InputError(place, "quantization", f"its weights are saved in {stored}, not to be nf4", remedy)
    if quantization == "nf4" and stored == "none":
        arguments["quantization_config"] = nf4_config(dtype)
    module, report = open_model(folder, place, key, dtype=dtype, device_map={"": device}, **arguments)
    absent = sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"])
    if absent:  # transformers would fill them with random numbers and only warn
        raise _unloadable(
            place, key, f"{len(absent)} tensors are missing or of another shape, {absent[0]} first"
        )
    if (quantization == "nf4" or stored in ("nf4", "fp4")) and not defend(module):
        raise nothing_quantised(place, folder)
    if module.config is not module.config.get_text_config(decoder=True):
        check_text_alone(module, folder, place, key)
    settle_generation(module)
    return module


def _unloadable(place: object, key: str, problem: str) -> InputError:
    remedy = "see that transformers can load it, with safetensors weights"
    return InputError(place, key, f"cannot be loaded: {problem}", remedy)


def load_tokenizer(
    folder: str, place: object, template_options: Mapping[str, Any] | None = None, key: str = MODEL_PATH
) -> Any:
    """Return the tokenizer in ``folder``, padding on the left, always with a chat template.

    Args:
        folder: The model's folder.
        place: The experiment file, for errors.
        template_options: What the chat template is given besides the messages.
        key: Where in that file the model is named.

    Raises:
        InputError: There is none, it cannot be opened, or its chat template cannot show a question.
    """
    tokenizer = open_tokenizer(folder, place, key, padding_side="left")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    settle_template(tokenizer, folder, place, template_options)
    if not tokenizer.chat_template:
        tokenizer.chat_template = plain_template(tokenizer)
    return tokenizer


def check_size(tokenizer: Any, n_embedded: int | None, place: object, key: str = MODEL_PATH) -> None:
    """Refuse a tokenizer with more tokens than a model embeds; new embeddings would be random.

    Raises:
        InputError: It has more.
    """
    if n_embedded is not None and len(tokenizer) > n_embedded:
        problem = (
            f"its tokenizer has {len(tokenizer)} tokens and is larger than its embedding of {n_embedded}"
        )
        raise InputError(place, key, problem, "use the tokenizer that belongs to the weights")


def device_of(options: TransformersOptions, place: object, key: str = "model.device") -> str:
    """Return "cuda" or "cpu"; raises InputError if CUDA is wanted but missing."""
    available = torch.cuda.is_available()
    if options.device == "cuda" and not available:
        raise InputError(place, key, "no CUDA device is here", "use auto or cpu", "cuda")
    return "cuda" if options.device == "cuda" or (options.device == "auto" and available) else "cpu"


def dtype_of(options: TransformersOptions, device: str) -> torch.dtype:
    """Return the number format: "auto" takes bfloat16 where a CUDA device has it, "fast" where any has it."""
    named = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if options.dtype in named:
        return named[options.dtype]
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if options.dtype == "fast" and fast_bfloat16() else torch.float32

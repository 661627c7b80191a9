"""Four-bit NF4 weights through bitsandbytes, and a workaround for their wrong gradients on a CPU.

On CPUs with AVX512-BF16, bitsandbytes repacks a layer's weights at the first forward pass in evaluation mode.
From then on the layer's output has no gradient with respect to its input, so everything trained below it
learns from a wrong gradient while the loss still falls. Every validation pass would trigger that.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from harness.errors import InputError, MissingDependencyError


def nf4_config(compute_dtype: Any) -> Any:
    """Return the transformers ``BitsAndBytesConfig`` of QLoRA: NF4 with double quantisation.

    The output head and the embeddings are not quantised. Dettmers et al., 2023, "QLoRA: Efficient Finetuning
    of Quantized LLMs", sections 3 and 4.

    Args:
        compute_dtype: The torch dtype that products are computed in: bfloat16 where the device has it.

    Raises:
        MissingDependencyError: bitsandbytes is not installed.
    """
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingDependencyError("quantization nf4", "bitsandbytes", "train")
    import transformers

    return transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute_dtype,
    )


def defend(module: Any) -> int:
    """Forbid every 4-bit layer of ``module`` to repack its weights; return how many layers there are.

    To be called after loading and before the first forward pass.
    """
    from bitsandbytes.nn import Linear4bit

    layers = [layer for layer in module.modules() if isinstance(layer, Linear4bit)]
    for layer in layers:
        layer.support_avx512bf16_for_cpu = False
    return len(layers)


def stored_in(configuration: Mapping[str, Any]) -> str:
    """Return the number format that a model's weights are saved in, by its config.json.

    Returns:
        "none" for plain numbers; "nf4", "fp4" and "int8" of bitsandbytes; else the method's own name.
    """
    text = configuration.get("text_config")
    stated = configuration.get("quantization_config") or (
        text.get("quantization_config") if isinstance(text, Mapping) else None
    )
    if not isinstance(stated, Mapping):
        return "none"
    in_4, in_8 = stated.get("load_in_4bit"), stated.get("load_in_8bit")
    method = str(stated.get("quant_method") or ("bitsandbytes" if in_4 or in_8 else "unknown"))
    if not method.startswith("bitsandbytes"):
        return method
    return str(stated.get("bnb_4bit_quant_type") or "fp4") if in_4 else "int8"


def nothing_quantised(place: object, folder: object) -> InputError:
    """Return the error for a model of which no layer would be in 4 bits."""
    problem = "none of its layers can be in 4 bits, so that nothing would be saved"
    return InputError(place, "quantization", problem, "use lora, or `quantization: none`", str(folder))


def share_in_4_bits(module: Any) -> float:
    """Return the share of a model's weights, 0 to 1, in 4-bit layers."""
    from bitsandbytes.nn import Linear4bit

    layers = [layer for layer in module.modules() if isinstance(layer, Linear4bit)]
    packed = {id(layer.weight) for layer in layers}
    small = sum(int(layer.in_features) * int(layer.out_features) for layer in layers)
    rest = sum(each.numel() for each in module.parameters() if id(each) not in packed)
    return small / (small + rest) if small else 0.0


def planned_share(empty: Any) -> float:
    """Return the share of an unloaded model that would be in 4 bits; its layers are replaced.

    Args:
        empty: The model's modules on the device "meta".

    Raises:
        MissingDependencyError: bitsandbytes is not installed.
    """
    config = nf4_config("bfloat16")
    from transformers.integrations.bitsandbytes import replace_with_bnb_linear
    from transformers.quantizers.base import HfQuantizer

    kept = HfQuantizer.get_modules_to_not_convert(empty, None, empty._keep_in_fp32_modules)
    return share_in_4_bits(replace_with_bnb_linear(empty, kept, config))


@contextmanager
def missing_gradients_are_errors() -> Iterator[None]:
    """Turn torch's warning that an operator has no autograd kernel into an error, while training."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*autograd kernel was not registered.*")
        yield

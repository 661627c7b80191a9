"""Four-bit NF4 weights through bitsandbytes, and the defence against their wrong gradients on a CPU.

On CPUs with AVX512-BF16, bitsandbytes repacks a layer's weights at the first forward pass in evaluation mode.
From then on the layer's output has no gradient with respect to its input, so whatever is trained below it
learns from a wrong gradient while the loss still falls. Every validation pass would trigger that.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.errors import MissingDependencyError


def nf4_config(compute_dtype: Any) -> Any:
    """Return the transformers ``BitsAndBytesConfig`` of QLoRA: NF4 with double quantisation.

    The output head and the embeddings stay as they are. Dettmers et al., 2023, "QLoRA: Efficient Finetuning
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


@contextmanager
def missing_gradients_are_errors() -> Iterator[None]:
    """Turn torch's warning that an operator has no autograd kernel into an error, while training."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*autograd kernel was not registered.*")
        yield

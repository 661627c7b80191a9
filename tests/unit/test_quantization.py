from __future__ import annotations

import warnings

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn import Linear4bit

from harness.models.transformers.quantization import defend, missing_gradients_are_errors, nf4_config
from strategies.tuning.precision import compute_in
from tests.unit._training import load


@pytest.fixture(scope="module")
def module(tiny_model):
    """The tiny model in NF4, as training and evaluation load it."""
    return load(tiny_model).fresh("nf4")[0]


def test_linear_layers_are_nf4_with_double_quantisation_and_head_and_embeddings_are_not(module):
    layers = {name: layer for name, layer in module.named_modules() if isinstance(layer, Linear4bit)}
    assert len(layers) == 2 * 7
    assert all(layer.weight.quant_state.quant_type == "nf4" for layer in layers.values())
    assert all(layer.weight.quant_state.nested for layer in layers.values())
    assert all(layer.compute_dtype == torch.float32 for layer in layers.values())
    assert type(module.lm_head) is torch.nn.Linear
    assert module.lm_head.weight.dtype == module.get_input_embeddings().weight.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_products_are_computed_in_the_models_number_format(dtype):
    config = nf4_config(dtype)
    assert config.bnb_4bit_compute_dtype == dtype
    assert (config.bnb_4bit_quant_type, config.bnb_4bit_use_double_quant) == ("nf4", True)


def test_the_gradient_through_a_layer_is_that_of_its_dequantised_weights_after_evaluation(module):
    """Only a CPU with AVX512-BF16 would repack the weights in ``eval``; on others this holds in any case."""
    generator = torch.Generator().manual_seed(0)
    for layer in (m for m in module.modules() if isinstance(m, Linear4bit)):
        layer.eval()
        with torch.no_grad():
            layer(torch.randn(3, layer.in_features, generator=generator))
        layer.train()
        inputs = torch.randn(3, layer.in_features, generator=generator, requires_grad=True)
        upstream = torch.randn(3, layer.out_features, generator=generator)
        layer(inputs).backward(upstream)
        weight = dequantize_4bit(layer.weight.data, layer.weight.quant_state).float()
        assert inputs.grad is not None
        torch.testing.assert_close(inputs.grad, upstream @ weight, rtol=1e-5, atol=1e-6)


def test_in_bfloat16_under_autocast_the_gradient_is_near_that_of_float32(module):
    """The whole model, backwards from its loss to the input of its first layer."""
    gradients = {}
    ids = torch.tensor([[3, 7, 9, 12, 5, 44, 8, 2]])
    for precision in ("float32", "bfloat16"):
        compute_in(module, precision)
        module.train()
        embedded = module.get_input_embeddings()(ids).detach().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            module(inputs_embeds=embedded, labels=ids).loss.backward()
        gradients[precision] = embedded.grad
    compute_in(module, "float32")
    exact, rounded = gradients["float32"], gradients["bfloat16"]
    assert exact.abs().max() > 0
    assert 0 < (rounded - exact).norm() / exact.norm() < 0.03
    assert torch.nn.functional.cosine_similarity(rounded.flatten(), exact.flatten(), dim=0) > 0.999


def test_no_layer_may_repack_its_weights(module):
    """What can be shown on any CPU: the switch is off, so the repacking branch is not taken."""
    layers = [layer for layer in module.modules() if isinstance(layer, Linear4bit)]
    assert not any(layer.support_avx512bf16_for_cpu for layer in layers)
    layers[0].support_avx512bf16_for_cpu = True
    assert defend(module) == len(layers)
    assert not layers[0].support_avx512bf16_for_cpu
    module.eval()
    with torch.no_grad():
        module(input_ids=torch.tensor([[3, 7, 9]]))
    assert not any(getattr(layer.weight.quant_state, "packing_format_for_cpu", False) for layer in layers)


def test_an_operator_without_a_gradient_is_an_error_while_training():
    """Backpropagates through an operator with no autograd kernel, as the repacked layer's is."""
    library = torch.library.Library("trilemma_test", "DEF")
    library.define("no_gradient(Tensor x) -> Tensor")
    library.impl("no_gradient", lambda x: x * 2, "CPU")
    weight = torch.ones(2, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with missing_gradients_are_errors(), pytest.raises(UserWarning, match="no_gradient"):
            torch.ops.trilemma_test.no_gradient(weight).sum().backward()

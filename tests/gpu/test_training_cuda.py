"""Training on a CUDA device: the same program, other kernels."""

from __future__ import annotations

import pytest
import torch

from harness.powers import answered
from harness.tasks.prompting import plain_requests, rendered
from strategies.full import Full
from strategies.lora import Lora
from strategies.qlora import QLora
from tests.unit._training import OPTIONS, InterruptedTrainingError, StopsAt, colour_task, context, load

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here"),
]


def prepare(model, artifacts, kind=QLora, **changes):
    own = {key: value for key, value in OPTIONS.items() if key in kind.options_type.model_fields}
    return kind(kind.options_type(**own)).prepare(context(model, artifacts, **changes))


@pytest.mark.parametrize("kind", [Lora, QLora, Full])
def test_training_lowers_the_validation_loss_in_bfloat16_where_the_device_has_it(tiny_model, tmp_path, kind):
    model = load(tiny_model, "cuda")
    prepared = prepare(model, tmp_path, kind)
    losses = [loss for _, loss in prepared.record["validation_loss"]]
    assert losses[-1] < losses[0]
    assert model.identity.dtype == ("bfloat16" if torch.cuda.is_bf16_supported() else "float32")
    assert 0 < prepared.cost.peak_memory_bytes < 1 << 30
    data = colour_task()
    asked = rendered(prepared.model, plain_requests(data.task, data.train[:2]))
    assert len(answered(prepared.model, asked)) == 2


def test_an_interrupted_training_ends_where_the_unbroken_one_does(tiny_model, tmp_path):
    """Sums on a GPU come in any order, so the curves agree closely and not bit for bit."""
    unbroken = prepare(load(tiny_model, "cuda"), tmp_path / "unbroken")
    with pytest.raises(InterruptedTrainingError):
        prepare(load(tiny_model, "cuda"), tmp_path / "broken", progress=StopsAt(8))
    resumed = prepare(load(tiny_model, "cuda"), tmp_path / "broken")
    assert resumed.cost.trained_tokens == unbroken.cost.trained_tokens
    expected = [loss for _, loss in unbroken.record["loss"]]
    assert [loss for _, loss in resumed.record["loss"]] == pytest.approx(expected, rel=2e-2)


def test_the_gradient_through_a_layer_is_that_of_its_dequantised_weights(tiny_model):
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Linear4bit

    module, _ = load(tiny_model, "cuda").fresh("nf4")
    layer = next(layer for layer in module.modules() if isinstance(layer, Linear4bit))
    with torch.no_grad():
        layer.eval()(torch.randn(3, layer.in_features, device="cuda"))
    inputs = torch.randn(3, layer.in_features, device="cuda", requires_grad=True)
    upstream = torch.randn(3, layer.out_features, device="cuda")
    layer.train()(inputs).backward(upstream)
    weight = dequantize_4bit(layer.weight.data, layer.weight.quant_state).float()
    assert inputs.grad is not None
    torch.testing.assert_close(inputs.grad, upstream @ weight, rtol=5e-2, atol=5e-3)

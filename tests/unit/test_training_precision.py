"""Training under bfloat16 autocast on a CPU: when, and how near it stays to float32."""

from __future__ import annotations

import pytest
import torch

from harness.errors import InputError
from strategies.lora import Lora, LoraOptions
from strategies.qlora import QLora
from strategies.tuning import precision as _precision
from strategies.tuning.precision import SHORT_TOKENS, attend_plainly, compute_in, precision_of
from tests.unit._training import context, load

TOLERANCE = 0.005
"""Of a loss, relative to float32."""


@pytest.mark.parametrize(
    ("wanted", "dtype", "device", "fast", "expected"),
    [
        ("auto", "float32", "cpu", True, "bfloat16"),
        ("auto", "float32", "cpu", False, "float32"),
        ("auto", "float32", "cuda", True, "float32"),
        ("auto", "bfloat16", "cuda", False, "bfloat16"),
        ("auto", "float16", "cuda", False, "float16"),
        ("float32", "float32", "cpu", True, "float32"),
        ("bfloat16", "float32", "cpu", False, "bfloat16"),
        ("bfloat16", "bfloat16", "cpu", False, "bfloat16"),
    ],
)
def test_auto_takes_bfloat16_where_a_processor_is_fast_at_it(
    monkeypatch, wanted, dtype, device, fast, expected
):
    monkeypatch.setattr(_precision, "fast_bfloat16", lambda: fast)
    assert precision_of(wanted, dtype, device, "here") == expected


def test_weights_of_less_precision_cannot_be_trained_in_float32():
    with pytest.raises(InputError, match="precision: the model's weights are bfloat16"):
        precision_of("float32", "bfloat16", "cpu", "here")


@pytest.mark.parametrize("kind", [Lora, QLora])
def test_losses_and_answers_stay_near_those_of_float32(tiny_model, tmp_path, kind):
    """The model that answers has its float32 weights, whatever the adapter was trained in."""
    records, prepared = {}, {}
    for precision in ("float32", "bfloat16"):
        options = {"max_steps": 12, "batch_size": 8, "rank": 4, "eval_steps": 3, "precision": precision}
        trained = kind(LoraOptions(**options)).prepare(context(load(tiny_model), tmp_path / precision))
        records[precision], prepared[precision] = trained.record, trained
    exact, rounded = records["float32"], records["bfloat16"]
    assert (exact["precision"], rounded["precision"]) == ("float32", "bfloat16")
    for name in ("loss", "validation_loss"):
        assert [step for step, _ in rounded[name]] == [step for step, _ in exact[name]]
        expected = [loss for _, loss in exact[name]]
        assert [loss for _, loss in rounded[name]] == pytest.approx(expected, rel=TOLERANCE)
        assert rounded[name] != exact[name]
    assert exact["validation_loss"][-1][1] < 0.96 * exact["validation_loss"][0][1]
    assert prepared["bfloat16"].model.identity.dtype == "float32"
    module = prepared["bfloat16"].model.module
    assert {parameter.dtype for parameter in module.parameters() if parameter.is_floating_point()} == {
        torch.float32
    }


def test_two_precisions_are_two_adapters(tiny_model, tmp_path):
    for precision in ("float32", "bfloat16"):
        options = {"max_steps": 1, "batch_size": 8, "rank": 2, "precision": precision}
        Lora(LoraOptions(**options)).prepare(context(load(tiny_model), tmp_path))
    assert len(list((tmp_path / "tuned").iterdir())) == 2


def test_bfloat16_weights_are_trained_over_as_they_are_in_float32(tiny_model):
    module = load(tiny_model).fresh("none")[0].bfloat16()
    before = {name: weight.clone() for name, weight in module.state_dict().items()}
    compute_in(module, "bfloat16")
    assert {weight.dtype for weight in module.parameters()} == {torch.float32}
    assert all(torch.equal(weight.bfloat16(), before[name]) for name, weight in module.state_dict().items())


@pytest.mark.parametrize(
    ("precision", "longest", "found"),
    [("bfloat16", SHORT_TOKENS, "eager"), ("bfloat16", SHORT_TOKENS + 1, "sdpa"), ("float32", 8, "sdpa")],
)
def test_attention_is_plain_for_short_rows_in_bfloat16_and_gives_the_same(
    tiny_model, precision, longest, found
):
    module, _ = load(tiny_model).fresh("none")
    ids = torch.arange(12)[None] + 5
    with torch.inference_mode():
        before = module(ids).logits
        attend_plainly(module, precision, longest)
        assert module.config._attn_implementation == found
        torch.testing.assert_close(module(ids).logits, before, rtol=1e-4, atol=1e-4)

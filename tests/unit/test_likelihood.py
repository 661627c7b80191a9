"""Log-likelihoods from a shared prompt equal those of the plain method, for models of many families."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from harness.models.transformers import likelihood
from harness.models.transformers.engine import Engine
from harness.models.transformers.likelihood import log_likelihoods
from tests.unit._families import families

NAMES = (
    *("llama", "llama, tied", "qwen2", "qwen3", "gemma", "gemma2, window"),
    *("mistral, window", "mistral", "gpt2"),
)
FAMILIES = {name: found for name, found in families(256).items() if name in NAMES}


def plain(module: Any, prompt: list[int], option: list[int]) -> float:
    with torch.inference_mode():
        logprobs = module(torch.tensor([prompt + option])).logits[0].log_softmax(-1)
    return sum(float(logprobs[len(prompt) - 1 + i, token]) for i, token in enumerate(option))


@pytest.mark.parametrize("max_logits", [1 << 26, 300 * 9])
@pytest.mark.parametrize("family", FAMILIES)
def test_equal_to_the_plain_method(family: str, max_logits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "MAX_LOGITS", max_logits)
    torch.manual_seed(1)
    module = transformers.AutoModelForCausalLM.from_config(FAMILIES[family]).eval()
    prompt = torch.randint(3, 300, (40,)).tolist()
    options = [torch.randint(3, 300, (n,)).tolist() for n in (1, 3, 7, 2, 1, 5)]
    with torch.inference_mode():
        (found,), _ = log_likelihoods(Engine(module), [prompt], [options])
    assert found.values == pytest.approx([plain(module, prompt, option) for option in options], abs=1e-4)

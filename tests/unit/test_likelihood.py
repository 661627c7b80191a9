"""Log-likelihoods from a shared prompt equal those of the plain method, for models of many families."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from harness.models import likelihood
from harness.models.engine import Engine
from harness.models.likelihood import log_likelihoods

SIZE = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
FAMILIES = {
    "llama": transformers.LlamaConfig(**SIZE),
    "llama, tied": transformers.LlamaConfig(**SIZE, tie_word_embeddings=True),
    "qwen2": transformers.Qwen2Config(**SIZE),
    "qwen3": transformers.Qwen3Config(**SIZE, head_dim=8),
    "gemma": transformers.GemmaConfig(**SIZE, head_dim=8),
    "gemma2, window": transformers.Gemma2Config(**SIZE, head_dim=8, sliding_window=16),
    "mistral, window": transformers.MistralConfig(**SIZE, sliding_window=16),
    "mistral": transformers.MistralConfig(**SIZE, sliding_window=None),
    "gpt2": transformers.GPT2Config(
        vocab_size=300, n_embd=32, n_layer=2, n_head=4, n_positions=256, bos_token_id=1, eos_token_id=2
    ),
}


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
    assert found == pytest.approx([plain(module, prompt, option) for option in options], abs=1e-4)

"""Configurations of tiny models of many families."""

from __future__ import annotations

from typing import Any

import torch
import transformers


def families(n_positions: int) -> dict[str, Any]:
    """Return configurations by family, with room for ``n_positions`` tokens where positions are bounded."""
    size: dict[str, Any] = {
        "vocab_size": 300,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": n_positions,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    return {
        "llama": transformers.LlamaConfig(**size),
        "llama, tied": transformers.LlamaConfig(**size, tie_word_embeddings=True),
        "llama, all heads": transformers.LlamaConfig(**size | {"num_key_value_heads": 4}),
        "qwen2": transformers.Qwen2Config(**size),
        "qwen3": transformers.Qwen3Config(**size, head_dim=8),
        "gemma": transformers.GemmaConfig(**size, head_dim=8),
        "gemma2, window": transformers.Gemma2Config(**size, head_dim=8, sliding_window=16),
        "gemma3, window": transformers.Gemma3TextConfig(**size, head_dim=8, sliding_window=16),
        "gemma3, wide window": transformers.Gemma3TextConfig(**size, head_dim=8, sliding_window=512),
        "mistral, window": transformers.MistralConfig(**size, sliding_window=16),
        "mistral": transformers.MistralConfig(**size, sliding_window=None),
        "mixtral": transformers.MixtralConfig(**size, num_local_experts=4),
        "gpt2": transformers.GPT2Config(
            vocab_size=300,
            n_embd=32,
            n_layer=2,
            n_head=4,
            n_positions=n_positions,
            bos_token_id=1,
            eos_token_id=2,
        ),
        "mamba": transformers.MambaConfig(vocab_size=300, hidden_size=32, num_hidden_layers=2, state_size=4),
    }


def built(config: Any, name: str) -> Any:
    """Return a random model of a family, its weights scaled up so that no answer hangs on a near-tie."""
    torch.manual_seed(sum(map(ord, name)))
    module = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(3 if parameter.dim() > 1 else 1)
    return module

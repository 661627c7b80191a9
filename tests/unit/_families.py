"""Configurations of tiny models of many families."""

from __future__ import annotations

from typing import Any

import torch
import transformers


def _size(n_positions: int) -> dict[str, Any]:
    """Return what most families' configurations have in common."""
    return {
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


def families(n_positions: int) -> dict[str, Any]:
    """Return configurations by family, with room for ``n_positions`` tokens where positions are bounded."""
    size = _size(n_positions)
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


def by_length(n_positions: int) -> dict[str, Any]:
    """Return configurations of families whose arithmetic has turns of its own, many of them with length.

    Windows, chunks and lengths from which positions are scaled are 24 tokens wide.
    """
    size = _size(n_positions)
    base = {"rope_theta": 10000.0}
    long = base | {
        "rope_type": "longrope",
        "short_factor": [1.0] * 4,
        "long_factor": [3.0, 2.0, 4.0, 5.0],
        "original_max_position_embeddings": 24,
    }
    dynamic = base | {"rope_type": "dynamic", "factor": 4.0, "original_max_position_embeddings": 24}
    experts = {"num_experts_per_tok": 2, "moe_intermediate_size": 32}
    latent = {
        "q_lora_rank": 16,
        "kv_lora_rank": 8,
        "qk_rope_head_dim": 8,
        "qk_nope_head_dim": 8,
        "v_head_dim": 12,
        "num_key_value_heads": 4,
    }
    t = transformers
    return {
        "phi3, longrope": t.Phi3Config(
            **size, rope_parameters=long, original_max_position_embeddings=24, sliding_window=None
        ),
        "llama, dynamic": t.LlamaConfig(**size | {"max_position_embeddings": 24}, rope_parameters=dynamic),
        "gpt_neo, local": t.GPTNeoConfig(
            vocab_size=300,
            hidden_size=32,
            num_layers=2,
            num_heads=4,
            attention_types=[[["global", "local"], 1]],
            window_size=24,
            max_position_embeddings=n_positions,
            bos_token_id=1,
            eos_token_id=2,
        ),
        "llama4, chunks": t.Llama4TextConfig(
            **size,
            head_dim=8,
            intermediate_size_mlp=64,
            num_local_experts=2,
            num_experts_per_tok=1,
            attention_chunk_size=24,
            no_rope_layers=[1, 1],
            interleave_moe_layer_step=2,
        ),
        "qwen2, window": t.Qwen2Config(
            **size, use_sliding_window=True, sliding_window=24, max_window_layers=1
        ),
        "cohere2, window": t.Cohere2Config(**size, sliding_window=24, sliding_window_pattern=2),
        "falcon, alibi": t.FalconConfig(
            vocab_size=300,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            alibi=True,
            multi_query=False,
            new_decoder_architecture=False,
            bos_token_id=1,
            eos_token_id=2,
        ),
        "falcon": t.FalconConfig(
            vocab_size=300,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=n_positions,
            bos_token_id=1,
            eos_token_id=2,
        ),
        "mpt": t.MptConfig(
            vocab_size=300, d_model=32, n_heads=4, n_layers=2, max_seq_len=n_positions, eos_token_id=2
        ),
        "bloom": t.BloomConfig(vocab_size=300, hidden_size=32, n_layer=2, n_head=4, eos_token_id=2),
        "gpt_bigcode": t.GPTBigCodeConfig(
            vocab_size=300, n_positions=n_positions, n_embd=32, n_layer=2, n_head=4, eos_token_id=2
        ),
        "starcoder2, window": t.Starcoder2Config(**size, sliding_window=24),
        "exaone4, window": t.Exaone4Config(**size, sliding_window=24, sliding_window_pattern=2),
        "smollm3": t.SmolLM3Config(**size),
        "gpt_oss": t.GptOssConfig(**size, head_dim=8, sliding_window=24, num_local_experts=4),
        "deepseek_v3": t.DeepseekV3Config(
            **size | latent | experts, n_routed_experts=4, n_group=1, topk_group=1, first_k_dense_replace=1
        ),
        "minimax": t.MiniMaxConfig(**size, head_dim=8, num_local_experts=4, block_size=16),
        "doge": t.DogeConfig(**size),
        "diffllama": t.DiffLlamaConfig(**size),
        "gemma3, local": t.Gemma3TextConfig(**size, head_dim=8, sliding_window=24, sliding_window_pattern=2),
        "gptj": t.GPTJConfig(
            vocab_size=300, n_positions=n_positions, n_embd=32, n_layer=2, n_head=4, rotary_dim=4
        ),
        "opt": t.OPTConfig(
            vocab_size=300,
            hidden_size=32,
            ffn_dim=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            word_embed_proj_dim=32,
            max_position_embeddings=n_positions,
        ),
        "olmo2": t.Olmo2Config(**size),
        "afmoe": t.AfmoeConfig(**size, head_dim=8, sliding_window=24, num_experts=4, num_experts_per_tok=2),
        "lfm2": t.Lfm2Config(**size, layer_types=["conv", "full_attention"]),
    }


def built(config: Any, name: str) -> Any:
    """Return a random model of a family, its weights scaled up so that no answer hangs on a near-tie."""
    torch.manual_seed(sum(map(ord, name)))
    module = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(3 if parameter.dim() > 1 else 1)
    return module

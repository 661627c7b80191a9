"""A tiny Llama written as a GGUF file."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import transformers

NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_gguf(folder: Path, path: Path, architecture: str = "llama", tokenizer: bool = True) -> Path:
    """Write the Llama that transformers saved in ``folder`` as a GGUF file of 32-bit weights."""
    module = transformers.AutoModelForCausalLM.from_pretrained(folder)
    config = module.config
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(config.vocab_size)
    if tokenizer:
        _add_tokenizer(writer, folder)
    for name, weight in module.state_dict().items():
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
        for part, count in heads.items():
            if part in name:  # llama.cpp turns neighbouring pairs, transformers turn halves
                shape = (count, 2, weight.shape[0] // count // 2, weight.shape[1])
                weight = weight.reshape(shape).swapaxes(1, 2).reshape(weight.shape)
        writer.add_tensor(_renamed(name), weight.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _renamed(name: str) -> str:
    for theirs, ours in NAMES.items():
        name = name.replace(theirs, ours)
    return name.replace("model.layers.", "blk.")


def _add_tokenizer(writer: gguf.GGUFWriter, folder: Path) -> None:
    core = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokens = sorted(core["model"]["vocab"], key=core["model"]["vocab"].get)
    special = {token["content"] for token in core["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in special else 1 for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in core["model"]["merges"]])
    writer.add_pad_token_id(tokens.index("<|pad|>"))
    writer.add_eos_token_id(tokens.index("<|end|>"))
    template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    writer.add_chat_template(template)

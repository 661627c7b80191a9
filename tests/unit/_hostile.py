"""Hostile and broken adapters: what is done to a whole one, and the line that it gets."""

from __future__ import annotations

import pickle

import torch

from strategies.tuning.methods.lora.files import CONFIG, WEIGHTS
from strategies.tuning.saved import MANIFEST
from tests.unit._damages import (
    Damage,
    a_folder_for_a_file,
    config,
    content,
    cut,
    giant_header,
    gone,
    header,
    header_of_100_mb,
    hollow,
    in_a_circle,
    integers,
    linked,
    moved,
    nothing,
    only_pickled,
    piped,
    raw,
    renamed,
    scaled,
    scattered,
    set_to,
    sparse,
    weights,
)
from tests.unit.test_adapter_files import first_name

CASES: dict[str, tuple[Damage, str]] = {
    "no settings": (gone(CONFIG), "adapter_config.json is missing"),
    "no weights": (gone(WEIGHTS), "adapter_model.safetensors is missing"),
    "weights only pickled": (only_pickled, "its weights are not in safetensors"),
    "a pickle named safetensors": (
        lambda folder: (folder / WEIGHTS).write_bytes(pickle.dumps({"a": [1.0] * 100})),
        "is not a whole safetensors file",
    ),
    "a file of no bytes": (content(WEIGHTS, b""), "is not a whole safetensors file .*0 bytes"),
    "a file cut short": (cut, "is not a whole safetensors file"),
    "a header longer than the file": (
        content(WEIGHTS, (1 << 40).to_bytes(8, "little") + b"{}"),
        "is not a whole safetensors file .*10 bytes",
    ),
    "a giant header": (giant_header, "has a header of more than"),
    "a header that is no JSON": (
        content(WEIGHTS, (4).to_bytes(8, "little") + b"abcd"),
        "is not a whole safetensors file: ",
    ),
    "settings that are no JSON": (content(CONFIG, b"{"), "is not JSON"),
    "settings that nest without end": (content(CONFIG, b"[" * 200_000), "is not JSON"),
    "settings that are a list": (content(CONFIG, b"[1]"), "peft_type: must be LORA"),
    "giant settings": (content(CONFIG, b" " * (1 << 21)), "has 2,097,152 bytes, more than the 1,048,576"),
    "an unknown type": (config(peft_type="TROJAN"), "peft_type: must be LORA .*TROJAN"),
    "an unknown key": (config(lora_alhpa=4), "key 'lora_alhpa' is not known"),
    "code to import": (
        config(auto_mapping={"parent_library": "os", "base_model_class": "system"}),
        "auto_mapping names code to import",
    ),
    "megatron": (config(megatron_config={"a": 1}), "megatron_config names code to import"),
    "layers doubled": (config(layer_replication=[[0, 999]]), "would change the layers of the base"),
    "a giant rank": (config(r=1_000_000), "r must be a whole number from 1 to 16384"),
    "a rank that is no number": (config(r="2"), "r must be a whole number"),
    "a giant rank for one module": (
        config(rank_pattern={"q_proj": 10**9}),
        "q_proj must be a whole number from 1 to 16384",
    ),
    "alpha a hundred times": (config(lora_alpha=800), "lora_alpha must be above 0 and at most 256 times"),
    "alpha of no number": (config(lora_alpha=float("nan")), "is not JSON: NaN is not a finite number"),
    "alpha below zero": (config(lora_alpha=-8), "lora_alpha must be above 0"),
    "alpha for one module": (config(alpha_pattern={"q_proj": 1e9}), "q_proj must be above 0 and at most 256"),
    "a pattern without end": (config(target_modules="(a+)+$"), "is a pattern that could take for ever"),
    "another rank than the weights": (config(r=4), r"must have the shape \(4, "),
    "modules that are not there": (config(target_modules=["query_key_value"]), "cannot be applied"),
    "a smuggled lm_head": (
        weights(lambda t: t.update({"base_model.model.lm_head.weight": torch.zeros(4, 4)})),
        "no place for .*lm_head",
    ),
    "an extra tensor": (renamed(".layers.0.", ".layers.99."), "no place for .*layers.99"),
    "a tensor less": (weights(lambda t: t.pop(first_name(t))), "lacks a tensor"),
    "dots in a tensor's name": (renamed("lora_A.weight", "lora_A...weight"), r"no place for .*A\.\.\.weight"),
    "whole numbers": (weights(integers), "must be of the type F32, F16 or BF16 .*I64"),
    "NaN": (weights(lambda t: t[first_name(t)].view(-1)[1:2].fill_(float("nan"))), "holds NaN or inf"),
    "infinity": (weights(lambda t: t[first_name(t)].view(-1)[1:2].fill_(float("inf"))), "holds NaN or inf"),
    "weights that are a link": (linked(WEIGHTS), "is a link that leads out"),
    "settings that are a link": (linked(CONFIG), "is a link that leads out"),
}  # fmt: skip

ANYTHING = ".*" * 60 + "x"
CASES |= {
    "sixty times anything": (
        config(target_modules=ANYTHING),
        "matching target_modules takes more than 0.5 s",
    ),
    "sixty times anything, to leave out": (
        config(exclude_modules=ANYTHING),
        "matching exclude_modules takes more than 0.5 s",
    ),
    "anything for ranks": (config(rank_pattern={ANYTHING: 2}), "matching rank_pattern takes more than"),
    "anything for alphas": (config(alpha_pattern={ANYTHING: 2}), "matching alpha_pattern takes more than"),
    "anything for layers": (
        config(layers_pattern=[ANYTHING], layers_to_transform=[0]),
        "matching layers_pattern takes more",
    ),
    "anything for modules to save": (config(modules_to_save=[ANYTHING]), "matching modules_to_save takes"),
    "alternatives without end": (
        config(target_modules="(?:.|.|.)*x"),
        "could take for ever|takes more than 0.5 s",
    ),
    "words upon words": (config(target_modules=r"(\w?){40}x"), "could take for ever|takes more than 0.5 s"),
    "20,000 ranks": (
        config(rank_pattern={f"m{i}": 2 for i in range(20_000)}),
        "at most 4096 entries .*20000",
    ),
    "4,000 ranks": (
        config(rank_pattern={f"m{i}.*": 2 for i in range(4_000)}),
        "takes more than 0.5 s .*4000 patterns",
    ),
    "50,000 names": (config(target_modules=["q"] * 50_000), "target_modules must have at most 4096 entries"),
    "50,000 layers": (config(layers_to_transform=[0] * 50_000), "layers_to_transform must have at most 4096"),
    "50,000 tokens": (
        config(trainable_token_indices=[1] * 50_000),
        "trainable_token_indices must have at most",
    ),
    "a pattern of 100,000 letters": (
        config(target_modules="a" * 100_000),
        "target_modules is a pattern that could",
    ),
    "settings that are a pipe": (piped(CONFIG), "adapter_config.json: is a named pipe, not a regular file"),
    "weights that are a pipe": (piped(WEIGHTS), "safetensors: is a named pipe, not a regular file"),
    "a manifest that is a pipe": (
        piped(MANIFEST),
        "trilemma_tuning.json: is a named pipe, not a regular file",
    ),
    "settings that are a folder": (a_folder_for_a_file, "is a folder, not a regular file"),
    "settings that link to themselves": (in_a_circle, "is a link that leads out"),
    "a manifest of 300 MB": (sparse(MANIFEST, 300 << 20), "has 314,572,800 bytes, more than the 4,194,304"),
    "a manifest that is no JSON": (
        content(MANIFEST, b"[" * 100_000),
        "trilemma_tuning.json: cannot be read",
    ),
    "weights of 1 TB": (
        sparse(WEIGHTS, 1 << 40),
        "has 1,099,511,627,776 bytes, more than the 68,719,476,736",
    ),
    "weights never written": (hollow, "is mostly holes that nothing was ever written to .*of 1,073,741"),
    "a header of 100 MB": (header_of_100_mb, "has a header of more than 16777216 bytes"),
    "tensors that overlap": (moved(-8, -8), "is not a whole safetensors file: "),
    "tensors that leave the file": (moved(0, 1 << 40), "is not a whole safetensors file: "),
    "offsets that wrap around": (moved(0, 1 << 64), "is not a whole safetensors file: "),
    "shapes that overflow": (
        header(
            lambda found: [
                each.update(shape=[1 << 62, 1 << 62]) for each in found.values() if "shape" in each
            ]
        ),
        "is not a whole safetensors file: ",
    ),
    "a header of nesting": (header(lambda _: b"[" * 1_000_000), "is not a whole safetensors file: "),
    "settings that nest in objects": (raw('{"a":' * 50_000), "is not JSON"),
    "a number of 5,000 digits": (raw('{"peft_type": "LORA", "r": ' + "9" * 5000 + "}"), "is not JSON: "),
    "an alpha of 290 digits": (
        raw('{"peft_type": "LORA", "lora_alpha": ' + "9" * 290 + "}"),
        "must be above 0 and at most 256 times",
    ),
    "a key twice": (raw('{"peft_type": "LORA", "peft_type": "LORA"}'), "is not JSON: a key is given twice"),
    "settings in UTF-16": (
        content(CONFIG, '{"peft_type": "LORA"}'.encode("utf-16")),
        "is not JSON: .*codec can't decode byte 0xff",
    ),
    "20,000 files and no settings": (scattered, "adapter_config.json is missing"),
    "a tensor with a name of controls": (renamed("q_proj", "\x1b[2J\x07\n"), "no place for"),
    "stable and 512 times": (config(use_rslora=True, lora_alpha=725, r=2), "at most 256 times the rank 2"),
    "numbers of 1e30": (scaled(1e30), "by more than 2000 times the norm of its weights"),
    "numbers a thousand times": (scaled(1e3), "by more than 2000 times the norm of its weights"),
    "one layer that drowns": (
        scaled(1e6, "layers.1.mlp.up_proj.lora_B"),
        "changes model.layers.1.mlp.up_proj.weight by",
    ),
    "numbers of double length": (
        weights(lambda t: t.update({name: each.double() for name, each in t.items()})),
        "must be of the type F32",
    ),
}

KINDS: dict[str, tuple[dict[str, object], Damage, str]] = {
    "a head of its own": ({"modules_to_save": ["lm_head"]}, nothing, r"modules_to_save \(lm_head.weight\)"),
    "embeddings and head of its own": (
        {"modules_to_save": ["embed_tokens", "lm_head"]},
        nothing,
        r"\(lm_head.weight, model.embed_tokens.weight\)",
    ),
    "norms of its own": ({"modules_to_save": ["norm"]}, nothing, r"modules_to_save \(.*model.norm.weight\)"),
    "a layer of its own": (
        {"modules_to_save": ["layers.0.mlp"], "target_modules": ["q_proj"]},
        nothing,
        "modules_to_save",
    ),
    "biases of its own": (
        {"bias": "all"},
        nothing,
        r"bias \(model.layers.0.self_attn.k_proj.bias, .* 2 more\)",
    ),
    "biases of its layers": (
        {"bias": "lora_only", "target_modules": ["v_proj"]},
        nothing,
        r"bias \(model.layers.0.self_attn.v_proj.bias,",
    ),
    "a bias beside its factors": (
        {"lora_bias": True, "target_modules": ["q_proj"]},
        nothing,
        r"lora_bias \(model.layers.0.self_attn.q_proj.bias",
    ),
    "tokens of its own": (
        {"trainable_token_indices": [5, 6]},
        nothing,
        r"trainable_token_indices \(model.embed_tokens.weight\)",
    ),
    "parameters by name": (
        {"target_parameters": ["mlp.up_proj.weight"], "target_modules": ["q_proj"]},
        nothing,
        r"target_parameters \(model.layers.0.mlp.up_proj.weight",
    ),
    "biases of 1e4": (
        {"bias": "all"},
        set_to(1e4, ".bias"),
        r"changes model.layers.\d.self_attn.._proj.bias by more",
    ),
    "biases of its factors of 1e4": (
        {"lora_bias": True, "target_modules": ["q_proj"]},
        set_to(1e4, "lora_B.bias"),
        "q_proj.bias by more than 2000",
    ),
    "a head of 1e6": (
        {"modules_to_save": ["lm_head"]},
        set_to(1e6, "lm_head"),
        "changes lm_head.weight by more than",
    ),
    "tokens of 1e6": (
        {"trainable_token_indices": [5, 6]},
        set_to(1e6, "tokens_delta"),
        "changes model.embed_tokens.weight by",
    ),
    "parameters of 1e6": (
        {"target_parameters": ["mlp.up_proj.weight"], "target_modules": ["q_proj"]},
        scaled(1e6, "mlp."),
        "changes model.layers.\\d.mlp.up_proj.weight by more than",
    ),
    "magnitudes of zero": (
        {"use_dora": True},
        set_to(0.0, "magnitude"),
        "the DoRA magnitudes of .* must be above 0",
    ),
    "magnitudes below zero": (
        {"use_dora": True},
        scaled(-1.0, "magnitude"),
        "the DoRA magnitudes of .*100% are not",
    ),
    "magnitudes of 1e6": ({"use_dora": True}, set_to(1e6, "magnitude"), "by more than 2000 times the norm"),
}
"""Kinds of adapters: peft's settings, what is done to one, and its line, where a gate allows nothing."""

"""Tokenizers of every kind that real models have, made in memory, each with a chat template of its kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

WORDS = [
    "the refund goes to queue billing and the answer is yes or no",
    "Where is the ticket? It stands in technical support. Answer: refund delivery",
    "Name the colour of the boat: red, blue, green, black.\n\nAnswer: blue",
    "What is asked is not what was meant. [INST] question [/INST] answer ### Response:",
    "USER: hello ASSISTANT: refund the positive and the negative assistant user system",
] * 6
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA_2 = (
    "{% if messages[0].role == 'system' %}{% set loop_messages = messages[1:] %}"
    "{% set system_message = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' %}"
    "{% else %}{% set loop_messages = messages %}{% set system_message = '' %}{% endif %}"
    "{% for m in loop_messages %}{% if m.role == 'user' %}"
    "{{ bos_token + '[INST] ' + (system_message if loop.first else '') + m.content.strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
LLAMA_3 = (
    "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' "
    "+ m.content | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\n' "
    "+ m.content | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
VICUNA = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ m.content + ' ' }}"
    "{% elif m.role == 'user' %}{{ 'USER: ' + m.content + ' ' }}"
    "{% else %}{{ 'ASSISTANT: ' + m.content + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT: ' }}{% endif %}"
)
ALPACA = (
    "{% for m in messages %}{% if m.role == 'assistant' %}{{ '### Response:\n' + m.content + '\n\n' }}"
    "{% else %}{{ '### Instruction:\n' + m.content + '\n\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '### Response:\n' }}{% endif %}"
)
SPECIAL = [
    "<unk>", "<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>",
    "<|end_header_id|>", "<|eot_id|>", "<start_of_turn>", "<end_of_turn>",
]  # fmt: skip


def _wrapped(core: Tokenizer, template: str | None, special: Sequence[str], bos: bool) -> Any:
    core.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    if bos:
        first = core.token_to_id("<s>")
        core.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", first)]
        )
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, padding_side="left", **names)
    tokenizer.chat_template = template
    return tokenizer


def byte_level(template: str | None, bos: bool = False) -> Any:
    """As GPT-2, Llama 3 and Qwen have."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        WORDS,
        trainers.BpeTrainer(
            vocab_size=500, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
        ),
    )
    return _wrapped(core, template, SPECIAL, bos)


def pieces(scheme: str, template: str | None, bos: bool = True) -> Any:
    """As Llama 2 and Gemma have: SentencePiece's BPE with byte fallback, spaces as a character."""
    core = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=True)
    bytes_ = [f"<0x{i:02X}>" for i in range(256)]
    core.train_from_iterator(
        WORDS,
        trainers.BpeTrainer(vocab_size=800, special_tokens=[*SPECIAL, *bytes_], show_progress=False),
    )
    learned = json.loads(core.to_str())["model"]
    merges = [tuple(merge) for merge in learned["merges"]]  # anew, since bytes are no special tokens
    model = models.BPE(learned["vocab"], merges, byte_fallback=True, unk_token="<unk>", fuse_unk=True)
    core = Tokenizer(model)
    if scheme == "legacy":
        core.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    else:
        core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    core.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return _wrapped(core, template, SPECIAL, bos)


def unigram(template: str | None) -> Any:
    """As T5 and XGLM have."""
    core = Tokenizer(models.Unigram())
    core.normalizer = normalizers.NFKC()
    core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    core.decoder = decoders.Metaspace(prepend_scheme="always")
    core.train_from_iterator(
        WORDS,
        trainers.UnigramTrainer(
            vocab_size=200, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
        ),
    )
    return _wrapped(core, template, SPECIAL, bos=False)


def word_piece(template: str | None) -> Any:
    """As BERT and its like have."""
    core = Tokenizer(models.WordPiece(unk_token="<unk>"))
    core.normalizer = normalizers.BertNormalizer(lowercase=False)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.decoder = decoders.WordPiece()
    core.train_from_iterator(
        WORDS, trainers.WordPieceTrainer(vocab_size=400, special_tokens=SPECIAL, show_progress=False)
    )
    return _wrapped(core, template, SPECIAL, bos=False)


KINDS: dict[str, Callable[[], Any]] = {
    "gpt-2 with chatml": lambda: byte_level(CHATML),
    "llama-3": lambda: byte_level(LLAMA_3, bos=True),
    "byte-level with alpaca": lambda: byte_level(ALPACA),
    "byte-level with vicuna": lambda: byte_level(VICUNA),
    "llama-2": lambda: pieces("first", LLAMA_2),
    "llama-2 always": lambda: pieces("always", LLAMA_2),
    "llama-2 legacy": lambda: pieces("legacy", LLAMA_2),
    "sentencepiece with chatml": lambda: pieces("first", CHATML),
    "legacy with chatml": lambda: pieces("legacy", CHATML),
    "sentencepiece with vicuna": lambda: pieces("first", VICUNA),
    "gemma": lambda: pieces("never", GEMMA),
    "unigram": lambda: unigram(CHATML),
    "wordpiece": lambda: word_piece(CHATML),
}
BASES: dict[str, Callable[[], Any]] = {
    "byte-level": lambda: byte_level(None),
    "byte-level with bos": lambda: byte_level(None, bos=True),
    "sentencepiece": lambda: pieces("first", None),
    "legacy": lambda: pieces("legacy", None),
    "gemma": lambda: pieces("never", None),
    "unigram": lambda: unigram(None),
    "wordpiece": lambda: word_piece(None),
}

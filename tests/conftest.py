"""What many tests share: a task folder on disk, a model that answers from a table, a real tiny Llama."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from harness.threads import share_processors

# No deadline: a shared machine may stall any example.
settings.register_profile("trilemma", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("trilemma")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# A cache for all tests together, so that none touches the user's; it goes when the process ends.
_cache = tempfile.TemporaryDirectory(prefix="trilemma-test-cache-")
os.environ["TRILEMMA_CACHE"] = _cache.name
share_processors()  # as the command line does, before a test loads torch

TaskWriter = Callable[..., Path]


@pytest.fixture
def write_task(tmp_path: Path) -> TaskWriter:
    """Return a function that writes a small capitals task below ``tmp_path`` and returns its folder."""

    def write(
        name: str = "capitals", rows: dict[str, Sequence[dict[str, Any]]] | None = None, **keys: Any
    ) -> Path:
        folder = tmp_path / "tasks" / name
        folder.mkdir(parents=True)
        rows = rows or {
            split: [
                {"id": f"{name}-{split}-{i}", "input": f"Where is {split} {i}?", "target": f"place {i}"}
                for i in range(n)
            ]
            for split, n in (("train", 12), ("validation", 4), ("test", 10))
        }
        for split, found in rows.items():
            lines = [json.dumps(row, ensure_ascii=False) for row in found]
            (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        spec = {
            "name": name,
            "kind": "generate",
            "metrics": ["exact_match"],
            "max_new_tokens": 8,
            "items": {split: f"{split}.jsonl" for split in rows},
        }
        (folder / "task.yaml").write_text(json.dumps(spec | keys), encoding="utf-8")
        return folder

    return write


CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a Llama of 2 layers with random weights, its own tokenizer and a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-model")
    special = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(
        ["Where is place 1? The ticket goes to queue A.", "positive negative"] * 4, trainer
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<|pad|>", eos_token="<|end|>")
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=False,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder

"""A tiny model, task and context for tests that train."""

from __future__ import annotations

import string
from pathlib import Path

from harness.config import ModelOptions
from harness.progress import SilentProgress
from harness.tasks.prompting import plain_requests
from harness.types import MetricSpec, Model, PrepareContext, Task, TaskItem, TrainingData

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
COLOURS = ("red", "blue", "green", "black")


def tiny_model(folder: Path, hidden: int = 64, seed: int = 0) -> Path:
    """Save a random Llama of two layers with a tokenizer by character into ``folder``."""
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models

    characters = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", *string.printable[:-2]]
    model = models.BPE(vocab={c: i for i, c in enumerate(characters)}, merges=[])
    raw = Tokenizer(model)
    raw.decoder = decoders.Fuse()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token="<|pad|>",
        eos_token="<|end|>",
        additional_special_tokens=characters[2:5],
        chat_template=CHAT_TEMPLATE,
    )
    tokenizer.save_pretrained(folder)
    config = transformers.LlamaConfig(
        vocab_size=len(characters),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        eos_token_id=1,
        bos_token_id=None,
        pad_token_id=0,
    )
    torch.manual_seed(seed)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def colour_task(n_train: int = 24, n_validation: int = 6, name: str = "colours") -> TrainingData:
    """Make a task whose answer is the colour that the question names."""

    def items(split: str, count: int) -> tuple[TaskItem, ...]:
        return tuple(
            TaskItem(
                id=f"{split}-{i}",
                input=f"the {'long ' * (i % 3)}{COLOURS[i % 4]} boat",
                targets=(COLOURS[i % 4],),
                split=split,
            )
            for i in range(count)
        )

    task = Task(
        name=name,
        kind="generate",
        instruction="Name the colour.",
        metrics=(MetricSpec(use="exact_match"),),
    )
    return TrainingData(
        task=task, train=items("train", n_train), validation=items("validation", n_validation)
    )


def context(model: Model, artifacts: Path, *tasks: TrainingData, **changes: object) -> PrepareContext:
    """Return what a strategy gets, over the plain prompt."""

    def no_embedder():
        raise AssertionError("training needs no embedder")

    values = {
        "model": model,
        "build": plain_requests,
        "tasks": tasks or (colour_task(),),
        "seed": 0,
        "artifacts": artifacts,
        "embedder": no_embedder,
        "progress": SilentProgress(),
    }
    return PrepareContext(**(values | changes))


def load(folder: Path, **options: object) -> Model:
    """Load a model by the class that evaluation uses."""
    from harness.models.huggingface import HuggingFaceModel

    return HuggingFaceModel(ModelOptions(path=str(folder), device="cpu", **options))

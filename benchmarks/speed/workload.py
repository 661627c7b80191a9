"""The work that is measured: a tiny Llama, 500 questions to answer, and 500 with four options to choose from.

Everything is made from one seed. A record describes a made-up machine; half of them hold the answer.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHOTS = 5
N_TRAIN = 100
STOP = "\n\n"
END = "</s>"
MAX_NEW_TOKENS = 32
PROMPT = "{{ context }}\nQuestion: {{ input }}\nAnswer:"
TEMPLATE = (
    "{% for message in messages %}{% if message.role == 'assistant' %} {{ message.content }}{{ '\n\n' }}"
    "{% else %}{{ message.content }}{% endif %}{% endfor %}"
)
"""Prompts are plain text, as a base model reads them: blank lines after examples, spaces before answers."""

_KINDS = ("crane", "kiln", "loom", "press", "lathe", "boiler", "winch", "mixer")
_FACTS = ("rated load", "test voltage", "paint code", "oil grade", "depot", "fitter", "torque")
_ONSETS = ("b", "ch", "d", "f", "gr", "h", "k", "l", "m", "n", "p", "qu", "r", "sh", "st", "t", "v", "w", "z")
_RIMES = ("a", "am", "ar", "e", "en", "esk", "i", "il", "ist", "o", "on", "orp", "u", "um", "uth")

SIZES: dict[str, dict[str, Any]] = {
    "tiny": {
        "vocab_size": 4096,
        "hidden_size": 256,
        "intermediate_size": 688,
        "num_hidden_layers": 6,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "tie_word_embeddings": False,
        "dtype": "float32",
    },
    "1b": {
        "vocab_size": 128_256,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "tie_word_embeddings": True,
        "dtype": "bfloat16",
    },
}
"""Shapes of Llamas: 6 M weights, and 1.24 B."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """Where the work lies, and how its prompts come by their examples.

    Attributes:
        folder: Holds ``model/``, ``train.jsonl``, ``test.jsonl``.
        shots: "fixed": all prompts show the same examples, put there by the harness. "drawn": every prompt
            shows examples of its own, which are part of its text.
    """

    folder: Path
    shots: str

    @property
    def model(self) -> Path:
        """The folder of the model."""
        return self.folder / "model"

    @property
    def prompt(self) -> str:
        """The template of a prompt, over the fields of a row."""
        return PROMPT if self.shots == "fixed" else "{{ input }}"


def make(folder: Path, shots: str, n_items: int, size: str = "tiny") -> Workload:
    """Write model and data below ``folder``; ``size`` is one of ``SIZES``."""
    rng = random.Random(20261121)
    train = [_row(rng, f"train-{i}") for i in range(N_TRAIN)]
    test = [_row(rng, f"test-{i}") for i in range(n_items)]
    _make_model(folder / "model", [_shown(row) for row in train + test], size)
    if shots == "drawn":
        test = [row | {"input": _with_examples(rng, row, train)} for row in test]
    write_rows(folder / "train.jsonl", train)
    write_rows(folder / "test.jsonl", test)
    return Workload(folder, shots)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _name(rng: random.Random) -> str:
    return "".join(rng.choice(_ONSETS) + rng.choice(_RIMES) for _ in range(rng.randint(2, 3)))


def _row(rng: random.Random, row_id: str) -> Row:
    name, machine, fact = _name(rng).capitalize(), rng.choice(_KINDS), rng.choice(_FACTS)
    choices = [" ".join(_name(rng) for _ in range(rng.randint(2, 3))) for _ in range(4)]
    gold = rng.randrange(4)
    context = f"Entry {row_id} concerns the {name} {machine}."
    if rng.random() < 0.5:
        year, town = rng.randint(1950, 2020), _name(rng).capitalize()
        context = f"The {name} {machine} came from {town} in {year}. Its {fact} is {choices[gold]}."
    return {
        "id": row_id,
        "context": context,
        "input": f"What is the {fact} of the {name} {machine}?",
        "target": choices[gold],
        "options": [f" {choice}{END}" for choice in choices],
        "choices": [f" {choice}" for choice in choices],
        "gold": gold,
    }


def _shown(row: Row) -> str:
    return f"{_asked(row)} {row['target']}{STOP}"


def _asked(row: Row) -> str:
    return f"{row['context']}\nQuestion: {row['input']}\nAnswer:"


def _with_examples(rng: random.Random, row: Row, train: Sequence[Row]) -> str:
    return "".join(map(_shown, rng.sample(list(train), SHOTS))) + _asked(row)


def _make_model(folder: Path, texts: Sequence[str], size: str) -> None:
    """Save a Llama of random weights and a byte-level tokenizer of 4,096 tokens."""
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = ["<unk>", "<s>", END, "<pad>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=4096, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="<unk>", bos_token="<s>", eos_token=END, pad_token="<pad>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    shape = SIZES[size]
    config = LlamaConfig(
        max_position_embeddings=2048, bos_token_id=1, eos_token_id=2, pad_token_id=3, **shape
    )
    transformers.utils.logging.disable_progress_bar()
    LlamaForCausalLM(config).to(getattr(torch, shape["dtype"])).save_pretrained(folder)

"""The models that are measured: Llamas of random weights in three sizes, and adapters for them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

END = "</s>"
VOCABULARY = 4096


@dataclass(frozen=True)
class Size:
    """The shape of a Llama."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    key_heads: int


SIZES = {
    "tiny": Size(1, 64, 172, 4, 2),
    "6m": Size(6, 256, 688, 8, 4),
    "1b": Size(16, 2048, 8192, 32, 8),
}
"""By name; "tiny" costs next to nothing, so that what is measured is all that surrounds the model."""


@dataclass(frozen=True)
class Setup:
    """Which model is measured where: a key of ``SIZES``, "cpu" or "cuda", and the name of a torch dtype.

    ``model`` is "random", or a real one: "smollm2", or a folder.
    """

    size: str = "6m"
    device: str = "cpu"
    dtype: str = "float32"
    model: str = "random"


def add_setup(parser: argparse.ArgumentParser, size: str | None = "6m") -> None:
    """Add the options of a setup."""
    parser.add_argument("--size", choices=tuple(SIZES), default=size, help=f"size of the model [{size}]")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where it is [cpu]")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="[float32]")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a real model."""
    meaning = (
        "random weights, smollm2 on items of our suites, or the same with the model in a FOLDER [random]"
    )
    parser.add_argument("--model", default="random", metavar="random|smollm2|FOLDER", help=meaning)


def setup_of(options: argparse.Namespace) -> Setup:
    """Return the setup that was asked for; ends with 2 where it cannot be."""
    import torch

    if options.device == "cuda" and not torch.cuda.is_available():
        sys.stderr.write("--device: no CUDA device is here: use cpu (got cuda)\n")
        sys.exit(2)
    return Setup(options.size, options.device, options.dtype, getattr(options, "model", "random"))


def make_model(folder: Path, texts: Sequence[str], setup: Setup) -> None:
    """Save a Llama of random weights and a byte-level tokenizer of 4,096 tokens, learnt from ``texts``."""
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
        vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="<unk>", bos_token="<s>", eos_token=END, pad_token="<pad>"
    )
    tokenizer.save_pretrained(folder)
    size = SIZES[setup.size]
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=size.hidden,
        intermediate_size=size.intermediate,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.key_heads,
        max_position_embeddings=2048,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=3,
        tie_word_embeddings=False,
    )
    transformers.utils.logging.disable_progress_bar()
    LlamaForCausalLM(config).to(getattr(torch, setup.dtype)).save_pretrained(folder)


def make_adapters(model: Path, folder: Path, n_adapters: int) -> list[Path]:
    """Save LoRA adapters of random weights for the model in ``model``, and return their folders.

    Each changes three matrices of every layer, at rank 8, so much that answers change; no two are alike.
    """
    import warnings

    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    # peft reads a property that newer transformers have renamed.
    warnings.filterwarnings("ignore", ".is_gradient_checkpointing. is deprecated", FutureWarning)

    folders = [folder / f"adapter-{i}" for i in range(n_adapters)]
    for i, path in enumerate(folders):
        torch.manual_seed(1000 + i)
        base = AutoModelForCausalLM.from_pretrained(model, trust_remote_code=False)
        lora = LoraConfig(
            r=8,
            lora_alpha=64,
            target_modules=["v_proj", "o_proj", "down_proj"],
            init_lora_weights=False,
            task_type="CAUSAL_LM",
        )
        get_peft_model(base, lora).save_pretrained(str(path))
    return folders

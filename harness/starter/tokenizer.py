"""The starter model's own tokenizer: byte-level BPE, learned from text that is made or written here.

Run `python -m harness.starter.tokenizer --out FOLDER` to learn it again. Two properties help a small model to
copy: digits are single tokens, and a text at the start of a turn is encoded as if a space stood before it, so
that a word has the same tokens at the start of an answer as inside a passage (decoding takes that space off).
"""

from __future__ import annotations

import argparse
import ast
import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.starter.synthesis import FAMILIES, Source, make
from harness.starter.synthesis.prose import PARAGRAPHS

SPECIAL = ("<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|r1|>", "<|r2|>", "<|r3|>")
VOCABULARY = 4096
MAX_LENGTH = 2048
SPLIT = r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] not in ['system', 'user', 'assistant'] %}"
    "{{ raise_exception('role must be system, user or assistant (got ' + message['role'] + ')') }}"
    "{% endif %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def _docstrings() -> Iterator[str]:
    """Docstrings of the standard library, for the statistics of ordinary English words only."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(folder.glob("*.py")):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield " ".join(text.split())


def corpus(seed: int = 0, per_family: int = 250) -> Iterator[str]:
    """The texts that the merges are learned from.

    Args:
        seed: Seed of the generated texts.
        per_family: Generated conversations a family.
    """
    yield from _docstrings()
    for paragraph in PARAGRAPHS:
        for _ in range(60):
            yield paragraph
    for family in FAMILIES:
        for index in range(per_family):
            example = make(family, Source(f"tokenizer/{seed}/{family}/{index}"), 0.5)
            if example.system:
                yield " " + example.system
            for user, assistant in example.turns:
                yield " " + user
                yield " " + assistant


def learn(texts: Iterator[str], vocabulary: int = VOCABULARY) -> Any:
    """Learns the merges.

    Args:
        texts: The corpus.
        vocabulary: Number of tokens, special ones included.

    Returns:
        A `tokenizers.Tokenizer`.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    split = pre_tokenizers.Split(Regex(SPLIT), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        min_frequency=3,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.normalizer = normalizers.Prepend(" ")
    tokenizer.decoder = decoders.Sequence([decoders.ByteLevel(), decoders.Strip(" ", 1, 0)])
    return tokenizer


def save(tokenizer: Any, out: Path) -> None:
    """Writes the files that `AutoTokenizer` loads.

    Args:
        tokenizer: What `learn` made.
        out: Folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<|pad|>",
        "eos_token": "<|end|>",
        "additional_special_tokens": list(SPECIAL[2:5]),
        "model_max_length": MAX_LENGTH,
        "padding_side": "left",
        "clean_up_tokenization_spaces": False,
    }
    (out / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    (out / "chat_template.jinja").write_text(CHAT_TEMPLATE)


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m harness.starter.tokenizer", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    save(learn(corpus(args.seed)), args.out)


if __name__ == "__main__":
    main()

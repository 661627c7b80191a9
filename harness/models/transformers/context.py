"""A model's context length in tokens, from its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from harness.models.transformers.model_files import MODEL_PATH, read_object
from harness.models.transformers.opening import open_config

ASSUMED = 2048
"""Length assumed for a model with attention that states none: few were trained on less."""
ASSUMED_RECURRENT = 8192
"""Length assumed for a model without positions that states none: its state has a fixed size."""
_NAMES = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "max_sequence_length",
    "seq_length",
    "seq_len",
    "n_ctx",
    "context_length",
)
_STRETCHED = ("yarn", "dynamic")
"""Ways of stretching positions whose ``factor`` counts on top of the original length."""
_TEXT_PARTS = ("text_config", "llm_config", "language_config")
_UNLIMITED = 10**9
"""Tokenizers write 10**30 for "no limit"."""


@dataclass(frozen=True)
class ContextLength:
    """Tokens that prompt and answer may have together, and where that was read; assumed if stated nowhere."""

    tokens: int
    source: str
    assumed: bool = False

    def __str__(self) -> str:
        return f"a context of {self.tokens} tokens is {self.said}"

    @property
    def said(self) -> str:
        """Where the length was read, in words."""
        if self.assumed:
            return "assumed, since its files do not say; `context_length` of the model sets it"
        return f"said by {self.source}"


def context_of(folder: str, place: object, key: str = MODEL_PATH) -> ContextLength:
    """Return the context length of the model in ``folder``.

    The configuration of the part that writes text counts, also if nested. Where it states none, the
    tokenizer's ``model_max_length`` counts; else a length is assumed.

    Raises:
        InputError: The configuration cannot be read or names custom code.
    """
    config = open_config(folder, place, key)
    text = config.get_text_config(decoder=True)
    if stated := _stated(text) or _stated(config):
        (name, tokens), stretched = stated, _stretched(Path(folder), place, key)
        return ContextLength(max(tokens, stretched), name if tokens >= stretched else "rope_scaling")
    path = Path(folder) / "tokenizer_config.json"
    if path.is_file():
        longest = read_object(path, place, key).get("model_max_length")
        if _is_length(longest):
            return ContextLength(longest, "model_max_length")
    recurrent = not getattr(text, "num_attention_heads", None)
    return ContextLength(ASSUMED_RECURRENT if recurrent else ASSUMED, "", assumed=True)


def stated_length(text: Any) -> int | None:
    """Return the tokens that the configuration of a model's text part states; None where it states none."""
    stated = _stated(text)
    return stated[1] if stated else None


def _stated(part: Any) -> tuple[str, int] | None:
    """Return the key and the length that a configuration states first; None where it states none."""
    found = ((name, tokens) for name in _NAMES if _is_length(tokens := getattr(part, name, None)))
    return next(found, None)


def _is_length(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _UNLIMITED


def _stretched(folder: Path, place: object, key: str) -> int:
    """Return the length that a stretched original length comes to; 0 where none is said to be stretched.

    The file itself is asked: transformers fill in an original length where none was stated.
    """
    written = read_object(folder / "config.json", place, key)
    texts = [written[name] for name in _TEXT_PARTS if isinstance(written.get(name), dict)]
    scalings = [part.get(name) for part in (written, *texts) for name in ("rope_parameters", "rope_scaling")]
    lengths = [0]
    for scaling in scalings:
        if isinstance(scaling, dict) and scaling.get("rope_type", scaling.get("type")) in _STRETCHED:
            original, factor = scaling.get("original_max_position_embeddings"), scaling.get("factor")
            if _is_length(original) and isinstance(factor, int | float):
                lengths.append(int(original * factor))
    return max(lengths)

"""The options of a model that is loaded here."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator

from harness.config import Options

ENCODING = 3
"""Version of how answers are encoded and sampled; another version gives other answers."""


def _batch_tokens(value: Any) -> Any:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    raise ValueError("must be auto, or a number of tokens of at least 1")


def _with_day(options: dict[str, Any]) -> dict[str, Any]:
    if "date" not in options:
        return options
    try:
        return options | {"date": date.fromisoformat(str(options["date"])).isoformat()}
    except ValueError:
        raise ValueError("has a malformed date: write it as YYYY-MM-DD") from None


class TransformersOptions(Options):
    """Which model answers, where, and in which number format.

    ``path`` is ``builtin:smollm2``, a folder, a GGUF file, or a hub id; ``revision`` pins a hub id. ``dtype``
    "auto" takes bfloat16 on CUDA devices that have it and float32 elsewhere, "fast" bfloat16 also on a CPU
    that multiplies it itself. ``max_batch_tokens`` bounds the padded tokens of one batch; "auto" takes what
    fits (`harness.models.transformers.budgets`). ``context_length`` is how many tokens prompt and answer may
    have together, where the model's files do not say it or say it wrongly. ``template_options`` go to the
    chat template (``enable_thinking: false``); ``date`` is the day that it is told, YYYY-MM-DD.
    """

    path: str = "builtin:smollm2"
    revision: str | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["auto", "fast", "float32", "bfloat16", "float16"] = "auto"
    max_batch_tokens: Annotated[int | Literal["auto"], PlainValidator(_batch_tokens)] = "auto"
    context_length: int | None = Field(default=None, ge=1)
    template_options: Annotated[dict[str, Any], AfterValidator(_with_day)] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """How the model is called: its path, with the revision where one is pinned."""
        return f"{self.path}@{self.revision}" if self.revision else self.path


def asked_with(options: TransformersOptions) -> dict[str, Any]:
    """Return what answers depend on besides a model's files and the number format."""
    return {"template_options": options.template_options} if options.template_options else {}

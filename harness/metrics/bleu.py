"""BLEU: how many runs of one to four words does a translation share with its references?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sacrebleu.metrics import BLEU

from harness.config import Options
from harness.metrics._base import TextMetric

__all__ = ["Bleu"]


class BleuOptions(Options):
    """``tokenize`` cuts texts into tokens as sacrebleu's tokenizer of that name; ``lowercase`` drops case."""

    tokenize: Literal["13a", "intl", "char", "zh", "none"] = "13a"
    lowercase: bool = False


class Bleu(TextMetric):
    """BLEU of one sentence against all of its references at once, in [0, 1].

    It is what ``sacrebleu.sentence_bleu`` gives, divided by 100: up to four words, fewer where the answer is
    shorter (effective order), exponential smoothing. Source: Papineni et al., 2002; Post, 2018.
    """

    names = ("bleu",)
    kinds = ("generate",)
    options_type = BleuOptions

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._bleu = BLEU(
            tokenize=self.options.tokenize, lowercase=self.options.lowercase, effective_order=True
        )

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return ``bleu``; 0.0 for an empty answer."""
        found = self._bleu.sentence_score(prediction, list(references)).score
        return {"bleu": min(max(found / 100, 0.0), 1.0)}

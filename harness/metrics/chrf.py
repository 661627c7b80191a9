"""chrF: how many runs of one to six characters does a translation share with its references?"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field
from sacrebleu.metrics import CHRF

from harness.config import Options
from harness.metrics._base import TextMetric

__all__ = ["Chrf"]


class ChrfOptions(Options):
    """``word_order`` 2 counts single words and pairs too (chrF++); ``lowercase`` drops case."""

    word_order: int = Field(default=0, ge=0, le=4)
    lowercase: bool = False


class Chrf(TextMetric):
    """chrF2 of one sentence, the best of its references, in [0, 1].

    It is what ``sacrebleu.sentence_chrf`` gives, divided by 100: runs of up to six characters without white
    space, recall twice as important as precision. Source: Popović, 2015.
    """

    names = ("chrf",)
    kinds = ("generate",)
    options_type = ChrfOptions

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._chrf = CHRF(word_order=self.options.word_order, lowercase=self.options.lowercase)

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return ``chrf``; 0.0 for an empty answer."""
        found = self._chrf.sentence_score(prediction, list(references)).score
        return {"chrf": min(max(found / 100, 0.0), 1.0)}

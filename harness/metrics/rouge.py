"""ROUGE: how many words, word pairs and words in order the answer shares with an accepted answer."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import Tokenizer

from harness.metrics._base import TextMetric
from harness.metrics._text import segment_alphanumeric

__all__ = ["Rouge"]


class _AnyLanguage(Tokenizer):
    """Words in any language; on ASCII text the words of ``rouge_score`` without stemming."""

    def tokenize(self, text: str) -> list[str]:
        return segment_alphanumeric(unicodedata.normalize("NFKC", text).casefold())


class Rouge(TextMetric):
    """F-measures of ROUGE-L, ROUGE-1 and ROUGE-2 by ``rouge_score``; for each the best reference counts.

    Source: Lin, ROUGE: A Package for Automatic Evaluation of Summaries, 2004.
    """

    names = ("rougeL", "rouge1", "rouge2")

    def __init__(self) -> None:
        super().__init__()
        self._scorer = RougeScorer(list(self.names), tokenizer=_AnyLanguage())

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return the three F-measures, each in [0, 1]."""
        scores = self._scorer.score_multi(list(references), prediction)
        return {name: float(scores[name].fmeasure) for name in self.names}

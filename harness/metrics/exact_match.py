"""Exact match: is the answer one of the accepted answers?"""

from __future__ import annotations

from collections.abc import Sequence

from harness.config import Options
from harness.metrics._base import TextMetric
from harness.metrics._text import normalise

__all__ = ["ExactMatch"]


class ExactMatchOptions(Options):
    """Which differences do not count; see ``harness.metrics._text.normalise``."""

    unicode: bool = True
    casefold: bool = True
    punctuation: bool = True
    white_space: bool = True
    articles: bool = False


class ExactMatch(TextMetric):
    """1.0 where the normalised answer equals a normalised accepted answer, else 0.0."""

    names = ("exact_match",)
    options_type = ExactMatchOptions

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return ``exact_match``, 0.0 or 1.0."""
        settings = self.options.model_dump()
        answer = normalise(prediction, **settings)
        return {
            "exact_match": float(any(answer == normalise(reference, **settings) for reference in references))
        }

"""Token F1: how many words the answer shares with an accepted answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harness.config import Options
from harness.metrics._base import TextMetric
from harness.metrics._text import normalise, segment

__all__ = ["TokenF1"]


class TokenF1Options(Options):
    """``articles`` drops the English articles first, as in SQuAD; ``casefold`` ignores case."""

    casefold: bool = True
    articles: bool = False


class TokenF1(TextMetric):
    """Harmonic mean of the precision and recall of words, order ignored; the best accepted answer counts.

    Source: Rajpurkar et al., SQuAD, 2016, section 6.1, with words in any language.
    """

    names = ("token_f1",)
    options_type = TokenF1Options

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return ``token_f1`` in [0, 1]."""
        answer = self._normalised(prediction)
        return {"token_f1": max(word_f1(answer, self._normalised(reference)) for reference in references)}

    def _normalised(self, text: str) -> str:
        return normalise(text, punctuation=False, **self.options.model_dump())


def word_f1(answer: str, reference: str) -> float:
    """Return the F1 of two texts' words; where one has no words, 1.0 if the texts are equal, else 0.0."""
    answer_words, reference_words = Counter(segment(answer)), Counter(segment(reference))
    if not answer_words or not reference_words:
        return float(answer == reference)
    shared = (answer_words & reference_words).total()
    return 2 * shared / (answer_words.total() + reference_words.total())

"""Refusal accuracy: is a question refused exactly where it has no answer?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.config import Options
from harness.metrics._base import TextMetric
from harness.metrics._text import normalise, segment
from harness.protocols import Case

__all__ = ["RefusalAccuracy"]

ENGLISH_REFUSALS = (
    "I don't know",
    "I do not know",
    "I'm not sure",
    "I am not sure",
    "I can't answer",
    "I cannot answer",
    "I can't find",
    "I cannot find",
    "I could not find",
    "I couldn't find",
    "I can't help",
    "I cannot help",
    "I'm unable to",
    "I am unable to",
    "unable to answer",
    "cannot be answered",
    "can't be answered",
    "cannot be determined",
    "no information",
    "not enough information",
    "insufficient information",
    "does not contain",
    "do not contain",
    "doesn't contain",
    "don't contain",
    "does not mention",
    "do not mention",
    "doesn't mention",
    "don't mention",
    "does not say",
    "do not say",
    "is not mentioned",
    "not mentioned in",
    "not stated in",
    "not specified in",
)
"""A text that has one of these phrases in it is a refusal."""


class RefusalAccuracyOptions(Options):
    """``phrases`` adds to the phrases of a refusal, in any language; ``english`` keeps the built-in ones."""

    phrases: tuple[str, ...] = ()
    english: bool = True


class RefusalAccuracy(TextMetric):
    """1.0 where the answer is a refusal exactly if the target is one, else 0.0.

    A text is a refusal if it begins with the task's refusal, or has one of the phrases in it as whole words.
    Case and punctuation do not count. Whether an answer that is given is right is not judged.
    """

    names = ("refusal_accuracy",)
    options_type = RefusalAccuracyOptions

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        english = ENGLISH_REFUSALS if self.options.english else ()
        self._phrases = tuple(_words(phrase) for phrase in (*self.options.phrases, *english))

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return ``refusal_accuracy`` for each case, 0.0 or 1.0."""
        return [self._agreement(case.answer, case.item.targets, case.task.refusal or "") for case in cases]

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return ``refusal_accuracy``, 0.0 or 1.0, by the phrases alone."""
        return self._agreement(prediction, references, "")

    def _agreement(self, prediction: str, references: Iterable[str], refusal: str) -> dict[str, float]:
        wanted = any(self._is_refusal(reference, refusal) for reference in references)
        return {"refusal_accuracy": float(self._is_refusal(prediction, refusal) == wanted)}

    def _is_refusal(self, text: str, refusal: str) -> bool:
        words = _words(text)
        begins = bool(refusal.strip()) and words.startswith(_words(refusal))
        return begins or any(phrase in words for phrase in self._phrases)


def _words(text: str) -> str:
    """Return the words of ``text`` with a space before and after each, so ``in`` finds whole words only."""
    text = normalise(text)
    return f" {' '.join(segment(text) or text.split())} "

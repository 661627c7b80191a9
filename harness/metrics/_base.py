"""What the metrics of this package share: checked options, and texts compared with accepted texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.config import Options
from harness.scoring import Case, Needs, Score
from harness.types import Kind


class NoOptions(Options):
    """A metric without options."""


class ItemMetric:
    """Base of a metric: its options are checked and kept as ``options``.

    A subclass names its scores in ``names`` (the first one is primary) and implements ``score``; ``kinds``
    are the tasks it fits. Of choices it reads only the likeliest one's log-likelihood, unless ``needs``
    says otherwise.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...] = ("generate", "choice")
    needs = Needs()
    options_type: type[Options] = NoOptions

    def __init__(self, **options: Any) -> None:
        self.options: Any = self.options_type(**options)

    def score(self, cases: Sequence[Case]) -> Sequence[Mapping[str, Score]]:
        """Return for each case its scores by name, each in [0, 1] where 1.0 is best."""
        raise NotImplementedError


class TextMetric(ItemMetric):
    """Base of the metrics that compare the answer's text with the accepted texts; the best one counts."""

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return the scores of one answer against its accepted answers, of which there is at least one."""
        raise NotImplementedError

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return for each case its scores by name, each in [0, 1] where 1.0 is best."""
        return [self.score_text(case.extracted, case.item.targets) for case in cases]

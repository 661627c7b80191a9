"""What the metrics share: being an ``evaluate.Metric`` that works offline and judges item by item."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar, Literal

from datasets import Features, Value
from datasets import Sequence as ListOf

from harness.config import Options
from harness.metrics._evaluate import evaluate
from harness.protocols import Case
from harness.types import Kind


class NoOptions(Options):
    """A metric without options."""


class ItemMetric(evaluate.Metric):
    """Base of every metric: checked options, an offline ``evaluate`` set-up, and means for ``compute``.

    A subclass names its scores in ``names`` (the first one is primary) and implements ``score``; ``kinds``
    are the tasks it fits. ``judges`` what is no answer ("passages") is scored also where an answer is
    malformed, which else scores 0. ``every_choice`` says that it reads the log-likelihood of every choice;
    without it only the likeliest choice's is exact, and others may be upper bounds. With ``wants_prior``
    every case has the same choices under the prompt without the input. One that ``compute`` cannot serve
    with ``predictions`` (texts) and ``references`` (accepted texts) also overrides ``features_type`` and
    ``_compute``.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...] = ("generate", "choice")
    every_choice: ClassVar[bool] = False
    options_type: ClassVar[type[Options]] = NoOptions
    judges: ClassVar[Literal["answer", "passages"]] = "answer"
    wants_prior: ClassVar[bool] = False
    features_type: ClassVar[dict[str, Any]] = {
        "predictions": Value("string"),
        "references": ListOf(Value("string")),
    }

    def __init__(self, **options: Any) -> None:
        self.options: Any = self.options_type(**options)
        super().__init__(cache_dir=_scratch_folder(), keep_in_memory=True)

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return for each case its scores by name, each in [0, 1] where 1.0 is best."""
        raise NotImplementedError

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=type(self).__doc__ or "",
            citation="",
            inputs_description="",
            features=Features(self.features_type),
        )


class TextMetric(ItemMetric):
    """Base of the metrics that compare the answer's text with the accepted texts; the best one counts."""

    def score_text(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """Return the scores of one answer against its accepted answers, of which there is at least one."""
        raise NotImplementedError

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        """Return for each case its scores by name, each in [0, 1] where 1.0 is best."""
        return [self.score_text(case.answer, case.item.targets) for case in cases]

    def _compute(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
        return means([self.score_text(*pair) for pair in zip(predictions, references, strict=True)])


def means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each score over ``rows``, which are not empty and have the same keys."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


@cache
def _scratch_folder() -> str:
    """Return a folder of this process: ``evaluate`` wants one, and the home may be read-only."""
    folder = tempfile.mkdtemp(prefix="trilemma-metrics-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder

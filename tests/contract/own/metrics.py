"""A metric as somebody else would write one, and one that breaks each contract."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from harness.scoring import Case, Needs, Score
from harness.types import Judgement

_calls = itertools.count()


class Good:
    """The share of characters of the answer that stand in the target too, and says which do not."""

    names: ClassVar[tuple[str, ...]] = ("known_characters",)
    kinds = ("generate", "choice")

    def __init__(self, ignore: str = "") -> None:
        self._ignored = {*ignore}

    def score(self, cases: Sequence[Case]) -> list[Mapping[str, Score]]:
        return [{self.names[0]: self.judged(case, n)} for n, case in enumerate(cases)]

    def judged(self, case: Case, number: int) -> Any:
        answer = {*case.extracted} - self._ignored
        known = {*"".join(case.item.targets)}
        strange = answer - known
        share = len(answer - strange) / len(answer) if answer else 0.0
        return Judgement(value=share, explanation=f"strange: {len(strange)}")


class TakesAnyOption(Good):
    def __init__(self, **_: Any) -> None:
        super().__init__()


class Percent(Good):
    def judged(self, case: Case, number: int) -> Any:
        return super().judged(case, number).value * 100


class NoNumber(Good):
    def judged(self, case: Case, number: int) -> Any:
        return float("nan")


class OtherNames(Good):
    def score(self, cases: Sequence[Case]) -> list[Mapping[str, Score]]:
        return [{"score": 1.0} for _ in cases]


class Stumbles(Good):
    """It cannot judge what is not ASCII."""

    def judged(self, case: Case, number: int) -> Any:
        case.extracted.encode("ascii")
        return super().judged(case, number)


class Wrong(Good):
    """It counts errors, and most is best."""

    def judged(self, case: Case, number: int) -> Any:
        return 1.0 - super().judged(case, number).value


class Ranks(Good):
    """It scores an answer by its place among all."""

    def judged(self, case: Case, number: int) -> Any:
        return super().judged(case, number).value / (1 + number)


class Remembers(Good):
    def judged(self, case: Case, number: int) -> Any:
        return Judgement(value=super().judged(case, number).value, explanation=str(next(_calls)))


class ReadsThePrior(Good):
    def judged(self, case: Case, number: int) -> Any:
        return 1.0 if case.prior else 0.0


class ReadsBounds(Good):
    needs = Needs()

    def judged(self, case: Case, number: int) -> Any:
        return -sum(choice.log_likelihood for choice in case.answer.choices) / 10


class ReadsPassages(Good):
    def judged(self, case: Case, number: int) -> Any:
        return 1.0 if case.request.passages else 0.0


BREAKS: dict[str, list[type[Good]]] = {
    "options_are_refused_in_one_line": [TakesAnyOption],
    "scores_have_the_names_and_the_range_that_are_promised": [Percent, NoNumber, OtherNames, Stumbles],
    "no_answer_is_better_than_the_right_one": [Wrong],
    "an_answer_scores_the_same_in_any_company": [Ranks],
    "another_of_it_scores_the_same": [Remembers],
    "it_reads_no_more_than_it_says": [ReadsThePrior, ReadsBounds, ReadsPassages],
}

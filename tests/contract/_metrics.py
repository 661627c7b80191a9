"""What every metric keeps to, whoever wrote it, and the answers that it is tried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from harness.metrics._loading import load_metric
from harness.scoring import Case, Metric, Score, needs_of
from harness.types import ChoiceScore, Generation, Judgement, MetricSpec
from tests.contract._contracts import contract, refused, stored
from tests.unit._metrics import case, task

TARGET = '{"km": 12}'  # what any kind of answer can be: a text, JSON, a number
OTHER = '{"km": 7}'
CHECKS = {"checks": [{"check": "excludes", "text": "Rome"}, {"check": "words", "max": 5}]}
ODD = [
    "",
    " ",
    "\n",
    "Paris",
    "💥\u200d",
    "\ud800",
    "a" * 3000,
    "?!",
    "北京",
    '{"city": "Paris"}',
    "-1,5e9 ½%",
]
PLACE, KEY = "contract.yaml", "metrics.0"


@dataclass
class Tried:
    """A metric by its id, with the options that it needs."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)

    def loaded(self, **options: Any) -> Metric:
        """Load it as a task does, for a task of the first kind that it fits."""
        spec = MetricSpec(use=self.name, options={**self.options, **options})
        for kind in ("generate", "choice"):
            metric_task = task((self.name, spec.options), kind=kind)
            try:
                return load_metric(spec, metric_task, PLACE, KEY)
            except Exception as error:
                if kind == "choice" or "does not fit a task of the kind" not in str(error):
                    raise
        raise AssertionError("unreachable")

    @cached_property
    def metric(self) -> Metric:
        """The metric."""
        return self.loaded()

    def scores(self, cases: Sequence[Case]) -> list[Mapping[str, Score]]:
        """Return what it gives, a row a case."""
        rows = list(self.metric.score(cases))
        assert len(rows) == len(cases), f"{len(rows)} rows for {len(cases)} cases"
        return rows


def cases_for(answers: Sequence[str]) -> list[Case]:
    """Return one answered item for each text."""
    scored = (ChoiceScore(text=t, log_likelihood=-3.0, n_tokens=1, n_chars=len(t)) for t in (TARGET, OTHER))
    prior = Generation(text="", choices=tuple(scored))
    return [
        case(
            answer,
            TARGET,
            choices=[(TARGET, -1.0 if answer == TARGET else -2.0), (OTHER, -1.5)],
            documents=["d1", "d2"],
            shown=["d2", "d1"] if answer == TARGET else ["d2", answer[:3]],
            refusal="not found",
            metadata=CHECKS,
            prior=prior,
        )
        for answer in answers
    ]


def value(score: Score) -> float | None:
    """Return the number of a score; None of one that could not be judged."""
    if isinstance(score, Judgement):
        return None if score.error else score.value
    return score


metrics = contract("metrics")


@metrics
def options_are_refused_in_one_line(tried: Tried) -> None:
    with refused("an unknown option", PLACE, KEY):
        tried.loaded(no_such_option=1)


@metrics
def scores_have_the_names_and_the_range_that_are_promised(tried: Tried) -> None:
    """Whatever was answered: a text that it cannot judge is data too."""
    names = tuple(tried.metric.names)
    assert names
    assert len({*names}) == len(names), "a name stands twice"
    assert {*tried.metric.kinds} <= {"generate", "choice"}
    for row in tried.scores(cases_for([TARGET, OTHER, *ODD])):
        assert not row or {*row} == {*names}, f"scores {sorted(row)}, promised {sorted(names)}"
        for score in row.values():
            number = value(score)
            assert number is None or (type(number) is float and 0.0 <= number <= 1.0), f"a score of {number}"
            stored(score)


@metrics
def no_answer_is_better_than_the_right_one(tried: Tried) -> None:
    rows = tried.scores(cases_for([TARGET, OTHER, "Paris", "", "7"]))
    best, *others = (value(row.get(tried.metric.names[0], 0.0)) or 0.0 for row in rows)
    assert best == 1.0, f"the right answer scores {best}"
    assert best >= max(others)


@metrics
def an_answer_scores_the_same_in_any_company(tried: Tried) -> None:
    cases = cases_for(["Paris", "", TARGET, OTHER, "北京"])
    together = tried.scores(cases)
    assert tried.scores(cases[::-1]) == together[::-1]
    assert [tried.scores([one])[0] for one in cases] == together
    assert tried.scores([]) == []


@metrics
def another_of_it_scores_the_same(tried: Tried) -> None:
    cases = cases_for(["Paris", TARGET])
    assert list(tried.loaded().score(cases)) == tried.scores(cases)


@metrics
def it_reads_no_more_than_it_says(tried: Tried) -> None:
    """What is not stated as needed is not there, or is a bound: the scores are the same."""
    needs = needs_of(tried.metric)
    cases = cases_for([TARGET, OTHER])
    if not needs.prior:
        assert tried.scores([replace(each, prior=None) for each in cases]) == tried.scores(cases)
    if not needs.every_choice:
        assert tried.scores([_bounded(each) for each in cases]) == tried.scores(cases)
    if needs.judges == "answer":
        unshown = [replace(each, request=each.request.model_copy(update={"passages": ()})) for each in cases]
        assert tried.scores(unshown) == tried.scores(cases)


def _bounded(one: Case) -> Case:
    """Return a case in which all choices but the likeliest have bounds in place of their likelihoods."""
    likeliest = max(one.answer.choices, key=lambda choice: choice.log_likelihood)
    choices = tuple(
        choice if choice is likeliest else choice.model_copy(update={"log_likelihood": -1.6, "exact": False})
        for choice in one.answer.choices
    )
    return replace(one, answer=one.answer.model_copy(update={"choices": choices}))

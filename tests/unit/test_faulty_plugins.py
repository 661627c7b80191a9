"""Plug-ins that are not what they promise: an item fails, or one line says so, and nothing else is lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from harness import plugins
from harness.backends import Opening, backend_of, opened_model
from harness.config import ModelOptions
from harness.errors import InputError
from harness.execution.runner import execute
from harness.metrics import load_metrics
from harness.progress import SilentProgress
from harness.protocols import Capabilities, PrepareContext, Prepared
from harness.runs.store import Store
from harness.scoring import Case
from harness.types import (
    Answer,
    Failure,
    Generation,
    ItemResult,
    Judgement,
    Kind,
    MetricSpec,
    ModelIdentity,
    PrepareCost,
    Request,
    TokenUsage,
)
from tests.unit._fakes import RuleModel
from tests.unit._runs import Exact, Plain, chain_of, plan_of, task_of

HALF = "\ud800"
GOOD = Generation(text="w1")
N = 4


def rows_of(folder: Path, model: RuleModel, **keys: Any) -> list[ItemResult]:
    plan = plan_of(folder, model, [task_of(N)], **keys)
    with Store.open(folder) as store:
        execute(plan, store, SilentProgress())
    with Store.open(folder, read_only=True) as store:
        return list(store.results(["plain/words"], plan.judging["words"]))


# --- Models ---


@pytest.mark.parametrize(
    "given",
    [
        lambda requests: [(GOOD,) for _ in requests][:-1],
        lambda requests: None,
        lambda requests: [None for _ in requests],
        lambda requests: [GOOD for _ in requests],
        lambda requests: [() for _ in requests],
        lambda requests: [(GOOD, GOOD) for _ in requests],
        lambda requests: [(Generation(text=HALF),) for _ in requests],
        lambda requests: [(Generation(text="", latency_s=math.inf),) for _ in requests],
        lambda requests: [(Generation(text="", usage=TokenUsage(prompt=-1)),) for _ in requests],
        lambda requests: exit(1),
    ],
)
def test_what_a_model_gives_that_is_no_answer_fails_its_items(
    tmp_path: Path, given: Callable[[Sequence[Request]], Any]
) -> None:
    model = RuleModel()
    model.generate = given  # type: ignore[method-assign, assignment]
    found = rows_of(tmp_path, model)
    assert len(found) == N
    assert all(each.error and not each.answer for each in found)


@pytest.mark.parametrize("member", ["render", "count_tokens", "answer_tokens", "answer_form"])
def test_a_model_that_cannot_read_a_prompt_fails_its_items(tmp_path: Path, member: str) -> None:
    model = RuleModel()
    setattr(model, member, lambda _: 1 / 0)
    found = rows_of(tmp_path, model)
    assert [each.error.kind for each in found if each.error] == ["ZeroDivisionError"] * N


@pytest.mark.parametrize("batches", [None, [[0]], [[99]], [[0], [0], [1], [2], [3]]])
def test_batches_that_leave_an_item_out_are_refused(tmp_path: Path, batches: Any) -> None:
    model = RuleModel()
    model.batches = lambda _: batches  # type: ignore[method-assign, assignment]
    with pytest.raises(InputError, match="batches: fails"):
        rows_of(tmp_path, model)


class Backend:
    """What ``answer`` says is opened, or raised."""

    class Options(BaseModel):
        fault: str = ""

    options_type, scores_choices = Options, False
    answer: Any = None

    def __init__(self, options: Options) -> None:
        if options.fault == "init":
            raise ValueError("no")

    def check(self, place: str, key: str) -> None: ...

    def known(self, place: str, key: str) -> None: ...

    def open(self, opening: Opening) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


SOUND = {
    "identity": ModelIdentity(name="x", weights_digest="x"),
    "capabilities": Capabilities(),
    "generate": len,
}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        ValueError("no"),
        SystemExit(0),
        SimpleNamespace(**SOUND | {"identity": {"name": "x"}}),
        SimpleNamespace(**SOUND | {"capabilities": None}),
        SimpleNamespace(**SOUND | {"generate": None}),
        SimpleNamespace(**SOUND | {"capabilities": Capabilities(asked_with={"x": object()})}),
    ],
)
def test_what_a_backend_opens_is_a_model_or_refused(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Backend, "answer", answer)
    entry = ModelOptions(use=f"{__name__}:Backend")
    with plugins.allowing(__name__), pytest.raises(InputError, match=r"^e\.yaml: model: fails"):
        opened_model(entry, Opening("e.yaml"))


@pytest.mark.parametrize(
    ("use", "options", "told"),
    [("Backend", {"fault": "init"}, "fails"), ("Exact", {}, "is no backend: it has no `options_type`")],
)
def test_a_class_that_is_no_backend_is_refused(use: str, options: dict[str, Any], told: str) -> None:
    entry = ModelOptions(use=f"{__name__}:{use}", options=options)
    with plugins.allowing(__name__), pytest.raises(InputError, match=told):
        backend_of(entry, "e.yaml", "model")


# --- Strategies ---


class Odd(Plain):
    """Plain, but for some fields of what it prepares."""

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        self.fields = fields

    def prepare(self, context: PrepareContext) -> Prepared:
        whole: dict[str, Any] = {
            "model": context.model,
            "build": context.build,
            "cost": PrepareCost(),
            "record": {},
        }
        return Prepared(**whole | {name: field(context) for name, field in self.fields.items()})


def asks(**update: Any) -> Callable[[PrepareContext], Any]:
    def field(context: PrepareContext) -> Any:
        return lambda task, items: [
            each.model_copy(update=update) if isinstance(each, Request) else each
            for each in context.build(task, items)
        ]

    return field


def answers(answer: Any) -> Callable[[PrepareContext], Any]:
    return lambda context: lambda task, item, exchanges: answer


@pytest.mark.parametrize(
    "fields",
    [
        {"build": asks(messages=None)},
        {"build": asks(messages=({"role": "user", "content": HALF},))},
        {"build": asks(n=0)},
        {"build": lambda context: lambda task, items: exit(1)},
        {"finish": answers(Answer(text=HALF))},
        {"finish": answers(Answer.model_construct(text=5))},  # type: ignore[arg-type]
        {"finish": answers(Failure(kind="k", message=HALF))},
    ],
)
def test_what_a_strategy_asks_or_answers_that_cannot_be_kept_fails_its_items(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    found = rows_of(tmp_path, RuleModel(), chains=[chain_of("plain", Odd(**fields))])
    assert len(found) == N
    assert all(each.error and not each.answer for each in found)


@pytest.mark.parametrize("record", [None, {"x": object()}])
def test_a_record_that_cannot_be_kept_costs_its_strategy_alone(tmp_path: Path, record: Any) -> None:
    odd = chain_of("odd", Odd(record=lambda context: record))
    found = rows_of(tmp_path, RuleModel(), chains=[odd, chain_of("plain", Plain())])
    assert len([each for each in found if each.answer]) == N


def test_a_strategy_that_ends_the_program_gives_no_verdict(tmp_path: Path) -> None:
    """Exit code 1 would be a regression that is proven."""
    odd = chain_of("odd", Odd(record=lambda context: exit(1)))
    found = rows_of(tmp_path, RuleModel(), chains=[odd, chain_of("plain", Plain())])
    assert len([each for each in found if each.answer]) == N


# --- Metrics ---


class Says(Exact):
    """Gives one judgement to every answer."""

    kinds: tuple[Kind, ...] = ("generate",)

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement

    def score(self, cases: Sequence[Case]) -> list[dict[str, Any]]:
        return [{self.names[0]: self.judgement} for _ in cases]


@pytest.mark.parametrize(
    "judgement",
    [
        Judgement(explanation=HALF),
        Judgement(latency_s=math.inf),
        Judgement.model_construct(explanation=5),  # type: ignore[arg-type]
    ],
)
def test_a_judgement_that_cannot_be_kept_fails_its_item(tmp_path: Path, judgement: Judgement) -> None:
    found = rows_of(tmp_path, RuleModel(), metrics={"words": (Says(judgement),)})
    assert [each.error.kind for each in found if each.error] == ["metric_error"] * N
    assert all(each.answer for each in found)


def test_a_very_long_explanation_is_cut(tmp_path: Path) -> None:
    says = Says(Judgement(value=1.0, explanation="why " * 1_000_000))
    found = rows_of(tmp_path, RuleModel(), metrics={"words": (says,)})
    assert {len(text) for each in found for text in each.explanations.values()} == {20_000}


@pytest.mark.parametrize(
    ("member", "value"),
    [("kinds", None), ("names", ("a", "a")), ("needs", {}), ("files_digest", object())],
)
def test_a_metric_whose_members_are_not_what_they_promise_is_refused(
    member: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Exact, member, value, raising=False)
    task = task_of(1).task.model_copy(update={"metrics": (MetricSpec(use=f"{__name__}:Exact"),)})
    with plugins.allowing(__name__), pytest.raises(InputError, match=f"no metric: `{member}`"):
        load_metrics(task, "task.yaml")


def test_a_metric_that_cannot_take_its_model_is_told_in_one_line(tmp_path: Path) -> None:
    class Asks(Exact):
        asks = ""

        def use_model(self, ask: Any) -> None:
            raise ValueError("no")

    with pytest.raises(InputError, match="exact_match: fails: ValueError: no"):
        rows_of(tmp_path, RuleModel(), metrics={"words": (Asks(),)})

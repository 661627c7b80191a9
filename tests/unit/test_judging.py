"""What of an answer is judged in a run: the extracted part and its scores, priors, what is malformed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli._concluding import conclude_run
from harness.cli.run import run as run_command
from harness.errors import InputError
from harness.execution.judging import Answered, judge
from harness.execution.runner import execute
from harness.execution.watching import MalformedWatch
from harness.progress import PlainProgress, SilentProgress
from harness.protocols import PrepareContext, Prepared
from harness.runs.store import Store
from harness.scoring import Case, Needs
from harness.tasks.loading import load_task
from harness.types import (
    Answer,
    AnswerRule,
    Extracted,
    Failure,
    ItemResult,
    Judgement,
    Kind,
    Request,
    Task,
    TaskItem,
    TokenUsage,
)
from strategies.tuning.loop import progress_notes
from tests.conftest import TaskWriter
from tests.unit._fakes import RuleModel
from tests.unit._gate import first, made
from tests.unit._runs import Plain, chain_of, plan_of, task_of


class Lengths:
    """The answer's length over 100, whatever the target."""

    names: tuple[str, ...] = ("length",)
    kinds: tuple[Kind, ...] = ("generate", "choice")

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        return [{"length": len(case.extracted) / 100} for case in cases]


class Shown:
    """1.0 always: it judges no answer."""

    names: tuple[str, ...] = ("shown",)
    kinds: tuple[Kind, ...] = ("generate", "choice")
    needs = Needs(judges="passages")

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        return [{"shown": 1.0} for _ in cases]


class Prior:
    """How much likelier the first choice is than without the input."""

    names: tuple[str, ...] = ("gain",)
    kinds: tuple[Kind, ...] = ("choice",)
    needs = Needs(prior=True)

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        assert all(case.prior for case in cases)
        return [{"gain": float(case.prior.text != case.answer.text)} for case in cases if case.prior]


def rows_of(tmp_path: Path, model: RuleModel, log: Any = None, **keys: Any) -> list[ItemResult]:
    plan = plan_of(tmp_path, model, **keys)
    tmp_path.mkdir(exist_ok=True)
    with Store.open(tmp_path) as store:
        execute(plan, store, PlainProgress(log) if log else SilentProgress())
    with Store.open(tmp_path, read_only=True) as store:
        return list(store.results(["plain/words"]))


def numbers(n: int = 10) -> Any:
    return task_of(n, answer=AnswerRule(extract="number"))


def test_the_extracted_part_is_judged_and_kept_beside_the_whole(tmp_path: Path) -> None:
    model = RuleModel(rule=lambda request: f"{request.item_id[-1]} apples, so 1{request.item_id[-1]}.")
    rows = rows_of(tmp_path, model, tasks=[numbers()], metrics={"words": (Lengths(),)})
    assert [row.extracted.text for row in rows if row.extracted] == [f"1{i}" for i in range(10)]
    assert all(row.answer and row.answer.text.endswith(".") for row in rows)
    assert {row.scores["length"] for row in rows} == {0.02}


def test_what_cannot_be_extracted_scores_nothing_where_answers_are_judged(tmp_path: Path) -> None:
    model = RuleModel(rule=lambda request: "none" if request.item_id == "i003" else "7")
    rows = rows_of(tmp_path, model, tasks=[numbers()], metrics={"words": (Lengths(), Shown())})
    odd = rows[3]
    assert odd.extracted is not None
    assert odd.extracted.malformed
    assert odd.scores == {"length": 0.0, "shown": 1.0}
    assert odd.error is None
    assert all(row.scores == {"length": 0.01, "shown": 1.0} for row in rows if row is not odd)


def test_reasoning_is_no_part_of_an_answer_whatever_the_rule() -> None:
    loaded = task_of(1)
    item, request = loaded.test[0], Request(task="words", item_id="i000", messages=())
    texts = ["<think>long</think>w0", "w0", "<think>without end", ""]
    answered = [Answered(item, request, Answer(text=text)) for text in texts]
    found = judge(loaded.task, [Lengths()], answered)
    assert [(each.extracted.text, each.extracted.malformed) for each in found] == [
        ("w0", False), ("w0", False), ("", True), ("", False),
    ]  # fmt: skip


@pytest.mark.parametrize(("n", "sound", "told"), [(120, None, True), (120, 50, False), (90, None, False)])
def test_a_rule_that_finds_nothing_in_the_first_hundred_answers_is_told(
    tmp_path: Path, n: int, sound: int | None, told: bool
) -> None:
    model = RuleModel(rule=lambda request: "7" if request.item_id == f"i{sound or -1:03}" else "none")
    with (tmp_path / "log").open("w+") as log:
        rows_of(tmp_path / "run", model, log, tasks=[numbers(n)], metrics={"words": (Lengths(),)})
        log.seek(0)
        assert ("answer: none of the first" in log.read()) == told


def test_a_rule_that_others_answers_meet_is_not_doubted(tmp_path: Path) -> None:
    good, bad = (
        ItemResult(
            strategy="", seed=0, task="words", item_id="i", key="k", request=None, answer=None, extracted=each
        )
        for each in (Extracted(text="7"), Extracted(text="", malformed=True))
    )
    told: set[str] = set()
    met: set[str] = set()
    with (tmp_path / "log").open("w+") as log:
        for strategy, result in (("odd", bad), ("sound", good), ("lora", bad)):
            MalformedWatch(numbers(), strategy, PlainProgress(log), told, met).see([result] * 100)
        log.seek(0)
        first_line, second = log.read().splitlines()
    assert "of odd" in first_line
    assert first_line.endswith("correct the rule or the instruction")
    assert "of lora" in second
    assert second.endswith("others' have it")


def test_answers_are_kept_before_a_metric_refuses_an_item(tmp_path: Path) -> None:
    class Refuses(Lengths):
        def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
            raise InputError("words", "item i000", "has no number", "correct it")

    model = RuleModel(batch_size=4)
    with pytest.raises(InputError):
        rows_of(tmp_path, model, tasks=[task_of(8)], metrics={"words": (Refuses(),)})
    assert len(model.asked) == 4
    again = RuleModel(batch_size=4)
    rows = rows_of(tmp_path, again, tasks=[task_of(8)], metrics={"words": (Lengths(),)})
    assert len(rows) == 8
    assert sorted({*again.asked, *model.asked}) == [row.item_id for row in rows]
    assert not set(again.asked) & set(model.asked)


def _raises(case: Case) -> Any:
    raise ZeroDivisionError("nothing to divide by")


def _leaves(case: Case) -> Any:
    raise SystemExit(1)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (_raises, "length: ZeroDivisionError: nothing to divide by"),
        (_leaves, "length: SystemExit: 1"),
        (lambda case: {"length": float("nan")}, "length must be a number in [0, 1], and is nan"),
        (lambda case: {"length": 1.5}, "must be a number in [0, 1], and is 1.5"),
        (lambda case: {"length": -1}, "must be a number in [0, 1], and is -1"),
        (lambda case: {"length": "1.0"}, "must be a number in [0, 1], and is 1.0"),
        (lambda case: {"length": None}, "must be a number in [0, 1], and is None"),
        (lambda case: {}, "must give length by name"),
        (lambda case: {"length": 1.0, "width": 1.0}, "must give length by name"),
        (lambda case: 1.0, "must give length by name, and gave 1.0"),
    ],
)
def test_a_metric_that_fails_on_an_item_fails_it_alone_and_judges_it_again(
    tmp_path: Path, bad: Callable[[Case], Any], told: str
) -> None:
    """Other items of the batch keep their scores; the next run judges the kept answer, asking nothing."""

    class Fails(Lengths):
        def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
            return [bad(case) if case.item.id == "i002" else {"length": 0.5} for case in cases]

    model = RuleModel(batch_size=8)
    with (tmp_path / "log").open("w+") as log:
        rows = rows_of(tmp_path, model, log, tasks=[task_of(8)], metrics={"words": (Fails(),)})
        log.seek(0)
        assert "metrics: 1 of 8 answers of plain could not be scored" in log.read()
    ((failed, error),) = [(row, row.error) for row in rows if row.error]
    assert (failed.item_id, error.kind) == ("i002", "metric_error")
    assert told in error.message
    assert failed.answer is not None
    assert [row.scores for row in rows if not row.error] == [{"length": 0.5}] * 7
    again = RuleModel(batch_size=8)
    rows = rows_of(tmp_path, again, tasks=[task_of(8)], metrics={"words": (Lengths(),)})
    assert not again.asked
    assert not any(row.error for row in rows)


def test_a_judgement_says_what_it_rests_on_and_may_fail_its_item() -> None:
    class Explains(Lengths):
        def score(self, cases: Sequence[Case]) -> list[dict[str, Any]]:
            sound = Judgement(value=0.5, explanation="half", usage=TokenUsage(prompt=3))
            failed = Judgement(error=Failure(kind="Timeout", message="no answer in time"))
            return [{"length": failed if case.extracted == "late" else sound} for case in cases]

    loaded = task_of(1)
    item, request = loaded.test[0], Request(task="words", item_id="i000", messages=())
    answered = [Answered(item, request, Answer(text=text)) for text in ("w0", "late")]
    good, bad = judge(loaded.task, [Explains(), Shown()], answered)
    assert good.scores == {"length": 0.5, "shown": 1.0}
    assert {name: (each.explanation, each.usage.prompt) for name, each in good.details.items()} == {
        "length": ("half", 3)
    }
    assert bad.scores == {}
    assert bad.error == Failure(kind="metric_error", message="length: no answer in time")


@pytest.mark.parametrize("wrong", [[], [{"length": 1.0}], None, "x", ({"length": 1.0} for _ in range(3))])
def test_a_metric_that_scores_another_number_of_items_fails_them(tmp_path: Path, wrong: Any) -> None:
    class Fails(Lengths):
        def score(self, cases: Sequence[Case]) -> Any:
            return wrong

    rows = rows_of(tmp_path, RuleModel(), tasks=[task_of(3)], metrics={"words": (Fails(),)})
    whole = isinstance(wrong, list) and len(wrong) == 1  # right for one item, which is then judged alone
    assert [row.error is None for row in rows] == [whole] * 3


def test_a_strategy_that_cannot_build_one_request_fails_one_item(tmp_path: Path) -> None:
    class Breaks(Plain):
        def prepare(self, context: PrepareContext) -> Prepared:
            def build(task: Task, items: Sequence[TaskItem]) -> Any:
                if any(item.id == "i001" for item in items):
                    raise KeyError("nothing known of i001")
                return context.build(task, items)

            return replace(super().prepare(context), build=build)

    rows = rows_of(tmp_path, RuleModel(), tasks=[task_of(4)], chains=[chain_of("plain", Breaks())])
    assert {row.item_id: row.error.kind for row in rows if row.error} == {"i001": "KeyError"}


def test_a_prior_is_asked_once_for_prompts_that_are_the_same_without_their_input(tmp_path: Path) -> None:
    task = task_of(6, kind="choice", choices=("a", "b"), prompt="Which? {{ input }}")
    model = RuleModel(rule=lambda request: "b" if request.messages[-1].content == "Which?" else "a")
    rows = rows_of(tmp_path, model, tasks=[task], metrics={"words": (Prior(),)})
    assert [row.scores for row in rows] == [{"gain": 1.0}] * 6
    assert len(model.asked) == 7


def test_choices_in_words_are_written_and_not_scored(write_task: TaskWriter, tmp_path: Path) -> None:
    rows = {"test": [{"id": str(i), "input": f"t{i}", "target": "good"} for i in range(4)]}
    folder = write_task(
        rows=rows, kind="choice", choices=["good", "bad"], metrics=["choice_accuracy"], answer="choice"
    )
    loaded = load_task(folder)
    assert loaded.task.answer == AnswerRule(extract="choice")
    model = RuleModel(
        rule=lambda r: {"0": "It is good.", "1": "Bad!", "2": "Good or bad."}.get(r.item_id, "good")
    )
    from harness.metrics import load_metrics

    metrics = {"capitals": tuple(load_metrics(loaded.task, folder))}
    plan = plan_of(tmp_path / "run", model, [loaded], metrics=metrics)
    plan.run_dir.mkdir()
    with Store.open(plan.run_dir) as store:
        execute(plan, store, SilentProgress())
        rows_now = list(store.results(["plain/capitals"]))
    assert [row.scores["choice_accuracy"] for row in rows_now] == [1.0, 0.0, 0.0, 1.0]
    malformed = [row.extracted.malformed for row in rows_now if row.extracted]
    assert malformed == [False, False, True, False]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"answer": "second_line"}, "answer"),
        ({"answer": {"extract": "regex"}}, "pattern goes with extract: regex"),
        ({"answer": {"pattern": "x"}}, "pattern goes with extract: regex"),
        ({"answer": {"extract": {"regex": "("}}}, "answer.pattern: is no regular expression"),
        ({"answer": "choice"}, "goes with kind choice"),
        ({"answer": "number", "kind": "choice", "choices": ["1", "2"]}, "has extract: choice"),
        ({"answer": {"afer": "x"}}, "did you mean 'after'"),
    ],
)
def test_a_wrong_rule_is_refused(write_task: TaskWriter, keys: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_task(write_task(**keys))


def test_the_short_ways_of_writing_a_rule(write_task: TaskWriter) -> None:
    for name, answer, rule in [
        ("a", "first_line", AnswerRule(extract="first_line")),
        ("b", {"after": "Answer:"}, AnswerRule(after="Answer:")),
        ("c", {"extract": {"after": "Answer:"}}, AnswerRule(after="Answer:")),
        ("d", {"extract": {"regex": "x+"}}, AnswerRule(extract="regex", pattern="x+")),
        ("e", {"after": "A:", "extract": "number"}, AnswerRule(extract="number", after="A:")),
    ]:
        assert load_task(write_task(name, answer=answer)).task.answer == rule


@pytest.mark.slow
def test_a_run_whose_rule_never_matches_ends_with_5(
    write_task: TaskWriter, tiny_model: Path, tmp_path: Path
) -> None:
    folder = write_task(answer={"after": "Nobody writes this"}, max_new_tokens=2)
    experiment = tmp_path / "a.yaml"
    settings = {
        "model": str(tiny_model),
        "tasks": [str(folder)],
        "strategies": ["zero_shot"],
        "forgetting": None,
    }
    experiment.write_text(json.dumps(settings))
    out = tmp_path / "run"
    result = CliRunner().invoke(run_command, [str(experiment), "--out", str(out)], standalone_mode=False)
    assert "10 of 10 answers of zero_shot are malformed" in result.output
    assert result.return_value == 5


@pytest.mark.parametrize(
    ("strategies", "code"), [(["zero_shot"], 0), (["few_shot"], 0), (["zero_shot", "few_shot"], 5)]
)
def test_malformed_answers_are_a_fault_only_where_no_strategy_meets_the_rule(
    tmp_path: Path, strategies: list[str], code: int
) -> None:
    rules = {name: {"faq": first(0), "sums": first(9)} for name in ("zero_shot", "few_shot")}
    malformed = {(name, "faq"): range(10) for name in strategies}
    assert conclude_run(made(tmp_path / "run", rules, {"faq": 10, "sums": 10}, malformed=malformed)) == code


def test_notes_tell_where_a_training_ended() -> None:
    history = [{"step": step, "eval_loss": loss} for step, loss in ((2, 3.0), (4, 2.0), (6, 2.5))]
    assert "not trained to its end" in progress_notes(history[:2], 4, 4)[0]
    assert "lowest at step 4 of 6 (2.000; at the end 2.500)" in progress_notes(history, 4, 6)[0]
    assert progress_notes(history[:1], 2, 2) == progress_notes([], 6, 6) == []
    level = [*history[:2], {"step": 6, "eval_loss": 2.0001}]
    assert progress_notes(level, 4, 6) == []

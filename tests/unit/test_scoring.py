"""The scoring pass: answers first, judged then, again and in another way; metrics that ask a model."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from click.testing import CliRunner

from harness.analysis.rows import RunRows
from harness.analysis.summary import summary_of
from harness.cli import cli, score
from harness.cli._judging import judged_by
from harness.config import load_experiment
from harness.execution.plan import Plan
from harness.execution.runner import execute
from harness.metrics import load_metrics
from harness.progress import SilentProgress
from harness.runs.opening import opened
from harness.runs.schema import FILE_NAME
from harness.runs.store import Store
from harness.scoring import Ask, Case
from harness.tasks.loading import load_tasks
from harness.types import Failure, ItemResult, Judgement, Kind, Message, Request
from tests.unit._fakes import RuleModel
from tests.unit._runs import Exact, Plain, chain_of, plan_of, task_of
from tests.unit.test_summary import manifest_of

N = 30
OUTSIDE = '''
"""A judge from outside the repository."""

from pydantic import BaseModel

from harness.types import Failure, Judgement, Message, Request


class Options(BaseModel):
    model: str = ""


class Judge:
    names = ("judge",)
    kinds = ("generate", "choice")
    options_type = Options

    def __init__(self, model=""):
        self.asks = model

    def use_model(self, ask):
        self.ask = ask

    def score(self, cases):
        asked = [
            Request(
                task=case.task.name,
                item_id=case.item.id,
                messages=(Message(role="user", content=f"Right? {case.extracted}"),),
            )
            for case in cases
        ]
        return [
            {
                "judge": Judgement(error=each)
                if isinstance(each, Failure)
                else Judgement(
                    value=float(each.generations[0].text == "w1"),
                    explanation=f"it says {each.generations[0].text}",
                    usage=each.usage,
                    latency_s=0.5,
                )
            }
            for each in self.ask(asked)
        ]
'''


class Judge:
    """Asks a model, and takes what it says for the reason."""

    names = ("judge",)
    kinds: tuple[Kind, ...] = ("generate", "choice")
    asks = ""

    def use_model(self, ask: Ask) -> None:
        self.ask = ask

    def score(self, cases: Sequence[Case]) -> list[dict[str, Any]]:
        requests = [
            Request(
                task=case.task.name,
                item_id=f"judged {case.item.id}",
                messages=(Message(role="user", content=f"Right? {case.extracted}"),),
            )
            for case in cases
        ]
        found = []
        for each in self.ask(requests):
            assert not isinstance(each, Failure)
            said = each.generations[0].text
            found.append({"judge": Judgement(value=1.0, explanation=said, usage=each.usage)})
        return found


def rows_of(folder: Path, recipe: str = "plain/words", judging: str = "") -> list[ItemResult]:
    with Store.open(folder, read_only=True) as store:
        return list(store.results([recipe], judging))


def run(folder: Path, model: RuleModel, **keys: Any) -> Plan:
    folder.mkdir(exist_ok=True)
    plan = plan_of(folder, model, [task_of(N)], **keys)
    with Store.open(folder) as store:
        execute(plan, store, SilentProgress())
    return plan


def test_judging_goes_on_where_it_was_stopped_and_asks_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []

    class Stops(Exact):
        def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
            if len(judged) == N + 16:
                judged.clear()
                raise KeyboardInterrupt
            judged.extend(case.item.id for case in cases)
            return super().score(cases)

    monkeypatch.setattr("harness.execution.scoring_pass.BATCH", 8)
    model, metrics = RuleModel(), {"words": (Stops(),)}
    run(tmp_path, model, metrics=metrics, judging={"words": "one"})
    assert len(rows_of(tmp_path, judging="one")) == len(judged) == N
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, model, metrics=metrics, judging={"words": "two"})
    assert len(rows_of(tmp_path, judging="two")) == 16
    run(tmp_path, model, metrics=metrics, judging={"words": "two"})
    assert len(judged) == N - 16
    assert len(rows_of(tmp_path, judging="two")) == len(rows_of(tmp_path, judging="one")) == N
    assert len(model.asked) == N


def test_a_metric_that_asks_a_model_waits_for_all_answers_and_asks_once(tmp_path: Path) -> None:
    model = RuleModel()
    chains = [chain_of("plain", Plain()), chain_of("again", Plain())]
    run(tmp_path, model, chains=chains, metrics={"words": (Exact(), Judge())})
    n = len(model.asked)
    assert not any(item.startswith("judged") for item in model.asked[:N])
    assert all(item.startswith("judged") for item in model.asked[N:])
    assert n == 2 * N  # both strategies gave the same answers, of the same model
    for recipe in ("plain/words", "again/words"):
        rows = rows_of(tmp_path, recipe)
        assert [row.details["judge"].explanation for row in rows] == [f"w{i}" for i in range(N)]
        assert all(row.details["judge"].usage.prompt > 0 for row in rows)
        assert all(row.scores == {"exact_match": 1.0, "judge": 1.0} for row in rows)
    run(tmp_path, model, chains=chains, metrics={"words": (Exact(), Judge())}, judging={"words": "other"})
    assert len(model.asked) == n


class OtherJudge(Judge):
    names = ("other",)
    asks = "large"

    def score(self, cases: Sequence[Case]) -> list[dict[str, Any]]:
        return [{"other": row["judge"]} for row in super().score(cases[:10])] + [{"other": 0.0}] * (N - 10)


def test_what_judges_of_one_task_took_is_told_by_the_model_that_each_asked(tmp_path: Path) -> None:
    models = {"model": RuleModel(), "large": RuleModel()}
    metrics = {"words": (Exact(), Judge(), OtherJudge())}
    plan = run(tmp_path, models["model"], models=models, metrics=metrics)
    manifest = manifest_of(plan).model_copy(update={"judged_by": judged_by(metrics, models)})
    with Store.open(tmp_path, read_only=True) as store:
        found = {each.model: each.n for each in summary_of(RunRows.load(manifest, store)).judging}
    assert found == {"model": N, "large": 10}


# --- The command ---

TASK = "{name: a, kind: generate, metrics: [%s], items: {test: items.jsonl}%s}"
EXPERIMENT = "{name: e, tasks: [task.yaml], strategies: {plain: {use: zero_shot}}, model: rule}"


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A run of one strategy that answers ``it is wI.`` to item I, judged by exact match."""
    (tmp_path / "task.yaml").write_text(TASK % ("exact_match", ""))
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    items = [{"id": f"i{n:02}", "input": f"question {n}?", "target": f"w{n}"} for n in range(N)]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, items)))
    tasks = load_tasks(load_experiment(tmp_path / "e.yaml").tasks, tmp_path / "e.yaml")
    folder = tmp_path / "run"
    folder.mkdir()
    model = RuleModel(lambda request: f"it is w{int(request.item_id[1:])}.")
    plan = plan_of(folder, model, tasks, metrics={"a": tuple(load_metrics(tasks[0].task, "here"))})
    models = {"model": {"path": "rule", "template_options": {}}}
    manifest = manifest_of(
        plan, name="e", models=models, temperature=0.0, repeats=1, on_long_prompt="cut",
        strategies={"plain": {"use": "zero_shot", "options": {}}},
    ).model_copy(update={"name": "e", "place": str(tmp_path / "e.yaml")})  # fmt: skip
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    with Store.open(folder) as store:
        store.write_manifest_digest((folder / "manifest.json").read_text())
        execute(plan, store, SilentProgress())
    return folder


def scored(folder: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["score", str(folder), *arguments], standalone_mode=False)
    if result.exception:
        return getattr(result.exception, "exit_code", 1), str(result.exception)
    return int(result.return_value), result.output


def means(folder: Path) -> dict[str, float]:
    cells = json.loads((folder / "summary.json").read_text())["cells"]
    return {cell["metric"]: cell["mean"] for cell in cells}


def test_a_run_is_judged_anew_by_other_metrics_rules_and_answers(finished: Path) -> None:
    task = finished.parent / "task.yaml"
    task.write_text(TASK % ("contains, exact_match", ""))
    assert scored(finished)[0] == 0
    assert means(finished) == {"contains": 1.0, "exact_match": 0.0}
    task.write_text(TASK % ("exact_match", ", answer: {after: it is}"))
    assert scored(finished, "--metric", "token_f1")[0] == 0
    assert means(finished) == {"exact_match": 1.0, "token_f1": 1.0}
    items = finished.parent / "items.jsonl"
    items.write_text(items.read_text().replace('"w0"', '"another"'))
    assert scored(finished)[0] == 0
    assert means(finished) == {"exact_match": pytest.approx((N - 1) / N)}
    with opened(finished, unchanged=True) as (manifest, store):
        assert manifest.metrics == {"a": ("exact_match",)}
        assert next(store.items(manifest.tasks["a"].digest)).targets == ("another",)


def test_a_run_that_was_judged_anew_is_decided_and_gated(finished: Path) -> None:
    """One more metric changes nothing of what a gate compares; another primary one does."""
    place = finished.parent
    check = {"tasks": "a", "margin": 0.5, "against": "base"}
    (place / "gate.yaml").write_text(json.dumps({"experiment": "e.yaml", "checks": [check]}))
    gate = ["gate", str(place / "gate.yaml"), "--candidate-run", str(finished), "--strategy", "plain"]
    gate += ["--out", str(place / "out")]

    def code(*arguments: str) -> object:
        return CliRunner().invoke(cli, list(arguments), standalone_mode=False).return_value

    assert scored(finished, "--metric", "token_f1")[0] == 0
    assert code("decide", str(finished)) in (0, 3)
    assert code(*gate) in (0, 1, 3)
    (place / "task.yaml").write_text(TASK % ("contains", ""))
    assert code(*gate) == 4
    assert scored(finished)[0] == 0
    assert code(*gate) in (0, 1, 3)


class Killed(BaseException):
    """A kill, of which nothing of ours hears."""


@pytest.mark.parametrize(
    "where",
    [
        "harness.runs.store.Store.write_items",
        "harness.runs.store.Store.write_judgements",
        "harness.runs.store.Store.announce_manifest",
        "harness.runs.opening.write_whole",
        "harness.runs.store.Store.write_manifest_digest",
    ],
)
def test_a_kill_while_judging_anew_leaves_a_run_that_is_read_and_judged_on(
    finished: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    original = resolve_name(where)

    def killed(*arguments: Any, **keys: Any) -> None:
        original(*arguments, **keys)
        raise Killed

    items = finished.parent / "items.jsonl"
    items.write_text(items.read_text().replace('"w0"', '"another"'))
    (finished.parent / "task.yaml").write_text(TASK % ("contains", ""))
    with monkeypatch.context() as patched:
        patched.setattr(where, killed)
        with pytest.raises(Killed):
            score._score(finished, (), None, SilentProgress())
    with opened(finished, unchanged=True):
        pass
    assert scored(finished)[0] == 0
    assert means(finished) == {"contains": pytest.approx((N - 1) / N)}
    with opened(finished, unchanged=True) as (manifest, store):
        assert next(store.items(manifest.tasks["a"].digest)).targets == ("another",)


@pytest.mark.parametrize(
    ("edit", "arguments", "told"),
    [
        (None, ["--metric", "exactmatch"], "--metric: is not a known metric (got exactmatch); did you mean"),
        (None, ["--metric", "choice_accuracy"], "does not fit a task of the kind generate"),
        (None, ["--config", "gone.yaml"], "gone.yaml: there is no such file"),
        (("e.yaml", "name: e", "name: f"), [], "is another experiment than the run's"),
        (("e.yaml", "task.yaml", "builtin:general/facts"), [], "tasks: are others than the run's"),
        (("items.jsonl", "question 3?", "query 3?"), [], "asks other questions than the run was asked"),
        (("task.yaml", "kind: generate", "kind: generate, max_new_tokens: 3"), [], "asks other questions"),
        (("task.yaml", "exact_match", "exactly"), [], "is not a known metric"),
    ],
)
def test_what_cannot_be_judged_anew_is_told_in_one_line(
    finished: Path, edit: tuple[str, str, str] | None, arguments: list[str], told: str
) -> None:
    if edit:
        file = finished.parent / edit[0]
        file.write_text(file.read_text().replace(*edit[1:]))
    before = (finished / "manifest.json").read_bytes()
    code, line = scored(finished, *arguments)
    assert (code, "\n" in line) == (2, False), line
    assert told in line
    assert (finished / "manifest.json").read_bytes() == before


def test_a_run_that_was_changed_is_not_judged_anew(finished: Path) -> None:
    with closing(sqlite3.connect(finished / FILE_NAME)) as db, db:
        db.execute("UPDATE generations SET generations = replace(generations, 'w3.', 'w4.')")
    assert "are not as they were written" in scored(finished)[1]


def test_a_metric_that_fails_loses_no_answer_and_is_asked_again(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = True

    def fails(self: Any, prediction: str, references: Sequence[str]) -> dict[str, float]:
        if broken:
            raise ZeroDivisionError("nothing to divide by")
        return {"token_f1": 0.5}

    monkeypatch.setattr("harness.metrics.token_f1.TokenF1.score_text", fails)
    code, _ = scored(finished, "--metric", "token_f1")
    assert code == 5
    broken = False
    assert scored(finished, "--metric", "token_f1")[0] == 0
    assert means(finished)["token_f1"] == 0.5


def test_a_judge_from_outside_asks_a_model_of_the_experiment_and_its_cost_stands_apart(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (finished.parent / "outside_judge.py").write_text(OUTSIDE)
    monkeypatch.syspath_prepend(finished.parent)
    model = RuleModel(lambda request: request.messages[-1].content.split()[-1].rstrip("."))
    monkeypatch.setattr(score, "opened_models", lambda *_: {"model": model})
    arguments = ["--metric", "outside_judge:Judge"]
    assert "have not allowed" in scored(finished, *arguments)[1]
    assert scored(finished, *arguments, "--allow-plugin", "outside_judge")[0] == 0
    assert means(finished)["judge"] == pytest.approx(1 / N)
    summary = json.loads((finished / "summary.json").read_text())
    ((asked),) = summary["judging"]
    assert (asked["strategy"], asked["n"], asked["latency_s"]) == ("plain", N, 0.5 * N)
    assert asked["prompt_tokens"] > 0
    assert "Metrics asked a model for 30 judgements" in (finished / "report.html").read_text()
    table = CliRunner().invoke(
        cli, ["report", str(finished), "--format", "csv", "--out", str(finished / "a.csv")]
    )
    assert table.exit_code == 0
    assert "judge: it says w7" in (finished / "a.csv").read_text()
    task = finished.parent / "task.yaml"
    task.write_text(TASK % ("exact_match, {use: 'outside_judge:Judge', model: large}", ""))
    code, line = scored(finished, "--allow-plugin", "outside_judge")
    assert code == 2
    assert "judge asks a model that the experiment does not have (got large)" in line

"""Whether a strategy forgets: from scores, from what questions tell of their answers, and from perplexity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.analysis.retention import blindness_of, information_changes
from harness.cli._candidates import _measured
from harness.config import Experiment, ForgettingOptions
from harness.deciding.choosing import choose
from harness.deciding.records import Candidate, Limits
from harness.execution.answer_information import Told, asked_of, compared, told
from harness.execution.drift import AnswerInformation, Drift, WeightMeasurements
from harness.gate.evaluate import evaluate
from harness.gate.judge import CheckResult
from harness.gate.spec import GateFile
from harness.runs.store import Store
from harness.stats import Macro, paired
from harness.types import ChoiceScore, Failure, Generation, Request, Task, TaskItem
from tests.unit._fakes import RuleModel
from tests.unit._gate import first, made, rows_of, task_named
from tests.unit._runs import task_of

N = 300


def information(task: str, change: float, base: float = 5.0, n: int = 40) -> AnswerInformation:
    """What a task's questions tell, with a change that varies by item."""
    before = [base + math.sin(i) for i in range(n)]
    now = [value + change * (1 + 0.3 * math.cos(3 * i)) for i, value in enumerate(before)]
    items = tuple(f"{task}-{i:04}" for i in range(n))
    return AnswerInformation(
        task=task, items=items, base=tuple(before), now=tuple(now), base_log_likelihood=-9, log_likelihood=-3
    )


def run_of(
    folder: Path,
    kept: Mapping[str, tuple[float, float]],
    probes: Sequence[AnswerInformation] = (),
    perplexity: float = 1.0,
    **tasks: Any,
) -> Path:
    """A base and a lora, which is better on the target, with the share of each kept task that is right."""
    rules = {
        "zero_shot": {"a": first(90)} | {name: first(round(N * base)) for name, (base, _) in kept.items()},
        "lora": {"a": first(240)} | {name: first(round(N * now)) for name, (_, now) in kept.items()},
    }
    sizes = {"a": N} | dict.fromkeys(kept, N)
    made(folder, rules, sizes, dict.fromkeys(kept, "retention"), trained=("lora",), tasks=tasks)
    text = Drift(text="general text", n_tokens=99, nll=2 + math.log(perplexity), base_nll=2, n_kl=9, kl=0.1)
    with Store.open(folder) as store:
        found = WeightMeasurements(of="", adapter="y", drift=(text,), information=tuple(probes))
        store.write_probes("prepare lora", 0, found.model_dump_json())
    return folder


def lora(folder: Path, **limits: Any) -> Candidate:
    found = choose(rows_of(folder), limits=Limits(**limits))
    return next(candidate for candidate in found.candidates if candidate.strategy == "lora")


def gate_check(folder: Path, margin: float = 0.05) -> CheckResult:
    gate = GateFile.model_validate({"name": "g", "experiment": "e.yaml", "forgetting": margin})
    checks = evaluate(gate, rows_of(folder), ["lora"], None).candidates[0].checks
    return next(check for check in checks if check.name.startswith("forgetting"))


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "kept": ({"kept": {"b": (0.8, 0.8)}}, "ruled out", "PASS"),
    "lost": ({"kept": {"b": (0.8, 0.5)}}, "found", "FAIL"),
    "the base has nothing right": ({"kept": {"b": (0.0, 0.6)}}, "not known", "INCONCLUSIVE"),
    "the base guesses": (
        {"kept": {"b": (0.26, 0.6)}, "b": {"random_baseline": 0.25}},
        "not known",
        "INCONCLUSIVE",
    ),
    "too easy": ({"kept": {"b": (1.0, 0.99)}}, "not known", "INCONCLUSIVE"),
    "too easy, and lost nevertheless": ({"kept": {"b": (1.0, 0.7)}}, "found", "FAIL"),
    "a gain at the floor beside what is kept": (
        {"kept": {"b": (0.0, 0.9), "c": (0.8, 0.8)}},
        "ruled out",
        "PASS",
    ),
    "a gain at the floor beside a loss": ({"kept": {"b": (0.0, 0.9), "c": (0.8, 0.5)}}, "found", "FAIL"),
    "a gain that covers a loss": ({"kept": {"b": (0.3, 0.8), "c": (0.8, 0.5)}}, "found", "INCONCLUSIVE"),
    "answers are less known, though the score rises": (
        {"kept": {"b": (0.3, 0.8)}, "probes": [information("b", -2.0)]},
        "found",
        "INCONCLUSIVE",
    ),
    "answers are less known at the floor": (
        {"kept": {"b": (0.0, 0.8)}, "probes": [information("b", -2.0)]},
        "found",
        "INCONCLUSIVE",
    ),
    "answers are hardly less known": (
        {"kept": {"b": (0.8, 0.8)}, "probes": [information("b", -0.2)]},
        "ruled out",
        "PASS",
    ),
    "perplexity rises": ({"kept": {"b": (0.8, 0.8)}, "perplexity": 1.5}, "not ruled out", "INCONCLUSIVE"),
    "perplexity rises a little": ({"kept": {"b": (0.8, 0.8)}, "perplexity": 1.05}, "ruled out", "PASS"),
}


@pytest.mark.parametrize("case", CASES)
def test_forgetting_is_judged_by_what_can_show_it(tmp_path: Path, case: str) -> None:
    given, state, verdict = CASES[case]
    folder = run_of(tmp_path / "run", **given)
    found = lora(folder, max_forgetting=0.05)
    assert found.retained.state == state, found.retained
    assert bool(found.excluded) == (state == "found")
    assert gate_check(folder).verdict == verdict, gate_check(folder).text


def test_the_verdict_says_why_it_does_not_know(tmp_path: Path) -> None:
    decision = choose(rows_of(run_of(tmp_path / "run", {"b": (0.0, 0.6)})))
    assert decision.winner == "lora"
    why = "b cannot show a loss: the base scores 0.0, not clearly above a guess"
    assert f"Whether it forgets is not known: {why}" in decision.paragraph
    assert "ruled out" not in decision.paragraph
    assert why in gate_check(tmp_path / "run").text


def test_a_loss_that_only_form_hides_is_named_with_its_size(tmp_path: Path) -> None:
    run = rows_of(run_of(tmp_path / "run", {"b": (0.3, 0.8)}, [information("b", -2.0)]))
    decision = choose(run)
    assert decision.winner is None
    assert (
        "lora forgets: the questions of b tell it 40 % less of their answers (5.0 to 3.0 nats)"
        in decision.paragraph
    )
    (change,) = information_changes("lora", [probe.information for probe in run.probes["lora"]], {})
    assert change.difference == pytest.approx(-2.0, abs=0.05)
    assert change.ci_low < -2.0 < change.ci_high < -1.7


def test_without_retention_tasks_it_was_not_measured(tmp_path: Path) -> None:
    assert lora(run_of(tmp_path / "run", {})).retained.state == "not measured"


@pytest.mark.parametrize(
    ("base_mean", "base_low", "now", "guess", "expected"),
    [
        (0.0, 0.0, 0.5, 0.0, "floor"),
        (0.05, 0.015, 0.5, 0.0, "floor"),
        (0.3, 0.22, 0.3, 0.25, "floor"),
        (0.5, 0.4, 0.5, 0.25, None),
        (1.0, 0.95, 1.0, 0.0, "ceiling"),
        (1.0, 0.95, 0.9, 0.0, None),
    ],
)
def test_floor_and_ceiling(
    base_mean: float, base_low: float, now: float, guess: float, expected: str | None
) -> None:
    assert blindness_of(base_mean, base_low, now, guess, margin=0.02) == expected


# --- The measure itself ---

KNOWN = 3.0


class Knows(RuleModel):
    """Gives every answer the likelihood of its form, and the right one that of its knowledge beside."""

    def __init__(self, form: float, knowledge: float) -> None:
        super().__init__()
        self.form, self.knowledge = form, knowledge

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        return [self._scored(request) for request in requests]

    def _scored(self, request: Request) -> Generation | Failure:
        if request.item_id == "i003":
            return Failure(kind="odd", message="")
        right = f"w{int(request.item_id[1:])}"
        choices = tuple(
            ChoiceScore(
                text=choice,
                log_likelihood=self.form - int(choice[1:]) + self.knowledge * (choice == right),
                n_tokens=1,
                n_chars=2,
            )
            for choice in request.choices
        )
        return Generation(text=choices[0].text, choices=choices)


@pytest.mark.parametrize("form", [-20.0, -1.0])
def test_what_a_question_tells_does_not_depend_on_the_form(form: float) -> None:
    task = task_of(12)
    asked = asked_of(task.task, list(task.test))
    assert asked is not None
    assert all(len(request.choices) == 5 for request in asked.requests)
    found = told(Knows(form, KNOWN), asked, lambda _: None)
    assert {item: each.information for item, each in found.items()} == {
        f"i{i:03}": pytest.approx(KNOWN) for i in range(12) if i != 3
    }
    assert found["i000"].log_likelihood == form + KNOWN


def test_form_that_is_learned_hides_no_loss() -> None:
    task = task_of(12)
    asked = asked_of(task.task, list(task.test))
    assert asked is not None
    base, now = (told(Knows(*given), asked, lambda _: None) for given in ((-20.0, KNOWN), (-1.0, 1.0)))
    found = compared("words", base, now)
    assert found is not None
    assert found.log_likelihood > found.base_log_likelihood + 10
    assert np.mean(found.now) == pytest.approx(1.0)
    assert np.mean(found.base) == pytest.approx(KNOWN)


def test_among_choices_it_is_what_lies_above_a_guess() -> None:
    task = task_named("c", kind="choice", choices=("w0", "w1", "w2"))
    items = [TaskItem(id=f"i{i:03}", input=f"q{i}", targets=(f"w{i % 3}",), split="test") for i in range(3)]
    asked = asked_of(task, items)
    assert asked is not None
    found = told(Knows(0.0, KNOWN), asked, lambda _: None)
    values = np.array([KNOWN, -1.0, -2.0])
    assert found["i000"].information == pytest.approx(KNOWN - np.log(np.exp(values).sum()) + math.log(3))


def test_a_task_of_one_answer_tells_nothing() -> None:
    items = [TaskItem(id=f"i{i}", input=f"q{i}", targets=("same",), split="test") for i in range(4)]
    assert asked_of(Task(name="t", kind="generate", metrics=()), items) is None
    assert compared("t", {"a": Told(1, 1)}, {"b": Told(1, 1)}) is None


def test_a_gain_makes_up_for_no_loss_that_another_task_may_have(tmp_path: Path) -> None:
    kept = {"b": (0.3, 0.8), "c": (0.8, 0.75)}
    found = lora(run_of(tmp_path / "run", kept), max_forgetting=0.02, alpha=1e-9).retained
    assert found.ci_low is not None
    assert found.state == "not ruled out"
    assert any("the gain in b makes up for" in ground for ground in found.grounds)


def test_losses_do_not_cancel() -> None:
    gained, lost = paired([1] * 80 + [0] * 20, [0] * 100), paired([0] * 30 + [1] * 70, [1] * 100)
    both = Macro((gained, lost))
    assert both.estimate == pytest.approx(0.25)
    assert both.lower_of_losses() < -0.15 < both.lower()
    assert Macro((gained,)).lower_of_losses() == 0.0


def experiment_of(**keys: Any) -> Experiment:
    given = {
        "name": "e",
        "models": {"model": {"use": "transformers", "options": {"path": "m"}}},
        "tasks": ["t.yaml"],
        "strategies": {"s": {"use": "zero_shot"}},
    }
    return Experiment.model_validate({**given, "incumbent": "s", **keys})


@pytest.mark.parametrize("forgetting", [None, 0.05])
def test_a_gate_on_forgetting_measures_what_its_check_goes_by(forgetting: float | None) -> None:
    gate = GateFile.model_validate({"name": "g", "experiment": "e.yaml", "forgetting": forgetting})
    given = experiment_of(forgetting={"answers": 7})
    found = _measured(gate, given)
    assert found == (forgetting and ForgettingOptions(answers=7, prompts=0, noise_items=0, timed_items=0))

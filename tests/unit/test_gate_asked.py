"""A gate is careful for those who are not: what was asked for is judged, or the verdict is NOT COMPARABLE."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from harness.cli.gate import gate
from harness.config import StrategyOptions, load_experiment
from harness.errors import InputError
from harness.execution.composition import chain_of
from harness.gate.asked import Asked
from harness.gate.baseline import baseline_of
from harness.gate.evaluate import GateResult, evaluate
from harness.gate.judge import CheckResult
from harness.tasks.loading import load_tasks
from harness.types import ModelIdentity
from tests.unit._gate import Rule, first, made, resealed, rows_of
from tests.unit.test_gate import gate_of

N = 100
ROLES = {"kept": "retention"}


def run_of(folder: Path, **keys: Any) -> Path:
    rules: dict[str, Mapping[str, Rule]] = {
        "zero_shot": {"a": first(N), "b": first(N), "kept": first(N)},
        "candidate": {"a": first(N), "b": first(N), "kept": first(N)},
    }
    sizes = keys.pop("sizes", {"a": N, "b": N, "kept": N})
    return made(folder, {s: {t: by[t] for t in sizes} for s, by in rules.items()}, sizes, ROLES, **keys)


def verdict_of(result: GateResult, name: str) -> CheckResult:
    return next(check for check in result.candidates[0].checks if check.name.startswith(name))


ONE = {"tasks": "a", "margin": 0.1, "against": "base"}
WANTED: dict[str, dict[str, Any]] = {
    "each against the base": {"checks": [{"tasks": "*", "margin": 0.1, "against": "base"}]},
    "each against the baseline": {"checks": [{"tasks": "*", "margin": 0.1}]},
    "together": {"checks": [{"tasks": "*", "margin": 0.1, "against": "base", "together": True}]},
    "forgetting": {"checks": [], "forgetting": 0.1},
    "refusals": {"checks": [], "refusals": 0.1},
    "must_pass": {"checks": [], "must_pass": ["critical"]},
    "latency": {"checks": [ONE], "budgets": {"latency": 9}},
    "tokens": {"checks": [ONE], "budgets": {"tokens_per_item": 9}},
    "errors": {"checks": [ONE]},
}  # fmt: skip
REFUSING = {"tasks": {"kept": {"refusal": "yes"}, "b": {"refusal": "yes"}}}
FAULTS: dict[str, dict[str, Any]] = {
    "tasks that are missing": {"sizes": {"a": N}},
    "fewer items": {"sizes": {"a": N, "b": N - 1, "kept": N - 1}},
    "items without a row": {
        "missing": {("candidate", "b"): (0, 7), ("candidate", "kept"): (0, 9)},
    },
    "other items under the same names": {
        "tasks": {name: {"digest": "other", "refusal": "yes"} for name in ("b", "kept")},
    },
    "another temperature": {"experiment": {"temperature": 0.8}},
    "other seeds": {"experiment": {"seeds": [0, 1]}},
    "another limit": {"experiment": {"limit": N}},
    "more repeats": {"experiment": {"repeats": 2}},
    "other template options": {"model": {"asked_with": {"template_options": {"a": 1}}}},
    "another model": {"weights": "v" * 64},
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("wanted", WANTED)
def test_nothing_that_was_asked_for_vanishes(tmp_path: Path, wanted: str, fault: str) -> None:
    whole = rows_of(run_of(tmp_path / "whole", **REFUSING))
    asked = replace(Asked.by_run(whole), conditions=_conditions(whole))
    promoted = baseline_of(whole, "candidate", "in use")
    sound = evaluate(gate_of(**WANTED[wanted]), whole, ["candidate"], promoted, asked)
    assert sound.verdict in ("PASS", "INCONCLUSIVE")
    now = rows_of(run_of(tmp_path / "now", **REFUSING | FAULTS[fault]))
    result = evaluate(gate_of(**WANTED[wanted]), now, ["candidate"], promoted, asked)
    assert result.verdict == "NOT COMPARABLE", result.candidates[0].checks
    names = {check.name for check in sound.candidates[0].checks}
    assert names <= {check.name for check in result.candidates[0].checks}


def _conditions(run: Any) -> dict[str, Any]:
    from harness.runs.comparing import Conditions

    return Conditions.of(run.manifest, "candidate").model_dump(exclude={"name"})


def test_each_reason_stands_in_the_check_that_it_concerns(tmp_path: Path) -> None:
    asked = Asked.by_run(rows_of(run_of(tmp_path / "whole")))
    now = rows_of(run_of(tmp_path / "now", missing={("candidate", "b"): (3,)}))
    wanted = gate_of(checks=[{"tasks": "?", "margin": 0.1, "against": "base"}])
    result = evaluate(wanted, now, ["candidate"], None, asked)
    assert verdict_of(result, "a against base").verdict == "PASS"
    lacking = verdict_of(result, "b against base")
    assert lacking.text == "cannot be compared: 1 of 100 items of b have no answer of candidate, b-0003 first"


def test_the_bases_answers_are_held_to_the_same(tmp_path: Path) -> None:
    now = rows_of(run_of(tmp_path / "now", missing={("zero_shot", "a"): (3,)}))
    wanted = gate_of(checks=[{"tasks": "a", "margin": 0.1, "against": "base"}])
    check = verdict_of(evaluate(wanted, now, ["candidate"], None), "a against base")
    assert check.verdict == "NOT COMPARABLE"
    assert "1 of 100 items of a have no answer of zero_shot" in check.text


def test_a_base_whose_answers_failed_makes_no_candidate_better(tmp_path: Path) -> None:
    run = rows_of(run_of(tmp_path / "now", failed={("zero_shot", "a"): range(30)}))
    wanted = {"checks": [ONE], "refusals": None}
    check = verdict_of(evaluate(gate_of(**wanted), run, ["candidate"], None), "a against base")
    assert check.verdict == "NOT COMPARABLE"
    assert "30 of 100 answers of zero_shot to a failed (budget 0.0 %)" in check.text
    allowed = gate_of(**wanted, budgets={"error_rate": 0.3})
    assert verdict_of(evaluate(allowed, run, ["candidate"], None), "a against base").verdict == "PASS"


def test_against_the_base_needs_the_base_as_it_came(tmp_path: Path) -> None:
    run = run_of(tmp_path / "now", uses={"zero_shot": "few_shot"})
    wanted = gate_of(checks=[{"tasks": "a", "margin": 0.1, "against": "base"}])
    check = verdict_of(evaluate(wanted, rows_of(run), ["candidate"], None), "a against base")
    assert check.verdict == "NOT COMPARABLE"
    assert "no strategy that asks the model as it came" in check.text


# --- Refusals, forgetting, tags ---


def test_refusals_need_a_question_without_an_answer_in_every_task_that_has_them(tmp_path: Path) -> None:
    def only_in_a(task: str, _: int) -> dict[str, Any]:
        return {"targets": ("yes",) if task == "a" else ("no",)}

    tasks = {name: {"refusal": "yes"} for name in ("a", "b")}
    run = rows_of(run_of(tmp_path / "run", tasks=tasks, items=only_in_a))
    result = evaluate(gate_of(checks=[], refusals=0.1), run, ["candidate"], None)
    assert verdict_of(result, "refusals in a").verdict == "PASS"
    assert verdict_of(result, "refusals in b").verdict == "NOT COMPARABLE"
    assert result.verdict == "NOT COMPARABLE"


def test_forgetting_without_a_retention_task_cannot_be_compared(tmp_path: Path) -> None:
    run = rows_of(run_of(tmp_path / "run", sizes={"a": N}))
    result = evaluate(gate_of(checks=[], forgetting=0.1), run, ["candidate"], None)
    assert verdict_of(result, "forgetting").verdict == "NOT COMPARABLE"


@pytest.mark.parametrize(
    ("right_from", "score", "verdict"),
    [(None, 0.6, "PASS"), (None, 0.5, "FAIL"), (0.8, 0.8, "PASS"), (0.8, 0.7, "FAIL"), (1.0, 1.0, "PASS")],
)
def test_what_must_be_right_is_right_by_the_tasks_own_rule(
    tmp_path: Path, right_from: float | None, score: float, verdict: str
) -> None:
    tasks = {"a": {"right_from": right_from}}
    run = rows_of(run_of(tmp_path / "run", sizes={"a": 4}, tasks=tasks, scores=lambda *_: score))
    result = evaluate(gate_of(checks=[], must_pass=["critical"]), run, ["candidate"], None)
    assert verdict_of(result, "items tagged critical").verdict == verdict


def test_a_tag_that_no_item_has_cannot_be_compared(tmp_path: Path) -> None:
    run = rows_of(run_of(tmp_path / "run"))
    result = evaluate(gate_of(checks=[], must_pass=["critical", "legal"]), run, ["candidate"], None)
    assert verdict_of(result, "items tagged critical").verdict == "PASS"
    assert verdict_of(result, "items tagged legal").verdict == "NOT COMPARABLE"


# --- Ceilings ---


CEILINGS: dict[str, dict[str, Any]] = {
    "alone": {"candidate": {"use": "rag", "options": {"oracle": True}}},
    "written as a word": {"candidate": {"use": "rag", "options": {"oracle": "yes"}}},
    "a part": {"candidate": {"use": "lora+rag", "options": {"rag": {"oracle": True}}}},
    "a part that is named elsewhere": {
        "candidate": {"use": "lora+rag", "options": {}},
        "rag": {"use": "rag", "options": {"oracle": True}},
    },
}


@pytest.mark.parametrize("case", CEILINGS)
def test_a_ceiling_is_neither_candidate_nor_baseline(tmp_path: Path, case: str) -> None:
    rules = {name: {"a": first(N)} for name in ("zero_shot", "candidate", "rag")}
    run = rows_of(made(tmp_path / "run", rules, {"a": N}, uses=CEILINGS[case]))
    wanted = gate_of(checks=[{"tasks": "a", "margin": 0.1, "against": "base"}])
    with pytest.raises(InputError, match="so it cannot be a candidate"):
        evaluate(wanted, run, ["candidate"], None)
    with pytest.raises(InputError, match="so it cannot be a baseline"):
        baseline_of(run, "candidate", "in use")


def test_a_strategy_that_finds_its_passages_itself_is_no_ceiling() -> None:
    entries = {
        "rag": {"use": "rag", "options": {"oracle": False}},
        "best": {"use": "rag", "options": {"oracle": True}},
        "lora+rag": {"use": "lora+rag", "options": {}},
        "both": {"use": "lora+rag", "options": {"rag": {"top_k": 3}}},
    }
    strategies = {name: StrategyOptions.model_validate(entry) for name, entry in entries.items()}
    found = {name: chain_of(name, strategies, "a.yaml").traits.ceiling for name in entries}
    assert found == {"rag": False, "best": True, "lora+rag": False, "both": False}


# --- A run folder against the gate's experiment ---


EXPERIMENT: dict[str, Any] = {
    "tasks": [
        {"name": name, "kind": "generate", "metrics": ["exact_match"], "items": {"test": "items.jsonl"}}
        for name in ("a", "b")
    ],
    "strategies": ["zero_shot"],
}


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Return a function that judges a run of the gate's own tasks; it gives exit code and result."""
    rows = [
        {"id": f"a-{i:04}", "input": f"question {i}?", "target": "yes", "tags": ["critical"] * (i % 10 == 0)}
        for i in range(N)
    ]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))

    def judged(
        gates: Mapping[str, Any], asks: Mapping[str, Any] | None = None, /, **keys: Any
    ) -> tuple[int, dict[str, Any]]:
        (tmp_path / "e.yaml").write_text(json.dumps(EXPERIMENT | dict(asks or {})))
        tasks = load_tasks(load_experiment(tmp_path / "e.yaml").tasks, tmp_path / "e.yaml")
        digests = {
            found.task.name: {"digest": found.task.digest, "judging": found.task.judging} for found in tasks
        }
        keys = {"tasks": digests, "items": lambda _, number: {"id": f"a-{number:04}"}} | keys
        run = resealed(run_of(tmp_path / "run", sizes=keys.pop("sizes", {"a": N, "b": N}), **keys))
        wanted = gate_of(baseline=None, **gates).model_dump(mode="json")
        (tmp_path / "gate.yaml").write_text(yaml.safe_dump(wanted))
        command = [str(tmp_path / "gate.yaml"), "--candidate-run", str(run), "--out", str(tmp_path / "out")]
        found = CliRunner().invoke(gate, command, catch_exceptions=False, standalone_mode=False)
        return found.return_value, json.loads((tmp_path / "out" / "gate.json").read_text())

    return judged


BASE = {"checks": [{"tasks": "*", "margin": 0.1, "against": "base"}]}
RUNS: dict[str, tuple[dict[str, Any], dict[str, Any], int, str]] = {
    "the same": ({}, {}, 0, ""),
    "a task less": ({}, {"sizes": {"a": N}}, 4, "b is not in the run"),
    "a limit less": ({"limit": 60}, {}, 4, "limit: not set here, 60 in the gate's experiment"),
    "another temperature": (
        {}, {"experiment": {"temperature": 0.8}}, 4, "temperature: 0.8 here, 0.0 in the gate's experiment",
    ),
    "other seeds": ({"seeds": [1]}, {}, 4, "seeds: 0 here, 1 in the gate's experiment"),
    "repeats": ({"repeats": 3}, {}, 4, "repeats: 1 here, 3 in the gate's experiment"),
    "long prompts": ({"on_long_prompt": "refuse"}, {}, 4, "on long prompt: 'cut' here"),
    "an embedder": ({"embedder": "other"}, {}, 4, "embedder: 'builtin:minilm' here, 'other' in the gate's"),
    "a number format": ({"model": {"dtype": "bfloat16"}}, {}, 4, "dtype: 'float32' here, 'bfloat16'"),
    "another name of the model": (
        {}, {"model": {"identity": ModelIdentity(name="some/other", weights_digest="w" * 64)}}, 4,
        "name: 'some/other' here, 'builtin:smollm2' in the gate's experiment",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RUNS)
def test_a_run_folder_is_compared_with_the_gates_experiment(judge: Any, case: str) -> None:
    experiment, keys, code, told = RUNS[case]
    found, result = judge(BASE, experiment, **keys)
    checks = result["candidates"][0]["checks"]
    assert found == code, checks
    assert any(told in check["text"] for check in checks)


def test_a_run_on_another_model_than_the_gates_cannot_be_compared(judge: Any, tiny_model: Path) -> None:
    code, result = judge(BASE, {"model": str(tiny_model)})
    assert code == 4
    assert "weights or tokenizer are not those of the gate" in result["candidates"][0]["checks"][0]["text"]


def test_tagged_items_that_the_limit_leaves_out_cannot_be_compared(judge: Any) -> None:
    gates = {"checks": [], "must_pass": ["critical"]}
    whole = {"tags": ("critical",)}

    def tagged(_: str, number: int) -> dict[str, Any]:
        return {"id": f"a-{number:04}"} | (whole if number % 10 == 0 else {"tags": ()})

    assert judge(gates, items=tagged)[0] == 0
    code, result = judge(gates, {"limit": 50}, items=tagged, experiment={"limit": 50})
    assert code == 4
    text = result["candidates"][0]["checks"][0]["text"]
    assert "the limit leaves out" in text
    assert "of 20 items with this tag" in text


def test_options_of_what_is_no_part_of_the_candidate_are_refused(tmp_path: Path) -> None:
    from harness.cli._candidates import gated
    from harness.config import Experiment

    strategies = {"zero_shot": {"use": "zero_shot"}}
    experiment = Experiment.model_validate(
        {
            "name": "e",
            "models": {"model": {}},
            "tasks": ["t"],
            "strategies": strategies,
            "incumbent": "zero_shot",
        }
    )
    wanted = gate_of(options={"rag": {"oracle": True}})
    with pytest.raises(InputError, match=r"options\.rag: is no part of the candidate adapter"):
        gated(wanted, experiment, "model", {"v8": tmp_path})
    wanted = gate_of(candidate="adapter+rag", options={"rag": {"oracle": True}})
    with pytest.raises(InputError, match="so it cannot be a candidate"):
        gated(wanted, experiment, "model", {"v8": tmp_path})

"""The gate on made runs: its verdicts, exit codes, files, and how often it passes what it should not."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from harness.analysis.across_runs import compared
from harness.cli.compare import compare
from harness.cli.gate import EXITS, gate
from harness.config import load_experiment
from harness.errors import InputError
from harness.gate.baseline import baseline_of, write_baseline
from harness.gate.evaluate import CandidateResult, GateResult, evaluate
from harness.gate.judge import CheckResult, judged, settled, worst
from harness.gate.planning import Plan, plan
from harness.gate.spec import GateFile, load_gate
from harness.stats import Macro, paired
from harness.stats.bounded import margin_p
from harness.tasks.loading import load_tasks
from reports.gate_markdown import markdown
from tests.unit._gate import Rule, first, made, rows_of, task_named

N = 400


def gate_of(**keys: Any) -> GateFile:
    given = {
        "name": "g",
        "experiment": "e.yaml",
        "baseline": "b.json",
        "checks": [{"tasks": "a", "margin": 0.05}],
    }
    return GateFile.model_validate(given | keys)


def run_of(folder: Path, candidate: Rule, n: int = N, **keys: Any) -> Path:
    """The base has half of everything right, production nine tenths, the candidate what it is given."""
    rules = {
        "zero_shot": {"a": first(n // 2), "kept": first(n)},
        "production": {"a": first(9 * n // 10), "kept": first(n)},
        "candidate": {"a": candidate, "kept": first(n)},
    }
    return made(folder, rules, {"a": n, "kept": n}, {"kept": "retention"}, **keys)


def judge(tmp_path: Path, candidate: Rule, wanted: GateFile | None = None, n: int = N, **keys: Any):
    promoted = baseline_of(rows_of(run_of(tmp_path / "before", first(0), n)), "production", "in use")
    rows = rows_of(run_of(tmp_path / "now", candidate, n, **keys))
    return evaluate(wanted or gate_of(), rows, ["candidate"], promoted)


def worse_by(points: int) -> Rule:
    """Nine tenths right, less so many items of a hundred."""
    return lambda number: number < 9 * N // 10 and number % 100 >= points


CASES: dict[str, tuple[Rule, dict[str, Any], str]] = {
    "better": (first(N), {}, "PASS"),
    "equal": (first(9 * N // 10), {}, "PASS"),
    "slightly worse within the margin": (worse_by(1), {}, "PASS"),
    "clearly worse": (first(N // 2), {}, "FAIL"),
    "too few items": (first(45), {"n": 50}, "INCONCLUSIVE"),
    "missing items": (first(9 * N // 10), {"missing": {("candidate", "a"): (3, 4)}}, "NOT COMPARABLE"),
    "other base": (first(9 * N // 10), {"weights": "v" * 64}, "NOT COMPARABLE"),
    "errors": (first(9 * N // 10), {"failed": {("candidate", "a"): (398,)}}, "ERROR"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_seven_cases_and_errors(tmp_path: Path, case: str) -> None:
    candidate, keys, verdict = CASES[case]
    result = judge(tmp_path, candidate, **keys)
    assert result.verdict == verdict, result.candidates[0].checks
    assert (
        EXITS[verdict] == {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 3, "NOT COMPARABLE": 4, "ERROR": 5}[verdict]
    )


def test_a_check_says_what_it_found_and_how_many_items_are_needed(tmp_path: Path) -> None:
    (few, *_) = judge(tmp_path, first(45), n=50).candidates[0].checks
    assert few.needed is not None
    assert few.needed > 50
    assert f"needs about {few.needed} items" in few.text
    (fail, *_) = judge(tmp_path / "other", first(N // 2)).candidates[0].checks
    assert fail.difference == pytest.approx(-0.4)
    assert len(fail.lost) == 160
    assert "a real drop" in fail.text


def test_an_estimate_beyond_the_margin_is_told_that_more_items_are_unlikely_to_help() -> None:
    new, old = [1] * 10 + [0] * 2 + [1] * 8, [1] * 20
    check = judged(CheckResult(name="c", verdict="INCONCLUSIVE", text=""), paired(new, old), 0.05, 0.05, 0.05)
    (found,) = settled([check], 0.05)
    assert found.verdict == "INCONCLUSIVE"
    assert "unlikely to help" in found.text


def test_drops_are_corrected_over_all_checks() -> None:
    found = paired([0] * 5 + [1] * 95, [1] * 100)
    check = judged(CheckResult(name="c", verdict="INCONCLUSIVE", text=""), found, 0.01, 0.05, 0.05)
    assert 0.005 < found.drop_p < 0.05
    assert settled([check], 0.05)[0].verdict == "FAIL"
    assert settled([check] * 12, 0.05)[0].verdict == "INCONCLUSIVE"


def test_one_check_that_does_not_pass_is_enough() -> None:
    assert worst(["PASS", "PASS"]) == "PASS"
    assert worst(["PASS", "INCONCLUSIVE", "FAIL"]) == "FAIL"
    assert worst(["FAIL", "NOT COMPARABLE"]) == "NOT COMPARABLE"


def test_forgetting_tags_tokens_and_refusals_are_checks_of_their_own(tmp_path: Path) -> None:
    wanted = gate_of(forgetting=0.05, must_pass=["critical"], budgets={"tokens_per_item": 1.1})
    rules = {
        "zero_shot": {"a": first(200), "kept": first(N)},
        "candidate": {"a": lambda number: number > 0, "kept": first(300)},
    }
    sizes = {"a": N, "kept": N}
    folder = made(
        tmp_path / "run",
        rules,
        sizes,
        {"kept": "retention"},
        tokens={"candidate": 40},
        trained=("candidate",),
    )
    wanted = wanted.model_copy(update={"checks": ()})
    found = {
        check.name: check
        for check in evaluate(wanted, rows_of(folder), ["candidate"], None).candidates[0].checks
    }
    assert found["forgetting against base"].verdict == "FAIL"
    assert found["items tagged critical"].verdict == "FAIL"
    assert "a-0000" in found["items tagged critical"].text
    assert found["tokens an item"].verdict == "FAIL"
    assert found["errors"].verdict == "PASS"


def test_refusals_are_compared_on_questions_without_an_answer(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"tasks": {"a": {"refusal": "yes"}}}
    rules = {"zero_shot": {"a": first(N)}, "candidate": {"a": first(N // 2)}}
    rows = rows_of(made(tmp_path / "run", rules, {"a": N}, **keys))
    wanted = gate_of(checks=[{"tasks": "a", "margin": 0.9, "against": "base"}], refusals=0.05)
    found = {check.name: check for check in evaluate(wanted, rows, ["candidate"], None).candidates[0].checks}
    assert found["refusals in a against base"].verdict == "FAIL"


def test_tasks_together_are_judged_by_their_mean(tmp_path: Path) -> None:
    rules = {
        "zero_shot": {"a": first(200), "b": first(200)},
        "candidate": {"a": first(260), "b": first(180)},
    }
    rows = rows_of(made(tmp_path / "run", rules, {"a": N, "b": N}))
    apart = gate_of(checks=[{"tasks": "*", "margin": 0.02, "against": "base"}])
    together = gate_of(checks=[{"tasks": "*", "margin": 0.02, "against": "base", "together": True}])
    assert evaluate(apart, rows, ["candidate"], None).verdict == "FAIL"
    assert evaluate(together, rows, ["candidate"], None).verdict == "PASS"


def test_candidates_are_ranked_and_their_gains_corrected(tmp_path: Path) -> None:
    rules = {
        "zero_shot": {"a": first(200)},
        "good": {"a": first(260)},
        "better": {"a": first(300)},
        "bad": {"a": first(100)},
    }
    rows = rows_of(made(tmp_path / "run", rules, {"a": N}))
    wanted = gate_of(checks=[{"tasks": "a", "margin": 0.05, "against": "base"}])
    result = evaluate(wanted, rows, ["bad", "good", "better"], None)
    assert [each.candidate for each in result.candidates] == ["better", "good", "bad"]
    assert [each.verdict for each in result.candidates] == ["PASS", "PASS", "FAIL"]
    assert result.verdict == "FAIL", "the worst decides, unless one that passes is enough"
    assert evaluate(wanted, rows, ["bad", "good", "better"], None, best=True).verdict == "PASS"


def test_every_candidate_is_judged_as_if_it_were_alone(tmp_path: Path) -> None:
    rules = {"zero_shot": {"a": first(N)}, "lost": {"a": first(N - 7)}}
    rules |= {f"equal {i}": {"a": first(N)} for i in range(19)}
    rows = rows_of(made(tmp_path / "run", rules, {"a": N}))
    wanted = gate_of(checks=[{"tasks": "a", "margin": 0.02, "against": "base"}])
    (alone,) = evaluate(wanted, rows, ["lost"], None).candidates
    beside = {each.candidate: each for each in evaluate(wanted, rows, [*rules][1:], None).candidates}
    assert alone.verdict == beside["lost"].verdict == "FAIL"
    assert alone.checks == beside["lost"].checks


def test_of_many_candidates_at_the_margin_hardly_ever_one_passes_as_the_best() -> None:
    """Twenty adapters that lose just the margin: judged alone one of them passes in most runs."""
    n, margin, runs = 300, 0.05, 2000
    lost = np.random.default_rng(2).binomial(n, margin, (runs, 20))
    p = margin_p([-1.0, 0.0], 1.0, np.stack([np.arange(n + 1), n - np.arange(n + 1)], axis=1), -margin)[lost]
    assert (p < 0.05).any(axis=1).mean() > 0.3
    assert (p < 0.05 / 20).any(axis=1).mean() <= 0.05 + 2.6 * (0.05 * 0.95 / runs) ** 0.5


def test_a_job_summary_tells_reasons_in_full_and_the_levels_of_its_bounds(tmp_path: Path) -> None:
    reason = "not proven; " + "a long reason " * 30 + "and its end"
    check = CheckResult(name="a", verdict="INCONCLUSIVE", text=reason)
    one = CandidateResult(
        candidate="v8", verdict="INCONCLUSIVE", gain=None, p_better=None, checks=(check,), flips=()
    )
    result = GateResult(
        gate="g", verdict="INCONCLUSIVE", alpha=0.05, level=0.05, best=False, baseline="", candidates=(one,)
    )
    assert reason in markdown(result)
    assert "One-sided bounds at 95 %;" in markdown(result)
    assert "The worst candidate decides." not in markdown(result)
    two = result.model_copy(update={"candidates": (one, one)})
    assert "The worst candidate decides. One-sided bounds at 95 %;" in markdown(two)
    run = rows_of(run_of(tmp_path / "run", first(360)))
    best = evaluate(
        gate_of(), run, ["candidate", "production"], baseline_of(run, "production", "used"), best=True
    )
    assert best.level == 0.025
    assert "lower bounds at 97.5 %, upper ones at 95 %;" in markdown(best)


def test_flips_show_the_worst_items_with_both_texts(tmp_path: Path) -> None:
    (candidate,) = judge(tmp_path, first(N // 2)).candidates
    assert len(candidate.flips) == 10
    flip = candidate.flips[0]
    assert (flip.task, flip.question, flip.target, flip.answer, flip.drop) == (
        "a",
        "question 200?",
        "yes",
        "no",
        1.0,
    )


def test_the_gate_passes_a_loss_of_the_margin_no_more_often_than_it_says() -> None:
    rng = np.random.default_rng(8)
    n, margin, flips = 300, 0.02, 0.08
    drawn = rng.multinomial(n, [(flips - margin) / 2, (flips + margin) / 2, 1 - flips], 400)
    tables, times = np.unique(drawn, axis=0, return_counts=True)
    passed = 0
    for (wins, losses, same), count in zip(tables.tolist(), times.tolist(), strict=True):
        pair = paired([1.0] * wins + [0.0] * losses + [1.0] * same, [0.0] * wins + [1.0] * (losses + same))
        check = judged(CheckResult(name="c", verdict="INCONCLUSIVE", text=""), pair, margin, 0.05, 0.05)
        passed += count * (check.verdict == "PASS")
    assert passed / len(drawn) <= 0.05 + 2.6 * (0.05 * 0.95 / len(drawn)) ** 0.5


def test_a_mean_of_several_tasks_can_be_judged() -> None:
    found = Macro((paired([1, 0] * 50, [1, 1] * 50), paired([1, 1] * 50, [1, 1] * 50)))
    check = judged(CheckResult(name="c", verdict="INCONCLUSIVE", text=""), found, 0.05, 0.05, 0.05)
    assert settled([check], 0.05)[0].verdict == "FAIL"


# --- gate files ---


def written(folder: Path, **keys: Any) -> Path:
    path = folder / "gate.yaml"
    path.write_text(yaml.safe_dump(gate_of(**keys).model_dump(mode="json")))
    return path


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"checks": []}, "checks: the gate checks nothing"),
        ({"baseline": None}, "checks.0.against: there is no baseline"),
        ({"checks": [{"tasks": "a", "margin": 0}]}, "checks.0.margin"),
        ({"checks": [{"tasks": "a", "margn": 0.1}]}, "did you mean 'margin'"),
        ({"alpha": 0.7}, "alpha"),
        ({"experiment": None}, "experiment"),
    ],
)
def test_a_faulty_gate_file_is_one_clear_line(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(yaml.safe_dump(gate_of().model_dump(mode="json") | change))
    with pytest.raises(InputError) as caught:
        load_gate(path)
    assert told in str(caught.value)


PLANNED = {"a": task_named("a"), "kept": task_named("kept", "retention")}


def planned(wanted: GateFile, **sizes: tuple[int, ...]) -> Plan:
    return plan(wanted, PLANNED, sizes, Path("gate.yaml"))


def test_a_plan_refuses_a_suite_that_is_too_small_for_its_margin() -> None:
    wanted = gate_of(checks=[{"tasks": "a", "margin": 0.02}])
    told = r"40 items of a cannot hold a margin of 0\.02: it takes 149 that do not change"
    with pytest.raises(InputError, match=told) as caught:
        planned(wanted, a=(1,) * 40, kept=(1,) * 40)
    assert caught.value.key == "checks.0"
    assert planned(wanted, a=(1,) * 149).checks[0].fewest == 149


def test_a_plan_counts_groups_and_not_their_items() -> None:
    told = (
        r"400 items of a in 40 groups cannot hold a margin of 0\.05: it takes 59 .* set a margin above 0\.072"
    )
    with pytest.raises(InputError, match=told):
        planned(gate_of(), a=(10,) * 40)
    alone, grouped = (planned(gate_of(), a=sizes).checks[0] for sizes in ((1,) * 600, (10,) * 60))
    assert (grouped.n, grouped.n_clusters) == (600, 60)
    assert grouped.passes < alone.passes - 0.2
    assert grouped.needed is not None
    assert alone.needed is not None
    assert grouped.needed > 2 * alone.needed


def test_a_plan_says_how_an_equally_good_candidate_fares() -> None:
    """What it says is what judging made candidates gives: flips as often to the better as to the worse."""
    wanted = gate_of(checks=[{"tasks": "a", "margin": 0.05}], expected_flips=0.1)
    found = planned(wanted, a=(1,) * 200)
    (check,) = found.checks
    drawn = np.random.default_rng(4).multinomial(200, [0.05, 0.05, 0.9], 150)
    tables, times = np.unique(drawn, axis=0, return_counts=True)
    verdicts: Counter[str] = Counter()
    for (wins, losses, same), count in zip(tables.tolist(), times.tolist(), strict=True):
        pair = paired([1] * wins + [0] * losses + [1] * same, [0] * wins + [1] * (losses + same))
        open_check = judged(CheckResult(name="c", verdict="INCONCLUSIVE", text=""), pair, 0.05, 0.05, 0.05)
        verdicts[settled([open_check], 0.05)[0].verdict] += count
    assert check.passes == pytest.approx(verdicts["PASS"] / 150, abs=0.12)
    assert check.fails == pytest.approx(verdicts["FAIL"] / 150, abs=0.05)
    assert not check.enough
    assert check.needed is not None
    enough = planned(wanted, a=(1,) * check.needed).checks[0]
    assert enough.passes == pytest.approx(0.8, abs=0.05)
    assert found.passes == check.passes
    assert found.fails == pytest.approx(check.fails)


def test_a_plan_of_several_checks_says_how_often_all_are_passed() -> None:
    small, kept = planned(gate_of(forgetting=0.05), a=(1,) * 100, kept=(1,) * 300).checks
    both = planned(gate_of(forgetting=0.05), a=(1,) * 100, kept=(1,) * 300)
    assert both.passes == pytest.approx(small.passes * kept.passes)
    assert both.fails < 0.06


class Heard:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int]] = []
        self.advanced = 0

    @contextmanager
    def step(self, label: str, total: int, done: int = 0) -> Iterator[Heard]:
        self.steps.append((label, total))
        yield self

    def advance(self, count: int = 1, note: str = "") -> None:
        self.advanced += count

    def say(self, line: str) -> None:
        raise AssertionError(line)


def test_a_plan_of_many_checks_or_large_clusters_is_quick_and_shows_how_far_it_is() -> None:
    sizes = {f"t{i}": (1,) * (300 + i) for i in range(30)} | {"long": (13, 7, 1, 11) * 600}
    tasks = {name: task_named(name) for name in sizes}
    gate = GateFile.model_validate(
        {"name": "g", "experiment": "e", "checks": [{"tasks": "*", "margin": 0.05, "against": "base"}]}
    )
    heard = Heard()
    began = time.process_time()
    found = plan(gate, tasks, sizes, Path("g.yaml"), heard)
    assert time.process_time() - began < 10
    assert (heard.steps, heard.advanced) == ([("planning the checks", 32)], 32)
    assert len(found.checks) == 31
    plan(gate, {"t0": tasks["t0"]}, sizes, Path("g.yaml"), heard)
    assert len(heard.steps) == 1


def test_a_graded_check_that_is_close_to_its_margin_is_judged_within_seconds() -> None:
    rng = np.random.default_rng(1)
    old = rng.random(20_000)
    new = np.clip(old + rng.normal(-0.03, 0.3, len(old)), 0, 1)
    found = paired(new, old)
    margin = -found.estimate + 0.001
    began = time.process_time()
    check = judged(CheckResult(name="a", verdict="INCONCLUSIVE", text=""), found, margin, 0.05, 0.05)
    assert time.process_time() - began < 4
    assert (check.verdict, check.needed is None) == ("INCONCLUSIVE", False)


EXPERIMENT = """
tasks:
  - name: a
    kind: generate
    metrics: [exact_match]
    items: {test: items.jsonl}
strategies: [zero_shot]
"""


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    items = [json.dumps({"id": f"a-{i:04}", "input": f"question {i}?", "target": "yes"}) for i in range(N)]
    (tmp_path / "items.jsonl").write_text("\n".join(items))
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    return tmp_path


def test_a_run_folder_is_judged_and_three_files_are_written(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (loaded,) = load_tasks(load_experiment(workplace / "e.yaml").tasks, workplace / "e.yaml")
    digests = {"digest": loaded.task.digest, "judging": loaded.task.judging}
    run = run_of(workplace / "run", first(N // 2), tasks={"a": digests})
    write_baseline(baseline_of(rows_of(run), "production", "in use"), workplace / "b.json")
    path = written(workplace)
    summary = workplace / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    out = workplace / "out"
    arguments = [str(path), "--candidate-run", str(run), "--out", str(out), "--strategy"]
    found = CliRunner().invoke(gate, [*arguments, "candidate"], catch_exceptions=False, standalone_mode=False)
    assert found.return_value == 1, found.output
    assert json.loads((out / "gate.json").read_text())["verdict"] == "FAIL"
    assert summary.read_text() == (out / "gate.md").read_text()
    assert "❌ FAIL: gate g" in summary.read_text()
    suite = ET.parse(out / "gate.xml").getroot()[0]
    assert suite.get("failures") == "1"
    assert [case.get("name") for case in suite] == ["a against baseline", "errors"]
    passing = CliRunner().invoke(
        gate, [*arguments, "production"], catch_exceptions=False, standalone_mode=False
    )
    assert passing.return_value == 0


def test_a_run_with_several_strategies_needs_one_named(workplace: Path) -> None:
    run = run_of(workplace / "run", first(10), 20)
    write_baseline(baseline_of(rows_of(run), "production", "in use"), workplace / "b.json")
    arguments = [str(written(workplace)), "--candidate-run", str(run), "--out", str(workplace / "out")]
    with pytest.raises(InputError, match="choose one with --strategy; known: candidate, production"):
        CliRunner().invoke(gate, arguments, catch_exceptions=False)
    with pytest.raises(InputError, match="a run folder stands alone"):
        CliRunner().invoke(gate, [*arguments, "--candidate", "x"], catch_exceptions=False)
    with pytest.raises(InputError, match="--candidate: is missing"):
        CliRunner().invoke(gate, arguments[:1], catch_exceptions=False)


def test_a_plan_runs_nothing(workplace: Path) -> None:
    write_baseline(
        baseline_of(rows_of(run_of(workplace / "run", first(9), 20)), "production", "x"), workplace / "b.json"
    )
    found = CliRunner().invoke(
        gate, [str(written(workplace)), "--plan"], catch_exceptions=False, standalone_mode=False
    )
    assert found.return_value == 0
    assert "An equally good adapter passes in about 90 % of runs and fails in 4 %" in found.output
    assert not (workplace / "runs").exists()


# --- several runs ---


def test_compare_pairs_the_strategies_of_the_same_name(tmp_path: Path) -> None:
    before = run_of(tmp_path / "before", first(100))
    after = run_of(tmp_path / "after", first(300))
    found = CliRunner().invoke(
        compare, [str(before), str(after)], catch_exceptions=False, standalone_mode=False
    )
    assert found.return_value == 0
    line = next(line for line in found.output.splitlines() if "candidate" in line and " a " in line)
    assert "+50.0" in line
    assert "better" in line


def test_compare_shows_the_means_of_the_items_that_both_runs_have(tmp_path: Path) -> None:
    before = made(tmp_path / "before", {"zero_shot": {"a": first(10)}}, {"a": 20})
    after = made(tmp_path / "after", {"zero_shot": {"a": first(10)}, "rag": {"a": first(2)}}, {"a": 10})
    ((row,), left_out) = compared(rows_of(before), rows_of(after))
    assert (row.before, row.after, row.found.estimate, row.found.n) == (1.0, 1.0, 0.0, 10)
    assert left_out == []


def test_compare_says_what_it_leaves_out(tmp_path: Path) -> None:
    before = made(tmp_path / "before", {"zero_shot": {"a": first(2)}}, {"a": 4})
    other = {"a": {"digest": "another"}}
    after = made(tmp_path / "after", {"zero_shot": {"a": first(2)}}, {"a": 4}, tasks=other, weights="v" * 64)
    found = CliRunner().invoke(
        compare, [str(before), str(after)], catch_exceptions=False, standalone_mode=False
    )
    assert found.return_value == 4
    assert "a has other items or settings" in found.output
    assert "different base models" in found.output
    with pytest.raises(InputError, match="at least two run folders"):
        CliRunner().invoke(compare, [str(before)], catch_exceptions=False)


def test_budgets_are_those_of_the_target_tasks(tmp_path: Path) -> None:
    """A retention task is no traffic: what it takes does not enter."""
    rules = {name: {"a": first(5), "kept": first(5)} for name in ("zero_shot", "candidate")}
    dear = {"candidate": lambda task, _: 5000 if task == "kept" else 20}
    run = rows_of(made(tmp_path / "run", rules, {"a": 10, "kept": 30}, {"kept": "retention"}, tokens=dear))
    wanted = gate_of(checks=[], budgets={"tokens_per_item": 1.0, "latency": 1.0}, must_pass=["critical"])
    found = {check.name: check for check in evaluate(wanted, run, ["candidate"], None).candidates[0].checks}
    assert found["tokens an item"].verdict == "PASS"
    assert found["tokens an item"].text.startswith("1.00 times")
    assert found["latency"].text.startswith("1.00 times")

"""Runs that are not finished: what is missing is named, and no verdict rests on an absence."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.analysis.across_runs import compared
from harness.analysis.summary import summary_of
from harness.cli.decide import decide
from harness.deciding.choosing import choose
from harness.deciding.records import Decision
from harness.execution.drift import GENERAL_TEXT, AnswerInformation, Drift, WeightMeasurements
from harness.runs.schema import FILE_NAME
from harness.runs.store import Store
from harness.types import Failure
from reports.history.changes import load_history
from reports.markdown import markdown
from reports.run_data import load_run
from tests.unit._gate import Rule, first, made, rows_of

N = 60
RULES: Mapping[str, Mapping[str, Rule]] = {
    "zero_shot": {"a": first(12), "kept": first(50)},
    "rag": {"a": first(30), "kept": first(50)},
    "few_shot": {"a": first(13), "kept": first(50)},
    "lora": {"a": first(50), "kept": first(20)},
}
ORDER = [(strategy, task) for strategy in RULES for task in ("a", "kept")]


def run_of(folder: Path, missing: Mapping[tuple[str, str], Any] | None = None, **keys: Any) -> Path:
    """A run in which lora is the best on the target, and forgets."""
    given = {"trained": ("lora",), "missing": missing or {}} | keys
    return made(folder, RULES, {"a": N, "kept": N}, {"kept": "retention"}, **given)


def decided(folder: Path) -> Decision:
    return choose(rows_of(folder))


def test_the_finished_run_takes_what_does_not_forget(tmp_path: Path) -> None:
    found = decided(run_of(tmp_path / "run"))
    assert (found.outcome, found.winner, found.unjudged) == ("retrieve", "rag", ())
    assert found.checks[0].text == "every answer is there"
    assert rows_of(tmp_path / "run").missing == ()


def test_killed_before_the_last_retention_task_there_is_no_verdict(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run", {("lora", "kept"): range(N)})
    result = CliRunner().invoke(decide, [str(folder)], standalone_mode=False)
    assert result.return_value == 5
    wanted = "not finished: lora lacks kept (0 of 60 answers); run `trilemma run` again"
    assert f"No decision: the run is {wanted}." in result.output
    (lora,) = [each for each in decided(folder).candidates if each.strategy == "lora"]
    assert lora.retained.state == "not known"
    assert "is not finished: it lacks kept (0 of 60 answers)" in lora.excluded
    assert wanted.partition(";")[0] in markdown(load_run(folder))


@pytest.mark.parametrize("cut", range(5, len(ORDER) * N, 25))
def test_a_run_that_is_cut_anywhere_has_the_finished_verdict_or_none(tmp_path: Path, cut: int) -> None:
    missing = {}
    for at, key in enumerate(ORDER):
        missing[key] = range(min(N, max(0, cut - at * N)), N)
    found = decided(run_of(tmp_path / "run", missing))
    assert found.outcome == "stopped"
    assert "not finished" in found.paragraph


@pytest.mark.parametrize("key", ORDER, ids=" ".join)
def test_one_row_that_is_missing_is_named(tmp_path: Path, key: tuple[str, str]) -> None:
    folder = run_of(tmp_path / "run", {key: [7]})
    found, rows = decided(folder), rows_of(folder)
    strategy, task = key
    (lack,) = rows.missing
    assert (lack.strategy, lack.task, lack.done, lack.wanted) == (strategy, task, N - 1, N)
    assert f"{task} (59 of 60 answers)" in found.paragraph
    harmless = key == ("few_shot", "kept")  # it is not better on the target, whatever it forgets
    assert found.winner == ("rag" if harmless else None)
    if harmless:
        assert found.paragraph.endswith(
            "Not judged: few_shot is not finished, it lacks kept (59 of 60 answers)."
        )
    summary = summary_of(rows)
    pairs = {(each.strategy, each.task) for each in (*summary.contrasts, *summary.forgetting)}
    assert key not in pairs
    assert {each.strategy for each in summary.tradeoffs}.isdisjoint({strategy} - {"zero_shot"})
    assert not next(c for c in summary.cells if (c.strategy, c.task) == key).complete


def test_a_challenger_that_is_missing_still_counts_among_the_tests(tmp_path: Path) -> None:
    whole = summary_of(rows_of(run_of(tmp_path / "whole")))
    cut = summary_of(rows_of(run_of(tmp_path / "cut", {("lora", "a"): range(N), ("lora", "kept"): range(N)})))
    (before,), (after,) = (
        [each for each in found.contrasts if each.strategy == "few_shot"] for found in (whole, cut)
    )
    assert after.p_holm >= before.p_holm
    assert after.detectable == before.detectable


def changed(folder: Path, *statements: str, **experiment: Any) -> Path:
    """A finished run whose rows or experiment are others."""
    run_of(folder)
    path = folder / "manifest.json"
    raw = json.loads(path.read_text())
    raw["experiment"] |= experiment
    path.write_text(json.dumps(raw))
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        for statement in statements:
            db.execute(statement)
    return folder


@pytest.mark.parametrize(
    ("statements", "experiment", "lacking"),
    [
        ((), {"seeds": [0, 1]}, "zero_shot lacks its preparation (1 of 2 seeds), a (60 of 120 answers)"),
        ((), {"repeats": 3}, "zero_shot lacks a (60 of 180 answers), kept (60 of 180 answers)"),
        (("DELETE FROM preparations WHERE strategy = 'lora'",), {},
         "lora lacks its preparation (0 of 1 seeds)"),
        (("UPDATE judgements SET scores = '{}' WHERE recipe LIKE 'rag/%' AND item_id = 'a-0003'",), {},
         "rag lacks a (59 of 60 answers)"),
        (("UPDATE judgements SET scores = '{\"exact_match\": NaN}' WHERE recipe = 'rag/a'",), {},
         "rag lacks a (0 of 60 answers)"),
        (("DELETE FROM answers WHERE recipe = 'zero_shot/kept' AND item_id > 'kept-0050'",), {},
         "zero_shot lacks kept (51 of 60 answers)"),
        (("DELETE FROM answers WHERE strategy = 'rag'",), {},
         "not finished: rag lacks all its answers; run"),
    ],
)  # fmt: skip
def test_whatever_is_missing_ends_it(
    tmp_path: Path, statements: tuple[str, ...], experiment: dict[str, Any], lacking: str
) -> None:
    found = decided(changed(tmp_path / "run", *statements, **experiment))
    assert (found.outcome, found.winner) == ("stopped", None)
    assert lacking in found.paragraph


def test_rows_of_other_seeds_and_repeats_are_no_part_of_the_run(tmp_path: Path) -> None:
    copy = "INSERT INTO answers SELECT recipe, strategy, {}, task, item_id, key, request, exchanges, answer, "
    copy += "prior, error FROM answers WHERE recipe = 'lora/a' AND item_id < 'a-0005'"
    folder = changed(tmp_path / "run", copy.format("1, repeat"), copy.format("seed, 1"))
    assert decided(folder) == decided(run_of(tmp_path / "other" / "run"))


def test_items_that_were_lost_are_missing_answers(tmp_path: Path) -> None:
    folder = changed(tmp_path / "run", "DELETE FROM items WHERE item_id = 'kept-0007'")
    assert "lora lacks kept (59 of 60 answers)" in decided(folder).checks[0].text


# --- What is measured beside the answers ---


def measured(of: str = "today", **keys: Any) -> WeightMeasurements:
    texts = (Drift(text=GENERAL_TEXT, n_tokens=9, nll=2.0, base_nll=2.0, n_kl=9, kl=0.0),)
    told = AnswerInformation(
        task="kept", items=("kept-0001", "kept-0002"), base=(3.0, 3.1), now=(3.0, 3.0),
        base_log_likelihood=-1.0, log_likelihood=-1.0,
    )  # fmt: skip
    return WeightMeasurements(of=of, adapter="x", **({"drift": texts, "information": (told,)} | keys))


GENTLE: Mapping[str, Mapping[str, Rule]] = {
    "zero_shot": {"a": first(90), "kept": first(240)},
    "lora": {"a": first(250), "kept": first(240)},
}


def gentle(folder: Path, probes: WeightMeasurements | None, **experiment: Any) -> Path:
    """A run whose lora wins and forgets nothing; its retention items have answers of their own."""
    made(folder, GENTLE, {"a": 300, "kept": 300}, {"kept": "retention"}, trained=("lora",))
    raw = json.loads((folder / "manifest.json").read_text())
    raw["experiment"] |= {"forgetting": {}} | experiment
    raw["probing"] = "today"
    (folder / "manifest.json").write_text(json.dumps(raw))
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        db.execute(
            "UPDATE items SET item = json_set(item, '$.targets[0]', 'yes ' || item_id) "
            "WHERE task_digest = 'digest of kept'"
        )
    with Store.open(folder) as store:
        if probes:
            store.write_probes("prepare lora", 0, probes.model_dump_json())
    return folder


def test_measurements_that_are_there_let_the_verdict_stand(tmp_path: Path) -> None:
    assert decided(gentle(tmp_path / "run", measured())).winner == "lora"
    assert decided(gentle(tmp_path / "off", None, forgetting=None)).winner == "lora"


@pytest.mark.parametrize(
    "probes",
    [None, measured("yesterday"), measured(drift=()), measured(information=())],
    ids=["none", "of something else", "no perplexity", "no answer information"],
)
def test_measurements_that_are_missing_end_it(tmp_path: Path, probes: WeightMeasurements | None) -> None:
    found = decided(gentle(tmp_path / "run", probes))
    assert found.outcome == "stopped"
    assert "lora lacks measurements of its weights (0 of 1 seeds)" in found.paragraph


def test_what_could_not_be_measured_rules_nothing_out(tmp_path: Path) -> None:
    broken = WeightMeasurements(of="today", adapter="x", error=Failure(kind="MemoryError", message="no room"))
    found = decided(gentle(tmp_path / "run", broken))
    assert found.winner == "lora"
    lora = next(each for each in found.candidates if each.strategy == "lora")
    assert lora.retained.state == "not ruled out"
    assert "not measured: measurements of its weights (0 of 1 seeds): no room" in found.paragraph


# --- Other readers ---


def test_compare_and_history_leave_out_what_is_not_finished(tmp_path: Path) -> None:
    whole = run_of(tmp_path / "whole")
    cut = run_of(tmp_path / "cut", {("lora", "kept"): [3]}, created="2026-02-01T00:00:00+00:00")
    found, left_out = compared(rows_of(whole), rows_of(cut))
    assert ("lora", "kept") not in {(row.strategy, row.task) for row in found}
    assert "lora on kept: not finished in the later run, 59 of 60 answers" in left_out
    assert len(found) == len(ORDER) - 1
    (cut / "summary.json").write_text(json.dumps({"verdict": {"line": "Fine-tune: lora.", "winner": "lora"}}))
    history = load_history([whole, cut])
    assert [run.verdict for run in history.runs] == [None, None]
    assert history.n_not_comparable == 1


def test_a_strategy_that_could_not_be_prepared_is_named_and_the_others_are_judged(tmp_path: Path) -> None:
    error = """UPDATE preparations SET error = '{"kind": "broken", "message": "it broke"}' """
    lost = "DELETE FROM answers WHERE strategy = 'lora'"
    found = decided(changed(tmp_path / "run", error + "WHERE strategy = 'lora'", lost))
    assert found.winner == "rag"
    assert found.paragraph.endswith("Not judged: lora could not be prepared.")


def test_a_ceiling_has_no_p_value_and_is_waited_for_by_nobody(tmp_path: Path) -> None:
    uses = {"rag": {"use": "rag", "options": {"oracle": True}}}
    whole = decided(run_of(tmp_path / "whole", uses=uses))
    assert {each.strategy: each.p_holm is None for each in whole.candidates} == {
        "zero_shot": True, "rag": True, "few_shot": False, "lora": False,
    }  # fmt: skip
    cut = decided(run_of(tmp_path / "cut", {("rag", "a"): [3]}, uses=uses))
    assert (cut.outcome, cut.winner) == (whole.outcome, whole.winner)
    assert "rag lacks a (59 of 60 answers)" in cut.checks[0].text

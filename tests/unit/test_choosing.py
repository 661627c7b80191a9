"""Decisions on made runs: the checks that end one, the choice, and what would change it."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli.decide import decide
from harness.deciding.choosing import choose
from harness.deciding.cost import Use
from harness.deciding.prices import PriceSheet
from harness.deciding.records import Decision, Limits
from harness.errors import InputError
from harness.stats import wilson_interval
from tests.unit._gate import Rule, first, made, rows_of

N = 300
SHEET = PriceSheet.model_validate(
    {
        "name": "made", "dated": "2026-01-01", "source": "here",
        "serving": {"input_per_million": 1.0, "output_per_million": 2.0},
        "training": {"per_million_tokens": 1000.0},
    }
)  # fmt: skip
HOSTED = SHEET.model_copy(update={"hosting": SHEET.hosting.model_copy(update={"per_month": 50.0})})


def run_of(folder: Path, shares: dict[str, float], kept: dict[str, float] | None = None, **keys: Any) -> Path:
    """Strategies with the first so many of a target and of a retention task right."""
    rules: dict[str, dict[str, Rule]] = {
        name: {"a": first(round(share * N)), "kept": first(round((kept or {}).get(name, 0.9) * N))}
        for name, share in shares.items()
    }
    given = {"trained": tuple(name for name in shares if "lora" in name)} | keys
    return made(folder, rules, {"a": N, "kept": N}, {"kept": "retention"}, **given)


def decided(folder: Path, sheet: PriceSheet = SHEET, use: Use | None = None, **limits: Any) -> Decision:
    return choose(rows_of(folder), sheet, use, Limits(**limits))


def test_the_best_proven_strategy_wins_and_the_paragraph_says_all_of_it(tmp_path: Path) -> None:
    found = decided(run_of(tmp_path / "run", {"zero_shot": 0.3, "rag": 0.5, "lora": 0.8}))
    assert (found.outcome, found.winner) == ("fine-tune", "lora")
    text = found.paragraph
    assert text.startswith("Fine-tune: lora. It is +50.0 points better than zero_shot (+")
    assert "n = 300 items, one seed: this adapter, not the recipe" in text
    assert "Forgetting beyond the limit is ruled out" in text
    assert "0 of 270 right answers lost" in text


def test_a_question_asked_a_hundred_times_is_one_question(tmp_path: Path) -> None:
    rules = {"zero_shot": {"a": first(600)}, "lora": {"a": first(900)}}
    once = decided(made(tmp_path / "once", rules, {"a": 1200}, {}))
    assert once.winner == "lora"
    copied = decided(made(tmp_path / "copied", rules, {"a": 1200}, {}, copies=100))
    assert (copied.outcome, copied.winner) == ("not yet proven", None)
    assert "n = 1,200 items in 12 groups" in copied.paragraph


def test_an_equal_but_cheaper_strategy_is_taken(tmp_path: Path) -> None:
    shares = {"zero_shot": 0.3, "rag": 0.60, "few_shot": 0.59}
    folder = run_of(tmp_path / "run", shares, tokens={"rag": 500, "few_shot": 100})
    found = decided(folder)
    assert (found.outcome, found.winner) == ("prompt", "few_shot")
    told = "rag scores 1.0 points more, which is not proven; few_shot costs less."
    assert told in found.changes
    dearer = decided(run_of(tmp_path / "other", shares, tokens={"rag": 100, "few_shot": 500}))
    assert dearer.winner == "rag"
    assert not any("points more" in change for change in dearer.changes)


def test_a_strategy_that_is_the_base_under_another_name_is_named(tmp_path: Path) -> None:
    rows = rows_of(run_of(tmp_path / "run", {"zero_shot": 0.3, "few_shot": 0.3, "rag": 0.5}))
    assert "prompts" not in {check.name for check in choose(rows, SHEET).checks}
    same = dataclasses.replace(rows, answers={**rows.answers, "few_shot": rows.answers["zero_shot"]})
    (check,) = [check for check in choose(same, SHEET).checks if check.name == "prompts"]
    assert (check.good, check.ends) == (False, False)
    assert check.text == "asks exactly what zero_shot asks on every target task: few_shot"


def test_the_frontier_holds_what_is_proven_better_than_all_that_is_cheaper(tmp_path: Path) -> None:
    shares = {"zero_shot": 0.3, "rag": 0.60, "few_shot": 0.59, "lora": 0.9}
    tokens = {"zero_shot": 50, "few_shot": 100, "rag": 500, "lora": 900}
    found = decided(run_of(tmp_path / "run", shares, tokens=tokens))
    assert found.frontier == ("zero_shot", "few_shot", "lora")  # rag is dearer and not proven better
    dearest_first = {name: 1000 - n for name, n in tokens.items()}
    assert decided(run_of(tmp_path / "other", shares, tokens=dearest_first)).frontier == ("lora",)


def test_a_score_has_the_tasks_intervals_by_square_and_add(tmp_path: Path) -> None:
    rules: dict[str, dict[str, Rule]] = {
        "zero_shot": {"a": first(100), "b": first(200)},
        "rag": {"a": first(150), "b": first(250)},
    }
    folder = made(tmp_path / "run", rules, {"a": N, "b": N}, {})
    rag = next(each for each in decided(folder).candidates if each.strategy == "rag")
    (low_a, high_a), (low_b, high_b) = wilson_interval(150, N), wilson_interval(250, N)
    a, b = 150 / N, 250 / N
    assert rag.mean_low == pytest.approx((a + b) / 2 - math.hypot(a - low_a, b - low_b) / 2)
    assert rag.mean_high == pytest.approx((a + b) / 2 + math.hypot(high_a - a, high_b - b) / 2)


def test_one_that_forgets_is_not_taken_and_the_limit_that_would_take_it_is_named(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run", {"zero_shot": 0.3, "rag": 0.5, "lora": 0.8}, {"lora": 0.7})
    found = decided(folder)
    assert found.winner == "rag"
    lora = found.candidates[0]
    assert (lora.strategy, lora.retained.state, lora.retained.lost) == ("lora", "found", 60)
    assert lora.excluded == ("forgets more than 2.0 points",)
    assert any("lora scores 30.0 points more" in change and "24" in change for change in found.changes)
    assert decided(folder, max_forgetting=0.3).winner == "lora"


def test_a_lead_of_one_task_is_told_as_that(tmp_path: Path) -> None:
    rules = {
        "zero_shot": {"a": first(30), "b": first(150), "c": first(200)},
        "few_shot": {"a": first(290), "b": first(152), "c": first(0)},
    }
    found = decided(made(tmp_path / "run", rules, {"a": N, "b": N, "c": N}))
    assert found.winner == "few_shot"
    assert (
        "By task it is better than zero_shot on a, not proven better on b (50.7 against 50.0), worse on c "
        "(0.0 against 66.7)."
    ) in found.paragraph
    result = CliRunner().invoke(decide, [str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    assert "0.0 ▼" in result.output
    assert "96.7 ▲" in result.output


def test_the_volume_decides_between_equals_when_one_is_hosted(tmp_path: Path) -> None:
    folder = run_of(
        tmp_path / "run", {"zero_shot": 0.3, "rag": 0.6, "lora": 0.6}, tokens={"rag": 1000, "lora": 50}
    )
    low = decided(folder, HOSTED, Use(queries_per_month=1_000))
    high = decided(folder, HOSTED, Use(queries_per_month=1_000_000))
    assert (low.winner, high.winner) == ("rag", "lora")
    assert any("lora costs less than rag from" in change for change in low.changes)
    assert any("rag costs less than lora below" in change for change in high.changes)


def test_a_cost_limit_excludes(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run", {"zero_shot": 0.3, "rag": 0.6}, tokens={"rag": 5000})
    found = decided(folder, max_cost_per_1000=1.0)
    assert found.outcome == "not yet proven"
    assert "rag costs more than 1 USD per 1,000 answers" in found.paragraph


def test_a_small_difference_is_not_yet_proven_and_says_what_would_prove_it(tmp_path: Path) -> None:
    rules = {"zero_shot": {"a": lambda i: i % 5 < 2}, "rag": {"a": lambda i: (i % 5 in (1, 2)) or i < 8}}
    found = decided(made(tmp_path / "run", rules, {"a": N}))
    assert (found.outcome, found.winner) == ("not yet proven", None)
    assert "are reliably detected" in found.paragraph
    assert any("takes about" in change for change in found.changes)


@pytest.mark.parametrize(
    ("keys", "check", "told"),
    [
        ({"failed": {("rag", "a"): tuple(range(30))}}, "errors", "30 of 1200 answers failed"),
        ({"leaks": {"a": 9}}, "leakage", "9 of a"),
    ],
)
def test_errors_and_leaks_end_it(tmp_path: Path, keys: dict[str, Any], check: str, told: str) -> None:
    found = decided(run_of(tmp_path / "run", {"zero_shot": 0.3, "rag": 0.9}, **keys))
    assert (found.outcome, found.winner, found.changes) == ("stopped", None, ())
    assert told in next(each.text for each in found.checks if each.name == check and each.ends)
    assert told in found.paragraph


@pytest.mark.parametrize(("n_failed", "good"), [(3, True), (250, False)])
def test_questions_that_failed_were_shown_no_document(tmp_path: Path, n_failed: int, good: bool) -> None:
    failed = {("rag", "a"): tuple(range(n_failed))}
    folder = run_of(tmp_path / "run", {"zero_shot": 0.3, "rag": 0.6}, recall={"a": 0.9}, failed=failed)
    (check,) = [c for c in decided(folder, max_errors=1.0).checks if c.name == "retrieval recall"]
    assert check.good == good
    assert f"({n_failed} that failed count as without)" in check.text


def test_a_base_that_answers_everything_is_kept(tmp_path: Path) -> None:
    found = decided(run_of(tmp_path / "run", {"zero_shot": 0.98, "lora": 1.0}))
    assert (found.outcome, found.winner) == ("prompt", "zero_shot")
    assert "the base answers without any help: a" in found.paragraph


def test_retrieval_that_finds_too_little_is_to_be_mended_first(tmp_path: Path) -> None:
    shares = {"zero_shot": 0.3, "rag": 0.4, "rag_oracle": 0.95, "lora": 0.7}
    uses = {"rag_oracle": {"use": "rag", "options": {"oracle": True}}}
    found = decided(run_of(tmp_path / "run", shares, recall={"a": 0.5}, uses=uses))
    assert found.outcome == "not yet proven"
    assert "fix retrieval first" in found.paragraph
    assert "with the right passages rag_oracle scores 95.0" in found.paragraph
    oracle = next(each for each in found.candidates if each.strategy == "rag_oracle")
    assert "a ceiling, not a system" in oracle.excluded[0]
    good = decided(run_of(tmp_path / "good", shares, recall={"a": 0.9}, uses=uses))
    assert good.winner == "lora"


def test_fine_tuning_without_an_arm_that_retrieves_its_examples_is_noted(tmp_path: Path) -> None:
    found = decided(run_of(tmp_path / "run", {"zero_shot": 0.3, "lora": 0.8}))
    assert not next(check for check in found.checks if check.name == "information parity").good
    uses = {"rag_train": {"use": "rag", "options": {"source": "train"}}}
    shares = {"zero_shot": 0.3, "rag_train": 0.5, "lora": 0.8}
    found = decided(run_of(tmp_path / "other", shares, uses=uses))
    assert next(check for check in found.checks if check.name == "information parity").good


def test_weights_move_the_verdict(tmp_path: Path) -> None:
    rules = {
        "zero_shot": {"a": first(100), "b": first(100)},
        "rag": {"a": first(200), "b": first(100)},
        "lora": {"a": first(100), "b": first(220)},
    }
    rows = rows_of(made(tmp_path / "run", rules, {"a": N, "b": N}))
    assert choose(rows, SHEET, weights={"a": 3.0}).winner == "rag"
    assert choose(rows, SHEET, weights={"b": 3.0}).winner == "lora"


def test_an_incumbent_without_answers_allows_no_decision(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run", {"zero_shot": 0.3, "rag": 0.5}, missing={("zero_shot", "a"): range(N)})
    assert decided(folder).outcome == "stopped"


# --- the command ---


def called(*arguments: str) -> Any:
    return CliRunner().invoke(decide, list(arguments), catch_exceptions=False, standalone_mode=False)


def test_the_command_answers_with_its_exit_code(tmp_path: Path) -> None:
    run = str(run_of(tmp_path / "run", {"zero_shot": 0.3, "lora": 0.8}))
    found = called(run, "--prices", "builtin:hosted-tokens", "--queries-per-month", "5e5")
    assert found.return_value == 0
    assert "Fine-tune: lora." in found.output
    assert "500,000 queries a month" in found.output
    as_json = called(run, "--json")
    assert Decision.model_validate_json(as_json.output).winner == "lora"
    assert called(run, "--max-cost-per-1k", "0").return_value == 3
    leaky = str(run_of(tmp_path / "leaky", {"zero_shot": 0.3, "lora": 0.8}, leaks={"a": 100}))
    assert called(leaky).return_value == 5


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ("a", "must be TASK=WEIGHT"),
        ("a=-1", "must be TASK=WEIGHT"),
        ("b=1", "is no target task"),
        ("a=0", "weighs 0"),
    ],
)
def test_faulty_weights_are_one_clear_line(tmp_path: Path, weights: str, told: str) -> None:
    run = str(run_of(tmp_path / "run", {"zero_shot": 0.3, "lora": 0.8}))
    with pytest.raises(InputError, match=told):
        called(run, "--weights", weights)


def test_without_a_winner_it_is_said_which_strategy_leads_which_task(tmp_path: Path) -> None:
    rules: dict[str, dict[str, Rule]] = {
        "zero_shot": {"a": first(8), "b": first(12), "c": first(0), "d": first(0)},
        "few_shot": {"a": first(10), "b": first(9), "c": first(4), "d": first(0)},
        "rag": {"a": first(0), "b": first(12), "c": first(2), "d": first(0)},
    }
    found = decided(made(tmp_path / "run", rules, dict.fromkeys("abcd", 20)))
    assert (found.outcome, found.winner) == ("not yet proven", None)
    assert found.paragraph.endswith(
        " Highest by task: few_shot on a (50.0) and c (20.0); rag and zero_shot on b (60.0). "
        "few_shot scores nothing on d; rag scores nothing on a and d."
    )
    one = decided(made(tmp_path / "one", {n: {"a": each["a"]} for n, each in rules.items()}, {"a": 20}))
    assert "Highest by task" not in one.paragraph


def test_a_winner_says_where_it_scores_nothing(tmp_path: Path) -> None:
    rules: dict[str, dict[str, Rule]] = {
        "zero_shot": {"a": first(10), "b": first(0)},
        "few_shot": {"a": first(190), "b": first(0)},
    }
    found = decided(made(tmp_path / "run", rules, {"a": 200, "b": 200}))
    assert found.winner == "few_shot"
    assert "(0.0 against 0.0). few_shot scores nothing on b. Each query costs" in found.paragraph

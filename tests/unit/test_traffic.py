"""Costs are those of the traffic, weighed as the decision weighs it; one meaning of right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.analysis.findings import StrategyCost
from harness.analysis.scores import is_right
from harness.analysis.summary import summary_of
from harness.deciding.choosing import choose
from harness.deciding.prices import PriceSheet, load_prices
from harness.deciding.records import Candidate
from reports.explorer.items import AskedItems, Outcome
from tests.unit._gate import first, made, rows_of

SHEET = PriceSheet.model_validate(
    {
        "name": "made", "dated": "2026-01-01", "source": "here",
        "serving": {"input_per_million": 1000.0, "output_per_million": 0.0},
        "tuned": {"input_per_million": 2000.0, "output_per_million": 0.0},
        "hosting": {"per_month": 30.0},
    }
)  # fmt: skip


def run_of(folder: Path, **keys: Any) -> Path:
    """Two targets of different sizes and a large retention task; rag reads more only on the first target."""
    rules = {
        name: {"small": first(share), "large": first(2 * share), "kept": first(300)}
        for name, share in (("zero_shot", 10), ("rag", 30))
    }
    tokens = {("zero_shot", "small"): 10, ("zero_shot", "large"): 20, ("zero_shot", "kept"): 1000,
              ("rag", "small"): 50, ("rag", "large"): 20, ("rag", "kept"): 5000}  # fmt: skip
    return made(
        folder, rules, {"small": 40, "large": 200, "kept": 300}, {"kept": "retention"},
        **({"tokens": tokens} | keys),
    )  # fmt: skip


def cost_of(folder: Path, name: str) -> StrategyCost:
    return next(cost for cost in summary_of(rows_of(folder)).costs if cost.strategy == name)


def candidate(folder: Path, name: str, **keys: Any) -> Candidate:
    found = choose(rows_of(folder), SHEET, **keys).candidates
    return next(each for each in found if each.strategy == name)


def test_retention_items_are_no_traffic(tmp_path: Path) -> None:
    seconds = {("rag", "kept"): 9.0}
    cost = cost_of(run_of(tmp_path / "run", seconds=seconds), "rag")
    assert cost.prompt_tokens == pytest.approx((50 + 20) / 2)  # every task weighs the same, not every item
    assert cost.latency_p95_s == pytest.approx(0.01)
    assert cost.n_answers == 240
    assert {each.task: each.prompt_tokens for each in cost.by_task} == {"small": 50, "large": 20}
    assert candidate(tmp_path / "run", "rag").per_1000 == pytest.approx(35.0)


def test_the_quantiles_of_latency_weigh_tasks_and_not_items(tmp_path: Path) -> None:
    seconds = {("rag", "small"): 1.0, ("rag", "large"): 2.0}
    cost = cost_of(run_of(tmp_path / "run", seconds=seconds), "rag")
    assert (cost.latency_p50_s, cost.latency_p95_s) == (1.0, 2.0)
    assert cost.device_s == pytest.approx(1.5)


def test_a_decision_weighs_costs_as_it_weighs_scores(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run")
    assert candidate(folder, "rag", weights={"small": 3.0}).per_1000 == pytest.approx(0.75 * 50 + 0.25 * 20)
    assert candidate(folder, "rag", weights={"small": 0.0}).per_1000 == pytest.approx(20.0)


def test_a_run_of_retention_tasks_alone_still_has_costs(tmp_path: Path) -> None:
    folder = made(tmp_path / "run", {"zero_shot": {"kept": first(3)}}, {"kept": 5}, {"kept": "retention"})
    assert cost_of(folder, "zero_shot").prompt_tokens == 20


def test_a_mean_cost_has_its_interval(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run")
    flat = candidate(folder, "rag")
    assert flat.per_1000_low == flat.per_1000 == flat.per_1000_high
    rows = rows_of(folder)
    found = rows.answers["rag"]["small"]
    drawn = np.random.default_rng(0).normal(100, 10, (40, 3))
    object.__setattr__(found, "measured", drawn)
    cost = next(cost for cost in summary_of(rows).costs if cost.strategy == "rag")
    assert cost.prompt_tokens_se == pytest.approx(drawn[:, 0].std(ddof=1) / 40**0.5 / 2)
    spread = next(each for each in choose(rows, SHEET).candidates if each.strategy == "rag")
    assert spread.per_1000_high is not None
    assert spread.per_1000_high - spread.per_1000 == pytest.approx(1.96 * cost.prompt_tokens_se, rel=1e-3)


def test_an_adapter_from_elsewhere_is_priced_as_a_tuned_model(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run", adapted=("rag",))
    found = candidate(folder, "rag")
    assert found.per_1000 == pytest.approx(70.0)
    assert found.month == pytest.approx(10_000 * 0.07 + 30)


def test_every_price_sheet_by_the_hour_pays_for_preparing() -> None:
    for name in ("builtin:own-cpu", "builtin:own-gpu"):
        assert load_prices(name).training.per_hour > 0


@pytest.mark.parametrize(
    ("score", "right_from", "right"),
    [(0.5, None, False), (0.51, None, True), (0.79, 0.8, False), (0.8, 0.8, True), (0.1 + 0.7, 0.8, True),
     (0.99, 1.0, False), (0.3, 0.3, True)],
)  # fmt: skip
def test_an_item_is_right_from_the_tasks_score_on(
    score: float, right_from: float | None, right: bool
) -> None:
    assert is_right(score, right_from) is right


def test_one_meaning_of_right_in_flips_ticks_and_costs(tmp_path: Path) -> None:
    """By the mean score zero_shot would be the cheaper per right answer; by right answers rag is."""
    rules = {name: {"a": first(0)} for name in ("zero_shot", "rag")}
    scores = {("zero_shot", "a"): lambda i: 0.7, ("rag", "a"): lambda i: 0.9 if i < 50 else 0.0}
    folder = made(
        tmp_path / "run", rules, {"a": 100}, scores=scores, tasks={"a": {"right_from": 0.8}},
        tokens={"zero_shot": 10, "rag": 10},
    )  # fmt: skip
    rows = rows_of(folder)
    summary = summary_of(rows)
    assert {cell.strategy: cell.right for cell in summary.cells} == {"zero_shot": 0.0, "rag": 0.5}
    flips = next(flip for flip in summary.flips if flip.strategy == "rag")
    assert (flips.base_right, len(flips.gained), len(flips.lost)) == (0, 50, 0)
    found = {each.strategy: each.per_1000_correct for each in choose(rows, SHEET).candidates}
    assert found == {"zero_shot": None, "rag": pytest.approx(20.0)}
    ticks = [Outcome.RIGHT in each.shown["rag"].outcome for each in AskedItems(rows)]
    assert sum(ticks) == 50
    assert not any(Outcome.RIGHT in each.shown["zero_shot"].outcome for each in AskedItems(rows))


def test_what_counts_as_right_does_not_ask_the_model_again(tmp_path: Path) -> None:
    from harness.tasks.loading import load_task

    (tmp_path / "items.jsonl").write_text('{"id": "1", "input": "a", "target": "b"}\n')
    text = "name: t\nkind: generate\nmetrics: [token_f1]\nitems: {test: items.jsonl}\n"
    (tmp_path / "task.yaml").write_text(text)
    plain = load_task(tmp_path / "task.yaml").task
    (tmp_path / "task.yaml").write_text(text + "right_from: 0.8\n")
    graded = load_task(tmp_path / "task.yaml").task
    assert (plain.right_from, graded.right_from) == (None, 0.8)
    assert graded.digest == plain.digest


def test_a_choice_is_priced_as_the_answer_that_a_served_model_writes() -> None:
    from harness.models.answers import chosen
    from harness.models.tries import Scored
    from harness.types import Generation

    options = [[1, 2, 3, 9], [4, 9], [5, 6, 9]]
    scored = Scored([-3.0, -1.0, -2.0], [True] * 3, 7)
    found = chosen(["long one", "short", "other"], options, scored, n_end=1)
    assert isinstance(found, Generation)
    assert (found.text, found.usage.completion, found.usage.scored) == ("short", 2, 7)


def test_drawing_examples_is_counted(tmp_path: Path) -> None:
    from strategies.few_shot import FewShot, FewShotOptions
    from tests.unit.test_few_shot import COLOURS, context, data

    prepared = FewShot(FewShotOptions(select="stratified")).prepare(context(tmp_path, data(COLOURS)))
    assert 0 < prepared.cost.device_s == prepared.cost.wall_s < 5

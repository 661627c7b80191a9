"""How sure a mean cost is, whose latency is shown, and costs that were not measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats as scipy_stats

from harness.cli.decide import decide
from harness.deciding.choosing import choose, conclude
from harness.deciding.cost import Use
from harness.deciding.prices import PriceSheet
from harness.runs.store import Store
from harness.stats import amount_interval, covariance_of_means, weighted_quantile
from harness.types import PrepareCost
from reports.html import load_run, render
from reports.markdown import markdown
from tests.unit._gate import first, made, rows_of

HOUR = {"serving": {"per_hour": 3600.0}, "training": {"per_hour": 3600.0}}
TOKENS = {"serving": {"input_per_million": 1e6, "output_per_million": 2e6, "cache_read": 0.5}}


def sheet(**keys: object) -> PriceSheet:
    return PriceSheet.model_validate({"name": "made", "dated": "2026-01-01", "source": "here"} | keys)


def test_the_covariance_over_items_is_that_of_the_textbook() -> None:
    values = np.random.default_rng(0).gamma(2.0, size=(40, 2))
    found, n = covariance_of_means(values, [str(row) for row in range(40)])
    assert n == 40
    assert found == pytest.approx(np.cov(values.T) / 40)
    mean, error = values[:, 0].mean(), scipy_stats.sem(values[:, 0])
    assert amount_interval(mean, found[0, 0], n) == pytest.approx(
        scipy_stats.t.interval(0.95, 39, mean, error)
    )


def test_items_of_a_cluster_tell_as_much_as_one() -> None:
    values = np.random.default_rng(0).gamma(2.0, size=(40, 1))
    alone, n = covariance_of_means(values, [str(row) for row in range(40)])
    fourfold, n_clusters = covariance_of_means(
        np.repeat(values, 4, axis=0), [str(row // 4) for row in range(160)]
    )
    assert (n, n_clusters) == (40, 40)
    assert fourfold == pytest.approx(alone)
    assert amount_interval(1.0, 0.0, 1) is None


def test_a_quantile_of_tasks_weighs_tasks_and_not_their_answers() -> None:
    slow, fast = [9.0] * 10, [1.0] * 1000
    assert weighted_quantile([(0.5, slow), (0.5, fast)], 0.95) == 9.0
    assert weighted_quantile([(0.9, fast), (0.1, slow)], 0.5) == 1.0
    assert weighted_quantile([(1.0, [1.0, 2.0, 3.0])], 0.5) == 2.0


def two_tasks(folder: Path, **keys: Any) -> Path:
    """A task of long and short prompts beside one whose prompts are all alike."""
    return made(
        folder,
        {name: {"a": first(right), "b": first(right)} for name, right in (("zero_shot", 10), ("rag", 150))},
        {"a": 160, "b": 160},
        tokens={"rag": lambda task, number: 10 + 20 * (number // 4 % 2) if task == "a" else 20},
        latency=lambda task, number: 0.5 if task == "a" else 2.0,
        **keys,
    )


def test_the_cost_of_answers_has_its_interval_everywhere(tmp_path: Path) -> None:
    rows = rows_of(two_tasks(tmp_path / "run"))
    found = choose(rows, sheet(**TOKENS), Use())
    rag = next(each for each in found.candidates if each.strategy == "rag")
    # Task a's prompts have 10 or 30 tokens, so an answer costs 14 or 34; b's cost 24 each.
    half = scipy_stats.t.ppf(0.975, 159) * 10 * np.sqrt(160 / 159) / np.sqrt(160)
    assert rag.per_1000 == pytest.approx(24_000)
    assert rag.per_1000_low == pytest.approx(24_000 - 1000 * half / 2)
    assert rag.per_1000_high == pytest.approx(24_000 + 1000 * half / 2)
    only_b = choose(rows, sheet(**TOKENS), Use(), weights={"a": 0.0})
    assert next(e for e in only_b.candidates if e.strategy == "rag").per_1000_high == pytest.approx(24_000)


def test_clusters_of_the_task_widen_the_interval_of_its_cost(tmp_path: Path) -> None:
    widths = []
    for name, cluster in (("alone", None), ("together", "customer")):
        folder = two_tasks(tmp_path / name, tasks={"a": {"cluster": cluster}})
        found = choose(rows_of(folder), sheet(**TOKENS), Use())
        rag = next(each for each in found.candidates if each.strategy == "rag")
        assert rag.per_1000_low is not None
        widths.append(rag.per_1000 - rag.per_1000_low)
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.05)  # four items of a customer cost the same


def test_decide_summary_and_report_show_the_interval(tmp_path: Path) -> None:
    folder = two_tasks(tmp_path / "run")
    given = {"name": "made", "dated": "2026-01-01", "source": "here"} | TOKENS
    (tmp_path / "prices.yaml").write_text(json.dumps(given))
    result = CliRunner().invoke(decide, [str(folder), "--prices", str(tmp_path / "prices.yaml")])
    shown = "23,216.86 to 24,783.14"
    assert f"24,000.00 USD per 1,000 answers ({shown}, 95 %)" in result.output
    assert shown in result.output.partition("Strategies")[2]
    summary, decision = conclude(rows_of(folder), sheet(**TOKENS))
    assert summary.verdict is not None
    assert shown in summary.verdict.line
    run = load_run(folder)
    usual = next(each for each in run.decision.candidates if each.strategy == "rag")
    assert usual.per_1000_low is not None
    assert usual.per_1000_high is not None
    assert decision.winner == "rag"
    low, high = (f"{each:.3g}" for each in (usual.per_1000_low, usual.per_1000_high))
    assert low == high
    assert f"{low} to {high}" not in markdown(run)  # narrower than its digits, it would say nothing


def test_latencies_are_those_of_tasks(tmp_path: Path) -> None:
    run = load_run(two_tasks(tmp_path / "run"))
    rag = next(cost for cost in run.summary.costs if cost.strategy == "rag")
    assert [(task.task, task.latency_p50_s, task.latency_p95_s) for task in rag.tasks] == [
        ("a", 0.5, 0.5), ("b", 2.0, 2.0),
    ]  # fmt: skip
    assert rag.latency_p95_s == 2.0
    page = render(run)
    assert "<td>500 ms</td><td>500 ms</td>" in page
    assert "<td>2.0 s</td><td>2.0 s</td>" in page


@pytest.mark.parametrize(
    ("cost", "known"),
    [
        (PrepareCost(wall_s=5.0), False),  # an index of an older version
        (PrepareCost(adapted=True, artifact_bytes=9), False),  # an adapter that was trained elsewhere
        (PrepareCost(wall_s=5.0, device_s=5.0), True),
        (PrepareCost(), True),
    ],
)
def test_what_was_not_measured_is_not_free(tmp_path: Path, cost: PrepareCost, known: bool) -> None:
    elsewhere = {"rag": {"use": "adapter", "options": {"path": "a"}}} if cost.adapted else {}
    folder = two_tasks(tmp_path / "run", costs={"rag": cost}, uses=elsewhere)
    (tmp_path / "prices.yaml").write_text(
        json.dumps({"name": "made", "dated": "2026-01-01", "source": "here"} | HOUR)
    )
    result = CliRunner().invoke(decide, [str(folder), "--prices", str(tmp_path / "prices.yaml")])
    assert ("not measured" in result.output) is not known
    assert ("when it is paid back is not known" in result.output) is not known
    with Store.open(folder, read_only=True) as store:
        assert store.preparations(["prepare rag"])[0].cost == cost
    run = load_run(folder)  # the usual sheet is of a machine by the hour, too
    assert ("not measured" in render(run)) is not known
    assert ("when it is paid back is not known" in markdown(run)) is not known

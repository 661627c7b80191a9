"""From a run to a baseline to a gate with real adapters, and forgetting as a run measures it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.analysis.findings import Summary
from harness.cli import cli
from tests.unit._training import load
from tests.unit.test_adapter_files import save_adapter

TRAINING = {"rank": 2, "max_steps": 4, "eval_steps": 2, "batch_size": 4, "learning_rate": 0.01}
N = 60


def task(name: str, role: str = "target") -> dict[str, Any]:
    items: dict[str, str] = {"test": f"{name}.jsonl"} | (
        {"train": f"{name}-train.jsonl"} if role == "target" else {}
    )
    return {
        "name": name, "kind": "choice", "role": role, "metrics": ["choice_accuracy"],
        "choices": ["north", "south"], "items": items, "cluster": "street",
    }  # fmt: skip


EXPERIMENT: dict[str, Any] = {
    "name": "streets",
    "tasks": [task("houses"), task("gardens"), task("trees", "retention")],
    "forgetting": {"prompts": 2, "noise_items": 3, "timed_items": 1},
    "strategies": {
        "zero_shot": {},
        "after_houses": {"use": "lora", "stages": [["houses"]], **TRAINING},
        "after_both": {"use": "lora", "stages": [["houses"], ["gardens"]], **TRAINING},
    },
}


def call(*arguments: str) -> Any:
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False, standalone_mode=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    folder = tmp_path_factory.mktemp("streets")
    for name in ("houses", "houses-train", "gardens", "gardens-train", "trees"):
        rows = [
            {"input": f"{name} number {i}", "target": ("north", "south")[i % 3 == 0], "street": f"s{i // 3}"}
            for i in range(N if "train" not in name else 12)
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "e.yaml").write_text(json.dumps(EXPERIMENT | {"model": str(tiny_model)}))
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    assert call("run", str(folder / "e.yaml"), "--out", str(folder / "run")).return_value == 0
    return folder / "run"


@pytest.fixture(scope="module")
def summary(run: Path) -> Summary:
    return Summary.model_validate_json((run / "summary.json").read_text())


def test_a_run_measures_drift_noise_latency_and_backward_transfer(summary: Summary) -> None:
    drifts = {drift.strategy: drift for drift in summary.drift}
    assert set(drifts) == {"after_houses", "after_both"}
    texts = {text.text: text for text in drifts["after_both"].texts}
    assert set(texts) == {"general text", "prompts of houses", "prompts of gardens", "prompts of trees"}
    assert texts["general text"].kl > 0
    assert texts["general text"].perplexity_ratio > 0
    assert [(noise.task, noise.n, noise.changed) for noise in summary.noise] == [("trees", 3, 0)]
    (continual,) = summary.continual
    assert continual.after == ("after_houses", "after_both")
    assert continual.backward_transfer == pytest.approx(continual.scores[1][0] - continual.scores[0][0])
    cost = next(cost for cost in summary.costs if cost.strategy == "after_both")
    assert cost.merged[0].merged_p50_s > 0
    assert cost.flops > 0
    assert cost.shared_prompt_tokens > 0
    one = next(cost for cost in summary.costs if cost.strategy == "after_houses")
    assert cost.prepare.trained_tokens > one.prepare.trained_tokens


def test_clusters_of_the_task_reach_the_statistics(summary: Summary) -> None:
    contrast = next(c for c in summary.contrasts if c.task == "houses")
    assert (contrast.n, contrast.n_clusters) == (N, N // 3)
    assert contrast.p_holm >= contrast.p_value


def test_the_first_stage_is_trained_once_for_both_strategies(run: Path) -> None:
    assert len(list((run / "artifacts" / "tuned").iterdir())) == 2


def test_running_again_measures_nothing_again(
    folder: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr("harness.execution.measuring.drift_of", measured)
    assert call("run", str(folder / "e.yaml"), "--out", str(run)).return_value == 0


def test_decide_reads_the_run(run: Path) -> None:
    found = call("decide", str(run))
    assert found.return_value in (0, 3)
    assert "information parity" in found.output


def test_promote_then_gate_two_adapters_in_one_call(
    folder: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    promoted = call(
        "baseline", "promote", str(run), "--reason", "first", "--strategy", "after_both", "--out", "b.json"
    )
    assert promoted.return_value is None
    adapters = sorted((run / "artifacts" / "tuned").iterdir())
    for number, adapter in enumerate(adapters):
        shutil.copytree(adapter, folder / "adapters" / f"v{number}.0", dirs_exist_ok=True)
    gate = {
        "name": "streets", "experiment": "e.yaml", "baseline": "b.json",
        "checks": [{"tasks": "houses", "margin": 0.9}, {"tasks": "trees", "margin": 0.9, "against": "base"}],
        "budgets": {"tokens_per_item": 1.5},
    }  # fmt: skip
    (folder / "gate.yaml").write_text(json.dumps(gate))
    found = call(
        "gate", "gate.yaml", "--candidate", "adapters/v0.0", "--candidate", "adapters/v1.0", "--out", "gated"
    )
    result = json.loads((folder / "gated" / "gate.json").read_text())
    assert found.return_value == 0
    assert {candidate["candidate"] for candidate in result["candidates"]} == {"v0.0", "v1.0"}
    same = next(c for c in result["candidates"] if c["gain"] == 0.0)
    assert {check["verdict"] for check in same["checks"]} == {"PASS"}
    assert (folder / "gated" / "gate.xml").read_text().count("<testsuite ") == 2


def test_a_gate_that_is_too_small_for_its_margin_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.errors import InputError

    monkeypatch.chdir(folder)
    gate = {"experiment": "e.yaml", "checks": [{"tasks": "houses", "margin": 0.02, "against": "base"}]}
    (folder / "small.yaml").write_text(json.dumps(gate))
    with pytest.raises(InputError, match="60 items of houses in 20 groups cannot hold a margin") as caught:
        call("gate", "small.yaml", "--plan")
    assert caught.value.exit_code == 2


def test_an_adapter_that_changes_its_base_leaves_the_next_candidate_as_it_is_alone(
    folder: Path, run: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    base = load(tiny_model)
    for name, init in (("pissa", "pissa"), ("plain", True)):
        save_adapter(base, folder / name, r=8, init_lora_weights=init)
    gate = {
        "name": "streets", "experiment": "e.yaml",
        "checks": [{"tasks": tasks, "margin": 0.9, "against": "base"} for tasks in ("houses", "trees")],
    }  # fmt: skip
    (folder / "next.yaml").write_text(json.dumps(gate))

    def rows(out: str, *candidates: str) -> list[Any]:
        named = [word for name in candidates for word in ("--candidate", name)]
        call("gate", "next.yaml", *named, "--out", out)
        asked = (
            "SELECT task, item_id, generations FROM answers NATURAL JOIN generations WHERE strategy = 'plain'"
        )
        with closing(sqlite3.connect(folder / out / "results.sqlite")) as store:
            return sorted(
                (task, item, str([each["choices"] for each in json.loads(answer)]))
                for task, item, answer in store.execute(asked)
            )

    alone = rows("alone", "plain")
    assert alone
    assert rows("both", "pissa", "plain") == alone

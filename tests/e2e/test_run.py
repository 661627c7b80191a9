"""A whole run as its user starts it: to its end, through kills, through Ctrl-C."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.findings import Summary
from harness.runs.manifest import RunManifest
from harness.runs.store import Store

TRAINING = {"rank": 2, "max_steps": 6, "eval_steps": 2, "batch_size": 4}
EXPERIMENT: dict[str, Any] = {
    "name": "trial",
    "tasks": [
        {
            "name": "capitals",
            "kind": "generate",
            "metrics": ["exact_match", "token_f1"],
            "max_new_tokens": 6,
            "items": {"train": "capitals.jsonl", "test": "capitals-test.jsonl", "split": {"validation": 0.2}},
            "corpus": "corpus",
        },
        {
            "name": "feelings",
            "kind": "choice",
            "role": "retention",
            "metrics": ["choice_accuracy"],
            "choices": ["positive", "negative"],
            "items": {"test": "feelings.jsonl"},
        },
    ],
    "strategies": {
        "zero_shot": {},
        "few_shot": {"k": 2},
        "rag": {"top_k": 1, "chunk_tokens": 20, "overlap_tokens": 4},
        "lora": TRAINING,
        "lora+rag": {},
    },
}


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Return a folder with an experiment over a tiny model."""
    folder = tmp_path_factory.mktemp("experiment")
    for name, n in (("capitals", 30), ("capitals-test", 24)):
        rows = [
            {
                "id": f"{name}-{i}",
                "input": f"Where is {name} {i}?",
                "target": f"place {i}",
                "documents": ["one"],
            }
            for i in range(n)
        ]
        write_jsonl(folder / f"{name}.jsonl", rows)
    feelings = [{"input": f"I am {'very ' * i}glad", "target": "positive"} for i in range(12)]
    write_jsonl(folder / "feelings.jsonl", feelings)
    (folder / "corpus").mkdir()
    (folder / "corpus" / "one.md").write_text("# Places\n\nPlace 1 is where the ticket goes.")
    (folder / "corpus" / "two.txt").write_text("A queue is where people wait.")
    (folder / "a.yaml").write_text(json.dumps(EXPERIMENT | {"model": str(tiny_model)}))
    return folder


def start(folder: Path, out: str, *arguments: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        "from harness.cli import main; main()",
        "run",
        "a.yaml",
        "--out",
        out,
        *arguments,
    ]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(folder: Path, out: str, *arguments: str) -> str:
    process = start(folder, out, *arguments)
    output, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return output


@pytest.fixture(scope="module")
def unbroken(folder: Path) -> tuple[Path, str]:
    output = finish(folder, "unbroken")
    return folder / "unbroken", output


def rows(run_dir: Path) -> list[str]:
    """Return every result of a run, but for its times."""
    manifest = RunManifest.model_validate_json((run_dir / "manifest.json").read_text())
    places = [place for by_task in manifest.recipes.values() for place in by_task.items()]
    untimed: Any = {"answer": {"latency_s"}, "prior": {"latency_s"}}
    with Store.open(run_dir, read_only=True) as store:
        found = [row for task, recipe in places for row in store.results([recipe], manifest.judging[task])]
    assert found
    return [row.model_dump_json(exclude=untimed) for row in found]


def digests(run_dir: Path) -> dict[str, str]:
    """Return the digest of every file of a run folder."""
    files = [path for path in sorted(run_dir.rglob("*")) if path.is_file()]
    return {str(f.relative_to(run_dir)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_a_rerun_that_does_nothing_changes_no_byte(unbroken: tuple[Path, str], folder: Path) -> None:
    run_dir, _ = unbroken
    before = digests(run_dir)
    time.sleep(1.1)  # the time of a run is kept to the second
    finish(folder, "unbroken")
    assert digests(run_dir) == before


def n_rows(run_dir: Path) -> int:
    try:
        with sqlite3.connect(f"file:{run_dir / 'results.sqlite'}?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM answers").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_a_run_ends_with_table_verdict_summary_and_report(unbroken: tuple[Path, str]) -> None:
    run_dir, output = unbroken
    summary = Summary.model_validate_json((run_dir / "summary.json").read_text())
    assert {(cell.strategy, cell.task) for cell in summary.cells} == {
        (strategy, task) for strategy in EXPERIMENT["strategies"] for task in ("capitals", "feelings")
    }
    assert summary.items == 5 * (24 + 12)
    assert summary.errors == 0
    assert summary.verdict is not None
    assert f"Verdict: {summary.verdict.line}" in output
    assert f"Report: {'unbroken'}/report.html" in output
    assert "lora+rag" in output
    page = (run_dir / "report.html").read_text()
    assert summary.verdict.line.split(":")[0] in page
    by_name = {cost.strategy: cost for cost in summary.costs}
    assert by_name["lora"].prepare.trained_tokens > 0
    assert by_name["lora"].prepare.artifact_bytes > 0
    assert by_name["rag"].prompt_tokens > by_name["zero_shot"].prompt_tokens
    recall = [cell for cell in summary.cells if cell.metric == "recall"]
    assert {cell.strategy for cell in recall} == {"rag", "lora+rag"}


def test_composition_trains_once(unbroken: tuple[Path, str]) -> None:
    finished = list((unbroken[0] / "artifacts" / "tuned").glob("*/**/adapter_model.safetensors"))
    assert len([path for path in finished if "checkpoint" not in str(path)]) == 1


def test_embeddings_are_kept_for_all_runs(unbroken: tuple[Path, str]) -> None:
    assert (Path(os.environ["TRILEMMA_CACHE"]) / "embeddings.sqlite").is_file()
    assert not list(unbroken[0].rglob("embeddings.sqlite*"))


def test_a_run_keeps_the_budget_of_its_batches(unbroken: tuple[Path, str]) -> None:
    (kept,) = (unbroken[0] / "artifacts" / "batch_budgets").iterdir()
    assert json.loads(kept.read_text())["tokens"] == 16384


def test_running_again_does_nothing_and_says_so(unbroken: tuple[Path, str], folder: Path) -> None:
    before = rows(unbroken[0])
    process = start(folder, "unbroken")
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0
    assert errors.count("finished before") == 5
    assert rows(unbroken[0]) == before


@pytest.mark.slow
def test_kill_at_any_moment_then_the_same_command_ends_with_the_same_results(
    unbroken: tuple[Path, str], folder: Path
) -> None:
    chance = random.Random(3)
    for _ in range(3):
        process = start(folder, "killed")
        target = n_rows(folder / "killed") + chance.randint(5, 60)
        while process.poll() is None and n_rows(folder / "killed") < target:
            time.sleep(0.02)
        time.sleep(chance.random())
        process.send_signal(signal.SIGKILL)
        process.communicate()
    finish(folder, "killed")
    assert rows(folder / "killed") == rows(unbroken[0])
    digests = [
        {path.name: path.read_bytes() for path in run_dir.glob("artifacts/tuned/*/adapter_model.safetensors")}
        for run_dir in (folder / "killed", unbroken[0])
    ]
    assert digests[0] == digests[1]


def test_ctrl_c_stops_cleanly_and_says_how_to_resume(folder: Path) -> None:
    process = start(folder, "stopped", "--only", "zero_shot")
    while process.poll() is None and not (folder / "stopped" / "results.sqlite").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=600)
    assert process.returncode in {0, 130}
    if process.returncode == 130:
        assert "trilemma run a.yaml --out stopped --only zero_shot" in errors
        assert "Traceback" not in errors


def test_only_and_limit_ask_less_and_a_later_run_adds_the_rest(folder: Path) -> None:
    finish(folder, "part", "--only", "few_shot", "--limit", "5")
    assert n_rows(folder / "part") == 10
    summary = json.loads((folder / "part" / "summary.json").read_text())
    assert {cell["strategy"] for cell in summary["cells"]} == {"few_shot"}
    finish(folder, "part", "--only", "few_shot", "--only", "zero_shot", "--limit", "8")
    assert n_rows(folder / "part") == 32

"""Every command on run folders of every odd kind: a documented exit code and one line, never a traceback."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import cli
from harness.cli._ending import ended
from harness.cli._running import checked
from harness.runs import schema
from tests.unit._odd_runs import ODD, release, whole
from tests.unit._rights import without_rights

gate = importlib.import_module("harness.cli.gate")
CODES = {0, 1, 2, 3, 4, 5}
COMMANDS = {
    "report": "report ODD --out out.html",
    "report md": "report ODD --format md --out out.md",
    "report json": "report ODD --format json --out out.json",
    "report csv": "report ODD --format csv --out out.csv",
    "report charts": "report ODD --out out.html --charts charts",
    "history": "report WHOLE ODD --out out.html",
    "history first": "report ODD WHOLE --format md --out out.md",
    "decide": "decide ODD",
    "decide json": "decide ODD --json --weights faq=2",
    "compare": "compare WHOLE ODD",
    "compare first": "compare ODD WHOLE",
    "promote": "baseline promote ODD --reason why --strategy lora --out out.json",
    "promote the only one": "baseline promote ODD --reason why --out out.json",
    "show": "baseline show ODD/manifest.json",
    "gate": "gate gate.yaml --candidate-run ODD --strategy lora --out gate",
    "gate the only one": "gate gate.yaml --candidate-run ODD --out gate",
    "gate together": "gate together.yaml --candidate-run ODD --strategy lora --out gate",
    "gate baseline": "gate baseline.yaml --candidate-run ODD --strategy lora --out gate",
    "gate plan": "gate gate.yaml --plan",
    "gate out": "gate gate.yaml --candidate-run WHOLE --strategy lora --out ODD",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with gate files, their experiment and baseline, and a run that is whole."""
    folder = tmp_path_factory.mktemp("odd")
    for task in ("faq", "routing", "general"):
        (folder / task).mkdir()
        role = "retention" if task == "general" else "target"
        (folder / task / "task.yaml").write_text(
            f"name: {task}\nkind: generate\nrole: {role}\nmetrics: [exact_match]\n"
            "items: {test: test.jsonl}\n"
        )
        rows: list[dict[str, Any]] = [
            {"id": f"{task}-{n:04}", "input": f"question {n}?", "target": "yes"} for n in range(20)
        ]
        rows[0] |= {"tags": ["critical"]}
        (folder / task / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "experiment.yaml").write_text("tasks: [faq, routing, general]\nstrategies: [zero_shot]\n")
    budgets = "budgets: {tokens_per_item: 1.5, latency: 2.0}\nmust_pass: [critical]\nforgetting: 0.4\n"
    checks = "checks: [{tasks: '*', margin: 0.4, against: base}]\n"
    (folder / "gate.yaml").write_text(f"experiment: experiment.yaml\n{checks}{budgets}")
    together = checks.replace("}]", ", together: true}]")
    (folder / "together.yaml").write_text(f"experiment: experiment.yaml\n{together}forgetting: 0.4\n")
    with_baseline = "baseline: b.json\nchecks: [{tasks: faq, margin: 0.4}]\nbudgets: {tokens_per_item: 1.5}\n"
    (folder / "baseline.yaml").write_text(f"experiment: experiment.yaml\n{with_baseline}")
    whole(folder / "whole")
    return folder


@pytest.fixture(autouse=True)
def same_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the gate's tasks the digests that made runs have."""

    def loaded(*arguments: Any) -> Any:
        chains, tasks = checked(*arguments)
        made = [
            each.task.model_copy(update={"digest": f"digest of {each.task.name}", "judging": ""})
            for each in tasks
        ]
        pairs = zip(tasks, made, strict=True)
        return chains, tuple(replace(each, data=replace(each.data, task=task)) for each, task in pairs)

    monkeypatch.setattr(gate, "checked", loaded)


@pytest.fixture(autouse=True)
def ordinary_user() -> Iterator[None]:
    """Let what nobody may write be so for root, too, and end all locks afterwards."""
    with without_rights():
        yield
    release()


@pytest.mark.parametrize("odd", ODD)
def test_every_command_ends_as_it_is_documented(
    odd: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("TRILEMMA_TRACEBACK", "1")
    if not (place / "b.json").exists():
        assert ends(f"baseline promote {place}/whole --strategy few_shot --reason r --out b.json") == 0
    monkeypatch.setattr(schema, "WAIT_S", 0.05)
    folder = ODD[odd](tmp_path)
    faults = []
    for name, line in COMMANDS.items():
        Path("out.json").unlink(missing_ok=True)
        capsys.readouterr()
        code = ends(line.replace("ODD", str(folder)).replace("WHOLE", str(place / "whole")))
        told = capsys.readouterr().err
        lines = [line for line in told.splitlines() if not line.startswith("note: ")]
        wanted = 1 if code == 2 else 0
        if code not in CODES or len(lines) != wanted or (code == 1 and not name.startswith("gate")):
            faults.append(f"{name} ended with {code}: {told}")
    assert not faults, "\n".join(faults)


def ends(line: str) -> int:
    """Return the exit code of a command line."""
    return ended(lambda: cli.cli.main(line.split(), standalone_mode=False))


def test_a_run_that_lacks_a_task_of_the_gate_never_passes(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    folder = ODD["one task"](tmp_path)
    for name in ("gate", "together"):
        assert ends(f"gate {name}.yaml --candidate-run {folder} --out {tmp_path}/gate") == 4
    found = json.loads((tmp_path / "gate" / "gate.json").read_text())
    assert "routing is not in the run" in found["candidates"][0]["checks"][0]["text"]


def test_a_run_on_other_items_than_the_gates_cannot_be_compared(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    line = f"gate gate.yaml --candidate-run {place}/whole --strategy few_shot --out {tmp_path}/gate"
    assert ends(line) in (0, 3)
    monkeypatch.setattr(gate, "checked", checked)
    assert ends(line) == 4
    assert "has other items" in (tmp_path / "gate" / "gate.md").read_text()


def test_a_run_of_retention_tasks_allows_no_decision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(f"decide {ODD['no targets'](tmp_path)}") == 2
    assert "has no target task to decide on" in capsys.readouterr().err


def test_a_half_run_has_no_code_of_a_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A base that failed throughout leaves nothing to compare with; no winner is made of that."""
    assert ends(f"decide {ODD['the base failed'](tmp_path)}") == 5
    assert "No decision" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("odd", "code", "said"),
    [
        ("read-only", 0, ""),
        ("read-only files", 0, ""),
        ("locked for writing", 0, ""),
        ("ended by SIGTERM", 5, ""),
        ("read-only after SIGTERM", 5, ""),
        ("locked", 2, "database is locked; wait for the program that uses it, or end that"),
        ("read-only after SIGTERM, in part", 2, "make the folder and its files writable, or copy them"),
    ],
)
def test_a_run_that_can_be_read_is_read_and_else_the_line_helps(
    odd: str,
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(schema, "WAIT_S", 0.05)
    (tmp_path / "run").mkdir()
    folder = ODD[odd](tmp_path / "run")
    before = sorted(path.name for path in folder.iterdir())
    assert ends(f"decide {folder} --json") == code
    told = capsys.readouterr()
    assert said in told.err
    if not code:
        assert ends(f"decide {whole(tmp_path / 'again' / 'run')} --json") == code
        assert told.out == capsys.readouterr().out
    if odd.startswith("read-only"):
        assert sorted(path.name for path in folder.iterdir()) == before

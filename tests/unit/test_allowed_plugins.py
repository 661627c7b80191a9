"""Data names code only where the user has allowed that code: nothing of it is imported before."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from harness import plugins
from harness.cli import cli
from harness.errors import InputError
from harness.metrics import load_metric
from harness.types import MetricSpec
from tests.unit._metrics import task

MARK = "from pathlib import Path\nPath(__file__).with_name('was_run').write_text('x')\nclass Mine: pass\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module that leaves a file when it is imported, on the path of imports."""
    (tmp_path / "leaves_a_mark.py").write_text(MARK)
    (tmp_path / "scored").mkdir()
    (tmp_path / "scored" / "scored.py").write_text(MARK)
    rows = "".join(f'{{"input": "a{n}", "target": "b"}}\n' for n in range(20))
    (tmp_path / "test.jsonl").write_text(rows)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _forgotten() -> Any:
    yield
    sys.modules.pop("leaves_a_mark", None)


def write(path: Path, **content: Any) -> str:
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return str(path)


def a_task(folder: Path, *metrics: Any) -> str:
    return write(
        folder / "task.yaml", name="t", kind="generate", metrics=list(metrics), items={"test": "test.jsonl"}
    )


def an_experiment(folder: Path, strategies: Any, metric: Any = "exact_match") -> str:
    a_task(folder, metric)
    return write(folder / "experiment.yaml", tasks="task.yaml", strategies=strategies)


def was_run(folder: Path) -> bool:
    return any(folder.rglob("was_run"))


def line_of(folder: Path, *command: str) -> str:
    found = CliRunner().invoke(cli, command, standalone_mode=False)
    assert isinstance(found.exception, InputError), found.output
    assert not was_run(folder)
    return str(found.exception)


METRICS = (
    {"use": "subprocess:Popen", "args": ["touch", "was_run"]},
    "leaves_a_mark:Mine",
    "leaves_a_mark:",
    ":Mine",
    "evaluate:./scored",
    "evaluate:scored",
    "evaluate:rouge",
    {"use": "os:system", "command": "touch was_run"},
    {"use": "builtins:exec", "source": "open('was_run', 'w')"},
)


@pytest.mark.parametrize("metric", METRICS, ids=str)
@pytest.mark.parametrize("command", [["tasks", "validate"], ["tasks", "list"], ["run"]], ids=" ".join)
def test_a_task_names_no_code_by_itself(folder: Path, metric: Any, command: list[str]) -> None:
    place = an_experiment(folder, ["zero_shot"], metric) if command == ["run"] else a_task(folder, metric)
    line = line_of(folder, *command, place)
    use = metric if isinstance(metric, str) else metric["use"]
    assert "task.yaml: metrics.0: names code to run as a metric, which you have not allowed" in line
    assert line.endswith(f"if you trust it, add --allow-plugin {use}")


@pytest.mark.parametrize(
    "strategies",
    [
        {"mine": {"use": "leaves_a_mark:Mine"}},
        {"leaves_a_mark:Mine": {}},
        ["zero_shot", "leaves_a_mark:Mine"],
        {"zero_shot": {}, "mine": {"use": "rag + leaves_a_mark:Mine"}},
        {"leaves_a_mark:Mine+rag": {"rag": {"top_k": 2}}},
        {"lora": {}, "mine": {"use": "zero_shot", "options": {}}, "x": {"use": "leaves_a_mark:Mine"}},
    ],
    ids=str,
)
def test_an_experiment_names_no_code_by_itself(folder: Path, strategies: Any) -> None:
    line = line_of(folder, "run", an_experiment(folder, strategies))
    assert "names code to run as a strategy, which you have not allowed" in line
    assert line.endswith("add --allow-plugin leaves_a_mark:Mine")


@pytest.mark.parametrize(
    "retriever", ["leaves_a_mark:Mine", {"use": "leaves_a_mark:Mine", "depth": 3}], ids=str
)
@pytest.mark.parametrize("strategy", ["rag", "few_shot"])
def test_a_retriever_names_no_code_by_itself(folder: Path, strategy: str, retriever: Any) -> None:
    line = line_of(folder, "run", an_experiment(folder, {strategy: {"retriever": retriever}}))
    assert f"strategies.{strategy}.retriever: names code to run as a retriever, which you have not" in line
    assert line.endswith("add --allow-plugin leaves_a_mark:Mine")


def test_a_gate_file_names_no_code_by_itself(folder: Path) -> None:
    experiment = an_experiment(folder, ["zero_shot"])
    gate = write(
        folder / "gate.yaml", experiment=experiment, candidate="adapter+leaves_a_mark:Mine",
        checks=[{"tasks": "t", "margin": 0.3, "against": "base"}],
    )  # fmt: skip
    (folder / "adapters").mkdir()
    assert "--allow-plugin leaves_a_mark:Mine" in line_of(folder, "gate", gate, "--candidate", "adapters")


@pytest.mark.parametrize("name", ["leaves_a_mark", "leaves_a_mark:Mine"])
def test_what_is_allowed_is_run_and_only_by_that_command(folder: Path, name: str) -> None:
    place = an_experiment(folder, ["leaves_a_mark:Mine"])
    found = CliRunner().invoke(cli, ["run", place, "--allow-plugin", name], standalone_mode=False)
    assert "is no strategy: it has no `options_type`" in str(found.exception)
    assert was_run(folder)
    next(folder.rglob("was_run")).unlink()
    assert "--allow-plugin" in line_of(folder, "run", place)


@pytest.mark.parametrize(
    ("allowed", "name", "good"),
    [
        ("a.b", "a.b:C", True),
        ("a", "a.b:C", True),
        ("a.b:C", "a.b:C", True),
        ("a.b:C", "a.b:D", False),
        ("a.b", "a.bc:C", False),
        ("a.b", "a:C", False),
        ("b", "a.b:C", False),
        ("", "a.b:C", False),
        ("", ".a:C", False),
        ("evaluate:rouge", "evaluate:bleu", False),
        ("evaluate", "evaluate:bleu", True),
    ],
)
def test_a_name_allows_a_module_with_those_within_or_one_class(allowed: str, name: str, good: bool) -> None:
    with plugins.allowing(allowed):
        if good:
            plugins.check_known("metrics", name, "here", "k")
        else:
            with pytest.raises(InputError, match="have not allowed"):
                plugins.check_known("metrics", name, "here", "k")


def test_a_metric_is_checked_where_it_is_built_too() -> None:
    with pytest.raises(InputError, match="have not allowed"):
        load_metric(MetricSpec(use="evaluate:rouge"), task("exact_match"), "here", "k")


def test_an_installed_entry_point_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("ours", "strategies.zero_shot:ZeroShot", "trilemma.strategies")
    points = {point.group: [point]}
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points.get(group, []))
    for name in ("ours", "strategies.zero_shot:ZeroShot"):
        assert plugins.load("strategies", name, "here", "k").__name__ == "ZeroShot"
    with pytest.raises(InputError, match="have not allowed"):
        plugins.load("metrics", "strategies.zero_shot:ZeroShot", "here", "k")


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch was_run']",
        "!!python/name:os.system",
        "!!python/module:leaves_a_mark",
        "!!python/object/new:leaves_a_mark.Mine []",
        "name: !!python/object/apply:subprocess.Popen [[touch, was_run]]",
        "!leaves_a_mark {}",
    ],
)
def test_a_tag_of_yaml_builds_nothing(folder: Path, text: str) -> None:
    (folder / "task.yaml").write_text(text)
    for command in (["tasks", "validate"], ["run"], ["gate"]):
        assert "is not YAML: could not determine a constructor" in line_of(folder, *command, "task.yaml")

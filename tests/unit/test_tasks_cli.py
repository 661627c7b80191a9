"""``trilemma tasks``: list, validate, schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result

import harness.cli.tasks
from harness.cli.tasks import tasks
from harness.errors import InputError
from harness.tasks.references import builtin_tasks
from harness.tasks.spec import TaskFile, json_schema

ROOT = Path(__file__).parents[2]
COMMITTED = sorted(ROOT.glob("benchmarks/*/*/task.yaml"))


def call(*arguments: str) -> Result:
    return CliRunner().invoke(tasks, arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test.csv").write_text("input,target\nup,north\ndown,south\n", encoding="utf-8")
    (tmp_path / "train.csv").write_text("input,target\nleft,west\nright,east\n", encoding="utf-8")
    spec = {
        "name": "compass",
        "kind": "generate",
        "metrics": ["exact_match", "token_f1"],
        "items": {"train": "train.csv", "test": "test.csv"},
    }
    (tmp_path / "task.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    return tmp_path


def test_list_shows_builtin_and_given_tasks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routing = [file for file in builtin_tasks()["meridian"] if file.parent.name == "routing"]
    monkeypatch.setattr(harness.cli.tasks, "builtin_tasks", lambda: {"meridian": routing})
    result = call("list", str(folder))
    assert result.exit_code == 0
    header, first, second = result.output.splitlines()
    assert header.split() == ["task", "kind", "role", "train", "validation", "test", "documents", "metrics"]
    assert first.startswith("meridian/routing")
    assert second.split(maxsplit=7) == [
        "compass", "generate", "target", "2", "0", "2", "0", "exact_match, token_f1"
    ]  # fmt: skip


def test_validate_accepts_a_clean_task(folder: Path) -> None:
    result = call("validate", str(folder))
    assert result.exit_code == 0
    assert "compass: 2 train, 0 validation, 2 test, 0 documents; errors: 0, warnings: 0" in result.output
    assert result.output.startswith("checked: empty fields, ")


def test_validate_ends_with_2_on_an_error_and_0_on_a_warning(folder: Path) -> None:
    (folder / "train.csv").write_text("input,target\nleft,west\nLeft,east\n", encoding="utf-8")
    result = call("validate", str(folder))
    assert result.exit_code == 0
    assert "  warning: compass: conflicting_labels: 2 items" in result.output
    (folder / "train.csv").write_text("input,target\nUp,north\n", encoding="utf-8")
    result = call("validate", str(folder))
    assert result.exit_code == 2
    assert (
        "  error: compass test: also_in_train: 1 item of test also in train: 'test-1 = train-1' (test-1)"
        in (result.output.splitlines())
    )


def test_validate_measures_prompts_with_the_model(folder: Path, tiny_model: Path) -> None:
    long = "Where is place 1? " * 100
    (folder / "test.csv").write_text(
        f"id,input,target\nshort,up,north\nlong,{long},south\n", encoding="utf-8"
    )
    (folder / "train.csv").unlink()
    text = (folder / "task.yaml").read_text(encoding="utf-8").replace("  train: train.csv\n", "")
    (folder / "task.yaml").write_text(text, encoding="utf-8")
    result = call("validate", str(folder), "--model", str(tiny_model))
    assert result.exit_code == 2
    assert "length of the prompts" in result.output
    line = (
        r"prompt_too_long: 1 item whose prompt \(up to \d+ tokens\) and answer \(64\) .* 256 tokens \(long\)"
    )
    assert re.search(line, result.output)


def test_validate_passes_a_refusal_on(folder: Path) -> None:
    (folder / "test.csv").unlink()
    result = call("validate", str(folder))
    assert isinstance(result.exception, InputError)
    assert "there is no such file" in str(result.exception)


def test_validate_needs_a_path() -> None:
    assert call("validate").exit_code == 2


# --- The schema ---


def test_the_schema_is_draft_2020_12_and_describes_every_key() -> None:
    schema = json.loads(call("schema").output)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    for part in [schema, *schema["$defs"].values()]:
        for name, field in part.get("properties", {}).items():
            assert field.get("description"), name


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: f"{file.parent.parent.name}/{file.parent.name}")
def test_every_committed_task_fits_the_schema(file: Path) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "change",
    [
        {"kidn": "choice"},
        {"kind": "chat"},
        {"metrics": []},
        {"metrics": [{"beta": 2}]},
        {"items": {"tests": "x"}},
        {"fields": {"input": 3}},
        {"max_new_tokens": 0},
        {"name": "a b"},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change: dict[str, Any]) -> None:
    good = {"name": "a", "kind": "generate", "metrics": ["exact_match"], "items": {"test": "x.csv"}}
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid(good)
    TaskFile.model_validate(good)
    assert not validator.is_valid({**good, **change})
    with pytest.raises(ValueError, match="validation error"):
        TaskFile.model_validate({**good, **change})


def test_the_schema_allows_every_shorthand() -> None:
    spec = {
        "name": "a/b",
        "kind": "choice",
        "choices": ["a", 1],
        "metrics": ["m", {"use": "n", "beta": 2}],
        "items": {
            "train": {"path": "x", "format": "alpaca"},
            "test": {"dataset": "d", "split": "s"},
            "split": {"validation": 0.1},
        },
        "corpus": {"path": "c.jsonl", "text": "body"},
        "fields": {"id": None},
    }
    jsonschema.Draft202012Validator(json_schema()).validate(spec)
    assert TaskFile.model_validate(spec).choices == ("a", "1")


def test_the_documentation_names_every_key() -> None:
    text = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
    schema = json_schema()
    for part in [schema, *schema["$defs"].values()]:
        for name in part.get("properties", {}):
            assert re.search(rf"`{name}`", text), f"docs/tasks.md does not name `{name}`"


def test_validate_takes_an_experiment_for_its_tasks_also_those_written_out_in_it(folder: Path) -> None:
    inline = yaml.safe_load((folder / "task.yaml").read_text(encoding="utf-8")) | {"name": "inline"}
    experiment = folder / "experiment.yaml"
    raw = {"name": "trial", "tasks": ["task.yaml", inline], "strategies": {"zero_shot": {}}}
    experiment.write_text(yaml.safe_dump(raw), encoding="utf-8")
    result = call("validate", str(experiment))
    assert result.exit_code == 0
    assert [line.partition(":")[0] for line in result.output.splitlines()] == ["checked", "compass", "inline"]

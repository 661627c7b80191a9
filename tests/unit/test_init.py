"""`trilemma init` writes an example that is right as it stands, and never overwrites."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.init import init, write_example
from harness.cli.run import run
from harness.config import load_experiment, parse
from harness.errors import InputError
from harness.execution.composition import chain_of
from harness.strict_yaml import read_yaml
from harness.tasks.loading import load_task
from harness.tasks.spec import TaskFile
from tests.unit._explorer import data_in

TASK = Path("tasks/tool_library")


def items(folder: Path, split: str) -> list[dict[str, object]]:
    lines = (folder / TASK / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_experiment_resolves_and_its_strategies_take_their_options(tmp_path: Path) -> None:
    write_example(tmp_path)
    experiment = load_experiment(tmp_path / "experiment.yaml")
    assert set(experiment.strategies) == {"zero_shot", "few_shot", "rag", "lora"}
    assert experiment.models["model"].options == {"path": "builtin:smollm2"}
    task = load_task(tmp_path / TASK)
    for name in experiment.strategies:
        chain_of(name, experiment.strategies, "experiment.yaml").check([task.data], "experiment.yaml")


def test_what_is_commented_out_is_right_too(tmp_path: Path) -> None:
    write_example(tmp_path)
    file = tmp_path / "experiment.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    opened = [line.replace("  # ", "  ", 1) if line.startswith("  # ") else line for line in lines]
    file.write_text("\n".join(opened), encoding="utf-8")
    experiment = load_experiment(file)
    assert "builtin:general" in experiment.tasks
    assert {"qlora", "lora+rag"} < set(experiment.strategies)
    chain_of("lora+rag", experiment.strategies, "experiment.yaml")


@pytest.mark.slow
def test_the_example_runs_to_its_report(tmp_path: Path, tiny_model: Path) -> None:
    write_example(tmp_path)
    file = tmp_path / "experiment.yaml"
    text = file.read_text(encoding="utf-8").replace("builtin:smollm2", str(tiny_model))
    file.write_text(text.replace("epochs: 8", "epochs: 1"), encoding="utf-8")
    out = tmp_path / "run"
    result = CliRunner().invoke(run, [str(file), "--out", str(out), "--limit", "4"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "Not yet proven" in result.output or "leads" in result.output or "Keep" in result.output
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "training loss" in page
    asked = "\n".join(data_in(page).texts())
    assert "When does the counter" in asked or "For how many days" in asked or "deposit" in asked


def test_the_task_file_is_right_and_its_files_are_there(tmp_path: Path) -> None:
    write_example(tmp_path)
    task = parse(TaskFile, read_yaml(tmp_path / TASK / "task.yaml"), "task.yaml")
    assert task.refusal == "not found"
    assert len(list((tmp_path / TASK / "corpus").glob("*.md"))) == 5
    for split in ("train", "validation", "test"):
        assert 12 <= len(items(tmp_path, split)) <= 20


def test_every_answer_stands_in_the_document_it_names(tmp_path: Path) -> None:
    write_example(tmp_path)
    for split in ("train", "validation", "test"):
        for item in items(tmp_path, split):
            documents, target = item["documents"], item["target"]
            assert isinstance(documents, list)
            if not documents:
                assert target == "not found"
                continue
            page = (tmp_path / TASK / "corpus" / f"{documents[0]}.md").read_text(encoding="utf-8")
            accepted = target if isinstance(target, list) else [target]
            assert any(str(answer) in " ".join(page.split()) for answer in accepted), item


def test_no_question_is_in_two_splits(tmp_path: Path) -> None:
    write_example(tmp_path)
    questions = [
        item["input"] for split in ("train", "validation", "test") for item in items(tmp_path, split)
    ]
    assert len(questions) == len(set(map(str, questions)))


def test_next_steps_name_the_files_written(tmp_path: Path) -> None:
    result = CliRunner().invoke(init, [str(tmp_path / "new")], catch_exceptions=False)
    assert result.exit_code == 0
    assert f"trilemma run {tmp_path / 'new' / 'experiment.yaml'}" in result.output


@pytest.mark.parametrize("occupied", ["experiment.yaml", "tasks/tool_library/test.jsonl"])
def test_nothing_is_written_where_a_file_is_there(tmp_path: Path, occupied: str) -> None:
    mine = tmp_path / occupied
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is there already"):
        write_example(tmp_path)
    assert mine.read_text(encoding="utf-8") == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


def test_a_folder_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_example(tmp_path / "file")
    assert "\n" not in str(caught.value)

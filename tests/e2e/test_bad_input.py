"""What a user can get wrong: one line, exit code 2, before a model library is loaded where possible."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness import cli
from tests.conftest import TaskWriter
from tests.unit._report import made_run


@pytest.fixture
def refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_model: Path
):
    """Return a function that runs a faulty experiment and returns its one line."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **experiment: Any) -> str:
        raw = {"name": "trial", "model": str(tiny_model), "strategies": {"zero_shot": {}}} | experiment
        (tmp_path / "a.yaml").write_text(json.dumps(raw))
        monkeypatch.setattr(sys, "argv", ["trilemma", "run", "a.yaml", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("trilemma: ")]
        assert caught.value.code == 2
        assert len(lines) == 1
        return lines[0]

    return run


@pytest.mark.parametrize(
    ("experiment", "parts"),
    [
        ({"strategis": {}}, ["a.yaml: strategis: is not a known key", "'strategies'"]),
        ({"strategies": {"zeroshot": {}}}, ["strategies.zeroshot: is not a known strategy", "'zero_shot'"]),
        ({"strategies": {"rag": {"topk": 1}}}, ["strategies.rag.topk: is not a known key", "'top_k'"]),
        ({"strategies": {"rag": {"top_k": 0}}}, ["strategies.rag.top_k", "(got 0)"]),
        ({"model": "builtin:smollm"}, ["model.path: is not a known model", "'builtin:smollm2'"]),
        ({"model": "./nowhere"}, ["model.path: is no folder", "./nowhere"]),
        ({"strategies": {"few_shot": {"k": 13}}}, ["few_shot.k", "12 items", "(got 13)"]),
        ({"tasks": ["tasks/none"]}, ["tasks.0", "tasks/none"]),
        ({"tasks": ["builtin:meridan"]}, ["builtin:meridan", "meridian"]),
        ({"incumbent": "rag"}, ["incumbent: is not one of the strategies"]),
    ],
)
def test_faulty_experiments(
    refuse, write_task: TaskWriter, experiment: dict[str, Any], parts: list[str]
) -> None:
    write_task()
    line = refuse(**({"tasks": ["tasks/capitals"]} | experiment))
    for part in parts:
        assert part in line


@pytest.mark.parametrize(
    ("keys", "rows", "parts"),
    [
        ({"metrics": ["exactmatch"]}, None, ["task.yaml: metrics.0: is not a known metric", "'exact_match'"]),
        ({"kind": "chose"}, None, ["task.yaml: kind"]),
        (
            {"kind": "choice", "choices": ["x", "y"], "metrics": ["choice_accuracy"]},
            None,
            ["test item", "choices"],
        ),
        ({"corpus": "nowhere"}, None, ["corpus"]),
        ({"fields": {"input": "question"}}, None, ["train.jsonl", "question"]),
        ({}, {"test": [{"id": "a", "input": "q", "target": "x"}] * 2}, ["a", "twice"]),
        ({}, {"test": [{"id": "a", "input": "q"}]}, ["test.jsonl", "target"]),
        ({"prompt": "{{ inputs }}"}, None, ["inputs"]),
        ({"prompt": "{{ input.__class__.__mro__ }}"}, None, ["template"]),
    ],
)
def test_faulty_tasks(
    refuse, write_task: TaskWriter, keys: dict[str, Any], rows: Any, parts: list[str]
) -> None:
    write_task(rows=rows, **keys)
    line = refuse(tasks=["tasks/capitals"])
    for part in parts:
        assert part in line


def test_an_empty_data_set_and_an_empty_corpus(refuse, write_task: TaskWriter, tmp_path: Path) -> None:
    folder = write_task()
    (folder / "test.jsonl").write_text("")
    assert "test.jsonl" in refuse(tasks=["tasks/capitals"])
    (tmp_path / "tasks" / "other").mkdir()
    folder = write_task("with-corpus", corpus="corpus")
    (folder / "corpus").mkdir()
    assert "corpus" in refuse(tasks=["tasks/with-corpus"])


def test_options_of_the_command(refuse, write_task: TaskWriter) -> None:
    write_task()
    assert "--only" in refuse("--only", "rag", tasks=["tasks/capitals"])


def test_a_run_folder_of_another_experiment_or_in_use_or_no_folder(
    refuse, write_task: TaskWriter, tmp_path: Path
) -> None:
    import fcntl

    write_task()
    out = made_run(tmp_path / "out")
    line = refuse("--out", "out", tasks=["tasks/capitals"])
    assert "out: name: the folder holds a run of another experiment (got made)" in line
    (out / "manifest.json").write_text("{")
    assert "manifest.json: cannot be read" in refuse("--out", "out", tasks=["tasks/capitals"])
    with (out / "run.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert "another trilemma run is running" in refuse("--out", "out", tasks=["tasks/capitals"])
    (tmp_path / "file").write_text("")
    assert "cannot be a run folder" in refuse("--out", "file", tasks=["tasks/capitals"])


def test_a_refused_run_leaves_no_folder(refuse, write_task: TaskWriter, tmp_path: Path) -> None:
    write_task()
    (tmp_path / "mine").mkdir()
    for out in ("new/run", "mine"):
        assert "(got 13)" in refuse(
            "--out", out, tasks=["tasks/capitals"], strategies={"few_shot": {"k": 13}}
        )
    assert not (tmp_path / "new").exists()
    assert [*(tmp_path / "mine").iterdir()] == []


def test_a_prompt_longer_than_the_context_is_refused_when_asked_to(refuse, write_task: TaskWriter) -> None:
    write_task(rows={"test": [{"id": "long", "input": "word " * 400, "target": "x"}]})
    line = refuse(tasks=["tasks/capitals"], on_long_prompt="refuse")
    assert "capitals: item long: the prompt has" in line
    assert "on_long_prompt: cut" in line


@pytest.mark.parametrize("text", ["a: [1", "", "- 1", "\x00", "name: a\nname: b"])
def test_a_file_that_is_no_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "a.yaml").write_text(text)
    monkeypatch.setattr(sys, "argv", ["trilemma", "run", str(tmp_path / "a.yaml")])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(f"trilemma: {tmp_path / 'a.yaml'}: ")


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "/runs/x/results.sqlite")

    monkeypatch.setattr(cli.cli, "main", full)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    assert "/runs/x/results.sqlite: is full; free some space" in capsys.readouterr().err


def test_an_unknown_command_names_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["trilemma", "rnu"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    assert "did you mean 'run'" in capsys.readouterr().err


def test_help_and_refusals_load_no_model_library(tmp_path: Path, write_task: TaskWriter) -> None:
    write_task()
    raw = {
        "name": "t",
        "tasks": ["tasks/capitals"],
        "strategies": {"few_shot": {"k": 99}, "rag": {}, "lora": {}},
    }
    (tmp_path / "a.yaml").write_text(json.dumps(raw))
    program = (
        "import sys; from harness import cli\n"
        "for argv in (['--help'], ['run', '--help'], ['run', 'a.yaml'], ['run', 'none.yaml']):\n"
        "    sys.argv = ['trilemma', *argv]\n"
        "    try: cli.main()\n"
        "    except SystemExit as end: print('code', end.code)\n"
        "heavy = {'torch', 'transformers', 'peft', 'bitsandbytes', 'faiss', 'evaluate', 'scipy'}\n"
        "print('heavy', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert [line for line in done.stdout.splitlines() if line.startswith(("code", "heavy"))] == [
        "code 0", "code 0", "code 2", "code 2", "heavy []",
    ], done.stderr  # fmt: skip

"""Copies of the tiny model with something changed, and the command line asked to use one."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main


def edit(path: Path, **keys: Any) -> None:
    """Set keys of a JSON file, which is made where it is not there."""
    found = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(found | keys))


def ended(command: list[str], monkeypatch: pytest.MonkeyPatch, stdin: str = "") -> int:
    """Run the command line in this process and return its exit code."""
    monkeypatch.setattr("sys.argv", ["trilemma", *command])
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def experiment(folder: Path, model: Any, task: Path) -> Path:
    """Write an experiment file that asks a model zero-shot, and return its path."""
    path = folder / "a.yaml"
    written = {"name": "a", "model": model, "tasks": [str(task)], "strategies": {"zero_shot": {}}}
    path.write_text(json.dumps(written))
    return path

"""The retention suite is what its program makes, and no item is there twice."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import yaml

SUITE = Path(__file__).parents[2] / "benchmarks" / "general"
TASKS = ["arithmetic", "general_knowledge", "reading", "sentiment", "text_operations"]


def test_build_makes_the_same_bytes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("general_build", SUITE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.build(tmp_path)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert len(made) == 15
    for path in made:
        assert (tmp_path / path).read_bytes() == (SUITE / path).read_bytes(), path


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_whole(task: str) -> None:
    described = yaml.safe_load((SUITE / task / "task.yaml").read_text(encoding="utf-8"))
    assert described["role"] == "retention"
    inputs = []
    for part, least in (("validation", 50), ("test", 200)):
        lines = (SUITE / task / described["items"][part]).read_text(encoding="utf-8").splitlines()
        assert len(lines) >= least
        inputs += [json.loads(line)["input"] for line in lines]
    assert len(set(inputs)) == len(inputs)


def test_the_heldout_text_is_long_and_not_in_training() -> None:
    from harness.starter.synthesis.prose import PARAGRAPHS

    text = (SUITE / "heldout.txt").read_text(encoding="utf-8")
    assert len(text) > 20_000
    assert not any(paragraph[:60] in text for paragraph in PARAGRAPHS)

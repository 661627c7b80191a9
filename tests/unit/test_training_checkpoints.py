from __future__ import annotations

import json

import pytest

from harness.types import PrepareCost
from strategies.tuning.checkpoints import best_of, cost_at, last_whole, prune, seal


def checkpoint(work, step, best=None):
    folder = work / f"checkpoint-{step}"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"weights" * step)
    (folder / "optimizer.pt").write_bytes(b"moments" * step)
    state = {"global_step": step, "best_global_step": best}
    (folder / "trainer_state.json").write_text(json.dumps(state))
    seal(folder, PrepareCost(trained_tokens=step, wall_s=step / 2))
    return folder


def test_the_latest_whole_checkpoint_counts_numbers_not_names(tmp_path):
    for step in (5, 10, 9):
        checkpoint(tmp_path, step)
    assert last_whole(tmp_path) == tmp_path / "checkpoint-10"
    assert cost_at(tmp_path / "checkpoint-10") == PrepareCost(trained_tokens=10, wall_s=5)


@pytest.mark.parametrize(
    "name", ["adapter_model.safetensors", "optimizer.pt", "trainer_state.json", "seal.json"]
)
@pytest.mark.parametrize("damage", ["truncated", "missing", "changed"])
def test_a_damaged_checkpoint_is_passed_over_and_removed(tmp_path, name, damage):
    checkpoint(tmp_path, 5)
    file = checkpoint(tmp_path, 10) / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(content[:-3])
    else:
        file.write_bytes(b"#" + content[1:])
    assert last_whole(tmp_path) == tmp_path / "checkpoint-5"
    assert [folder.name for folder in tmp_path.iterdir()] == ["checkpoint-5"]


def test_a_checkpoint_whose_best_is_damaged_is_passed_over(tmp_path):
    checkpoint(tmp_path, 3, best=3)
    damaged = checkpoint(tmp_path, 6, best=6)
    checkpoint(tmp_path, 9, best=6)
    (damaged / "adapter_model.safetensors").unlink()
    assert last_whole(tmp_path) == tmp_path / "checkpoint-3"
    assert not (tmp_path / "checkpoint-9").exists()


def test_none_is_left_when_none_is_whole(tmp_path):
    (tmp_path / "checkpoint-5").mkdir()
    assert last_whole(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    assert last_whole(tmp_path / "not there") is None


def test_the_best_is_the_last_where_nothing_was_validated(tmp_path):
    assert best_of(checkpoint(tmp_path, 4)) == tmp_path / "checkpoint-4"
    assert best_of(checkpoint(tmp_path, 8, best=4)) == tmp_path / "checkpoint-4"


def test_the_last_two_and_the_best_are_kept(tmp_path):
    for step in (2, 4, 6, 8, 10):
        latest = checkpoint(tmp_path, step, best=4)
    prune(latest, 2)
    assert {folder.name for folder in tmp_path.iterdir()} == {"checkpoint-4", "checkpoint-8", "checkpoint-10"}

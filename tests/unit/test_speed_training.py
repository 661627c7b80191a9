"""The benchmark of training compares equal work, and says so where it is not."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import pytest

from benchmarks.speed import training
from benchmarks.speed.training_contenders import BARE, OURS, Contender, Outcome
from benchmarks.speed.training_job import Spent, job_for, positions, write_batches
from strategies.lora import LoraOptions
from strategies.tuning.data import IGNORED, batches
from strategies.tuning.trainer import _epochs

OPTIONS = argparse.Namespace(
    steps=10,
    batch=2,
    items=5,
    repeats=1,
    shots="fixed",
    size="6m",
    device="cpu",
    dtype="float32",
    quantization="none",
    precision="float32",
)


def outcome(seconds: float = 2.0, losses: tuple[float, ...] = (3.0, 2.0)) -> Outcome:
    spent = Spent(seconds, seconds)
    return Outcome(spent, spent, spent, tokens=90, positions=100, losses=losses, peak_mib=1.0)


def test_the_bare_loop_gets_the_batches_that_a_training_makes(tmp_path):
    rows = [{"input_ids": [1] * n, "labels": [IGNORED] * n} for n in (5, 3, 9, 4, 7)]
    job = job_for(OPTIONS, Path("model"), Path("task.yaml"), tmp_path)
    write_batches(job, rows)
    options = LoraOptions(batch_size=2, max_steps=10)
    order = batches([5, 3, 9, 4, 7], 2, _epochs(options, 5), job.seed)
    assert json.loads(Path(job.batches).read_text())["order"] == order[:10]


def test_positions_are_tokens_and_padding():
    assert positions([5, 3, 9, 4, 7], [[0, 1], [2], [3, 4]]) == 10 + 9 + 14
    assert outcome().padding == pytest.approx(0.1)


@pytest.mark.parametrize(("loss", "difference"), [(2.0, 0.0), (2.5, 0.25), (math.nan, math.nan)])
def test_the_largest_difference_of_a_loss_is_found_and_no_number_is_none(loss, difference):
    outcomes = {OURS: [outcome(), outcome(losses=(3.0, loss))], BARE: [outcome()]}
    assert training._difference(outcomes) == pytest.approx(difference, nan_ok=True)


@pytest.mark.parametrize(
    ("seconds", "loss", "code", "line"),
    [
        (2.3, 2.0, 0, "Trilemma 0.87"),
        (2.5, 2.0, 1, "goal missed: 0.85"),
        (2.0, 2.1, 1, "losses differ by more than 0.001"),
        (2.0, math.nan, 1, "losses differ by more than 0.001"),
    ],
)
def test_a_missed_goal_or_another_loss_ends_with_1(monkeypatch, capsys, seconds, loss, code, line):
    made = {OURS: outcome(seconds, (3.0, loss)), BARE: outcome()}
    monkeypatch.setattr("sys.argv", ["training", "--repeats", "1", "--quantization", "nf4", "--items", "20"])
    monkeypatch.setattr(Contender, "run", lambda self, *_: made[self])
    assert training.main() == code
    assert line in capsys.readouterr().out

"""The pre-training program on a micro model: its parts, and that a broken run ends as an unbroken one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.starter.mixture import COURSES, LONGEST, course_rows, phase_at
from harness.starter.muon import orthogonalise
from harness.starter.pretrain import FirstTokens, Recipe, Trainer, main, micro_batches, rate
from harness.starter.recall import recall_rows

MICRO = Recipe(
    steps=6, tokens=120, micro_tokens=100, vocab=64, hidden=32, mlp=32, layers=3, heads=2, positions=256
)


@pytest.mark.parametrize("stage", ["recall", "lessons", "mixture"])
def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(tmp_path: Path, stage: str) -> None:
    from dataclasses import replace

    recipe = MICRO if stage == "recall" else replace(MICRO, stage=stage, vocab=4096, steps=4, positions=1024)
    whole = Trainer(recipe, tmp_path / "whole")
    whole.run()
    Trainer(recipe, tmp_path / "broken").run(stop_at=2)
    resumed = Trainer(recipe, tmp_path / "broken")
    assert resumed.step == 2
    resumed.run()
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name


def test_training_can_go_on_from_an_exported_model(tmp_path: Path) -> None:
    first = Trainer(MICRO, tmp_path / "first")
    first.run(stop_at=1)
    first.model.save_pretrained(tmp_path / "model")
    second = Trainer(MICRO, tmp_path / "second", tmp_path / "model")
    for name, weight in first.model.state_dict().items():
        assert torch.equal(weight, second.model.state_dict()[name]), name


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    Trainer(MICRO, tmp_path).run(stop_at=1)
    with pytest.raises(ValueError, match="another recipe"):
        Trainer(replace(MICRO, steps=7), tmp_path)


def test_steps_depend_on_seed_and_number_alone() -> None:
    assert course_rows("mixture", 1, 5, 100, 800) == course_rows("mixture", 1, 5, 100, 800)
    assert course_rows("mixture", 1, 5, 100, 800) != course_rows("mixture", 1, 6, 100, 800)
    assert all(len(row.ids) <= LONGEST for row in course_rows("mixture", 1, 99, 100, 2000))


def test_a_course_passes_smoothly_from_phase_to_phase() -> None:
    course = COURSES["lessons"]
    assert {name: share for name, share in phase_at(course, 0.0).shares.items() if share} == course[0].shares
    middle = phase_at(course, (course[0].at + course[1].at) / 2)
    assert middle.shares["cloze"] == pytest.approx(
        (course[0].shares["cloze"] + course[1].shares["cloze"]) / 2
    )
    assert middle.level == pytest.approx((course[0].level + course[1].level) / 2)
    assert phase_at(COURSES["mixture"], 0.0).refuse == 0.0
    assert phase_at(COURSES["mixture"], 0.99).refuse > 0.1


def test_first_tokens_count_one_token_an_answer() -> None:
    weights = torch.tensor([[0.0, 1.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0, 0.0]])
    hits = torch.tensor([[True, False, False, False], [False, True, True, False]])
    first = FirstTokens()
    first.add(weights, hits, ["reading", "sums"])
    assert first.report() == {"reading": 0.5, "sums": 1.0}
    assert first.report() == {}


def test_micro_batches_hold_every_token_once() -> None:
    rows = recall_rows(0, 3, 10, 64, 500)
    batches = micro_batches(rows, 200)
    assert sum(int((weights > 0).sum()) for _, weights, _ in batches) == sum(
        weight > 0 for row in rows for weight in row.weights
    )


def test_the_rate_rises_stays_and_falls() -> None:
    recipe = Recipe(steps=100, warmup=10, decay_from=0.5)
    assert rate(recipe, 0) == pytest.approx(0.1)
    assert rate(recipe, 30) == 1.0
    assert rate(recipe, 75) == pytest.approx(0.5)


def test_orthogonalise_brings_singular_values_near_one() -> None:
    stack = torch.randn(3, 16, 40, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(stack))
    assert values.min() > 0.5
    assert values.max() < 1.4


def test_help_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "--out" in capsys.readouterr().out

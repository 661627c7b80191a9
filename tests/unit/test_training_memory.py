"""Training under simulated memory: what does not fit at once is trained in parts, alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from strategies.lora import LoraOptions
from strategies.tuning import loop as _training_loop
from strategies.tuning.loop import BatchTrainer
from strategies.tuning.memory import Fit, fit_in, keep_fit
from tests.unit._training import LOSS_POINTS, InterruptedTrainingError, StopsAt
from tests.unit.test_training_run import prepare

ALIKE = {"dropout": 0.0}


@pytest.fixture
def room_for(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that leaves room for so many rows a pass, from a step on; fewer where kept whole."""
    compute = BatchTrainer._loss
    rows_read: list[tuple[int, int]] = []

    def limit(rows: int, from_step: int = 0, recomputed: bool = False) -> list[tuple[int, int]]:
        def limited(self: Any, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            step, n_rows = int(self.state.global_step), len(inputs["input_ids"])
            rows_read.append((step, n_rows))
            fits = n_rows <= rows and (not recomputed or model.is_gradient_checkpointing)
            if step >= from_step and not fits:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return compute(self, model, inputs, *args, **kwargs)

        monkeypatch.setattr(BatchTrainer, "_loss", limited)
        return rows_read

    monkeypatch.setattr(_training_loop, "LOSS_POINTS", LOSS_POINTS)
    return limit


class Told(StopsAt):
    def __init__(self, step: int = 10**6) -> None:
        super().__init__(step)
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


class StopsOnceAt(StopsAt):
    """Stops at a step, counted anew each time that training begins again."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self._at = step

    @contextmanager
    def step(self, label: str, total: int, done: int = 0) -> Iterator[StopsAt]:
        self._left = self._at
        with super().step(label, total, done) as step:
            yield step


def curves(prepared: Any) -> list[Any]:
    return [pytest.approx(dict(prepared.record[name]), rel=1e-4) for name in ("loss", "validation_loss")]


@pytest.mark.parametrize(("rows", "parts"), [(2, [4, 2]), (1, [4, 2, 1]), (3, [4, 2])])
def test_a_batch_that_does_not_fit_is_trained_in_parts_with_the_same_losses(
    tiny_model: Path, tmp_path: Path, room_for: Any, rows: int, parts: list[int]
) -> None:
    whole = prepare(tiny_model, tmp_path / "whole", options=ALIKE)
    read, told = room_for(rows), Told()
    found = prepare(tiny_model, tmp_path / "parts", options=ALIKE, progress=told)
    assert list(dict.fromkeys(n_rows for _, n_rows in read)) == parts
    assert [dict(found.record[name]) for name in ("loss", "validation_loss")] == curves(whole)
    assert found.cost.trained_tokens == whole.cost.trained_tokens
    assert found.cost.supervised_tokens == whole.cost.supervised_tokens
    said = [line for line in told.said if "memory ran out" in line]
    assert len(said) == len(parts) - 1
    assert f"batch_size {parts[-1]} and gradient_accumulation {4 // parts[-1]}" in said[-1]
    assert any("memory ran out" in note for note in found.record["notes"])
    assert not any("memory ran out" in note for note in whole.record["notes"])


def test_a_model_that_takes_the_mean_itself_gives_the_same_losses_in_parts(
    tiny_model: Path, tmp_path: Path, room_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = BatchTrainer.__init__

    def plain(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        self.model_accepts_loss_kwargs = False

    monkeypatch.setattr(BatchTrainer, "__init__", plain)
    options = ALIKE | {"gradient_accumulation": 2}
    whole = prepare(tiny_model, tmp_path / "whole", options=options)
    room_for(1)
    found = prepare(tiny_model, tmp_path / "parts", options=options)
    assert [dict(found.record[name]) for name in ("loss", "validation_loss")] == curves(whole)


def test_activations_are_computed_again_where_one_row_does_not_fit(
    tiny_model: Path, tmp_path: Path, room_for: Any
) -> None:
    whole = prepare(tiny_model, tmp_path / "whole", options=ALIKE)
    told = Told()
    room_for(1, recomputed=True)
    found = prepare(tiny_model, tmp_path / "again", options=ALIKE, progress=told)
    assert [dict(found.record[name]) for name in ("loss", "validation_loss")] == curves(whole)
    assert "gradient_checkpointing" in told.said[-1]


def test_what_fits_in_no_way_ends_as_out_of_memory(tiny_model: Path, tmp_path: Path, room_for: Any) -> None:
    read = room_for(0)
    with pytest.raises(torch.OutOfMemoryError):
        prepare(tiny_model, tmp_path, options=ALIKE)
    assert [n_rows for _, n_rows in read] == [4, 2, 1, 1]


def test_another_error_is_not_taken_for_it(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(BatchTrainer, "_loss", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        prepare(tiny_model, tmp_path, options=ALIKE)


@pytest.mark.parametrize("stop", [5, 8, 10])
def test_a_training_that_ran_out_and_was_killed_ends_with_the_same_weights(
    tiny_model: Path, tmp_path: Path, room_for: Any, stop: int
) -> None:
    """Memory runs out at step 7, after the checkpoint of step 6; killed before, between and after that."""
    room_for(2, from_step=7)
    unbroken = prepare(tiny_model, tmp_path / "unbroken")
    with pytest.raises(InterruptedTrainingError):
        prepare(tiny_model, tmp_path / "killed", progress=StopsOnceAt(stop))
    resumed = prepare(tiny_model, tmp_path / "killed")
    assert resumed.model.identity.adapter_digest == unbroken.model.identity.adapter_digest
    assert resumed.record == unbroken.record
    assert resumed.cost.trained_tokens == unbroken.cost.trained_tokens


def test_how_it_fits_is_kept(tmp_path: Path) -> None:
    assert fit_in(tmp_path) == Fit()
    keep_fit(tmp_path, Fit(4, True))
    assert fit_in(tmp_path) == Fit(4, True)
    (tmp_path / "memory.json").write_text("[1")
    assert fit_in(tmp_path) == Fit()


def test_less_memory_is_taken_step_by_step() -> None:
    options, seen = LoraOptions(batch_size=6), []
    fit: Fit | None = Fit()
    while fit is not None:
        seen.append((fit.rows(6), fit.checkpointing))
        fit = fit.smaller(options)
    assert seen == [(6, False), (3, False), (2, False), (1, False), (1, True)]

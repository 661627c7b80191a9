"""The benchmark of number formats measures what it says, tried on a tiny model."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmarks.speed import dtypes
from benchmarks.speed.dtypes import Shape
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions


def test_prompts_are_cut_from_a_text_that_begins_again() -> None:
    assert dtypes._prompts([1, 2, 3], Shape(rows=2, prompt=4, new=1)) == [[1, 2, 3, 1], [2, 3, 1, 2]]


def test_every_format_is_measured_as_often_and_a_model_agrees_with_itself(tiny_model: Path) -> None:
    loaded = {
        dtype: TransformersModel(TransformersOptions(path=str(tiny_model), dtype=dtype)).module.eval()
        for dtype in dtypes.DTYPES
    }
    assert [module.dtype for module in loaded.values()] == [torch.float32, torch.bfloat16]
    prompts = dtypes._prompts(range(50), Shape(rows=3, prompt=20, new=2))
    speeds = dtypes._measured(loaded, prompts, 2, repeats=2)
    assert {name: (len(found.prefill), len(found.decode)) for name, found in speeds.items()} == {
        "float32": (2, 2),
        "bfloat16": (2, 2),
    }
    assert all(value > 0 for found in speeds.values() for value in (*found.prefill, *found.decode))
    assert dtypes._changed(loaded | {"bfloat16": loaded["float32"]}, prompts) == 0.0
    assert dtypes._changed(loaded, prompts) > 0.0

"""What only a CUDA device shows of the engine; skipped without one."""

from __future__ import annotations

import random

import pytest
import torch

from harness.embedders.embedder import load_embedder
from harness.models.transformers import decoding
from harness.models.transformers.decoding import STEPS, decode
from harness.models.transformers.engine import Engine
from tests.unit._families import built, families
from tests.unit.test_engine_differential import prompts_of

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@torch.inference_mode()
def test_answers_are_the_same_however_often_ends_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(built(families(160)["llama"], "llama").to("cuda"))
    prompts = prompts_of(random.Random(1), 6, shared=40, longest=9)
    ends = [2, *range(10, 40)]
    found = decode(engine, prompts, 20, ends)
    assert STEPS["cuda"] > 1
    monkeypatch.setattr(decoding, "STEPS", {"cuda": 1})
    assert decode(engine, prompts, 20, ends) == found


def test_an_embedder_told_to_stay_on_the_processor_takes_no_memory_of_the_gpu() -> None:
    before = torch.cuda.memory_allocated()
    load_embedder("builtin:minilm", None, "cpu").embed(["a text"])
    assert torch.cuda.memory_allocated() == before

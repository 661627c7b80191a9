"""LoRA and QLoRA over SmolLM2: they learn, cost what they say, and leave the base as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.models.transformers.model import TransformersModel
from harness.tasks.prompting import plain_requests
from harness.types import Request, TrainingData
from strategies.lora import Lora, LoraOptions
from strategies.qlora import QLora
from tests.real.conftest import answered, judged, mean, task_of
from tests.unit._training import context

pytestmark = [pytest.mark.real, pytest.mark.slow]

OPTIONS: dict[str, Any] = {"rank": 8, "batch_size": 8, "learning_rate": 2e-3}
LORA = OPTIONS | {"max_steps": 16, "eval_steps": 8}
QLORA = OPTIONS | {"max_steps": 6, "eval_steps": 3}


def orders() -> TrainingData:
    data = task_of("meridian/orders").data
    return TrainingData(data.task, data.train[:96], data.validation[:12])


def test_lora_learns_the_records_and_the_base_answers_as_before(
    smollm2: TransformersModel, tmp_path: Path
) -> None:
    facts = task_of("general/facts")
    asked = [r for r in plain_requests(facts.task, facts.test[:8]) if isinstance(r, Request)]
    before = [answer.text for answer in answered(smollm2, asked)]
    prepared = Lora(LoraOptions(**LORA)).prepare(context(smollm2, tmp_path, orders()))
    losses = [loss for _, loss in prepared.record["validation_loss"]]
    assert losses[-1] < losses[0] < 2.5
    assert prepared.cost.trained_tokens > 0
    loaded = task_of("meridian/orders")
    assert mean(judged(prepared.model, loaded, 12), "json_fields") > 0.3
    assert [answer.text for answer in answered(smollm2, asked)] == before


def test_qlora_learns_over_4_bit_weights(smollm2: TransformersModel, tmp_path: Path) -> None:
    options = LoraOptions(**QLORA)
    prepared = QLora(options).prepare(context(smollm2, tmp_path, orders()))
    losses = [loss for _, loss in prepared.record["validation_loss"]]
    assert losses[-1] < losses[0]
    assert prepared.model.identity.quantization == "nf4"
    facts = task_of("general/facts")
    asked = [r for r in plain_requests(facts.task, facts.test[:4]) if isinstance(r, Request)]
    assert all(answer.text for answer in answered(prepared.model, asked))

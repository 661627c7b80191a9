"""What the probe finds on a CUDA device fits there; skipped without one."""

from pathlib import Path

import pytest
import torch

from harness.models.transformers.batching import MAX_BATCH_ITEMS
from harness.models.transformers.budgets import BatchBudgets
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.powers import answered
from harness.types import Decoding, Generation, Message, Request

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


def test_the_probed_budget_is_remembered_and_a_batch_of_it_is_answered(
    tiny_model: Path, tmp_path: Path
) -> None:
    options = TransformersOptions(path=str(tiny_model), device="cuda")
    said: list[str] = []
    model = TransformersModel(
        options, budgets=BatchBudgets(tmp_path / "run", tmp_path / "machine", said.append)
    )
    asked = [
        Request(
            task="t",
            item_id=str(n),
            messages=(Message(role="user", content="word " * 60),),
            decoding=Decoding(max_new_tokens=8),
        )
        for n in range(2 * MAX_BATCH_ITEMS["cuda"])
    ]
    (first, *rest) = model.batches(asked)
    assert len(said) == 2
    assert torch.cuda.get_device_name() in said[0]
    assert len(first) == MAX_BATCH_ITEMS["cuda"]
    assert all(isinstance(answer, Generation) for answer in answered(model, [asked[i] for i in first]))
    assert len(said) == 2, "memory did not run out"
    again = TransformersModel(options, budgets=BatchBudgets(None, tmp_path / "machine", said.append))
    assert again.batches(asked) == [first, *rest]
    assert len(said) == 2, "the machine remembered"

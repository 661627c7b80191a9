"""One training by a bare loop over ready batches: `python -m benchmarks.speed.train_bare JOB.json`.

Forward, backward, clip, step: what anybody would write first, on the same base, adapter, batches and seed.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import peft
import torch
import transformers

from benchmarks.speed.training_job import Clock, Job, write_result
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions


def main() -> None:
    """Train as the job says."""
    job = Job.read(Path(sys.argv[1]))
    gc.set_threshold(*job.collect)
    torch.set_num_threads(job.threads)
    data = json.loads(Path(job.batches).read_text(encoding="utf-8"))
    module, tokenizer = TransformersModel(
        TransformersOptions(path=job.model, device=job.device, dtype=job.dtype)
    ).fresh(job.quantization)
    transformers.set_seed(job.seed)
    config = peft.LoraConfig(
        task_type="CAUSAL_LM", r=job.rank, lora_alpha=job.alpha, target_modules="all-linear"
    )
    model = peft.get_peft_model(module, config)
    clock = Clock(job.device)
    model.train()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=job.learning_rate, weight_decay=0.0)
    losses = []
    for batch in data["order"]:
        inputs = _padded([data["rows"][i] for i in batch], tokenizer.pad_token_id, job.device)
        rounded = "bfloat16" in (job.dtype, job.precision)
        with torch.autocast(job.device, dtype=torch.bfloat16, enabled=rounded):
            loss = model(**inputs).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    spent = clock.read()
    write_result(
        job,
        training=spent,
        tokens=sum(len(data["rows"][i]["input_ids"]) for batch in data["order"] for i in batch),
        losses=[float(loss) for loss in losses],
    )


def _padded(rows: list[dict[str, list[int]]], pad_id: int, device: str) -> dict[str, torch.Tensor]:
    """Return the rows padded on the right, each tensor of shape ``(n_rows, n_tokens)``."""
    padded = {}
    for name, filler in (("input_ids", pad_id), ("labels", -100)):
        values = [torch.tensor(row[name]) for row in rows]
        padded[name] = torch.nn.utils.rnn.pad_sequence(values, batch_first=True, padding_value=filler)
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    padded["attention_mask"] = (torch.arange(int(lengths.max()))[None] < lengths[:, None]).long()
    return {name: tensor.to(device) for name, tensor in padded.items()}


if __name__ == "__main__":
    main()

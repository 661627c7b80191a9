"""One training by trl's SFTTrainer, run by its own interpreter: `PYTHON train_trl.py JOB.json`.

Needs trl and peft and nothing of Trilemma. Loss on the completion only, no recomputed activations, no
checkpoints, unless trl's own defaults are wanted; batches are its own: examples in random order, or packed
into one row of as many tokens.
"""

import gc
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer


class CountingTrainer(SFTTrainer):  # type: ignore[misc]
    """Counts the tokens it is trained on, and positions: those and padding."""

    tokens = positions = 0

    def training_step(self, model: Any, inputs: dict[str, Any], *rest: Any) -> Any:
        """Count a batch, then train on it."""
        mask = inputs.get("attention_mask")
        ids = inputs["input_ids"]
        self.tokens += int(ids.numel() if mask is None else mask.sum())
        self.positions += ids.numel()
        return super().training_step(model, inputs, *rest)


def main() -> None:
    """Train as the job says."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    gc.set_threshold(*job["collect"])
    torch.set_num_threads(job["threads"])
    data = json.loads(Path(job["batches"]).read_text(encoding="utf-8"))
    dataset = Dataset.from_list(data["rows"])
    tokens = sum(len(data["rows"][i]["input_ids"]) for batch in data["order"] for i in batch)
    model = AutoModelForCausalLM.from_pretrained(
        job["model"],
        dtype=getattr(torch, job["dtype"]),
        device_map={"": job["device"]},
        trust_remote_code=False,
    )
    packed = job["packing"]
    settings = {
        "lr_scheduler_type": "constant",
        "optim": "adamw_torch",
        "bf16": "bfloat16" in (job["dtype"], job["precision"]),
        "gradient_checkpointing": False,
    }
    config = SFTConfig(
        output_dir=job["work"],
        **({} if job["defaults"] else settings),
        max_steps=job["steps"],
        per_device_train_batch_size=1 if packed else job["batch_size"],
        max_length=tokens // job["steps"] if packed else 2048,
        packing=packed,
        learning_rate=job["learning_rate"],
        use_cpu=job["device"] == "cpu",
        dataloader_pin_memory=job["device"] != "cpu",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=job["seed"],
    )
    trainer = CountingTrainer(
        model=model,
        args=config,
        train_dataset=dataset,
        processing_class=AutoTokenizer.from_pretrained(job["model"], trust_remote_code=False),
        peft_config=LoraConfig(
            task_type="CAUSAL_LM", r=job["rank"], lora_alpha=job["alpha"], target_modules="all-linear"
        ),
    )
    cpu, wall = time.process_time(), time.perf_counter()
    trainer.train()
    if job["device"] == "cuda":
        torch.cuda.synchronize()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    result = {
        "training": {"cpu_s": cpu, "wall_s": wall},
        "prepare": None,
        "tokens": trainer.tokens,
        "positions": trainer.positions,
        "losses": [row["loss"] for row in trainer.state.log_history if "loss" in row],
        "peak_mib": _peak_mib(job["device"]),
    }
    Path(job["result"]).write_text(json.dumps(result), encoding="utf-8")


def _peak_mib(device: str) -> float:
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()

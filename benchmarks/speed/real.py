"""The work of a real model: items of the suites that come along, behind plain-text prompts.

Both harnesses get the same text, so the model's chat template is replaced by the plain one of the other
workload; weights and tokenizer are its own.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from benchmarks.speed.models import Setup
from benchmarks.speed.workload import SHOTS, Row, Workload, with_examples, write_rows
from harness.models.transformers.resolve import local_folder
from harness.tasks.loading import load_task
from harness.types import LoadedTask, TaskItem

MERIDIAN = Path(__file__).resolve().parents[1] / "meridian"
TASK_OF = {"generation": MERIDIAN / "orders", "choice": MERIDIAN / "routing"}
MAX_NEW_TOKENS = 64
_SEED = 20261125


def real_folder(model: str) -> str:
    """Return the folder of a model that ``--model`` names: "smollm2", a folder or a hub id."""
    return local_folder("builtin:smollm2" if model == "smollm2" else model, None, "--model")


def make_real(folder: Path, shots: str, n_items: int, setup: Setup) -> Workload:
    """Write a real model without a chat template and the first items of two tasks below ``folder``.

    Args:
        folder: Where.
        shots: See ``Workload``.
        n_items: Test rows of each task.
        setup: Which model, and where it answers.
    """
    end = _plain_copy(Path(real_folder(setup.model)), folder / "model")
    rng = random.Random(_SEED)
    for name, place in TASK_OF.items():
        task = load_task(place)
        train, test = (_rows(task, items, end) for items in (task.data.train, islice(task.test, n_items)))
        if shots == "drawn":
            test = [row | {"input": with_examples(rng, row, train)} for row in test]
        write_rows(folder / f"{name}-train.jsonl", train if shots == "drawn" else train[: 20 * SHOTS])
        write_rows(folder / f"{name}-test.jsonl", test)
    return Workload(folder, folder / "model", shots, setup, MAX_NEW_TOKENS)


def _plain_copy(source: Path, folder: Path) -> str:
    """Make a folder of the same model without a chat template; return the text of its end token."""
    from transformers import AutoTokenizer

    folder.mkdir(parents=True)
    for path in source.iterdir():
        if path.suffix == ".safetensors":
            (folder / path.name).symlink_to(path.resolve())
        elif path.is_file() and path.name != "chat_template.jinja":
            shutil.copyfile(path, folder / path.name)
    tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True, trust_remote_code=False)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": config["eos_token_id"]}))
    return str(tokenizer.eos_token)


def _rows(task: LoadedTask, items: Sequence[TaskItem] | islice[TaskItem], end: str) -> list[Row]:
    rows = []
    for item in items:
        row: Row = {"id": item.id, "context": task.task.description, "input": item.input}
        row["target"] = item.targets[0]
        if choices := item.choices or task.task.choices:
            row |= {
                "choices": list(choices),
                "spaced": [f" {choice}" for choice in choices],
                "options": [f" {choice}{end}" for choice in choices],
                "gold": choices.index(item.targets[0]),
            }
        rows.append(row)
    return rows

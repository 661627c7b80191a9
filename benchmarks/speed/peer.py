"""The peer that is measured: lm_eval, in an environment of its own, with the same prompts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.speed.contenders import TASKS, Answer, Outcome
from benchmarks.speed.measuring import timed
from benchmarks.speed.workload import SHOTS, STOP, Row, Workload, write_rows

PEER = "lm_eval[hf]==0.4.13"
PEER_BATCH = 16


class LmEval:
    """`lm_eval` in an environment of its own, with the same prompts.

    Args:
        workload: What it is asked.
        work: A folder for its files.
        python: The interpreter that has it.
        examples: For each task the ids of the examples that every prompt shows, in order.
        batch: Items of a batch.
        dtype: Its number format; "" for that of the workload.
    """

    name = "lm_eval"

    def __init__(
        self,
        workload: Workload,
        work: Path,
        python: Path,
        examples: Mapping[str, Sequence[str]],
        batch: int = PEER_BATCH,
        dtype: str = "",
    ) -> None:
        self._workload, self._work, self._python, self._batch = workload, work, python, batch
        self._dtype = dtype or workload.setup.dtype
        shutil.rmtree(work / "tasks", ignore_errors=True)
        (work / "tasks").mkdir()
        for task in TASKS:
            rows = {row["id"]: row for row in _rows(workload.rows(task, "train"))}
            shown = [rows[name] for name in examples[task]]
            write_rows(work / f"{task}-examples.jsonl", shown or list(rows.values()))
            (work / "tasks" / f"{task}.yaml").write_text(json.dumps(self._task(task)), encoding="utf-8")

    def _task(self, task: str) -> dict[str, object]:
        files = {
            "train": str(self._work / f"{task}-examples.jsonl"),
            "test": str(self._workload.rows(task, "test")),
        }
        own: dict[str, object]
        if task == "generation":
            own = {
                "output_type": "generate_until",
                "generation_kwargs": {
                    "until": [STOP],
                    "max_gen_toks": self._workload.max_new_tokens,
                    "do_sample": False,
                },
                "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
                "doc_to_target": "{{target}}",
            }
        else:
            own = {
                "output_type": "multiple_choice",
                # The token that ends a turn is part of a choice for Trilemma, so it is one here.
                "doc_to_choice": "{{options}}",
                "target_delimiter": "",
                "doc_to_target": "{{gold}}",
                "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
                "fewshot_config": {
                    "sampler": "first_n",
                    "doc_to_choice": "{{spaced}}",
                    "target_delimiter": "",
                },
            }
        fixed = self._workload.shots == "fixed"
        return {
            "task": task,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": files},
            "fewshot_split": "train",
            "test_split": "test",
            "num_fewshot": SHOTS if fixed else 0,
            "doc_to_text": self._workload.prompt,
            "fewshot_config": {"sampler": "first_n"},
            **own,
        }

    def run(self, tasks: Sequence[str], limit: int) -> Outcome:
        """Ask the first ``limit`` items of each task."""
        out = self._work / "lm_eval"
        shutil.rmtree(out, ignore_errors=True)
        setup = self._workload.setup
        model = f"pretrained={self._workload.model},dtype={self._dtype}"
        command = [str(self._python), "-m", "lm_eval", "run", "--model", "hf", "--model_args", model]
        command += ["--tasks", ",".join(tasks), "--include_path", str(self._work / "tasks")]
        command += ["--batch_size", str(self._batch), "--device", setup.device, "--limit", str(limit)]
        cost = timed([*command, "--output_path", str(out), "--log_samples"], self._work)
        return Outcome(cost, self._answers(out))

    def _answers(self, out: Path) -> dict[tuple[str, str], Answer]:
        answers = {}
        for path in out.rglob("samples_*.jsonl"):
            task = next(task for task in TASKS if path.name.startswith(f"samples_{task}_"))
            for row in _rows(path):
                prompt = row["arguments"]["gen_args_0"]["arg_0"]
                if task == "generation":
                    answer = row["resps"][0][0].strip()
                else:
                    values = [float(response[0][0]) for response in row["resps"]]
                    answer = str(values.index(max(values)))
                answers[task, row["doc"]["id"]] = Answer(prompt, answer)
        return answers


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

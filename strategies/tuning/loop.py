"""The training loop: the Trainer of transformers, with our own data order, cost counting and checkpoints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

from harness.errors import InputError
from harness.progress import Step
from harness.protocols import PrepareContext
from strategies.tuning.checkpoints import prune, seal
from strategies.tuning.data import IGNORED
from strategies.tuning.meter import Meter
from strategies.tuning.method import Method
from strategies.tuning.options import TrainingOptions
from strategies.tuning.precision import Precision

CHECKPOINTS_KEPT = 2
LOSS_POINTS = 100
MEASUREMENTS = 10
_SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def arguments(
    options: TrainingOptions,
    precision: Precision,
    work: Path,
    module: Any,
    steps: int,
    validated: bool,
    seed: int,
) -> Any:
    """Return the Trainer's arguments, which leave data order, messages and the best checkpoint to us."""
    every = options.eval_steps or max(1, math.ceil(steps / MEASUREMENTS))
    on_cpu = module.device.type == "cpu"
    made = transformers.TrainingArguments(
        output_dir=str(work),
        max_steps=steps,
        per_device_train_batch_size=1,  # an element of the data set is already a batch
        per_device_eval_batch_size=1,
        gradient_accumulation_steps=options.gradient_accumulation,
        learning_rate=options.learning_rate,
        lr_scheduler_type=_SCHEDULERS[options.scheduler],
        warmup_steps=round(options.warmup_ratio * steps),
        weight_decay=options.weight_decay,
        optim="adamw_torch",
        bf16=precision == "bfloat16",
        fp16=precision == "float16",
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        logging_first_step=True,
        logging_steps=max(1, steps // LOSS_POINTS),
        logging_nan_inf_filter=False,
        eval_strategy="steps" if validated else "no",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        metric_for_best_model="eval_loss" if validated else None,
        greater_is_better=False if validated else None,
        remove_unused_columns=False,
        report_to=[],
        disable_tqdm=True,
        seed=seed % 2**32,
    )
    if made.n_gpu > 1:
        made._n_gpu = 1  # else the Trainer would spread every batch over all devices
    return made


def validation_batches(
    rows: list[dict[str, list[int]]], size: int
) -> list[list[dict[str, list[int]]]] | None:
    """Return batches of similar length, longest first; None when there is nothing to validate on."""
    ranked = sorted(rows, key=lambda row: -len(row["input_ids"]))
    return [ranked[start : start + size] for start in range(0, len(ranked), size)] or None


def collate(
    elements: Sequence[list[dict[str, list[int]]]], pad_id: int, answers_only: bool = False
) -> dict[str, torch.Tensor]:
    """Pad one ready batch on the right.

    Args:
        elements: One batch: rows of ``input_ids`` and ``labels`` of different lengths.
        pad_id: The token that pads a row; it is masked and has no label.
        answers_only: Ask the model for logits only where a label is predicted.

    Returns:
        ``input_ids``, ``labels`` and ``attention_mask``, of shape ``(n_examples, n_tokens)``. With
        ``answers_only`` also ``logits_to_keep``, the positions that predict a label in any row, of shape
        ``(n_kept,)``, and ``shift_labels``, what they should predict, of shape ``(n_examples, n_kept)``.
    """
    (rows,) = elements
    width = max(len(row["input_ids"]) for row in rows)
    ids = torch.full((len(rows), width), pad_id)
    labels = torch.full((len(rows), width), IGNORED)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for i, row in enumerate(rows):
        length = len(row["input_ids"])
        ids[i, :length] = torch.tensor(row["input_ids"])
        labels[i, :length] = torch.tensor(row["labels"])
        mask[i, :length] = 1
    batch = {"input_ids": ids, "labels": labels, "attention_mask": mask}
    if answers_only:
        following = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=IGNORED)
        batch["logits_to_keep"] = (following != IGNORED).any(dim=0).nonzero()[:, 0]
        batch["shift_labels"] = following[:, batch["logits_to_keep"]]
    return batch


@torch.no_grad()
def takes_answers_only(module: Any) -> bool:
    """Tell whether a model gives the same loss when it is asked for the logits of answers alone.

    Tried on two rows of eight tokens, since models differ in how they treat ``logits_to_keep``. A prompt is
    most of a row, and a vocabulary is wider than any layer, so its logits are a large part of the work.
    """
    lengths, size = (8, 6), module.get_input_embeddings().weight.shape[0]
    rows = [[(7 * i + length) % size for i in range(length)] for length in lengths]
    batch = [{"input_ids": row, "labels": [IGNORED] * 4 + row[4:]} for row in rows]
    losses = []
    for answers_only in (False, True):
        inputs = collate([batch], 0, answers_only)
        try:
            outputs = module(**{name: tensor.to(module.device) for name, tensor in inputs.items()})
        except (TypeError, ValueError, RuntimeError, IndexError, AttributeError):
            return False
        if answers_only and outputs.logits.shape[:2] != inputs["shift_labels"].shape:
            return False
        losses.append(float(outputs.loss))
    return math.isclose(*losses, rel_tol=1e-2)  # in bfloat16, sums of other shapes round differently


class BatchTrainer(transformers.Trainer):  # type: ignore[misc]
    """The Trainer over ready-made batches in their given order, so that resuming is exact."""

    def __init__(self, meter: Meter, method: Method, part_rows: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._meter, self._method, self._part_rows, self._share = meter, method, part_rows, 1.0
        held_out = self.eval_dataset or []
        answers = sum(label != IGNORED for batch in held_out for row in batch for label in row["labels"])
        self._answer_tokens_a_batch = answers / max(1, len(held_out))

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return torch.utils.data.SequentialSampler(
            self.train_dataset if train_dataset is None else train_dataset
        )

    def floating_point_ops(self, _: Any) -> int:
        """Return 0: FLOPs are measured elsewhere."""
        return 0  # the meter counts; the Trainer would walk all parameters at each step

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        self._method.save(self.model, folder)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        self._method.restore(self.model if model is None else model, Path(resume_from_checkpoint))

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        """Process one batch in parts that fit into memory; their gradients add up to the batch's."""
        self._meter.count(inputs)
        return sum(
            super(BatchTrainer, self).training_step(model, part, num_items_in_batch)
            for part in self._parts(inputs)
        )

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the loss of a batch, weighted in validation to give the mean over all answer tokens."""
        if model.training:
            return self._loss(model, inputs, return_outputs, num_items_in_batch)
        # So that the mean over batches is the mean over all answer tokens.
        wanted = (return_outputs, self._answer_tokens_a_batch)
        parts = [self._loss(model, part, *wanted) for part in self._parts(inputs)]
        return (sum(loss for loss, _ in parts), parts[0][1]) if return_outputs else sum(parts)

    def _parts(self, inputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a batch in parts, and note each part's share of the answer tokens."""
        n_rows, n_answered = len(inputs["input_ids"]), 0
        if n_rows > self._part_rows:
            n_answered = _n_answered(inputs)
        for start in range(0, n_rows, self._part_rows):
            at = slice(start, start + self._part_rows)
            part = {name: rows if name == "logits_to_keep" else rows[at] for name, rows in inputs.items()}
            self._share = _n_answered(part) / n_answered if n_answered else 1.0
            yield part
        self._share = 1.0

    def _loss(self, model: Any, inputs: Any, return_outputs: bool, num_items_in_batch: Any) -> Any:
        found = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        # Where the model averages over what it is given, a part is weighted by its share of answer tokens.
        if self._share == 1 or self.model_accepts_loss_kwargs:
            return found
        return (self._share * found[0], found[1]) if return_outputs else self._share * found


def _n_answered(inputs: dict[str, torch.Tensor]) -> int:
    """Return how many tokens have a label that is predicted."""
    labels = inputs["shift_labels"] if "shift_labels" in inputs else inputs["labels"][:, 1:]
    return int((labels != IGNORED).sum())


class Watch(transformers.TrainerCallback):  # type: ignore[misc]
    """Shows progress, stops early, refuses a loss that is NaN or infinite, and seals checkpoints."""

    def __init__(self, options: TrainingOptions, context: PrepareContext, meter: Meter, step: Step) -> None:
        self._options, self._context, self._meter, self._step = options, context, meter, step
        self._note = ""

    def on_step_end(self, _: Any, __: Any, control: Any, **___: Any) -> None:
        """Show the step, and log where a checkpoint is saved."""
        self._step.advance(1, self._note)
        if control.should_save:  # a logged loss is a mean since the last log, which is lost on resuming
            control.should_log = True

    def on_log(self, _: Any, state: Any, __: Any, logs: dict[str, float], **___: Any) -> None:
        """Show the losses, and end a training whose loss is NaN or infinite."""
        for name, label in (("loss", "loss"), ("eval_loss", "validation loss")):
            if name not in logs:
                continue
            if not math.isfinite(logs[name]):
                problem = f"the {label} became {logs[name]} at step {state.global_step}"
                raise InputError(
                    self._context.place,
                    "learning_rate",
                    problem,
                    "use a lower one",
                    self._options.learning_rate,
                )
            self._note = f"{label} {logs[name]:.3f}"

    def on_evaluate(self, _: Any, state: Any, control: Any, **__: Any) -> None:
        """Stop where the validation loss no longer improves."""
        if no_better(state.log_history, self._options.early_stopping_patience):
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, _: Any, **__: Any) -> None:
        """Mark a checkpoint as complete, and delete older ones."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        seal(folder, self._meter.reading())
        prune(folder, CHECKPOINTS_KEPT)


def no_better(history: list[dict[str, Any]], patience: int) -> bool:
    """Return whether none of the last ``patience`` validation losses is below the best one before them."""
    losses = [float(row["eval_loss"]) for row in history if "eval_loss" in row]
    return len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience])


def progress_notes(history: list[dict[str, Any]], best_step: int, last_step: int) -> list[str]:
    """Return notes on where a training ended: while still improving, or after its best step."""
    losses = {int(row["step"]): float(row["eval_loss"]) for row in history if "eval_loss" in row}
    if len(losses) < 2 or best_step not in losses:
        return []
    if best_step == last_step:
        return [
            f"not trained to its end: the validation loss was lowest at the last step ({last_step}), so more "
            "epochs may do better"
        ]
    best, last = (f"{losses[step]:.3f}" for step in (best_step, max(losses)))
    if best == last:
        return []
    return [
        f"the validation loss was lowest at step {best_step} of {last_step} ({best}; at the end "
        f"{last}): later steps overfitted, and the checkpoint of that step answers"
    ]

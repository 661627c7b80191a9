"""Training of adapters: one program for LoRA and QLoRA, resumable at any moment, measured throughout."""

from __future__ import annotations

import functools
import gc
import math
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import peft
import torch
import transformers

from harness.digests import digest_of
from harness.errors import InputError
from harness.models.quantization import missing_gradients_are_errors
from harness.progress import Step
from harness.tasks.prompting import template_digest
from harness.types import PrepareContext, PrepareCost, Prepared, TrainableModel
from strategies._adapter_files import AdapterManifest, finished, publish
from strategies._checkpoints import best_of, cost_at, last_whole, seal, state_of
from strategies._meter import Meter
from strategies._training_data import IGNORED, Texts, Tokenised, TrainingOptions, batches, collect, tokenise

LOSS_POINTS = 100
MEASUREMENTS = 10
CHECKPOINTS_KEPT = 3
Quantization = Literal["none", "nf4"]


def train_adapter(
    options: TrainingOptions, context: PrepareContext, quantization: Quantization, label: str
) -> Prepared:
    """Train a LoRA adapter, or find the one that this very training already gave.

    The adapter is published in ``context.artifacts/adapters/<digest>``; the digest covers everything that
    determines it. What answers afterwards is always the published adapter, loaded anew over its base.

    Raises:
        InputError: The model cannot be trained, or options or data do not allow it.
    """
    meter = Meter()
    base = trainable(context, label)
    texts = collect(options, context, base)
    recipe = _recipe(options, context, base, texts, quantization)
    folder = context.artifacts / "adapters" / digest_of(recipe)[:16]
    manifest = finished(folder, digest_of(recipe))
    if manifest is None:
        work = folder.with_name(f"{folder.name}.training")
        work.mkdir(parents=True, exist_ok=True)
        training = _Training(options, context, base, quantization, meter, work, label)
        manifest = training.run(texts, recipe, folder)
    else:
        context.progress.say(f"{label}: trained before, reused from {folder}")
    shutil.rmtree(folder.with_name(f"{folder.name}.training"), ignore_errors=True)
    return Prepared(
        model=base.with_adapter(folder, quantization),
        build=context.build,
        cost=manifest.cost,
        record=manifest.record,
    )


def trainable(context: PrepareContext, label: str) -> TrainableModel:
    """Return the context's model as one that adapters can be trained for.

    Raises:
        InputError: It is served elsewhere, or has an adapter already.
    """
    model = context.model
    if model.identity.adapter_digest:
        remedy = f"use {label} once, as the first part of a composition"
        raise InputError(context.place, label, "the model has an adapter already", remedy)
    if not isinstance(model, TrainableModel):
        remedy = "use a model that is loaded from a folder or a hub id"
        raise InputError(context.place, label, "this model cannot be trained", remedy, model.identity.name)
    return model


def _recipe(
    options: TrainingOptions,
    context: PrepareContext,
    base: TrainableModel,
    texts: Texts,
    quantization: Quantization,
) -> dict[str, Any]:
    """Return all that determines the trained weights, as JSON."""
    return {
        "base": base.identity.weights_digest,
        "dtype": base.identity.dtype,
        "device": "cuda" if torch.cuda.is_available() else "cpu",
        "quantization": quantization,
        "options": options.model_dump(mode="json"),
        "seed": context.seed,
        "on_long_prompt": context.on_long_prompt,
        "context_length": base.context_length,
        "data": texts.digest,
        "packages": {module.__name__: module.__version__ for module in (torch, transformers, peft)},
    }


class _Training:
    """One training, from texts to the published adapter."""

    def __init__(
        self,
        options: TrainingOptions,
        context: PrepareContext,
        base: TrainableModel,
        quantization: Quantization,
        meter: Meter,
        work: Path,
        label: str,
    ) -> None:
        self.options, self.context, self.base, self.quantization = options, context, base, quantization
        self.meter, self.work, self.label = meter, work, label

    def run(self, texts: Texts, recipe: dict[str, Any], folder: Path) -> AdapterManifest:
        module, tokenizer = self.base.fresh(self.quantization)
        limit = min(self.options.max_length or self.base.context_length, self.base.context_length)
        data = tokenise(texts, tokenizer, stop_ids(module, tokenizer), limit, self.context)
        order = batches(
            [len(row["input_ids"]) for row in data.train],
            self.options.batch_size,
            _epochs(self.options, len(data.train)),
            self.context.seed,
        )
        steps = self.options.max_steps or math.ceil(len(order) / self.options.gradient_accumulation)
        last = last_whole(self.work)
        self.meter.start(module, cost_at(last) if last else PrepareCost())
        if last is None or not self._over(state_of(last), steps):
            self._train(module, tokenizer, data, order, steps, last)
        del module
        gc.collect()
        last = last_whole(self.work)
        if last is None:
            raise RuntimeError(f"training left no checkpoint in {self.work}")
        best = best_of(last)
        manifest = AdapterManifest(
            base_name=self.base.name,
            base_digest=self.base.identity.weights_digest,
            dtype=self.base.identity.dtype,
            quantization=self.quantization,
            recipe=recipe,
            recipe_digest=digest_of(recipe),
            prompts_digest=texts.prompts_digest,
            template_digests={d.task.name: template_digest(d.task) for d in self.context.tasks},
            seed=self.context.seed,
            cost=self.meter.reading(),
            record=self._record(state_of(last), best, texts, data, steps),
        )
        return publish(best, folder, manifest)

    def _over(self, state: dict[str, Any], steps: int) -> bool:
        stopped = no_better(state["log_history"], self.options.early_stopping_patience)
        return int(state["global_step"]) >= steps or stopped

    def _train(
        self,
        module: Any,
        tokenizer: Any,
        data: Tokenised,
        order: list[list[int]],
        steps: int,
        last: Path | None,
    ) -> None:
        done = int(state_of(last)["global_step"]) if last else 0
        transformers.set_seed(self.context.seed % 2**32)
        model = self._wrapped(module)
        with self.context.progress.step(f"{self.label}: training", steps, done) as step:
            trainer = _Trainer(
                meter=self.meter,
                model=model,
                args=self._arguments(module, steps, bool(data.validation)),
                train_dataset=[[data.train[i] for i in batch] for batch in order],
                eval_dataset=_validation_batches(data.validation, self.options.batch_size),
                data_collator=functools.partial(collate, pad_id=int(tokenizer.pad_token_id or 0)),
                callbacks=[_Watch(self.options, self.context, self.meter, step)],
            )
            trainer.remove_callback(transformers.PrinterCallback)
            with missing_gradients_are_errors():
                trainer.train(resume_from_checkpoint=str(last) if last else None)

    def _wrapped(self, module: Any) -> Any:
        options = self.options
        targets = options.target_modules
        config = peft.LoraConfig(
            task_type="CAUSAL_LM",
            r=options.rank,
            lora_alpha=options.alpha,
            lora_dropout=options.dropout,
            target_modules=targets if isinstance(targets, str) else list(targets),
            use_rslora=options.use_rslora,
            use_dora=options.use_dora,
        )
        if options.gradient_checkpointing:
            module.config.use_cache = False
            module.enable_input_require_grads()
            enable = getattr(module, "activation_checkpointing_enable", None)
            (enable or module.gradient_checkpointing_enable)()
        try:
            with warnings.catch_warnings():  # peft reads a property that newer transformers have renamed
                warnings.filterwarnings("ignore", ".is_gradient_checkpointing. is deprecated", FutureWarning)
                return peft.get_peft_model(module, config)
        except ValueError as error:
            remedy = "name linear layers of the model, or use all-linear"
            problem = f"does not fit the model: {str(error).splitlines()[0]}"
            raise InputError(self.context.place, "target_modules", problem, remedy) from None

    def _arguments(self, module: Any, steps: int, validated: bool) -> Any:
        """Return arguments that leave data order, messages and the best checkpoint to this module."""
        options = self.options
        every = options.eval_steps or max(1, math.ceil(steps / MEASUREMENTS))
        on_cpu = module.device.type == "cpu"
        return transformers.TrainingArguments(
            output_dir=str(self.work),
            max_steps=steps,
            per_device_train_batch_size=1,  # an element of the data set is a batch already
            per_device_eval_batch_size=1,
            gradient_accumulation_steps=options.gradient_accumulation,
            learning_rate=options.learning_rate,
            lr_scheduler_type=_SCHEDULERS[options.scheduler],
            warmup_steps=round(options.warmup_ratio * steps),
            weight_decay=options.weight_decay,
            optim="adamw_torch",
            bf16=module.dtype == torch.bfloat16,
            fp16=module.dtype == torch.float16,
            use_cpu=on_cpu,
            dataloader_pin_memory=not on_cpu,
            logging_steps=max(1, steps // LOSS_POINTS),
            logging_nan_inf_filter=False,
            eval_strategy="steps" if validated else "no",
            eval_steps=every,
            save_strategy="steps",
            save_steps=every,
            save_total_limit=CHECKPOINTS_KEPT,
            metric_for_best_model="eval_loss" if validated else None,
            greater_is_better=False if validated else None,
            remove_unused_columns=False,
            report_to=[],
            disable_tqdm=True,
            seed=self.context.seed % 2**32,
        )

    def _record(
        self, state: dict[str, Any], best: Path, texts: Texts, data: Tokenised, steps: int
    ) -> dict[str, Any]:
        history = state["log_history"]
        best_step = int(state_of(best)["global_step"])
        return {
            "steps": int(state["global_step"]),
            "steps_planned": steps,
            "best_step": best_step,
            "stopped_early": int(state["global_step"]) < steps,
            "selection": "lowest validation loss" if data.validation else "last step: no validation items",
            "loss": [[row["step"], row["loss"]] for row in history if "loss" in row],
            "validation_loss": [[row["step"], row["eval_loss"]] for row in history if "eval_loss" in row],
            "train_examples": len(data.train),
            "validation_examples": len(data.validation),
            "too_long": data.too_long,
            "not_askable": texts.failed,
            "prompts_digest": texts.prompts_digest,
            "trainable_parameters": self.meter.adapter_parameters,
            "quantization": self.quantization,
        }


_SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def _epochs(options: TrainingOptions, n_examples: int) -> int:
    if options.max_steps is None:
        return options.epochs
    an_epoch = math.ceil(n_examples / options.batch_size)
    return math.ceil(options.max_steps * options.gradient_accumulation / an_epoch)


def stop_ids(module: Any, tokenizer: Any) -> list[int]:
    """Return the tokens that end a generation; the tokenizer's own end comes last."""
    configured = module.generation_config.eos_token_id
    ends = [*(configured if isinstance(configured, list) else [configured]), tokenizer.eos_token_id]
    return [int(token) for token in ends if token is not None]


def _validation_batches(
    rows: list[dict[str, list[int]]], size: int
) -> list[list[dict[str, list[int]]]] | None:
    ranked = sorted(rows, key=lambda row: -len(row["input_ids"]))
    return [ranked[start : start + size] for start in range(0, len(ranked), size)] or None


def collate(elements: Sequence[list[dict[str, list[int]]]], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad one ready batch on the right; every tensor has shape ``(n_examples, n_tokens)``."""
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
    return {"input_ids": ids, "labels": labels, "attention_mask": mask}


class _Trainer(transformers.Trainer):  # type: ignore[misc]
    """The Trainer over ready-made batches in their given order, so that resuming is exact."""

    def __init__(self, meter: Meter, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._meter = meter
        held_out = self.eval_dataset or []
        answers = sum(label != IGNORED for batch in held_out for row in batch for label in row["labels"])
        self._answer_tokens_a_batch = answers / max(1, len(held_out))
        meter.adapter_parameters = sum(p.numel() for p in self.model.parameters() if p.requires_grad)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return torch.utils.data.SequentialSampler(
            self.train_dataset if train_dataset is None else train_dataset
        )

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        self._meter.count(inputs)
        return super().training_step(model, inputs, num_items_in_batch)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        if not model.training:  # so that the mean over batches is the mean over all answer tokens
            num_items_in_batch = self._answer_tokens_a_batch
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)


class _Watch(transformers.TrainerCallback):  # type: ignore[misc]
    """Shows progress, stops early, refuses a loss that is no number, and seals checkpoints."""

    def __init__(self, options: TrainingOptions, context: PrepareContext, meter: Meter, step: Step) -> None:
        self._options, self._context, self._meter, self._step = options, context, meter, step
        self._note = ""

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self._step.advance(1, self._note)

    def on_log(self, _: Any, state: Any, __: Any, logs: dict[str, float], **___: Any) -> None:
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
        if no_better(state.log_history, self._options.early_stopping_patience):
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, _: Any, **__: Any) -> None:
        seal(Path(args.output_dir) / f"checkpoint-{state.global_step}", self._meter.reading())


def no_better(history: list[dict[str, Any]], patience: int) -> bool:
    """Return whether the last ``patience`` validation losses were all no lower than one before them."""
    losses = [float(row["eval_loss"]) for row in history if "eval_loss" in row]
    return len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience])

"""Training by any method: one program, resumable at any moment, measured throughout."""

from __future__ import annotations

import functools
import gc
import math
import operator
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from harness.digests import digest_of, digest_of_file
from harness.errors import InputError
from harness.models.transformers.batching import is_out_of_memory
from harness.models.transformers.quantization import missing_gradients_are_errors, share_in_4_bits
from harness.protocols import PrepareContext, Prepared, ServesAdapters, Trains
from harness.tasks.prompting import template_digest
from harness.types import PrepareCost
from strategies.tuning.bases import trainable
from strategies.tuning.checkpoints import best_of, cost_at, last_whole, state_of
from strategies.tuning.data import Texts, Tokenised, batches, collect, tokenise
from strategies.tuning.files import not_finite, number_of, shapes_in
from strategies.tuning.loop import (
    BatchTrainer,
    Watch,
    arguments,
    collate,
    no_better,
    progress_notes,
    takes_answers_only,
    validation_batches,
)
from strategies.tuning.memory import Fit, fit_in, keep_fit
from strategies.tuning.meter import Meter
from strategies.tuning.method import SavedTuning, Trained
from strategies.tuning.options import TrainingOptions
from strategies.tuning.precision import Precision, attend_plainly, compute_in, precision_of
from strategies.tuning.recipe import Recipe
from strategies.tuning.saved import TuningManifest, finished, publish


def train(recipe: Recipe, context: PrepareContext) -> Prepared:
    """Train a model, stage by stage, or reuse the result of the same training.

    Each stage's result is published in ``context.artifacts/tuned/<digest>``; the digest covers everything
    that determines it. Answers always come from what was published, over an unchanged, newly loaded base.

    Raises:
        InputError: The model cannot be trained, or options or data do not allow it.
    """
    base = trainable(recipe, context)
    recipe = recipe.over(base)
    saved: SavedTuning | None = None
    manifests: list[TuningManifest] = []
    for stage in recipe.by_stage():
        saved, manifest = _trained(stage, context, base, saved)
        manifests.append(manifest)
    assert saved is not None
    assert isinstance(base, ServesAdapters)  # checked by `trainable`
    stages = [[*stage] for stage in recipe.options.stages or ()]
    return Prepared(
        model=base.with_adapter(saved, recipe.quantization),
        build=context.build,
        cost=functools.reduce(operator.add, (manifest.cost for manifest in manifests)).model_copy(
            update={"artifact_bytes": manifests[-1].cost.artifact_bytes}
        ),
        record=manifests[-1].record | ({"stages": stages} if stages else {}),
    )


def _trained(
    recipe: Recipe, context: PrepareContext, base: Trains, before: SavedTuning | None
) -> tuple[SavedTuning, TuningManifest]:
    """Train once, continuing from ``before`` if given; return what is published."""
    meter = Meter()
    texts = collect(recipe.options, context, base)
    precision = precision_of(
        recipe.options.precision, base.identity.dtype, base.capabilities.device, context.place
    )
    determines = recipe.determines(context, base, texts.digest, precision)
    if before is not None:
        determines["before"] = digest_of_file(before.weights)
    folder = context.artifacts / "tuned" / digest_of(determines)[:16]
    manifest = finished(folder, digest_of(determines))
    if manifest is None:
        work = folder.with_name(f"{folder.name}.training")
        work.mkdir(parents=True, exist_ok=True)
        training = _Training(recipe, context, base, precision, meter, work, before)
        manifest = training.run(texts, determines, folder)
    else:
        context.progress.say(f"{recipe.label}: trained before, reused from {folder}")
    shutil.rmtree(folder.with_name(f"{folder.name}.training"), ignore_errors=True)
    return recipe.method.saved(folder), manifest


@dataclass(frozen=True)
class _Training:
    """One training, from texts to published weights."""

    recipe: Recipe
    context: PrepareContext
    base: Trains
    precision: Precision
    meter: Meter
    work: Path
    before: SavedTuning | None = None

    @property
    def options(self) -> TrainingOptions:
        """Options of the recipe."""
        return self.recipe.options

    def run(self, texts: Texts, determines: dict[str, Any], folder: Path) -> TuningManifest:
        """Train what is not done yet, and publish the best checkpoint in ``folder``."""
        on = self.recipe.method.trains(self.base.empty(), self.context.place)
        limit = min(self.options.max_length or self.base.context_length, self.base.context_length)
        data = tokenise(texts, limit, self.context)
        order = batches(
            [len(row["input_ids"]) for row in data.train],
            self.options.batch_size,
            _epochs(self.options, len(data.train)),
            self.context.seed,
        )
        steps = self.options.max_steps or math.ceil(len(order) / self.options.gradient_accumulation)
        while (found := self._gone(data, order, steps)) is None:
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        gc.collect()
        last = last_whole(self.work)
        if last is None:
            raise RuntimeError(f"training left no whole checkpoint in {self.work}")
        best = best_of(last)
        shapes = shapes_in(self._finite(best))
        manifest = TuningManifest(
            method=self.recipe.method.name,
            base_name=self.base.name,
            base_digest=self.base.identity.weights_digest,
            dtype=self.base.identity.dtype,
            quantization=self.recipe.quantization,
            recipe=determines,
            recipe_digest=digest_of(determines),
            prompts_digest=texts.prompts_digest,
            template_digests={d.task.name: template_digest(d.task) for d in self.context.tasks},
            seed=self.context.seed,
            cost=self.meter.reading(self.recipe.method.flops(self.meter.multiplied, shapes)),
            record=self._record(state_of(last), best, texts, data, steps, self._notes(on, best, found))
            | {"trainable_parameters": number_of(shapes)}
            | dict(on.record)
            | found,
        )
        return publish(best, folder, manifest)

    def _notes(self, on: Trained, best: Path, found: dict[str, Any]) -> list[str]:
        share = found.get("share_in_4_bits", 1.0)
        small = [f"only {share:.0%} of the base's weights are in 4 bits"] if share < 0.5 else []
        return [*on.notes, *self.recipe.method.findings(best), *small]

    def _gone(self, data: Tokenised, order: list[list[int]], steps: int) -> dict[str, Any] | None:
        """Train to the end and return what to record about the base.

        Where memory runs out, it notes a way that needs less and returns None, to be called again; by then
        the memory is released.
        """
        fit, last = fit_in(self.work), last_whole(self.work)
        module, tokenizer = self.base.fresh(self.recipe.quantization)
        small = {"share_in_4_bits": share_in_4_bits(module)} if self.recipe.quantization == "nf4" else {}
        self.meter.start(module, cost_at(last) if last else PrepareCost())
        try:
            if last is None or not self._over(state_of(last), steps):
                self._train(module, tokenizer, data, order, steps, last, fit)
        except Exception as error:
            smaller = fit.smaller(self.options) if is_out_of_memory(error) else None
            if smaller is None:
                raise
            keep_fit(self.work, smaller)
            self.context.progress.say(f"{self.recipe.label}: {smaller.notes(self.options)[0]}")
            return None
        return small

    def _finite(self, best: Path) -> Path:
        weights = self.recipe.method.saved(best).weights
        if (name := not_finite(weights)) is not None:
            problem = f"training ended with NaN or infinite weights ({name})"
            rate = self.options.learning_rate
            raise InputError(self.context.place, "learning_rate", problem, "use a lower one", rate)
        return weights

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
        fit: Fit,
    ) -> None:
        options = self.options
        done = int(state_of(last)["global_step"]) if last else 0
        if module.device.type == "cuda" and self.recipe.quantization == "nf4":
            # accelerate refuses a 4-bit model on "cuda" where it was given "cuda:0"
            module.hf_device_map = {"": module.device.index or 0}
        only = takes_answers_only(module)
        padded = functools.partial(collate, pad_id=int(tokenizer.pad_token_id or 0), answers_only=only)
        compute_in(module, self.precision)
        longest = max(len(row["input_ids"]) for row in (*data.train, *data.validation))
        attend_plainly(module, self.precision, longest)
        transformers.set_seed(self.context.seed % 2**32)
        model = self._wrapped(module, fit)
        part_rows = fit.rows(options.batch_size)
        with self.context.progress.step(f"{self.recipe.label}: training", steps, done) as step:
            trainer = BatchTrainer(
                meter=self.meter,
                method=self.recipe.method,
                part_rows=part_rows,
                model=model,
                args=arguments(
                    options,
                    self.precision,
                    self.work,
                    module,
                    steps,
                    bool(data.validation),
                    self.context.seed,
                ),
                train_dataset=[[data.train[i] for i in batch] for batch in order],
                eval_dataset=validation_batches(data.validation, options.batch_size),
                data_collator=padded,
                callbacks=[Watch(options, self.context, self.meter, step)],
            )
            trainer.remove_callback(transformers.PrinterCallback)
            with missing_gradients_are_errors():
                trainer.train(resume_from_checkpoint=str(last) if last else None)

    def _wrapped(self, module: Any, fit: Fit) -> Any:
        options = self.options
        if options.gradient_checkpointing or fit.checkpointing:
            module.config.use_cache = False
            module.enable_input_require_grads()
            enable = getattr(module, "activation_checkpointing_enable", None)
            (enable or module.gradient_checkpointing_enable)()
        before = self.before.folder if self.before else None
        return self.recipe.method.begin(module, before, self.context.place)

    def _record(
        self,
        state: dict[str, Any],
        best: Path,
        texts: Texts,
        data: Tokenised,
        steps: int,
        notes: list[str],
    ) -> dict[str, Any]:
        history = state["log_history"]
        best_step, last_step = int(state_of(best)["global_step"]), int(state["global_step"])
        return {
            "notes": [
                *progress_notes(history, best_step, last_step),
                *fit_in(self.work).notes(self.options),
                *notes,
            ],
            "steps": last_step,
            "steps_planned": steps,
            "best_step": best_step,
            "stopped_early": last_step < steps,
            "selection": "lowest validation loss" if data.validation else "last step: no validation items",
            "loss": [[row["step"], row["loss"]] for row in history if "loss" in row],
            "validation_loss": [[row["step"], row["eval_loss"]] for row in history if "eval_loss" in row],
            "train_examples": len(data.train),
            "validation_examples": len(data.validation),
            "too_long": data.too_long,
            "not_askable": texts.failed,
            "prompts_digest": texts.prompts_digest,
            "quantization": self.recipe.quantization,
            "precision": self.precision,
        }


def _epochs(options: TrainingOptions, n_examples: int) -> int:
    if options.max_steps is None:
        return options.epochs
    an_epoch = math.ceil(n_examples / options.batch_size)
    return math.ceil(options.max_steps * options.gradient_accumulation / an_epoch)

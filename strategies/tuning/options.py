"""The options of a training that every method has: data, loop, precision, checkpoints and stages."""

from __future__ import annotations

from typing import Literal, Self, TypeVar

from pydantic import Field, FiniteFloat, model_validator

from harness.config import Options

T = TypeVar("T", bound=Options)


class TrainingOptions(Options):
    """The recipe of a training; a method's own options are with the method.

    ``tasks`` are the target tasks to learn, all of them when left out. ``stages`` are lists of tasks to learn
    one after the other instead, each stage continuing with the weights of the one before. ``max_steps``
    overrides ``epochs``.
    Examples longer than ``max_length`` tokens are left out; by default it is the model's context length.
    ``max_train_items`` is per task, ``max_validation_items`` over all tasks. Every ``eval_steps`` steps the
    validation loss is measured and a checkpoint is written; by default ten times in all. Training stops after
    ``early_stopping_patience`` measurements without a better one. ``precision`` is the number format of
    products; "auto" uses bfloat16 for float32 weights on a CPU that is fast at it.
    """

    tasks: tuple[str, ...] | None = None
    stages: tuple[tuple[str, ...], ...] | None = Field(default=None, min_length=1)
    learning_rate: FiniteFloat = Field(default=1e-3, gt=0)
    scheduler: Literal["linear", "cosine", "constant"] = "cosine"
    warmup_ratio: float = Field(default=0.05, ge=0.0, lt=1.0)
    weight_decay: FiniteFloat = Field(default=0.0, ge=0.0)
    epochs: int = Field(default=3, ge=1)
    max_steps: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=16, ge=1)
    gradient_accumulation: int = Field(default=1, ge=1)
    gradient_checkpointing: bool = False
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    max_length: int | None = Field(default=None, ge=2)
    max_train_items: int | None = Field(default=None, ge=1)
    max_validation_items: int = Field(default=256, ge=0)
    eval_steps: int | None = Field(default=None, ge=1)
    early_stopping_patience: int = Field(default=3, ge=1)

    @model_validator(mode="after")
    def _tasks_or_stages(self) -> Self:
        if self.stages is not None and self.tasks is not None:
            raise ValueError("has both tasks and stages: use one of them")
        if self.stages is not None and not all(self.stages):
            raise ValueError("has a stage without a task")
        return self

    def by_stage(self) -> tuple[Self, ...]:
        """Return the options of each stage in order, each as for a training by itself."""
        if self.stages is None:
            return (self,)
        return tuple(self.model_copy(update={"tasks": tasks, "stages": None}) for tasks in self.stages)


def part_of(options: Options, kind: type[T]) -> T:
    """Return the part of a strategy's options that ``kind`` has: the recipe's or the method's."""
    return kind.model_validate(options.model_dump(include=set(kind.model_fields)))

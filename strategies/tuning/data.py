"""What a model is trained on: the prompts that evaluation asks, each with its answer.

Nothing here loads a model's weights, so a finished training is recognised without them.
"""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.digests import digest_of
from harness.errors import InputError, UnrenderedError, nearest
from harness.protocols import Model, PrepareContext, Trains
from harness.tasks.prompting import plain_requests, rendered, unrendered
from harness.types import Failure, Request, Task, TaskItem, TrainingData
from strategies.tuning.options import TrainingOptions

IGNORED = -100
BATCHES_A_BUCKET = 32


@dataclass(frozen=True)
class Example:
    """One prompt as the model sees it, and the answer it should give, with its end token, as it is scored."""

    task: str
    item_id: str
    prompt: str
    answer: str
    prompt_ids: array[int]
    answer_ids: array[int]

    @property
    def n_tokens(self) -> int:
        """Tokens of prompt and answer together."""
        return len(self.prompt_ids) + len(self.answer_ids)

    @property
    def plain(self) -> list[str]:
        """The whole example, for digests."""
        ids = digest_of([self.prompt_ids.tolist(), self.answer_ids.tolist()])
        return [self.task, self.item_id, self.prompt, self.answer, ids]


@dataclass(frozen=True)
class Texts:
    """All examples. ``failed`` counts, per task, the items whose request could not be built."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    failed: dict[str, int]

    @property
    def digest(self) -> str:
        """The digest of every prompt and answer, in order."""
        return digest_of([[example.plain for example in part] for part in self.parts])

    @property
    def prompts_digest(self) -> str:
        """The digest of the prompts alone, in order."""
        return digest_of([[example.prompt for example in part] for part in self.parts])

    @property
    def parts(self) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
        """Train and validation examples."""
        return self.train, self.validation


def collect(options: TrainingOptions, context: PrepareContext, model: Trains) -> Texts:
    """Render the train and validation items of the chosen target tasks, built as in evaluation.

    Raises:
        InputError: An unknown task, nothing to learn from, an item without an answer, a request that cannot
            be built under ``on_long_prompt: refuse``, or a chat template that cannot be trained on.
    """
    chosen = check_tasks(options, context.tasks, context.place, "training")
    generator = random.Random(context.seed)
    failed: Counter[str] = Counter()
    train: list[Example] = []
    validation: list[Example] = []
    for data in chosen:
        learned = _some(data.train, options.max_train_items, generator)
        for items, examples in ((learned, train), (data.validation, validation)):
            requests = context.build(data.task, [item.without_answer() for item in items])
            examples += _examples(context, model, data.task, items, requests, failed)
    validation = _some(validation, options.max_validation_items, generator)
    if not train:
        remedy = "shorten the items, or see why they cannot be asked"
        raise InputError(context.place, "training", "no train item can be asked", remedy)
    return Texts(tuple(train), tuple(validation), dict(failed))


def check_tasks(
    options: TrainingOptions, tasks: Sequence[TrainingData], place: str, key: str
) -> list[TrainingData]:
    """Return the target tasks to learn.

    Raises:
        InputError: ``tasks`` names one that does not exist, or there is nothing to learn from.
    """
    targets = {data.task.name: data for data in tasks if data.task.role == "target"}
    for name in options.tasks if options.tasks is not None else ():
        if name not in targets:
            raise InputError(place, f"{key}.tasks", "is not a target task", nearest(name, targets), name)
    chosen = [data for name, data in targets.items() if options.tasks is None or name in options.tasks]
    if not any(data.train for data in chosen):
        names = ", ".join(data.task.name for data in chosen) or "none at all"
        remedy = "add `items: {train: ...}` to a task.yaml"
        raise InputError(place, key, f"no target task has train items to learn from ({names})", remedy)
    return chosen


def check_answerable(
    options: TrainingOptions, model: Model, tasks: Sequence[TrainingData], place: str, key: str
) -> None:
    """Try to encode an answer to the first train item of every task to learn.

    Raises:
        InputError: The model's chat template has no place for it.
    """
    if not isinstance(model, Trains):
        return
    for stage in options.by_stage():
        for data in check_tasks(stage, tasks, place, key):
            first = plain_requests(data.task, [item.without_answer() for item in data.train[:1]])
            for request in rendered(model, first):
                model.answer_ids(request.messages, "An answer")


def _some(items: Sequence[Any], most: int | None, generator: random.Random) -> list[Any]:
    """Return at most ``most`` of the items, in their order, chosen at random by ``generator``."""
    if most is None or len(items) <= most:
        return list(items)
    return [items[i] for i in sorted(generator.sample(range(len(items)), most))]


def _examples(
    context: PrepareContext,
    model: Trains,
    task: Task,
    items: Sequence[TaskItem],
    requests: Sequence[Request | Failure],
    failed: Counter[str],
) -> list[Example]:
    examples = []
    for item, request in zip(items, requests, strict=True):
        answer = item.targets[0] if item.targets else task.refusal
        if answer is None:
            remedy = "give every train and validation item a target"
            raise InputError(task.name, f"item {item.id}", "has no answer to learn", remedy)
        if not isinstance(request, Failure):
            try:
                ids = (array("i", part) for part in model.answer_ids(request.messages, answer))
                examples.append(Example(task.name, item.id, model.render(request.messages), answer, *ids))
                continue
            except UnrenderedError as error:
                request = unrendered(error)
        if context.on_long_prompt == "cut":
            failed[task.name] += 1
        else:
            remedy = "fix the item, or set on_long_prompt: cut"
            raise InputError(task.name, f"item {item.id}", f"cannot be asked: {request.message}", remedy)
    return examples


@dataclass(frozen=True)
class Tokenised:
    """Token ids, with labels that are ``IGNORED`` on the prompt; ``too_long`` counts omitted ones by task."""

    train: list[dict[str, list[int]]]
    validation: list[dict[str, list[int]]]
    too_long: dict[str, int]


def tokenise(texts: Texts, limit: int, context: PrepareContext) -> Tokenised:
    """Turn examples into rows to train on; one with more than ``limit`` tokens is left out, never cut.

    Args:
        texts: The examples.
        limit: Tokens that prompt and answer may have together.
        context: Says what to do with a longer one.

    Raises:
        InputError: A longer one under ``on_long_prompt: refuse``, or no train example is left.
    """
    too_long: Counter[str] = Counter()
    parts: list[list[dict[str, list[int]]]] = []
    for part in texts.parts:
        kept = []
        for example in part:
            if example.n_tokens <= limit:
                kept.append(_row(example))
                continue
            if context.on_long_prompt == "refuse":
                problem = f"has {example.n_tokens} tokens with its answer, more than the {limit} allowed"
                remedy = "raise max_length, shorten the item, or set on_long_prompt: cut"
                raise InputError(example.task, f"item {example.item_id}", problem, remedy)
            too_long[example.task] += 1
        parts.append(kept)
    if not parts[0]:
        problem = f"all {len(texts.train)} train examples have more than {limit} tokens"
        raise InputError(context.place, "max_length", problem, "raise it, or shorten the items")
    return Tokenised(parts[0], parts[1], dict(too_long))


def _row(example: Example) -> dict[str, list[int]]:
    prompt, answer = list(example.prompt_ids), list(example.answer_ids)
    return {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}


def batches(lengths: Sequence[int], batch_size: int, epochs: int, seed: int) -> list[list[int]]:
    """Return the indexes of every batch of the whole training, in order.

    Each epoch shuffles the examples, sorts them by length within buckets of 32 batches to reduce padding, and
    shuffles the batches. Each example occurs once an epoch. The order depends on the arguments alone, so a
    resumed training sees what an uninterrupted one would have seen.
    """
    generator = random.Random(seed)
    ordered: list[list[int]] = []
    for _ in range(epochs):
        stream = list(range(len(lengths)))
        generator.shuffle(stream)
        size = batch_size * BATCHES_A_BUCKET
        buckets = [stream[start : start + size] for start in range(0, len(stream), size)]
        ranked = [sorted(bucket, key=lambda i: -lengths[i]) for bucket in buckets]
        epoch = [
            bucket[start : start + batch_size]
            for bucket in ranked
            for start in range(0, len(bucket), batch_size)
        ]
        generator.shuffle(epoch)
        ordered += epoch
    return ordered

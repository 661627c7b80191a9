"""A task's digests: one of everything that its answers depend on, one of how they are judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from harness.digests import digest_of, digest_of_all
from harness.types import Document, LoadedTask, MetricSpec, Split, Task, TaskItem

_OF_JUDGING = {"answer", "right_from", "random_baseline", "corpus_holds_answers", "cluster"}
"""Fields of a task that affect only how answers are judged, not what is asked; so do its metrics."""
_LABELS = {"digest", "judging", "description"}


def identified(task: Task, items: Mapping[Split, Sequence[TaskItem]], corpus: Sequence[Document]) -> Task:
    """Return a task with its digests.

    Args:
        task: The task.
        items: Its items by split.
        corpus: Its documents.
    """
    digests = {"digest": _digest(task, items, corpus), "judging": _judging_digest(task, items["test"])}
    return task.model_copy(update=digests)


def with_metric(loaded: LoadedTask, spec: MetricSpec) -> LoadedTask:
    """Return a task that is judged by one more metric, after its own: its primary score does not change."""
    task = loaded.task.model_copy(update={"metrics": (*loaded.task.metrics, spec)})
    return dataclasses.replace(loaded, data=dataclasses.replace(loaded.data, task=task))


def _digest(task: Task, items: Mapping[Split, Sequence[TaskItem]], corpus: Sequence[Document]) -> str:
    """Return the digest of everything that answers depend on; accepted answers of test items are left out."""
    learned = chain(items["train"], items["validation"])
    return digest_of(
        {
            "task": task.model_dump(mode="json", exclude=_LABELS | _OF_JUDGING | {"metrics"}),
            "scores_choices": task.scores_choices,
            "learned": digest_of_all(item.model_dump(mode="json") for item in learned),
            "asked": digest_of_all(item.without_answer().model_dump(mode="json") for item in items["test"]),
            "corpus": digest_of_all(document.model_dump(mode="json") for document in corpus),
        }
    )


def _judging_digest(task: Task, test: Iterable[TaskItem]) -> str:
    """Return the digest of what the primary score depends on besides the answers and the items asked."""
    return digest_of(
        {
            "task": task.model_dump(mode="json", include=_OF_JUDGING | {"refusal"}),
            "metric": task.metrics[0].model_dump(mode="json"),
            "targets": digest_of_all([item.id, *item.targets] for item in test),
        }
    )

"""SmolLM2, the model that comes along, converted once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from harness import powers
from harness.execution.judging import Answered, Judged, judge
from harness.metrics import load_metrics
from harness.models.transformers.model import TransformersModel
from harness.models.transformers.options import TransformersOptions
from harness.protocols import Model, RequestBuilder
from harness.tasks.loading import load_task
from harness.tasks.prompting import plain_requests
from harness.tasks.references import builtin_file
from harness.tasks.selection import chosen
from harness.types import Answer, Generation, LoadedTask, Request

SCORE_OF = Callable[..., list[Judged]]


@pytest.fixture(scope="session")
def smollm2() -> TransformersModel:
    """Return the model, loaded in float32 on the CPU."""
    return TransformersModel(TransformersOptions(device="cpu"))


def task_of(name: str) -> LoadedTask:
    """Return a task of the suites that come along, by ``SUITE/TASK``."""
    suite, _, task = name.partition("/")
    return load_task(builtin_file(suite, f"{task}/task.yaml"))


def answered(model: Model, requests: Sequence[Request]) -> list[Generation]:
    """Answer requests in the batches that a run would form, in order."""
    found: dict[int, Generation] = {}
    for batch in powers.batches_of(model, requests):
        answers = powers.answered(model, [requests[i] for i in batch])
        for i, answer in zip(batch, answers, strict=True):
            assert isinstance(answer, Generation), answer
            found[i] = answer
    return [found[i] for i in range(len(requests))]


def judged(
    model: Model, loaded: LoadedTask, limit: int, build: RequestBuilder = plain_requests
) -> list[Judged]:
    """Ask a model some test items of a task and judge its answers."""
    items = chosen(loaded.test, limit)
    requests = build(loaded.task, [item.without_answer() for item in items])
    asked = [request for request in requests if isinstance(request, Request)]
    assert len(asked) == len(items)
    answers = answered(model, asked)
    pairs = [
        Answered(item, request, Answer.of(found))
        for item, request, found in zip(items, asked, answers, strict=True)
    ]
    return judge(loaded.task, load_metrics(loaded.task, loaded.place), pairs)


def mean(judgements: Sequence[Judged], score: str) -> float:
    """Return the mean of one score."""
    return sum(each.scores[score] for each in judgements) / len(judgements)

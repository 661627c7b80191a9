"""Several samples of one request, each finished on its own, for strategies that vote over them."""

from __future__ import annotations

from collections.abc import Sequence

from harness.protocols import Finisher
from harness.types import Answer, Exchange, Failure, Request, Task, TaskItem


def finished_samples(
    finish: Finisher, task: Task, item: TaskItem, exchanges: Sequence[Exchange]
) -> list[Answer | Failure] | list[Request]:
    """Finish each sample of the first exchange as if it had been the only one.

    Args:
        finish: Makes an answer from one sample; it may ask further questions.
        task: The task.
        item: The item.
        exchanges: The first has the samples. Further ones are what this function asked for in earlier rounds:
            in each round, sample by sample, what ``finish`` asked.

    Returns:
        The answer or failure of each sample, in order, or all requests that samples ask next.
    """
    first, rest = exchanges[0], list(exchanges[1:])
    alone = first.request.model_copy(update={"n": 1})
    branches = [[Exchange(request=alone, generations=(each,))] for each in first.generations]
    while True:
        found = [finish(task, item, branch) for branch in branches]
        asking = [
            (branch, each)
            for branch, each in zip(branches, found, strict=True)
            if not isinstance(each, Answer | Failure)
        ]
        if not asking:
            return [each for each in found if isinstance(each, Answer | Failure)]
        if not rest:
            return [request for _, requests in asking for request in requests]
        for branch, requests in asking:
            branch += rest[: len(requests)]
            del rest[: len(requests)]

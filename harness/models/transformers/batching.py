"""Which requests are answered together, and what happens when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from harness.errors import TrilemmaError
from harness.types import Failure, Generation, Request

MAX_BATCH_ITEMS = {"cpu": 64, "cuda": 256}
"""Most requests of a batch. More make a CPU slower; a GPU reads its weights once for all rows."""
MAX_BATCH_CHOICE_ITEMS = {"cpu": 32, "cuda": 256}
"""The same where choices are scored: their rows are read in one pass, not token by token."""


def plan_batches(
    requests: Sequence[Request],
    sizes: Sequence[int],
    families: Sequence[int],
    max_tokens: int,
    max_items: int,
) -> list[list[int]]:
    """Group requests by decoding, prefix and length, longest first, within a budget of padded tokens.

    Args:
        requests: What is asked.
        sizes: Most tokens of each request's row: its prompt plus the answer or all its choices.
        families: Requests with a common prefix have the same number here; see `prefixes`.
        max_tokens: Limit on items x longest row of a batch of more than one.
        max_items: Limit on the items of a batch.

    Returns:
        Indexes into ``requests``; equal arguments give equal batches.
    """
    kinds = [
        (request.decoding.model_dump_json(), family)
        for request, family in zip(requests, families, strict=True)
    ]
    batches: list[list[int]] = []
    for i in sorted(range(len(requests)), key=lambda i: (kinds[i], -sizes[i], i)):
        batch = batches[-1] if batches else []
        alike = batch and kinds[batch[0]] == kinds[i] and len(batch) < max_items
        if alike and (len(batch) + 1) * sizes[batch[0]] <= max_tokens:
            batch.append(i)
        else:
            batches.append([i])
    return batches


def each_sample(requests: Sequence[Request]) -> list[Request]:
    """Return a request for each generation that is wanted; all but an item's first have their own name.

    The name is part of the sampling seed.
    """
    return [
        request.model_copy(
            update={"n": 1, **({"item_id": f"{request.item_id} (sample {at + 1})"} if at else {})}
        )
        for request in requests
        for at in range(request.n_samples)
    ]


Answer = Callable[[Sequence[Request]], list[Generation | Failure]]


def in_samples(
    requests: Sequence[Request], plan: Callable[[Sequence[Request]], list[list[int]]], answer: Answer
) -> list[tuple[Generation, ...] | Failure]:
    """Answer a batch with as many generations as each request wants; one failure fails its whole request.

    Args:
        requests: The batch.
        plan: Groups requests into batches, where several samples of each may be too many for one.
        answer: Answers requests together, one generation each.
    """
    rows = each_sample(requests)
    batches = [list(range(len(rows)))] if len(rows) == len(requests) else plan(rows)
    found: dict[int, Generation | Failure] = {}
    for batch in batches:
        found.update(zip(batch, answer([rows[i] for i in batch]), strict=True))
    left = iter([found[i] for i in range(len(rows))])
    own = [[next(left) for _ in range(request.n_samples)] for request in requests]
    return [_together(each) for each in own]


def _together(answers: Sequence[Generation | Failure]) -> tuple[Generation, ...] | Failure:
    failed = next((each for each in answers if isinstance(each, Failure)), None)
    return failed or tuple(each for each in answers if isinstance(each, Generation))


def halving(
    answer: Answer, requests: Sequence[Request], ran_out: Callable[[Sequence[Request]], None]
) -> list[Generation | Failure]:
    """Answer a batch; if that raises, answer its halves, so that only requests that fail alone fail.

    Args:
        answer: Answers requests together.
        requests: The batch.
        ran_out: Told of requests for which memory ran out together.

    Raises:
        TrilemmaError: What `answer` raises on purpose; splitting would not change it.
    """
    return list(_answers(answer, requests, ran_out)) if requests else []


def _answers(
    answer: Answer, requests: Sequence[Request], ran_out: Callable[[Sequence[Request]], None]
) -> Iterator[Generation | Failure]:
    try:
        answers = answer(requests)
    except TrilemmaError:
        raise
    except Exception as error:  # noqa: BLE001 - a failed item is data
        memory = is_out_of_memory(error)
        failure = Failure.of(error)
        if memory:
            failure = failure.model_copy(update={"kind": "out_of_memory"})
    else:
        yield from answers
        return
    if memory:  # outside the handler, where the error no longer holds on to its tensors
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        ran_out(requests)
    if len(requests) == 1:
        yield failure
        return
    middle = len(requests) // 2
    yield from _answers(answer, requests[:middle], ran_out)
    yield from _answers(answer, requests[middle:], ran_out)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of a device or of the machine: only torch's own allocator says so by type."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _NO_MEMORY)


_NO_MEMORY = (
    "out of memory",  # CUDA's own calls, bitsandbytes, NCCL
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "can't allocate memory",  # torch on a CPU: "DefaultCPUAllocator: can't allocate memory"
    "not enough memory",
)

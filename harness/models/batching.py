"""Which requests are answered together, and what happens when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from harness.types import Failure, Generation, Request

MAX_BATCH_ITEMS = 64


def plan_batches(
    requests: Sequence[Request], sizes: Sequence[int], families: Sequence[int], max_tokens: int
) -> list[list[int]]:
    """Group requests of like decoding, beginning and length, longest first, within a budget of padded tokens.

    Args:
        requests: What is asked.
        sizes: Most tokens of each request's row: its prompt with the answer, or with all its choices.
        families: Requests that begin alike have the same number here; see `harness.models.prefixes`.
        max_tokens: Bound on items x longest row of a batch of more than one.

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
        alike = batch and kinds[batch[0]] == kinds[i] and len(batch) < MAX_BATCH_ITEMS
        if alike and (len(batch) + 1) * sizes[batch[0]] <= max_tokens:
            batch.append(i)
        else:
            batches.append([i])
    return batches


def halving(
    answer: Callable[[Sequence[Request]], list[Generation | Failure]], requests: Sequence[Request]
) -> list[Generation | Failure]:
    """Answer a batch; when memory runs out, answer its halves; one request that does not fit has failed."""
    return list(_answers(answer, requests))


def _answers(
    answer: Callable[[Sequence[Request]], list[Generation | Failure]], requests: Sequence[Request]
) -> Iterator[Generation | Failure]:
    try:
        yield from answer(requests)
        return
    except torch.OutOfMemoryError as error:
        problem = str(error).splitlines()[0]
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if len(requests) == 1:
        yield Failure(kind="out_of_memory", message=problem)
        return
    middle = len(requests) // 2
    yield from _answers(answer, requests[:middle])
    yield from _answers(answer, requests[middle:])

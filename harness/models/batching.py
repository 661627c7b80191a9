"""Which requests are answered together, and what happens when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from harness.types import Failure, Generation, Request

MAX_BATCH_ITEMS = 32


def plan_batches(requests: Sequence[Request], lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Group requests of like decoding and length, longest first, within a budget of padded tokens.

    Args:
        requests: What is asked.
        lengths: Prompt tokens of each request.
        max_tokens: Bound on items x (longest prompt + new tokens) of a batch of more than one.

    Returns:
        Indexes into ``requests``; equal arguments give equal batches.
    """
    widths = [max(1, len(request.choices)) for request in requests]
    order = sorted(
        range(len(requests)),
        key=lambda i: (requests[i].decoding.model_dump_json(), -widths[i], -lengths[i], i),
    )
    batches: list[list[int]] = []
    for i in order:
        batch = batches[-1] if batches else []
        if batch and requests[batch[0]].decoding == requests[i].decoding and len(batch) < MAX_BATCH_ITEMS:
            longest = lengths[batch[0]] + requests[i].decoding.max_new_tokens
            if (len(batch) + 1) * widths[batch[0]] * longest <= max_tokens:
                batch.append(i)
                continue
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

"""Which requests are answered together, and what happens when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from harness.types import Failure, Generation, Request

MAX_BATCH_ITEMS = {"cpu": 64, "cuda": 256}
"""Requests of a batch at most. More make a CPU slower; a GPU reads its weights once for all rows."""
MAX_BATCH_CHOICE_ITEMS = {"cpu": 32, "cuda": 256}
"""The same where choices are scored: their rows are read at once, and take no step after step."""


def plan_batches(
    requests: Sequence[Request],
    sizes: Sequence[int],
    families: Sequence[int],
    max_tokens: int,
    max_items: int,
) -> list[list[int]]:
    """Group requests of like decoding, beginning and length, longest first, within a budget of padded tokens.

    Args:
        requests: What is asked.
        sizes: Most tokens of each request's row: its prompt with the answer, or with all its choices.
        families: Requests that begin alike have the same number here; see `harness.models.prefixes`.
        max_tokens: Bound on items x longest row of a batch of more than one.
        max_items: Bound on the items of a batch.

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


Answer = Callable[[Sequence[Request]], list[Generation | Failure]]


def halving(
    answer: Answer, requests: Sequence[Request], ran_out: Callable[[Sequence[Request]], None]
) -> list[Generation | Failure]:
    """Answer a batch; when memory runs out, answer its halves; one request that does not fit has failed.

    Args:
        answer: Answers requests together, or raises torch.OutOfMemoryError.
        requests: The batch.
        ran_out: Told of requests that did not fit together.
    """
    return list(_answers(answer, requests, ran_out))


def _answers(
    answer: Answer, requests: Sequence[Request], ran_out: Callable[[Sequence[Request]], None]
) -> Iterator[Generation | Failure]:
    try:
        yield from answer(requests)
        return
    except torch.OutOfMemoryError as error:
        problem = str(error).splitlines()[0]
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    ran_out(requests)
    if len(requests) == 1:
        yield Failure(kind="out_of_memory", message=problem)
        return
    middle = len(requests) // 2
    yield from _answers(answer, requests[:middle], ran_out)
    yield from _answers(answer, requests[middle:], ran_out)

"""Asking a model for a metric: what was asked once is kept with the run, and not asked again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.errors import TrilemmaError, UnrenderedError, shorten
from harness.powers import answered, batches_of, form_of, lengths, prompt_of
from harness.protocols import Model
from harness.runs.keys import generation_key
from harness.runs.store import Store
from harness.tasks.prompting import unrendered
from harness.types import Exchange, Failure, Generation, Request


@dataclass(frozen=True)
class AskedModel:
    """A model that a metric asks.

    Attributes:
        model: The model.
        store: Where its answers are kept.
    """

    model: Model
    store: Store

    def __call__(self, requests: Sequence[Request]) -> list[Exchange | Failure]:
        """Return what comes back to each request, in order; requests that are the same are asked once."""
        keys = [self._key(request) for request in requests]
        asked = {key: each for key, each in zip(keys, requests, strict=True) if isinstance(key, str)}
        found: dict[str, tuple[Generation, ...] | Failure] = dict(self.store.generations(asked))
        for choices in (False, True):  # a batch is either written or scored
            missing = {
                key: each for key, each in asked.items() if key not in found and bool(each.choices) == choices
            }
            for key, fresh in self._fresh(missing):
                found[key] = fresh
        return [
            key if isinstance(key, Failure) else _exchange(request, found[key], key)
            for key, request in zip(keys, requests, strict=True)
        ]

    def _key(self, request: Request) -> str | Failure:
        """Return the key of a request's answer, or why it cannot be asked."""
        try:
            known = lengths(self.model, request)
            if known is not None and known[0] > known[1]:
                problem = f"the prompt has {known[0]} tokens, and {known[1]} fit the model's context"
                return Failure(kind="prompt_too_long", message=problem)
            prompt = prompt_of(self.model, request.messages)
            return generation_key(self.model.identity, prompt, request, form_of(self.model, request))
        except UnrenderedError as error:
            return unrendered(error)

    def _fresh(self, requests: dict[str, Request]) -> Iterator[tuple[str, tuple[Generation, ...] | Failure]]:
        keys = list(requests)
        for indexes in batches_of(self.model, list(requests.values())) if keys else ():
            batch = [keys[i] for i in indexes]
            fresh = dict(zip(batch, self._asked([requests[key] for key in batch]), strict=True))
            new = {key: (each,) for key, each in fresh.items() if isinstance(each, Generation)}
            self.store.write_batch("", new, [])
            yield from ((key, each if isinstance(each, Failure) else (each,)) for key, each in fresh.items())

    def _asked(self, requests: Sequence[Request]) -> Sequence[Generation | Failure]:
        try:
            return answered(self.model, requests)
        except TrilemmaError:
            raise
        except Exception as error:  # noqa: BLE001 - what fails is data
            failure = Failure(kind=type(error).__name__, message=shorten(str(error), 500))
            return [failure for _ in requests]


def _exchange(request: Request, answer: tuple[Generation, ...] | Failure, key: str) -> Exchange | Failure:
    if isinstance(answer, Failure):
        return answer
    return Exchange(request=request, generations=answer, key=key)

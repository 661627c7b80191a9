"""Asking a model through a store: what was asked is stored with the run, and not asked again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import TrilemmaError, UnrenderedError
from harness.plugins import sound
from harness.powers import batches_of, form_of, generated, lengths, prompt_of
from harness.protocols import Model
from harness.runs.keys import generation_key
from harness.runs.store import Store
from harness.tasks.prompting import unrendered
from harness.types import Exchange, Failure, Generation, Request

TOO_LONG = "prompt_too_long"
"""Kind of the failure of an item whose prompt does not fit the model's context."""
CameBack = dict[str, tuple[Generation, ...] | Failure]
"""The responses to requests, by their keys."""


@dataclass(frozen=True)
class Asked:
    """A request as it is sent to a model, with the key under which the response is stored."""

    request: Request
    key: str


@dataclass(frozen=True)
class AskedModel:
    """A model with a store of what it was asked before.

    Attributes:
        model: The model.
        store: Where its generations are stored.
    """

    model: Model
    store: Store

    def __call__(self, requests: Sequence[Request]) -> list[Exchange | Failure]:
        """Return the response to each request, in order."""
        keyed = [self.keyed(request) for request in requests]
        came_back = self.ask_all(each for each in keyed if isinstance(each, Asked))
        return [each if isinstance(each, Failure) else exchange_of(each, came_back) for each in keyed]

    def keyed(self, request: Request) -> Asked | Failure:
        """Return a request with its key, or why it cannot be sent to the model."""
        try:
            known = lengths(self.model, request)
            if known is not None and known[0] > known[1]:
                problem = f"the prompt has {known[0]} tokens, and {known[1]} fit the model's context"
                return Failure(kind=TOO_LONG, message=problem)
            prompt, form = prompt_of(self.model, request.messages), form_of(self.model, request)
            return Asked(request, generation_key(self.model.identity, prompt, request, form))
        except UnrenderedError as error:
            return unrendered(error)
        except TrilemmaError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a failed item is data
            return Failure.of(error, "reading the prompt")

    def planned(self, asked: Iterable[Asked]) -> Iterator[dict[str, Asked]]:
        """Yield requests by their keys in batches: each once, those with choices separate from the others."""
        once = {each.key: each for each in asked}
        for scored in (False, True):
            some = [each for each in once.values() if bool(each.request.choices) == scored]
            for indexes in self._batches([each.request for each in some]) if some else ():
                yield {some[i].key: some[i] for i in indexes}

    def _batches(self, requests: Sequence[Request]) -> list[list[int]]:
        name = self.model.identity.name
        with sound(name, "batches", type(self.model).__name__):
            return batches_of(self.model, requests)

    def ask_all(self, asked: Iterable[Asked]) -> CameBack:
        """Return the responses to requests, which are asked in batches."""
        found: CameBack = {}
        for batch in self.planned(asked):
            found |= self.ask(batch)
        return found

    def ask(self, batch: Mapping[str, Asked]) -> CameBack:
        """Return the responses to one batch of requests, by key; only those not stored are asked."""
        known = self.store.generations(batch)
        missing = {key: asked.request for key, asked in batch.items() if key not in known}
        fresh = dict(zip(missing, self._fresh(list(missing.values())), strict=True))
        new = {key: each for key, each in fresh.items() if not isinstance(each, Failure)}
        if new:
            self.store.write_batch("", new, [])
        return {**known, **fresh}

    def _fresh(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        if not requests:
            return []
        try:
            return generated(self.model, requests)
        except TrilemmaError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a failed item is data
            failure = Failure.of(error)
            return [failure for _ in requests]


def exchange_of(asked: Asked, came_back: CameBack) -> Exchange | Failure:
    """Return a request with its response, or with why there is none."""
    found = came_back[asked.key]
    if isinstance(found, Failure):
        return found
    return Exchange(request=asked.request, generations=found, key=asked.key)

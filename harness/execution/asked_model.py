"""Asking a model for a metric: what was asked once is kept with the run, and not asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import TrilemmaError, UnrenderedError, shorten
from harness.protocols import FormsAnswers, Model
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
        """Return what comes back to each request, in order."""
        keys = [self._key(request) for request in requests]
        pairs = zip(keys, requests, strict=True)
        asked = {key: request for key, request in pairs if isinstance(key, str)}
        found = self.store.generations(asked)
        missing = [key for key in asked if key not in found]
        answers: dict[str, tuple[Generation, ...] | Failure] = dict(found)
        for indexes in self.model.batches([asked[key] for key in missing]) if missing else ():
            batch = [missing[i] for i in indexes]
            fresh = dict(zip(batch, self._fresh([asked[key] for key in batch]), strict=True))
            new = {key: each for key, each in fresh.items() if not isinstance(each, Failure)}
            self.store.write_batch("", new, [])
            answers |= fresh
        return [
            key if isinstance(key, Failure) else _exchange(request, answers[key], key)
            for key, request in zip(keys, requests, strict=True)
        ]

    def _key(self, request: Request) -> str | Failure:
        try:
            form = self.model.answer_form(request) if isinstance(self.model, FormsAnswers) else ""
            room = self.model.context_length - self.model.answer_tokens(request)
            n_tokens = self.model.count_tokens(request.messages)
            if n_tokens > room:
                problem = f"the prompt has {n_tokens} tokens, and {room} fit the model's context"
                return Failure(kind="prompt_too_long", message=problem)
            return generation_key(self.model.identity, self.model.render(request.messages), request, form)
        except UnrenderedError as error:
            return unrendered(error)

    def _fresh(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        ask = self.model.score if requests[0].choices else self.model.generate
        try:
            return [each if isinstance(each, Failure) else (each,) for each in ask(requests)]
        except TrilemmaError:
            raise
        except Exception as error:  # noqa: BLE001 - what fails is data
            failure = Failure(kind=type(error).__name__, message=shorten(str(error), 500))
            return [failure for _ in requests]


def _exchange(request: Request, answer: tuple[Generation, ...] | Failure, key: str) -> Exchange | Failure:
    if isinstance(answer, Failure):
        return answer
    return Exchange(request=request, generations=answer, key=key)

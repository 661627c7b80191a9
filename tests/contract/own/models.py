"""A model backend as somebody else would write one, and one that breaks each contract."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.backends import KnownModel, Opening
from harness.protocols import Capabilities
from harness.types import ChoiceScore, Failure, Generation, Message, ModelIdentity, Request, TokenUsage

_calls = itertools.count()


class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    greeting: str = "Well,"


OTHERS: list[dict[str, Any]] = [{"greeting": "Hm,"}]
"""Options under which it answers otherwise."""


class Talker:
    """It greets, and says the words of the question again: in their order, or at a temperature in any."""

    context_length = 1000
    capabilities = Capabilities(device="cpu")

    def __init__(self, greeting: str) -> None:
        self.greeting = greeting
        self.identity = ModelIdentity(name="talker", weights_digest=f"talker {greeting}")

    # --- CountsTokens ---

    def render(self, messages: Sequence[Message]) -> str:
        return "\n".join(message.content for message in messages)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return len(self.render(messages).split())

    def answer_tokens(self, request: Request) -> int:
        return request.decoding.max_new_tokens

    def answer_form(self, request: Request) -> str:
        return ""

    # --- PlansBatches ---

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        kinds = [[n for n, each in enumerate(requests) if bool(each.choices) == chosen] for chosen in (0, 1)]
        return [kind for kind in kinds if kind]

    # --- Model and ScoresChoices ---

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        return [self.answered(request, number) for number, request in enumerate(requests)]

    def answered(self, request: Request, number: int) -> tuple[Generation, ...] | Failure:
        return tuple(self.sample(request, sample) for sample in range(request.n_samples))

    def sample(self, request: Request, sample: int) -> Generation:
        words = f"{self.greeting} {request.messages[-1].content}".split()
        if request.decoding.temperature:
            random.Random(f"{request.seed} {request.item_id} {sample}").shuffle(words)
        words = words[: request.decoding.max_new_tokens]
        text = " ".join(words)
        for stop in request.decoding.stop:
            text = text.partition(stop)[0]
        usage = TokenUsage(prompt=self.count_tokens(request.messages), completion=len(words))
        return Generation(text=text, usage=usage)

    def score(self, requests: Sequence[Request]) -> list[Generation | Failure]:
        return [self.chosen(request, number) for number, request in enumerate(requests)]

    def chosen(self, request: Request, number: int) -> Generation:
        scores = [
            ChoiceScore(text=c, log_likelihood=-len(c), n_tokens=1, n_chars=len(c)) for c in request.choices
        ]
        return Generation(text=min(request.choices, key=len), choices=tuple(scores), stop_reason="choice")


class Good:
    """Opens talkers."""

    options_type: type[BaseModel] = Options
    scores_choices = True
    opens: type[Any] = Talker

    def __init__(self, options: Any) -> None:
        self._greeting = getattr(options, "greeting", "Well,")

    def check(self, place: str, key: str) -> None:
        pass

    def known(self, place: str, key: str) -> KnownModel:
        return KnownModel("talker", f"talker {self._greeting}", "", "float32", self.opens.context_length)

    def open(self, opening: Opening) -> Any:
        return self.opens(self._greeting)


def opening(kind: type[Any], name: str) -> type[Good]:
    """Return a backend that opens models of another class."""
    return type(name, (Good,), {"opens": kind, "__module__": __name__})


class TakesAnyOption(Good):
    class Loose(BaseModel):
        model_config = ConfigDict(frozen=True, extra="allow")

    options_type = Loose


class KnowsOtherwise(Good):
    def known(self, place: str, key: str) -> KnownModel:
        return dataclasses.replace(super().known(place, key), weights="something else")


class ScoresNothing(Good):
    scores_choices = False


class _GivesOne(Talker):
    def answered(self, request: Request, number: int) -> tuple[Generation, ...]:
        return (self.sample(request, 0),)


class _Crowded(Talker):
    def answered(self, request: Request, number: int) -> Any:
        changed = request.model_copy(
            update={"messages": (*request.messages[:-1], self._numbered(request, number))}
        )
        return super().answered(changed, number)

    def _numbered(self, request: Request, number: int) -> Message:
        return Message(role="user", content=f"{number} {request.messages[-1].content}")


class _DrawsByPlace(Talker):
    def answered(self, request: Request, number: int) -> Any:
        return super().answered(request.model_copy(update={"seed": request.seed + number}), number)


class _Cold(Talker):
    def sample(self, request: Request, sample: int) -> Generation:
        cold = request.decoding.model_copy(update={"temperature": 0.0})
        return super().sample(request.model_copy(update={"decoding": cold}), sample)


class _Seedless(Talker):
    def sample(self, request: Request, sample: int) -> Generation:
        return super().sample(request.model_copy(update={"seed": next(_calls)}), sample)


class _Rambles(Talker):
    def sample(self, request: Request, sample: int) -> Generation:
        longer = request.decoding.model_copy(update={"max_new_tokens": 100, "stop": ()})
        return super().sample(request.model_copy(update={"decoding": longer}), sample)


class _Unstopped(Talker):
    def sample(self, request: Request, sample: int) -> Generation:
        unstopped = request.decoding.model_copy(update={"stop": ()})
        return super().sample(request.model_copy(update={"decoding": unstopped}), sample)


class _Boundless(Talker):
    context_length = 10**9


class _Nameless(Talker):
    def __init__(self, greeting: str) -> None:
        super().__init__(greeting)
        self.identity = ModelIdentity(name="talker", weights_digest="talker Well,")


class _ChoosesByPlace(Talker):
    def chosen(self, request: Request, number: int) -> Generation:
        turned = request.choices[number % 2 :] + request.choices[: number % 2]
        return super().chosen(request.model_copy(update={"choices": turned}), number)


class _CountsLetters(Talker):
    def count_tokens(self, messages: Sequence[Message]) -> int:
        return len(self.render(messages))

    def sample(self, request: Request, sample: int) -> Generation:
        return (
            super().sample(request, sample).model_copy(update={"usage": TokenUsage(prompt=3, completion=1)})
        )


class _AsksAllAlike(Talker):
    """It answers a batch under the decoding of its first request."""

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        alike = [each.model_copy(update={"decoding": requests[0].decoding}) for each in requests]
        return super().generate(alike)


class _Forgets(Talker):
    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        return [batch[1:] for batch in super().batches(requests)]


LoadsMuch = type("LoadsMuch", (Good,), {"__module__": "faiss"})
GivesOne = opening(_GivesOne, "GivesOne")
Crowded = opening(_Crowded, "Crowded")
DrawsByPlace = opening(_DrawsByPlace, "DrawsByPlace")
Cold = opening(_Cold, "Cold")
Seedless = opening(_Seedless, "Seedless")
Rambles = opening(_Rambles, "Rambles")
Unstopped = opening(_Unstopped, "Unstopped")
Boundless = opening(_Boundless, "Boundless")
Nameless = opening(_Nameless, "Nameless")
ChoosesByPlace = opening(_ChoosesByPlace, "ChoosesByPlace")
CountsLetters = opening(_CountsLetters, "CountsLetters")
AsksAllAlike = opening(_AsksAllAlike, "AsksAllAlike")
Forgets = opening(_Forgets, "Forgets")

BREAKS: dict[str, list[type[Good]]] = {
    "options_are_refused_in_one_line": [TakesAnyOption],
    "what_is_known_before_it_is_opened_is_so": [KnowsOtherwise, ScoresNothing],
    "importing_it_loads_no_heavy_library": [LoadsMuch],
    "every_request_has_as_many_answers_as_it_asks_for": [GivesOne],
    "greedy_answers_are_the_same_in_any_company": [Crowded],
    "samples_are_the_same_in_any_company": [DrawsByPlace],
    "temperature_and_seed_are_obeyed": [Cold, Seedless],
    "an_answer_ends_where_it_must": [Rambles, Unstopped],
    "what_cannot_be_answered_fails_alone": [Boundless],
    "it_is_itself_again_and_another_where_answers_are": [Nameless],
    "choices_are_scored_alike_in_any_company": [ChoosesByPlace],
    "tokens_are_counted_as_they_are_used": [CountsLetters],
    "requests_of_any_decoding_are_asked_in_batches": [AsksAllAlike, Forgets],
}

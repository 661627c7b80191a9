"""What every model backend keeps to, and every model that it opens: whatever it can do beside answering."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from harness.backends import Backend, Opening
from harness.config import parse
from harness.powers import batches_of
from harness.protocols import CountsTokens, Model, ScoresChoices
from harness.types import Decoding, Failure, Generation, Message, Request
from tests.contract._contracts import contract, refused, stored

PLACE, KEY = "contract.yaml", "model"
QUESTIONS = ("Where is place 1?", "positive or negative", "Where?", "The ticket " * 6, "北京 💥 ?")
HEAVY = ("torch", "transformers", "peft", "accelerate", "sentence_transformers", "faiss")
CHOICES = ("positive", "negative", "queue A")


@dataclass
class Tried:
    """A backend with the options that it needs, and ``others``, under which answers may be others."""

    kind: Any
    options: dict[str, Any] = field(default_factory=dict)
    others: Sequence[dict[str, Any]] = ()

    def backend(self, **options: Any) -> Backend:
        """Build the backend."""
        given = {**self.options, **options}
        backend: Backend = self.kind(parse(self.kind.options_type, given, PLACE, KEY))
        return backend

    def opened(self, **options: Any) -> Model:
        """Open a model."""
        backend = self.backend(**options)
        backend.check(PLACE, KEY)
        return backend.open(Opening(PLACE, KEY))

    @cached_property
    def model(self) -> Model:
        """The model under the options that are needed."""
        return self.opened()


def asked(
    n: int = len(QUESTIONS), temperature: float = 0.0, n_samples: int = 1, seed: int = 0, **decoding: Any
) -> list[Request]:
    """Return requests of one decoding."""
    how = Decoding(**{"max_new_tokens": 6, "temperature": temperature, **decoding})
    return [
        Request(
            task="contract",
            item_id=str(number),
            messages=(Message(role="system", content="Answer."), Message(role="user", content=question)),
            decoding=how,
            n=n_samples,
            seed=seed,
        )
        for number, question in enumerate(QUESTIONS[:n])
    ]


def to_choose() -> list[Request]:
    """Return requests with choices."""
    return [request.model_copy(update={"choices": CHOICES}) for request in asked()]


def answers(model: Model, requests: Sequence[Request]) -> list[tuple[Generation, ...]]:
    """Return the generations of one batch, as many for each request as it asks for."""
    found = list(model.generate(requests))
    assert len(found) == len(requests), f"{len(found)} answers to {len(requests)} requests"
    given = []
    for request, each in zip(requests, found, strict=True):
        assert not isinstance(each, Failure), f"a request that can be answered is not: {each}"
        assert len(each) == request.n_samples, f"{len(each)} samples of {request.n_samples}"
        given.append(tuple(each))
    return given


def texts(model: Model, requests: Sequence[Request]) -> list[tuple[str, ...]]:
    """Return the texts of the generations."""
    return [tuple(each.text for each in one) for one in answers(model, requests)]


models = contract("models")


@models
def options_are_refused_in_one_line(tried: Tried) -> None:
    with refused("an unknown option", f"{KEY}.no_such_option"):
        tried.backend(no_such_option=1)


@models
def what_is_known_before_it_is_opened_is_so(tried: Tried) -> None:
    known, identity = tried.backend().known(PLACE, KEY), tried.model.identity
    assert known.weights in (None, identity.weights_digest)
    assert known.settings in (None, identity.settings_digest)
    assert known.dtype in (None, identity.dtype)
    length = tried.model.context_length if isinstance(tried.model, CountsTokens) else 0
    assert known.context_length in (None, length)
    assert tried.backend().scores_choices == isinstance(tried.model, ScoresChoices)


@models
def importing_it_loads_no_heavy_library(tried: Tried) -> None:
    """`trilemma --help`, and whatever only names a model, answer at once."""
    program = f"import sys; sys.path[:] = {sys.path}; import {tried.kind.__module__}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {*HEAVY} & {*ran.stdout.split()}


@models
def every_request_has_as_many_answers_as_it_asks_for(tried: Tried) -> None:
    for n_samples in (1, 3):
        for one in answers(tried.model, asked(n_samples=n_samples, temperature=1.0)):
            for generation in one:
                assert Generation.model_validate(stored(generation)) == generation
                assert generation.latency_s >= 0
    assert list(tried.model.generate([])) == []


@models
def greedy_answers_are_the_same_in_any_company(tried: Tried) -> None:
    together = texts(tried.model, asked())
    assert texts(tried.model, asked()) == together, "not the same again"
    assert texts(tried.model, asked()[::-1]) == together[::-1], "another order, other answers"
    assert [texts(tried.model, [request])[0] for request in asked()] == together, (
        "alone, it answers otherwise"
    )
    assert texts(tried.model, asked(n_samples=2)) == together, "of a greedy answer there is but one"


@models
def samples_are_the_same_in_any_company(tried: Tried) -> None:
    """A service draws anew each time; who holds the weights must be able to draw the same again."""
    if tried.model.identity.origin == "weights":
        hot = asked(temperature=1.0, n_samples=2)
        together = texts(tried.model, hot)
        assert texts(tried.model, hot[::-1]) == together[::-1], "another order, other samples"
        alone = [texts(tried.model, [request])[0] for request in hot]
        assert alone == together, "alone, it draws otherwise"


@models
def temperature_and_seed_are_obeyed(tried: Tried) -> None:
    hot = asked(temperature=1.0, n_samples=6)
    drawn = texts(tried.model, hot)
    assert any(len({*one}) > 1 for one in drawn), "samples at a temperature are all the same"
    if tried.model.identity.origin == "weights":
        assert texts(tried.model, hot) == drawn, "the same seed draws other samples"
        other = texts(tried.model, asked(temperature=1.0, n_samples=6, seed=1))
        assert other != drawn, "another seed draws the same samples"


@models
def an_answer_ends_where_it_must(tried: Tried) -> None:
    for request, (generation,) in zip(asked(), answers(tried.model, asked()), strict=True):
        assert generation.usage.completion <= request.decoding.max_new_tokens
        one = request.model_copy(update={"decoding": Decoding(max_new_tokens=1)})
        ((short,),) = answers(tried.model, [one])
        assert short.usage.completion <= 1
        assert generation.text.startswith(short.text) or not short.text.isprintable()
        if len(generation.text) > 2:
            stop = generation.text[len(generation.text) // 2]
            stopped = request.decoding.model_copy(update={"stop": (stop,)})
            ((cut,),) = answers(tried.model, [request.model_copy(update={"decoding": stopped})])
            assert stop not in cut.text, "writes on behind a stop string"


@models
def what_cannot_be_answered_fails_alone(tried: Tried) -> None:
    """A model that counts tokens says before that a prompt is too long; any other when it is asked."""
    endless = asked(1)[0].model_copy(
        update={"messages": (Message(role="user", content="Where is place 1? " * 20_000),)}
    )
    if isinstance(tried.model, CountsTokens):
        room = tried.model.context_length - tried.model.answer_tokens(endless)
        assert tried.model.count_tokens(endless.messages) > room, "an endless prompt is said to fit"
        return
    first, second = asked(2)
    found = list(tried.model.generate([first, endless, second]))
    assert isinstance(found[1], Failure), "an endless prompt has an answer"
    assert "\n" not in found[1].message
    assert [found[0], found[2]] == [each for each in found if not isinstance(each, Failure)], (
        "others fail too"
    )


@models
def it_is_itself_again_and_another_where_answers_are(tried: Tried) -> None:
    identity, first = tried.model.identity, texts(tried.model, asked())
    assert type(identity).model_validate(stored(identity)) == identity
    stored(tried.model.capabilities.asked_with)
    again = tried.opened()
    assert again.identity == identity
    assert texts(again, asked()) == first, "opened again, it answers otherwise"
    for options in tried.others:
        other = tried.opened(**options)
        differs = texts(other, asked()) != first
        assert differs or options != tried.others[0], "the first of the others answers the same"
        assert not differs or other.identity != identity, (
            f"answers otherwise under {options}, as the same model"
        )


@models
def choices_are_scored_alike_in_any_company(tried: Tried) -> None:
    if not isinstance(tried.model, ScoresChoices):
        return
    together = list(tried.model.score(to_choose()))
    alone = [tried.model.score([request])[0] for request in to_choose()]
    assert len(together) == len(QUESTIONS)
    for one, apart in zip(together, alone, strict=True):
        assert isinstance(one, Generation)
        assert isinstance(apart, Generation)
        assert tuple(choice.text for choice in one.choices) == CHOICES, "other choices than were asked"
        assert one.text == max(one.choices, key=lambda choice: choice.log_likelihood).text
        assert one.text == apart.text
        for choice, again in zip(one.choices, apart.choices, strict=True):
            assert choice.exact
            assert choice.log_likelihood <= 0
            assert abs(choice.log_likelihood - again.log_likelihood) < 1e-3
            assert choice.n_tokens > 0
            assert choice.n_chars == len(choice.text)


@models
def tokens_are_counted_as_they_are_used(tried: Tried) -> None:
    model = tried.model
    if not isinstance(model, CountsTokens):
        return
    for request, (generation,) in zip(asked(), answers(model, asked()), strict=True):
        counted = model.count_tokens(request.messages)
        assert generation.usage.prompt == counted, f"counts {counted}, uses {generation.usage.prompt}"
        assert model.render(request.messages) == model.render(request.messages)
        assert request.messages[-1].content.strip() in model.render(request.messages)
        longer = request.messages[-1].model_copy(
            update={"content": request.messages[-1].content + " and more"}
        )
        assert model.count_tokens((*request.messages[:-1], longer)) > counted
        assert 0 < model.answer_tokens(request) <= request.decoding.max_new_tokens + 1
        assert model.context_length > 0


@models
def requests_of_any_decoding_are_asked_in_batches(tried: Tried) -> None:
    """Each once, and answered as it would be alone, in whatever batches the model plans."""
    long, short = asked(), asked(max_new_tokens=2)
    requests = [each for pair in zip(long, short, strict=True) for each in pair]
    batches = batches_of(tried.model, requests)
    assert batches_of(tried.model, requests) == batches, "not the same batches again"
    assert sorted(index for batch in batches for index in batch) == list(range(len(requests)))
    together: dict[int, tuple[str, ...]] = {}
    for batch in batches:
        together |= dict(zip(batch, texts(tried.model, [requests[index] for index in batch]), strict=True))
    assert [together[n] for n in range(len(requests))] == [texts(tried.model, [each])[0] for each in requests]
    if isinstance(tried.model, ScoresChoices):
        scored = [index for batch in batches_of(tried.model, to_choose()) for index in batch]
        assert sorted(scored) == list(range(len(QUESTIONS)))

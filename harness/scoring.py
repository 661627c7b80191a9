"""The interface of a metric: what it is given, what it returns, and what else it may state.

Three members make a metric: ``names``, ``kinds`` and ``score`` (`Metric`). Everything else is optional, and
defined only here: ``options_type``, ``needs`` (`Needs`), ``files_digest`` (`ReadsFiles`),
``on_device`` (`RunsOnDevice`), ``asks`` and ``use_model`` (`AsksModel`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, runtime_checkable

from harness.types import (
    Answer,
    Exchange,
    Failure,
    Frozen,
    Generation,
    Judgement,
    Kind,
    Passage,
    Request,
    Task,
    TaskItem,
)

M = TypeVar("M")


@dataclass(frozen=True)
class Case:
    """Everything a metric may look at for one item.

    Attributes:
        task: The task.
        item: The item, with its accepted answers.
        request: What was asked.
        answer: The whole answer.
        extracted: The part of it that is judged, by the task's ``answer`` rule.
        prior: The same choices under the prompt without the input, for metrics that ask for it.
        exchanges: All requests and responses for it, where there are more than ``request``.
    """

    task: Task
    item: TaskItem
    request: Request
    answer: Answer
    extracted: str
    prior: Generation | None = None
    exchanges: tuple[Exchange, ...] = ()

    @property
    def shown(self) -> tuple[Passage, ...]:
        """All passages that were shown, each once, in order."""
        requests = [exchange.request for exchange in self.exchanges] or [self.request]
        return tuple(dict.fromkeys(passage for request in requests for passage in request.passages))


Score = float | Judgement
"""What a metric gives for one name: a number in [0, 1], 1.0 is best, or a judgement with its explanation."""


class Metric(Protocol):
    """Judges answers item by item; it does not aggregate.

    A metric is a class that is built with its options as keywords; with ``options_type``, a pydantic model,
    these are checked first. An exception it raises fails the current item, except an `InputError`, which
    refuses an item that cannot be judged at all and ends the run with a one-line error.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its scores; the first one is primary."""
        ...

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Kinds of tasks that it fits."""
        ...

    def score(self, cases: Sequence[Case]) -> Sequence[Mapping[str, Score]]:
        """Return for each case, in order, its scores by name."""
        ...


class Needs(Frozen):
    """What a metric needs, stated as ``needs``; without it, nothing is assumed.

    Attributes:
        every_choice: It reads the log-likelihood of every choice. False: the likeliest choice's is enough,
            and the others may be upper bounds, which is faster. If not stated, all are exact.
        prior: Every case of a choice task has the same choices under the prompt without the input.
        judges: "answer": a malformed answer scores 0 without being shown to it, and every case gets all
            scores. "passages": it judges what was shown, also beside a malformed answer, and may have nothing
            to judge: then it gives no scores for a case. Its first score is the share of the needed documents
            that was shown.
    """

    every_choice: bool = False
    prior: bool = False
    judges: Literal["answer", "passages"] = "answer"


@runtime_checkable
class StatesNeeds(Protocol):
    """A metric that states what it needs."""

    @property
    def needs(self) -> Needs:
        """What it needs."""
        ...


@runtime_checkable
class ReadsFiles(Protocol):
    """A metric whose scores depend on files, such as an embedder's."""

    @property
    def files_digest(self) -> str:
        """Digest of those files; "" for none."""
        ...


@runtime_checkable
class RunsOnDevice(Protocol):
    """A metric that runs a network of its own."""

    def on_device(self, device: str | None) -> None:
        """Run it on "cpu" or "cuda", where the model is, or anywhere if None; called before any case."""
        ...


Ask = Callable[[Sequence[Request]], Sequence[Exchange | Failure]]
"""Sends requests to a model; each comes back with all its generations, or with why it failed.

Responses are kept with the run, so that nothing is asked twice.
"""


@runtime_checkable
class AsksModel(Protocol):
    """A metric that asks a model of the experiment, such as a judge.

    It reports the cost as ``usage`` and ``latency_s`` of its judgements, which `Exchange` adds up. Answers
    are judged by it once all strategies have answered.
    """

    @property
    def asks(self) -> str:
        """Name of that model under ``models`` of the experiment; "" for its only or first one."""
        ...

    def use_model(self, ask: Ask) -> None:
        """Take the function that sends requests to the model; called before the first case."""
        ...


def model_of(metric: AsksModel, models: Mapping[str, M]) -> M:
    """Return the model that a metric asks; the first one where it names none."""
    return models[metric.asks] if metric.asks else next(iter(models.values()))


def needs_of(metric: Metric) -> Needs:
    """Return what a metric needs."""
    return metric.needs if isinstance(metric, StatesNeeds) else Needs(every_choice=True)


def names_of(metrics: Iterable[Metric], judges: Literal["answer", "passages"]) -> tuple[str, ...]:
    """Return the names of the scores of those metrics that judge answers, or passages, in order."""
    return tuple(name for metric in metrics if needs_of(metric).judges == judges for name in metric.names)

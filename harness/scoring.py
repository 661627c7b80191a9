"""What a metric is: what it is given, what it gives, and what it may state beside that.

Three members make a metric: ``names``, ``kinds`` and ``score`` (`Metric`). Everything else is optional, and
stands here and nowhere else: ``options_type``, ``needs`` (`Needs`), ``files_digest`` (`ReadsFiles`),
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
    """All that a metric may look at for one item.

    Attributes:
        task: The task.
        item: The item, with its accepted answers.
        request: What was asked.
        answer: What was answered, whole.
        extracted: What of it is judged, as the task's ``answer`` rule says.
        prior: The same choices under the prompt without the input, for metrics that ask for it.
        exchanges: All that was asked for it, where that is more than ``request``.
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
"""What a metric gives for one name: a number in [0, 1], 1.0 is best, or that with what it rests on."""


class Metric(Protocol):
    """Judges answers item by item; aggregation is not its business.

    A metric is a class that is built with its options as keywords; with ``options_type``, a pydantic model,
    these are checked first. What it raises fails the item at hand, unless it is an `InputError`: that refuses
    an item which cannot be judged at all, and ends the run with one line.
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
    """What a metric needs, stated as ``needs``; of one that states nothing, nothing is taken for granted.

    Attributes:
        every_choice: It reads the log-likelihood of every choice. False: the likeliest choice's is enough, so
            that the others may be upper bounds, which is faster. Where nothing is stated, every one is read.
        prior: Every case of a choice task has the same choices under the prompt without the input.
        judges: "answer": a malformed answer scores 0 without being shown to it, and every case gets all
            scores. "passages": it judges what was shown, also beside a malformed answer, and may have nothing
            to judge: then it gives no scores for a case. Its first score is the share of what is needed that
            was shown.
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
        """Run it on "cpu" or "cuda", where the model is, else where it likes; before the first case."""
        ...


Ask = Callable[[Sequence[Request]], Sequence[Exchange | Failure]]
"""Puts requests to a model; each comes back with all that was answered to it, or with why it failed.

What was asked once is kept with the run and not asked again.
"""


@runtime_checkable
class AsksModel(Protocol):
    """A metric that asks a model of the experiment, such as a judge.

    It gives what that took as ``usage`` and ``latency_s`` of its judgements, which `Exchange` adds up. Its
    answers are judged when all strategies have answered.
    """

    @property
    def asks(self) -> str:
        """Name of that model under ``models`` of the experiment; "" for its only or first one."""
        ...

    def use_model(self, ask: Ask) -> None:
        """Take what puts requests to the model; called before the first case."""
        ...


def model_of(metric: AsksModel, models: Mapping[str, M]) -> M:
    """Return what a metric asks, of the models by name; the first one where it names none."""
    return models[metric.asks] if metric.asks else next(iter(models.values()))


def needs_of(metric: Metric) -> Needs:
    """Return what a metric needs."""
    return metric.needs if isinstance(metric, StatesNeeds) else Needs(every_choice=True)


def names_of(metrics: Iterable[Metric], judges: Literal["answer", "passages"]) -> tuple[str, ...]:
    """Return the names of the scores of those metrics that judge answers, or passages, in order."""
    return tuple(name for metric in metrics if needs_of(metric).judges == judges for name in metric.names)

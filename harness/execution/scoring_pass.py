"""The scoring pass: stored answers are judged, and their scores are stored next to them.

An answer is stored before it is judged, so no metric can lose one. Unjudged answers are found in the store,
so a stopped pass resumes where it was, and a run can be judged again, in another way, at any time and without
the models that answered.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from harness.execution.asked_model import AskedModel
from harness.execution.judging import Answered, judge
from harness.execution.watching import MalformedWatch, MetricWatch
from harness.plugins import sound
from harness.progress import Progress
from harness.protocols import Model
from harness.runs.store import Store
from harness.scoring import AsksModel, Metric, model_of
from harness.tasks.answers import extract
from harness.types import ItemResult, LoadedTask, TaskItem

BATCH = 64
"""Answers that are judged and stored together."""


@dataclass(frozen=True)
class Wanted:
    """Which answers count: those to these items, with these seeds and this many repeats."""

    items: Collection[str]
    seeds: Collection[int]
    repeats: int

    def has(self, place: tuple[int, int, str]) -> bool:
        """Whether an answer counts, by its seed, repeat and item."""
        seed, repeat, item = place
        return seed in self.seeds and repeat < self.repeats and item in self.items


@dataclass(frozen=True)
class Scoring:
    """Judging the answers to one task.

    Attributes:
        task: The task.
        metrics: What judges them.
        judging: Digest of everything that judging depends on; judgements are stored under it.
        store: Where answers are, and judgements go.
    """

    task: LoadedTask
    metrics: Sequence[Metric]
    judging: str
    store: Store
    _told: set[str] = field(default_factory=set, init=False, repr=False)
    _met: set[str] = field(default_factory=set, init=False, repr=False)

    @property
    def waits(self) -> bool:
        """Whether judging waits for all answers, because a metric asks a model."""
        return any(isinstance(metric, AsksModel) for metric in self.metrics)

    def connect(self, models: Mapping[str, Model]) -> None:
        """Give metrics the models that they ask: the experiment's, by name."""
        for metric in self.metrics:
            if isinstance(metric, AsksModel):
                with sound(self.task.place, metric.names[0], type(metric).__name__):
                    metric.use_model(AskedModel(model_of(metric, models), self.store))

    def watch(self, strategy: str, progress: Progress) -> MalformedWatch:
        """Return a watch that warns, once per strategy, if none of its answers has the wanted form."""
        return MalformedWatch(self.task, strategy, progress, self._told, self._met)

    def see(self, recipe: str, answers: Sequence[ItemResult]) -> list[ItemResult]:
        """Judge a batch of stored answers now; if judging waits, only extract the part to be judged.

        Raises:
            TrilemmaError: A metric refuses an item, because its content cannot be judged.
        """
        if not self.waits:
            return self._judge(recipe, answers)
        items = self._items(answers)
        return [
            each.model_copy(update={"extracted": extract(self.task.task, items[each.item_id], each.answer)})
            if each.answer
            else each
            for each in answers
        ]

    def rest(self, strategy: str, recipe: str, wanted: Wanted, progress: Progress) -> None:
        """Judge those stored answers of a strategy that are not judged yet.

        Raises:
            TrilemmaError: A metric refuses an item, because its content cannot be judged.
        """
        places = [place for place in self.store.unjudged(recipe, self.judging) if wanted.has(place)]
        if not places:
            return
        malformed = self.watch(strategy, progress)
        failing = MetricWatch(self.task, strategy, progress)
        with progress.step(f"{strategy} · {self.task.task.name} · judged", len(places)) as step:
            for start in range(0, len(places), BATCH):
                some = places[start : start + BATCH]
                results = self._judge(recipe, list(self.store.answers(recipe, some)))
                malformed.see(results)
                failing.see(results)
                step.advance(len(some))
        failing.end()

    def _judge(self, recipe: str, answers: Sequence[ItemResult]) -> list[ItemResult]:
        items = self._items(answers)
        sound = [
            (each, Answered(items[each.item_id], each.request, each.answer, each.prior, each.exchanges))
            for each in answers
            if each.answer and each.request
        ]
        judged = judge(self.task.task, self.metrics, [answered for _, answered in sound])
        results = [
            each.model_copy(
                update={
                    "scores": found.scores,
                    "extracted": found.extracted,
                    "details": found.details,
                    "error": found.error,
                }
            )
            for (each, _), found in zip(sound, judged, strict=True)
        ]
        self.store.write_judgements(recipe, self.judging, results)
        return results + [each for each in answers if not (each.answer and each.request)]

    def _items(self, answers: Sequence[ItemResult]) -> dict[str, TaskItem]:
        return self.store.some_items(self.task.task.digest, [each.item_id for each in answers])


def scorings(
    tasks: Sequence[LoadedTask],
    metrics: Mapping[str, Sequence[Metric]],
    judging: Mapping[str, str],
    store: Store,
    models: Mapping[str, Model],
) -> dict[str, Scoring]:
    """Return what judges each task, by its name, with metrics connected to the models they ask.

    Args:
        tasks: The tasks.
        metrics: What judges each.
        judging: Digest of how each is judged.
        store: Where answers are, and judgements go.
        models: The experiment's models by name, if metrics ask any.
    """
    found = {}
    for task in tasks:
        name = task.task.name
        found[name] = Scoring(task, metrics[name], judging[name], store)
        found[name].connect(models)
    return found

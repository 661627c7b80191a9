"""What each strategy of a run has not finished: missing results are never counted as evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from harness.analysis.comparison import Table
from harness.analysis.findings import Missing
from harness.config import ForgettingOptions
from harness.execution.answer_information import asked_of
from harness.execution.drift import GENERAL_TEXT, WeightMeasurements
from harness.runs.manifest import RunManifest
from harness.runs.reading import Preparation, ScoredItem
from harness.types import ItemResult, TaskItem


@dataclass(frozen=True)
class Wanted:
    """What an experiment asks of each strategy, according to its run's manifest."""

    manifest: RunManifest

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds with which every strategy is prepared and asked."""
        return tuple(self.manifest.experiment["seeds"])

    @property
    def repeats(self) -> int:
        """How many times each item is asked with a seed."""
        return int(self.manifest.experiment.get("repeats", 1))

    def has(self, row: ScoredItem | ItemResult) -> bool:
        """Whether a row is of a seed and a repeat that are wanted."""
        return row.seed in self.seeds and row.repeat < self.repeats

    def missing(
        self,
        scores: Table,
        prepared: Sequence[Preparation],
        probes: Mapping[str, Sequence[WeightMeasurements]],
        items: Mapping[str, Iterable[TaskItem]],
        adapted: Collection[str],
    ) -> Iterator[Missing]:
        """Yield what strategies lack; with a seed that could not be prepared, nothing more is wanted.

        Args:
            scores: Strategy, then task, to what is stored.
            prepared: What was prepared, of the wanted seeds.
            probes: Strategy to the measurements made in addition to its answers, one for each wanted seed.
            items: Task to its test items.
            adapted: Strategies that answer with adapted weights.
        """
        measured = dict(self._measured(items)) if adapted else {}
        for strategy in self.manifest.recipes:
            mine = [each for each in prepared if each.strategy == strategy]
            ready = [each for each in mine if each.error is None]
            n_seeds = len(self.seeds) - (len(mine) - len(ready))
            if len(ready) < n_seeds:
                yield Missing(strategy=strategy, what="preparation", done=len(ready), wanted=n_seeds)
            for task, n in self.manifest.asked.items():
                found = scores.get(strategy, {}).get(task)
                done, wanted = found.n_rows if found else 0, n * n_seeds * self.repeats
                if done < wanted:
                    yield Missing(strategy=strategy, what="answers", task=task, done=done, wanted=wanted)
            if ready and strategy in adapted:
                yield from self._unmeasured(strategy, probes.get(strategy, ()), len(ready), measured)

    def _unmeasured(
        self, strategy: str, probes: Sequence[WeightMeasurements], n_seeds: int, measured: Mapping[str, bool]
    ) -> Iterator[Missing]:
        options = self._options
        if options is None:
            return
        done = sum(_is_whole(each, options, measured) for each in probes)
        error = next((each.error.message for each in probes if each.error), "")
        if done < n_seeds:
            yield Missing(strategy=strategy, what="measurements", done=done, wanted=n_seeds, error=error)

    @property
    def _options(self) -> ForgettingOptions | None:
        given = self.manifest.experiment.get("forgetting")
        return None if given is None else ForgettingOptions.model_validate(given)

    def _measured(self, items: Mapping[str, Iterable[TaskItem]]) -> Iterator[tuple[str, bool]]:
        """Yield the retention tasks, each with whether answer information can be measured on it."""
        if self._options is None:
            return
        for name, task in self.manifest.tasks.items():
            if task.role == "retention":
                some = list(islice(items[name], self._options.answers))
                yield name, bool(some) and asked_of(task, some) is not None


def _is_whole(probes: WeightMeasurements, options: ForgettingOptions, measured: Mapping[str, bool]) -> bool:
    """Whether everything that a verdict depends on was measured with a seed."""
    if probes.error is not None:
        return False
    texts, tasks = {each.text for each in probes.drift}, {each.task for each in probes.information}
    lacking = [name for name, can in measured.items() if can and name not in tasks]
    return not lacking and (options.text is None or GENERAL_TEXT in texts)

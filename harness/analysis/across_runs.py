"""Two runs, strategy by strategy and task by task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from harness.analysis.comparison import Table
from harness.analysis.findings import Missing
from harness.analysis.scores import Clusters, pair
from harness.runs.comparing import other_settings, other_task
from harness.runs.manifest import RunManifest
from harness.stats import Paired, holm
from harness.stats.single import Floats

Reading = Literal["better", "worse", "not proven"]
ALPHA = 0.05


class Scored(Protocol):
    """What a comparison needs to know about a run."""

    @property
    def manifest(self) -> RunManifest:
        """What the run was made from."""
        ...

    @property
    def scores(self) -> Table:
        """Scores of every strategy on every task."""
        ...

    @property
    def missing(self) -> Sequence[Missing]:
        """What its strategies have not finished of what the experiment asks."""
        ...

    @property
    def clusters(self) -> Mapping[str, Clusters]:
        """Task to the cluster of each item."""
        ...


@dataclass(frozen=True)
class RunDifference:
    """One strategy on one task in two runs.

    ``before``, ``after`` and the difference are means over the items that both runs have. ``p_holm`` is
    corrected for all rows that are shown together.
    """

    strategy: str
    task: str
    metric: str
    before: float
    after: float
    found: Paired
    p_holm: float

    @property
    def reading(self) -> Reading:
        """What is significant after Holm's correction."""
        if self.p_holm >= ALPHA:
            return "not proven"
        return "better" if self.found.estimate > 0 else "worse"


def compared(first: Scored, later: Scored) -> tuple[list[RunDifference], list[str]]:
    """Return the differences (later - first), and why the other pairs cannot be compared."""
    left_out = [
        f"note: the runs have different {each}s" for each in other_settings(first.manifest, later.manifest)
    ]
    rows: list[RunDifference] = []
    for name in later.manifest.tasks:
        if name not in first.manifest.tasks:
            left_out.append(f"{name} is not in the first run")
        elif changed := other_task(first.manifest, later.manifest, name):
            left_out.append(f"{name} has other items or settings in the first run ({', '.join(changed)})")
        else:
            for strategy in (name for name in later.scores if name in first.scores):
                if lacking := unfinished(strategy, name, first, later):
                    left_out.append(f"{strategy} on {name}: {lacking}")
                elif row := difference(strategy, name, first, later):
                    rows.append(row)
    return corrected(rows), left_out


def unfinished(strategy: str, task: str, first: Scored, later: Scored) -> str:
    """Say in which of two runs a strategy has not answered all of a task; "" if it has in both."""
    for run, place in ((first, "first"), (later, "later")):
        for each in run.missing:
            if (each.strategy, each.task) == (strategy, task):
                return f"not finished in the {place} run, {each.done:,} of {each.wanted:,} answers"
    return ""


def difference(strategy: str, task: str, first: Scored, later: Scored) -> RunDifference | None:
    """Compare one strategy on the items of a task that both runs have; None if they share none.

    The p-value is uncorrected until the rows that are shown together are `corrected`.
    """
    metric = later.manifest.metrics[task][0]
    old, new = first.scores.get(strategy, {}).get(task), later.scores.get(strategy, {}).get(task)
    if old is None or new is None:
        return None
    found = pair(new, old, metric, later.clusters[task])
    if found is None:
        return None
    both = old.of(metric).keys() & new.of(metric).keys()
    before, after = (_mean(side.of(metric)[item] for item in both) for side in (old, new))
    return RunDifference(strategy, task, metric, before, after, found, p_holm=found.p_value)


def corrected(rows: Sequence[RunDifference]) -> list[RunDifference]:
    """Correct the p-values for the number of rows."""
    adjusted = holm([row.found.p_value for row in rows])
    return [replace(row, p_holm=p) for row, p in zip(rows, adjusted, strict=True)]


def _mean(scores: Iterable[Floats]) -> float:
    values = [float(score.mean()) for score in scores]
    return sum(values) / len(values)

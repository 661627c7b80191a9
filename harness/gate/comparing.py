"""Two runs, strategy by strategy and task by task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.analysis.rows import RunRows
from harness.analysis.scores import pair
from harness.stats import Paired, holm
from harness.stats.single import Floats


@dataclass(frozen=True)
class Compared:
    """One strategy on one task in two runs; ``p_holm`` is corrected for all rows of the comparison."""

    strategy: str
    task: str
    metric: str
    before: float
    after: float
    found: Paired
    p_holm: float


def compared(first: RunRows, later: RunRows) -> tuple[list[Compared], list[str]]:
    """Return the differences later - first, and why the rest cannot be compared."""
    left_out: list[str] = []
    rows: list[tuple[str, str, str, float, float, Paired]] = []
    if first.manifest.model.weights_digest != later.manifest.model.weights_digest:
        left_out.append("note: the runs have different base models")
    for name, task in later.manifest.tasks.items():
        other = first.manifest.tasks.get(name)
        if other is None or other.digest != task.digest:
            why = (
                "is not in the first run" if other is None else "has other items or settings in the first run"
            )
            left_out.append(f"{name} {why}")
            continue
        metric = later.manifest.metrics[name][0]
        for strategy, by_task in later.scores.items():
            old = first.scores.get(strategy, {}).get(name)
            if old is None or name not in by_task:
                continue
            found = pair(by_task[name], old, metric, later.clusters[name])
            if found is not None:
                before, after = (_mean(side.of(metric).values()) for side in (old, by_task[name]))
                rows.append((strategy, name, metric, before, after, found))
    corrected = holm([row[-1].p_value for row in rows])
    return [Compared(*row, p_holm=p) for row, p in zip(rows, corrected, strict=True)], left_out


def _mean(scores: Iterable[Floats]) -> float:
    values = [float(score.mean()) for score in scores]
    return sum(values) / len(values)

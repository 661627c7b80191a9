"""From a run to what stands on the page: tables as rows of plain values, in the order they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from harness.analysis.findings import BehaviourChange, Cell, Contrast, MacroContrast, StrategyCost, TaskInfo
from harness.types import Role
from reports._charts import Whisker, whisker
from reports._data import RunData
from reports._record import PreparationRecord, records_of

_METHODS = {
    "tango": "Differences of scores that are right or wrong: Tango's score interval for paired proportions.",
    "t": "Differences of graded scores: Student's t interval over the items' paired differences.",
    "t over clusters": "Items that belong together: CR1 standard errors with t over the clusters.",
    "t over seeds": "Several seeds: a random factor beside the items (Satterthwaite's degrees of freedom).",
    "no spread": "Where no item shows a difference: bounds that allow for items that were not asked.",
}


@dataclass(frozen=True)
class Score:
    """A cell of the score table; ``best`` marks the highest mean of its row."""

    cell: Cell
    best: bool


@dataclass(frozen=True)
class ScoreRow:
    """One metric of one task, a score or None for every strategy."""

    task: TaskInfo
    metric: str
    scores: tuple[Score | None, ...]


@dataclass(frozen=True)
class MeanRow:
    """The mean over all tasks of a role, a figure or None for every strategy."""

    n_tasks: int
    means: tuple[MacroContrast | None, ...]
    best: float | None


@dataclass(frozen=True)
class ScoreTable:
    """Scores of all strategies on the tasks of one role; ``mean`` is None where one task is no mean."""

    rows: tuple[ScoreRow, ...]
    mean: MeanRow | None


@dataclass(frozen=True)
class Difference:
    """A difference with its interval, drawn and put into a word."""

    strategy: str
    task: str
    metric: str
    value: float
    ci_low: float
    ci_high: float
    p_holm: float
    n: int
    drawn: Whisker

    @property
    def reading(self) -> str:
        """What is proven after Holm's correction: better, worse, or nothing yet."""
        if self.p_holm >= 0.05:
            return "not proven"
        return "better" if self.value > 0 else "worse"


@dataclass(frozen=True)
class Page:
    """All that the template needs beside the run itself."""

    run: RunData
    target: ScoreTable
    retention: ScoreTable
    differences: tuple[tuple[str, tuple[Difference, ...]], ...]
    forgetting: tuple[tuple[str, tuple[Difference, ...]], ...]
    behaviour: tuple[BehaviourChange, ...]
    retrieval: tuple[ScoreRow, ...]
    retrieving: tuple[str, ...]
    others: tuple[ScoreRow, ...]
    costs: tuple[StrategyCost, ...]
    methods: tuple[str, ...]
    records: tuple[PreparationRecord, ...]
    experiment: str
    provenance: tuple[tuple[str, str], ...]


def page_of(run: RunData) -> Page:
    """Arrange a run for the page."""
    summary, metrics = run.summary, run.manifest.metrics
    extra = [cell for cell in summary.cells if cell.metric not in metrics[cell.task]]
    retrieving = tuple(s for s in summary.strategies if any(cell.strategy == s for cell in extra))
    return Page(
        run=run,
        target=_score_table(run, "target"),
        retention=_score_table(run, "retention"),
        differences=_differences(summary.contrasts, [m for m in summary.macro if m.role == "target"]),
        forgetting=_differences(summary.forgetting, [m for m in summary.macro if m.role == "retention"]),
        behaviour=tuple(c for c in summary.behaviour if c.ci_low > 0 or c.ci_high < 0),
        retrieval=_rows(run, extra, retrieving),
        retrieving=retrieving,
        others=_rows(run, [cell for cell in summary.cells if not cell.primary and cell not in extra]),
        costs=summary.costs,
        methods=tuple(
            _METHODS.get(method, method)
            for method in sorted({c.method for c in (*summary.contrasts, *summary.forgetting)})
        ),
        records=tuple(records_of(run.preparations)),
        experiment=yaml.safe_dump(run.manifest.experiment, sort_keys=False, allow_unicode=True, width=100),
        provenance=tuple(_provenance(run)),
    )


def _score_table(run: RunData, role: Role) -> ScoreTable:
    names = {task.name for task in run.summary.tasks if task.role == role}
    rows = _rows(run, [cell for cell in run.summary.cells if cell.primary and cell.task in names])
    macros = {macro.strategy: macro for macro in run.summary.macro if macro.role == role}
    if len(rows) < 2 or not macros:
        return ScoreTable(rows, None)
    means = tuple(macros.get(strategy) for strategy in run.summary.strategies)
    return ScoreTable(rows, MeanRow(len(rows), means, _best([macro.mean for macro in macros.values()])))


def _best(means: Sequence[float]) -> float | None:
    """Return the highest mean; where all are equal none is best."""
    return max(means) if len(set(means)) > 1 else None


def _rows(
    run: RunData, cells: Sequence[Cell], strategies: Sequence[str] | None = None
) -> tuple[ScoreRow, ...]:
    found = {(cell.task, cell.metric, cell.strategy): cell for cell in cells}
    rows = []
    for task in run.summary.tasks:
        for metric in sorted({cell.metric for cell in cells if cell.task == task.name}):
            row = [found.get((task.name, metric, name)) for name in strategies or run.summary.strategies]
            best = _best([cell.mean for cell in row if cell])
            scores = tuple(Score(cell, cell.mean == best) if cell else None for cell in row)
            rows.append(ScoreRow(task, metric, scores))
    return tuple(rows)


def _differences(
    contrasts: Sequence[Contrast], macros: Sequence[MacroContrast]
) -> tuple[tuple[str, tuple[Difference, ...]], ...]:
    """Group the differences by task, the mean over several tasks first."""
    groups: dict[str, list[Difference]] = {}
    bounds = [(c.ci_low, c.ci_high) for c in contrasts] + [(m.ci_low, m.ci_high) for m in macros]
    reach = max((max(-low, high) for low, high in bounds), default=0.0)
    for macro in macros:
        if macro.n_tasks > 1 and macro.strategy != macro.reference:
            drawn = whisker(macro.ci_low, macro.difference, macro.ci_high, reach)
            title = f"Mean of {macro.n_tasks} tasks"
            row = Difference(
                macro.strategy,
                "",
                "",
                macro.difference,
                macro.ci_low,
                macro.ci_high,
                macro.p_holm,
                macro.n_items,
                drawn,
            )
            groups.setdefault(title, []).append(row)
    for c in contrasts:
        drawn = whisker(c.ci_low, c.difference, c.ci_high, reach)
        row = Difference(
            c.strategy, c.task, c.metric, c.difference, c.ci_low, c.ci_high, c.p_holm, c.n, drawn
        )
        groups.setdefault(f"{c.task}, {c.metric}", []).append(row)
    return tuple((title, tuple(rows)) for title, rows in groups.items())


def _provenance(run: RunData) -> Iterable[tuple[str, str]]:
    manifest = run.manifest
    model = manifest.model
    yield "Made", manifest.created
    yield "Trilemma", manifest.trilemma_version
    yield "Git revision", manifest.git_revision or "unknown"
    yield "Experiment file", manifest.place
    yield "Experiment digest", manifest.experiment_digest
    yield "Model", f"{model.name} ({model.dtype}, quantization {model.quantization})"
    yield "Weights digest", model.weights_digest
    yield "Embedder digest", manifest.embedder or "none was used"
    for name, task in manifest.tasks.items():
        yield f"Task {name}, version {task.version}", task.digest
    yield from ((f"Hardware: {key}", _plain(value)) for key, value in manifest.hardware.items())
    packages = [f"{name} {version}" for name, version in sorted(manifest.packages.items())]
    yield "Packages", ", ".join(packages)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)

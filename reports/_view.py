"""From a run to what stands on the page: tables as rows of plain values, in the order they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from harness.analysis.findings import (
    BehaviourChange,
    Cell,
    Contrast,
    MacroContrast,
    StrategyCost,
    Summary,
    TagScore,
    TaskFlips,
    TaskInfo,
)
from harness.config import model_label
from harness.deciding.records import Candidate, Decision
from harness.runs.manifest import ModelRecord
from harness.types import Role
from reports._data import RunData
from reports._language import words
from reports._record import PreparationRecord, records_of
from reports._text import count
from reports._whisker import Whisker, whisker
from reports.drawing import Drawn, drawn, has_charts
from reports.explorer.links import items_link

T = words("report")


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
        """What is proven after Holm's correction: `better`, `worse`, or nothing yet, `open`."""
        if self.p_holm >= 0.05:
            return "open"
        return "better" if self.value > 0 else "worse"


@dataclass(frozen=True)
class Linked:
    """A number of items and where the explorer shows them."""

    n: int
    link: str


@dataclass(frozen=True)
class FlipRow:
    """How the items of one strategy changed; None where there is nothing to compare."""

    strategy: str
    cells: tuple[Linked | None, ...]


@dataclass(frozen=True)
class TagRow:
    """One tag of a task, a score or None for every strategy."""

    tag: str
    n: int
    cells: tuple[TagScore | None, ...]


@dataclass(frozen=True)
class TaskPage:
    """All metrics of one task, its kinds of items, and links to what each strategy got wrong."""

    info: TaskInfo
    rows: tuple[ScoreRow, ...]
    tags: tuple[TagRow, ...]
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Page:
    """All that the template needs beside the run itself.

    ``foremost`` is the strategy of the three figures: the winner, or else the challenger that comes nearest.
    ``bases`` are in words what retention is compared with.
    """

    run: RunData
    foremost: Candidate | None
    bases: str
    figures: tuple[Drawn, ...]
    has_charts: bool
    flips: tuple[FlipRow, ...]
    lost: tuple[TaskFlips, ...]
    facts: tuple[tuple[str, str], ...]
    tasks: tuple[TaskPage, ...]
    target: ScoreTable
    retention: ScoreTable
    differences: tuple[tuple[str, tuple[Difference, ...]], ...]
    forgetting: tuple[tuple[str, tuple[Difference, ...]], ...]
    behaviour: tuple[BehaviourChange, ...]
    retrieval: tuple[ScoreRow, ...]
    retrieving: tuple[str, ...]
    costs: tuple[StrategyCost, ...]
    methods: tuple[str, ...]
    records: tuple[PreparationRecord, ...]
    experiment: str
    provenance: tuple[tuple[str, str], ...]


def page_of(run: RunData) -> Page:
    """Arrange a run for the page."""
    summary, shown = run.summary, run.manifest.shown
    extra = [cell for cell in summary.cells if cell.metric in shown.get(cell.task, ())]
    retrieving = tuple(s for s in summary.strategies if any(cell.strategy == s for cell in extra))
    return Page(
        run=run,
        foremost=_foremost(run.decision),
        bases=_bases(summary),
        figures=_figures(run),
        has_charts=has_charts(),
        flips=tuple(_flips(summary)),
        lost=tuple(flip for flip in summary.flips if flip.role == "retention"),
        facts=tuple(_facts(run)),
        tasks=tuple(_task_page(run, info) for info in summary.tasks),
        target=_score_table(run, "target"),
        retention=_score_table(run, "retention"),
        differences=_differences(summary.contrasts, [m for m in summary.macro if m.role == "target"]),
        forgetting=_differences(summary.forgetting, [m for m in summary.macro if m.role == "retention"]),
        behaviour=tuple(c for c in summary.behaviour if c.ci_low > 0 or c.ci_high < 0),
        retrieval=_rows(run, extra, retrieving),
        retrieving=retrieving,
        costs=summary.costs,
        methods=tuple(
            vars(T.configuration.method_texts).get(method, method)
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
            best = _best([cell.mean for cell in row if cell and cell.complete])
            scores = tuple(Score(cell, cell.complete and cell.mean == best) if cell else None for cell in row)
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
            title = T.differences.mean.format(n=macro.n_tasks)
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
        groups.setdefault(T.differences.task.format(task=c.task, metric=c.metric), []).append(row)
    return tuple((title, tuple(rows)) for title, rows in groups.items())


def _figures(run: RunData) -> tuple[Drawn, ...]:
    if not has_charts():
        return ()
    from reports.charts import page_one

    return tuple(map(drawn, page_one(run.decision, run.summary.forgetting)))


def _foremost(decision: Decision) -> Candidate | None:
    """The winner, or else the challenger with the highest score that may be chosen."""
    winner = [each for each in decision.candidates if each.strategy == decision.winner]
    others = [e for e in decision.candidates if e.strategy != decision.incumbent and not e.excluded]
    return next(iter(winner or others), None)


def _flips(summary: Summary) -> Iterable[FlipRow]:
    for strategy in summary.strategies:
        mine = [flip for flip in summary.flips if flip.strategy == strategy]
        target = [flip for flip in mine if flip.role == "target"]
        kept = [flip for flip in mine if flip.role == "retention"]
        if mine:
            counts = _flip_counts(target)
            on_target = [
                _linked(n, "target", summary.incumbent, strategy, kind) for kind, n in counts.items()
            ]
            lost = [
                _linked(_flip_counts(kept)[kind], "retention", summary.bases[strategy], strategy, kind)
                for kind in (("lost", "gained") if kept else ())
            ]
            yield FlipRow(
                strategy,
                (*(on_target if target else (None,) * 4), *(lost if kept else (None,) * 2)),
            )


def _flip_counts(flips: Sequence[TaskFlips]) -> dict[str, int]:
    """Return the number of items of each kind, by the explorer's words for them."""
    gained, lost = sum(len(flip.gained) for flip in flips), sum(len(flip.lost) for flip in flips)
    both = sum(flip.base_right for flip in flips) - lost
    wrong = sum(flip.n for flip in flips) - gained - lost - both
    return {"gained": gained, "lost": lost, "both-right": both, "both-wrong": wrong}


def _linked(n: int, role: str, reference: str, strategy: str, flip: str) -> Linked:
    return Linked(n, items_link(role=role, a=reference, b=strategy, flip=flip))


def _task_page(run: RunData, info: TaskInfo) -> TaskPage:
    summary = run.summary
    scores = {(s.strategy, s.tag): s for s in summary.tags if s.task == info.name}
    tags = dict.fromkeys(tag for _, tag in scores)
    return TaskPage(
        info,
        _rows(run, [cell for cell in summary.cells if cell.task == info.name]),
        tuple(
            TagRow(
                tag,
                max(score.n for (_, other), score in scores.items() if other == tag),
                tuple(scores.get((strategy, tag)) for strategy in summary.strategies),
            )
            for tag in tags
        ),
        tuple((s, items_link(task=info.name, strategy=s, outcome="wrong")) for s in summary.strategies),
    )


def _facts(run: RunData) -> Iterable[tuple[str, str]]:
    t, summary, manifest = T.provenance_short, run.summary, run.manifest
    told = (
        f"{model_label(name, record.identity.name)} ({record.identity.dtype})"
        for name, record in manifest.models.items()
    )
    yield t.model, ", ".join(told)
    yield t.compared, summary.incumbent
    yield (
        t.asked,
        t.asked_text.format(
            strategies=len(summary.strategies),
            tasks=len(summary.tasks),
            answers=count(summary.items),
            seeds=", ".join(map(str, summary.seeds)),
        ),
    )
    missing = sum(each.wanted - each.done for each in summary.missing if each.what == "answers")
    none = not missing and not summary.errors
    yield (
        t.missing,
        t.missing_none if none else t.missing_text.format(items=count(missing), errors=count(summary.errors)),
    )
    yield (
        t.made,
        t.made_text.format(
            created=manifest.created[:16].replace("T", " "),
            version=manifest.trilemma_version,
            revision=(manifest.git_revision or T.configuration.names.unknown)[:12],
        ),
    )
    devices = manifest.hardware.get("cuda_devices")
    yield (
        t.machine,
        t.machine_text.format(
            processor=manifest.hardware.get("processor") or T.configuration.names.unknown,
            cores=manifest.hardware.get("cores", "?"),
            devices=_plain(devices) if devices else t.no_device,
        ),
    )
    weights = ", ".join(record.identity.weights_digest[:12] for record in manifest.models.values())
    yield t.digests, t.digests_text.format(experiment=manifest.experiment_digest[:12], weights=weights)


def _provenance(run: RunData) -> Iterable[tuple[str, str]]:
    manifest, t = run.manifest, T.configuration.names
    yield t.made, manifest.created
    yield t.version, manifest.trilemma_version
    yield t.revision, manifest.git_revision or t.unknown
    yield t.place, manifest.place
    yield t.experiment, manifest.experiment_digest
    for name, record in manifest.models.items():
        for key, value in _model(record):
            yield key if len(manifest.models) == 1 else f"{name}: {key}", value
    yield t.embedder, manifest.embedder or t.no_embedder
    for name, task in manifest.tasks.items():
        yield t.task.format(name=name, version=task.version), task.digest
    yield from ((t.hardware.format(key=key), _plain(value)) for key, value in manifest.hardware.items())
    packages = [f"{name} {version}" for name, version in sorted(manifest.packages.items())]
    yield t.packages, ", ".join(packages)


def _model(record: ModelRecord) -> Iterable[tuple[str, str]]:
    t, model = T.configuration.names, record.identity
    yield t.model, t.model_text.format(name=model.name, dtype=model.dtype, quantization=model.quantization)
    yield t.weights, model.weights_digest
    if record.context_length:
        n = f"{record.context_length:,}"
        yield t.context_length, t.context_length_text.format(n=n, said=record.context_source)
    if record.template_date:
        yield t.template_date, t.template_date_text.format(date=record.template_date)


def _bases(summary: Summary) -> str:
    """Return what retention is compared with, in words: the base, or where there are several all of them."""
    names = list(dict.fromkeys(summary.bases.values()))
    return names[0] if len(names) == 1 else T.forgetting.bases.format(names=", ".join(names))


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)

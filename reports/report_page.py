"""The contents of a run's page, in the order in which the template shows them."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from harness.analysis.findings import Summary, TaskInfo
from harness.deciding.records import Candidate, Decision
from reports._language import words
from reports.check_lines import CheckLine, check_lines
from reports.drawing import Drawn, drawn, has_charts
from reports.explorer.links import items_link
from reports.origin import facts_of, provenance_of
from reports.preparation import PreparationRecord, records_of
from reports.remarks import RunRemark, remarks_of
from reports.run_data import RunData
from reports.tables.costs import cost_table
from reports.tables.decision import candidates_table, scenario_table
from reports.tables.differences import bases_text, changes_table, difference_table
from reports.tables.forgetting import behaviour_table, drift_table, information_table, lost_table
from reports.tables.model import Table
from reports.tables.retrieving import attribution_table
from reports.tables.scores import metric_table, score_table, tag_table

T = words("report")


@dataclass(frozen=True)
class TaskPart:
    """All metrics of one task, its kinds of items if any, and links to what each strategy got wrong."""

    info: TaskInfo
    metrics: Table
    tags: Table | None
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Page:
    """Everything that the template needs besides the run itself; a table without rows has nothing to show.

    ``foremost`` is the strategy of the three figures: the winner, or else the closest challenger.
    ``bases`` says in words what retention is compared with.
    """

    run: RunData
    remarks: tuple[RunRemark, ...]
    bases: str
    foremost: Candidate | None
    figures: tuple[Drawn, ...]
    has_charts: bool
    changes: Table
    candidates: Table
    checks: tuple[CheckLine, ...]
    scenarios: Table
    target: Table
    differences: Table
    retention: Table
    forgetting: Table
    lost: Table
    drift: Table
    information: Table
    behaviour: Table
    costs: Table
    retrieval: Table
    attribution: Table
    tasks: tuple[TaskPart, ...]
    facts: tuple[tuple[str, str], ...]
    methods: tuple[str, ...]
    records: tuple[PreparationRecord, ...]
    experiment: str
    provenance: tuple[tuple[str, str], ...]


def page_of(run: RunData) -> Page:
    """Arrange a run for the page."""
    summary, shown = run.summary, run.manifest.shown
    extra = [cell for cell in summary.cells if cell.metric in shown.get(cell.task, ())]
    retrieving = [name for name in summary.strategies if any(cell.strategy == name for cell in extra)]
    return Page(
        run=run,
        remarks=tuple(remarks_of(summary)),
        foremost=_foremost(run.decision),
        bases=bases_text(summary),
        figures=_figures(run),
        has_charts=has_charts(),
        changes=changes_table(summary),
        candidates=candidates_table(run.decision),
        checks=tuple(check_lines(run.decision)),
        scenarios=scenario_table(run.decision),
        target=score_table(summary, "target"),
        differences=difference_table(summary, "target"),
        retention=score_table(summary, "retention"),
        forgetting=difference_table(summary, "retention"),
        lost=lost_table(summary),
        drift=drift_table(summary.drift),
        information=information_table(summary.information),
        behaviour=behaviour_table(summary.behaviour),
        costs=cost_table(summary, run.decision),
        retrieval=metric_table(summary, extra, retrieving),
        attribution=attribution_table(summary.attribution),
        tasks=tuple(_task_part(summary, info) for info in summary.tasks),
        facts=tuple(facts_of(run)),
        methods=tuple(
            vars(T.configuration.method_texts).get(method, method)
            for method in sorted({c.method for c in (*summary.contrasts, *summary.forgetting)})
        ),
        records=tuple(records_of(run.preparations)),
        experiment=yaml.safe_dump(run.manifest.experiment, sort_keys=False, allow_unicode=True, width=100),
        provenance=tuple(provenance_of(run.manifest)),
    )


def _task_part(summary: Summary, info: TaskInfo) -> TaskPart:
    cells = [cell for cell in summary.cells if cell.task == info.name]
    links = tuple((s, items_link(task=info.name, strategy=s, outcome="wrong")) for s in summary.strategies)
    return TaskPart(
        info,
        metric_table(summary, cells, summary.strategies, with_task=False),
        tag_table(summary, info),
        links,
    )


def _figures(run: RunData) -> tuple[Drawn, ...]:
    if not has_charts():
        return ()
    from reports.charts import page_one

    return tuple(map(drawn, page_one(run.decision, run.summary.forgetting)))


def _foremost(decision: Decision) -> Candidate | None:
    """The winner, or else the eligible challenger with the highest score."""
    winner = [each for each in decision.candidates if each.strategy == decision.winner]
    others = [e for e in decision.candidates if e.strategy != decision.incumbent and not e.excluded]
    return next(iter(winner or others), None)

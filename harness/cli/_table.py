"""The closing table of a run, for a terminal or a log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.analysis.findings import Cell, StrategyCost, Summary
from harness.deciding.records import Candidate, Decision, TaskLead
from harness.deciding.wording import cost_bounds, kept, money, once, p_value, points
from harness.types import STATED

if TYPE_CHECKING:
    from harness.analysis.across_runs import Compared
    from harness.gate.baseline import Baseline
    from harness.gate.evaluate import CandidateResult
    from harness.gate.planning import Plan


def print_summary(summary: Summary) -> None:
    """Print scores of every strategy on every task, its cost, and the verdict."""
    console = wide_console()
    console.print(_scores(summary))
    console.print(_costs(summary))
    for failure in summary.failures:
        console.print(
            f"{failure.strategy} (seed {failure.seed}) failed: {failure.error.message}", markup=False
        )
    for task in summary.tasks:
        for remark in task.remarks:
            console.print(f"{task.name}: {remark}.", markup=False)
    for note in summary.notes:
        console.print(f"{note.strategy} (seed {note.seed}): {note.text}.", markup=False)
    if summary.errors:
        console.print(f"{summary.errors} of {summary.items} items failed; they count as wrong.", markup=False)
    for cell in malformed_cells(summary):
        console.print(
            f"{cell.task}: {cell.malformed} of {cell.n} answers of {cell.strategy} are malformed (what the "
            "task's `answer` wants is not in them) and count as wrong.",
            markup=False,
        )
    if summary.verdict:
        console.print(f"Verdict: {summary.verdict.line}", markup=False, soft_wrap=True)


def malformed_cells(summary: Summary) -> list[Cell]:
    """Return the primary scores of tasks and strategies with malformed answers."""
    return [cell for cell in summary.cells if cell.primary and cell.malformed]


def unread(summary: Summary) -> bool:
    """Whether all answers of a strategy to a task are malformed: the rule or the instruction is at fault."""
    return any(cell.malformed == cell.n for cell in malformed_cells(summary))


def _scores(summary: Summary) -> Table:
    table = Table(title=f"{summary.name}: primary metric in percent, ± half of the 95 % interval")
    table.add_column("task")
    table.add_column("metric")
    table.add_column("n", justify="right")
    for strategy in summary.strategies:
        table.add_column(strategy, justify="right")
    cells = {(cell.task, cell.strategy): cell for cell in summary.cells if cell.primary}
    for role in ("target", "retention"):
        for info in (task for task in summary.tasks if task.role == role):
            row = [cells.get((info.name, strategy)) for strategy in summary.strategies]
            best = max((cell.mean for cell in row if cell and cell.complete), default=0.0)
            texts = [_cell(cell, best) for cell in row]
            table.add_row(info.name, info.primary_metric, str(info.n_test), *texts)
        table.add_section()
    return table


def _cell(cell: Cell | None, best: float) -> str:
    if cell is None:
        return "-"
    half = (cell.ci_high - cell.ci_low) / 2
    text = f"{100 * cell.mean:.1f} ±{100 * half:.1f}"
    if not cell.complete:
        return f"{text} (n = {cell.n:,})"
    return f"[bold]{text}[/bold]" if cell.mean == best else text


def _costs(summary: Summary) -> Table:
    table = Table(title="Cost, measured")
    for name in (
        "strategy",
        "prepare s",
        "trained tokens",
        "prompt tokens/item",
        "answer tokens/item",
        "ms/item",
    ):
        table.add_column(name, justify="left" if name == "strategy" else "right")
    for cost in summary.costs:
        table.add_row(*_cost_row(cost))
    return table


def _cost_row(cost: StrategyCost) -> list[str]:
    stated = f"\n{STATED}" if cost.prepare.stated else ""
    return [
        cost.strategy,
        f"{cost.prepare.wall_s:.1f}{stated}",
        f"{cost.prepare.trained_tokens:,}{stated}",
        f"{cost.prompt_tokens:.0f}",
        f"{cost.completion_tokens:.1f}",
        f"{1000 * cost.latency_p50_s:.1f}",
    ]


def wide_console() -> Console:
    """A console for tables, wide where nobody looks at the width."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=170)


def decision_table(decision: Decision) -> Table:
    """One row for each strategy, best first: how good it is, and why it is not taken."""
    table = Table(title="Against the incumbent, on the target tasks")
    table.add_column("strategy", overflow="fold")
    for name in ("score", "difference", "95 % interval", "p (Holm)", "retention"):
        table.add_column(name, justify="right", min_width=min(len(name), 10))
    table.add_column("not taken because")
    for each in decision.candidates:
        old = each.strategy == decision.incumbent
        table.add_row(
            _named(each, decision),
            points(each.mean, sign=False),
            "incumbent" if old else points(each.difference),
            "" if old else f"{points(each.ci_low)} to {points(each.ci_high)}",
            p_value(each.p_holm),
            kept(each.retained) or "-",
            "; ".join(each.excluded),
        )
    return table


def cost_table(decision: Decision) -> Table:
    """One row for each strategy, best first: what it costs."""
    table = Table(title=f"Costs in {decision.currency}")
    table.add_column("strategy", overflow="fold")
    for name in ("1,000 answers\n(95 %)", "1,000 right", "once", "month", "paid back after"):
        table.add_column(name, justify="right")
    for each in decision.candidates:
        right = each.per_1000_correct
        table.add_row(
            _named(each, decision),
            "\n".join(part for part in (money(each.per_1000), cost_bounds(each)) if part),
            "-" if right is None else money(right),
            once(each),
            money(each.month),
            "" if each.strategy == decision.incumbent else _paid_back(each),
        )
    return table


def _named(each: Candidate, decision: Decision) -> str:
    return f"[bold]{each.strategy}[/bold]" if each.strategy == decision.winner else each.strategy


def by_task_table(decision: Decision) -> Table:
    """One row for each target task: every strategy's score, marked where it is proven better or worse."""
    table = Table(title=f"By task; + proven better than {decision.incumbent}, - proven worse")
    table.add_column("task")
    others = [each for each in decision.candidates if each.tasks]
    for name in (decision.incumbent, *(each.strategy for each in others)):
        table.add_column(name, justify="right")
    for leads in zip(*(each.tasks for each in others), strict=True):
        old = points(leads[0].incumbent_mean, sign=False)
        table.add_row(escape(leads[0].task), old, *(_marked(lead, decision.limits.alpha) for lead in leads))
    return table


def _marked(lead: TaskLead, alpha: float) -> str:
    mark = " " if lead.p_holm >= alpha else "+" if lead.difference > 0 else "-"
    return f"{points(lead.mean, sign=False)} {mark}"


def _paid_back(each: Candidate) -> str:
    if not each.break_even_known:
        return "not known"
    queries = each.break_even_queries
    return "never" if queries is None else "at once" if queries < 1 else f"{queries:,.0f}"


def scenario_table(decision: Decision) -> Table:
    """A month's cost of every strategy under one changed assumption a row."""
    table = Table(title=f"A month in {decision.currency}, one assumption changed at a time")
    table.add_column("assumption")
    priced = decision.scenarios[0].months if decision.scenarios else {}
    strategies = [each.strategy for each in decision.candidates if each.strategy in priced]
    for strategy in strategies:
        table.add_column(strategy, justify="right")
    for each in decision.scenarios if strategies else ():
        least = min(each.months.values())
        texts = [(money(each.months[name]), each.months[name] == least) for name in strategies]
        table.add_row(each.assumption, *(f"[bold]{text}[/bold]" if best else text for text, best in texts))
    return table


def gate_table(candidate: CandidateResult) -> Table:
    """One row for each check of a candidate."""
    table = Table(title=f"{candidate.candidate}: {candidate.verdict}")
    for name in ("check", "verdict", "what it means"):
        table.add_column(name)
    for check in candidate.checks:
        table.add_row(escape(check.name), check.verdict, escape(check.text))
    return table


def plan_table(plan: Plan, flips: float) -> Table:
    """One row for each check: what its items can show."""
    table = Table(title=f"An equally good adapter, if {flips:.0%} of the items flip")
    table.add_column("check")
    for name in ("items", "groups", "margin", "at least", "passes", "fails", "items for 80 %"):
        table.add_column(name, justify="right")
    for check in plan.checks:
        sizes = (
            f"{check.n:,}",
            f"{check.n_clusters:,}",
            points(check.margin, sign=False),
            f"{check.fewest:,}",
        )
        needed = "too many" if check.needed is None else f"{check.needed:,}"
        table.add_row(escape(check.name), *sizes, f"{check.passes:.0%}", f"{check.fails:.0%}", needed)
    return table


def baseline_table(baseline: Baseline) -> Table:
    """One row for each task of a baseline."""
    table = Table(title="Baseline")
    for name in ("task", "metric"):
        table.add_column(name)
    for name in ("items", "seeds", "score", "tokens an item"):
        table.add_column(name, justify="right")
    for name, task in baseline.tasks.items():
        scores = [sum(item.scores) / len(item.scores) for item in task.items.values()]
        seeds = len(next(iter(task.items.values())).scores)
        mean = points(sum(scores) / len(scores), sign=False)
        figures = (str(len(scores)), str(seeds), mean, f"{task.tokens_per_item:.0f}")
        table.add_row(escape(name), task.metric, *figures)
    return table


def comparison_table(first: str, later: str, rows: Sequence[Compared]) -> Table:
    """One row for each strategy and task of two runs."""
    table = Table(title=escape(f"{later} against {first}"))
    for name in ("strategy", "task"):
        table.add_column(name, overflow="fold")
    for name in ("before", "after", "difference\n(95 %)", "p\n(Holm)", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("reading", min_width=7)
    for row in rows:
        low, high = row.found.interval()
        table.add_row(
            escape(row.strategy),
            f"{escape(row.task)}\n{row.metric}",
            points(row.before, sign=False),
            points(row.after, sign=False),
            f"{points(row.found.estimate)}\n{points(low)} to {points(high)}",
            p_value(row.p_holm),
            str(row.found.n),
            row.reading,
        )
    return table

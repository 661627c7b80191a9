"""What commands print about a run, a decision and a gate: tables and sentences of the report."""

from __future__ import annotations

from harness.analysis.findings import Summary
from harness.deciding.records import Decision
from harness.deciding.wording import percent
from harness.gate.evaluate import GateResult
from harness.gate.planning import Plan, PlannedCheck
from reports._language import words
from reports.check_lines import check_lines
from reports.numbers import count
from reports.remarks import remarks_of
from reports.tables.costs import cost_table
from reports.tables.decision import by_task_table, candidates_table, scenario_table
from reports.tables.gate import check_table, plan_table
from reports.tables.scores import score_table
from reports.tables.terminal import print_table, say, table_console


def print_summary(summary: Summary) -> None:
    """Print scores of every strategy on every task, costs, remarks, and the verdict."""
    console = table_console()
    for role in ("target", "retention"):
        if (table := score_table(summary, role)).rows:
            print_table(table, console)
    print_table(cost_table(summary, by_task=False), console)
    say("\n", console)
    for remark in remarks_of(summary):
        say(str(remark), console)
    if summary.verdict:
        say(f"{words('report').verdict}: {summary.verdict.line}", console)


def print_decision(decision: Decision) -> None:
    """Print the decision in a paragraph, its tables, its checks, and what would change it."""
    t, console = words("report"), table_console()
    say(decision.paragraph, console)
    print_table(candidates_table(decision), console)
    if any(len(each.tasks) > 1 for each in decision.candidates):
        print_table(by_task_table(decision), console)
    say(f"\n{t.decision.checks}", console, bold=True)
    for line in check_lines(decision):
        say(f"[{line.word}] {line.name}: {line.text}", console)
    if decision.changes:
        say(f"\n{t.changes}", console, bold=True)
        for change in decision.changes:
            say(f"- {change}", console)
    print_table(scenario_table(decision), console)


def print_gate(result: GateResult) -> None:
    """Print every candidate's checks, and below them all verdicts, the gate's last."""
    t, console = words("gate"), table_console()
    for candidate in result.candidates:
        print_table(check_table(candidate), console)
        for note in candidate.notes:
            say(t.note.format(candidate=candidate.candidate, note=note), console)
    for candidate in result.candidates:
        say(t.verdict.format(verdict=candidate.verdict, candidate=candidate.candidate), console)
    if len(result.candidates) > 1:
        which = t.best_decides if result.best else t.worst_decides
        say(t.verdict.format(verdict=result.verdict, candidate=which), console)


def print_plan(plan: Plan, flips: float) -> None:
    """Print what each check of a gate can see, and how often an equally good adapter passes all of them."""
    t, console = words("gate").plan, table_console()
    print_table(plan_table(plan, flips), console)
    several = t.all.format(n=len(plan.checks)) if len(plan.checks) > 1 else ""
    text = t.chances.format(all=several, passes=percent(plan.passes), fails=percent(plan.fails))
    if plan.times is None or plan.times > 1:
        times = t.thousands if plan.times is None else f"{plan.times:.1f}"
        text += f" {t.more.format(times=times)}"
    say(text, console)


def few_items_text(check: PlannedCheck) -> str:
    """Say that a check has few items for its margin, and how many it takes."""
    t = words("gate").plan
    needed = t.many_more if check.needed is None else count(check.needed)
    values = {"margin": f"{check.margin:g}", "passes": percent(check.passes), "needed": needed}
    return str(t.few.format(check=check.name, n=count(check.n), **values))

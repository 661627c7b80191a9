"""The report in short, as Markdown: for a pull request, a wiki, a mail."""

from __future__ import annotations

from harness.analysis.findings import Cell, Summary
from harness.deciding.records import Decision
from harness.deciding.wording import break_even, cost_bounds, kept, money, p_value, points
from reports._data import RunData
from reports.gate_markdown import plain


def markdown(run: RunData) -> str:
    """Return verdict, strategies, scores, what was kept, checks and what would change it."""
    lines = [f"# {plain(run.summary.name)}", "", plain(run.decision.paragraph, 2000), ""]
    lines += [*_strategies(run.decision), "", *_scores(run.summary), ""]
    if any(flip.role == "retention" for flip in run.summary.flips):
        lines += [*_flips(run.summary), ""]
    lines += ["## Checks", ""]
    lines += [
        f"- {'**decides**' if c.ends else 'passed' if c.good else 'note'}: {plain(c.text, 500)}"
        for c in run.decision.checks
    ]
    lines += [f"- note: {plain(f'{n.strategy} (seed {n.seed}): {n.text}', 500)}" for n in run.summary.notes]
    lines += [f"- note: {plain(f'{t.name}: {text}', 500)}" for t in run.summary.tasks for text in t.remarks]
    if run.decision.changes:
        lines += ["", "## What would change it", ""]
        lines += [f"- {plain(change, 500)}" for change in run.decision.changes]
    volume = f"{run.decision.queries_per_month:,.0f} queries a month"
    lines += ["", f"Prices: {plain(run.decision.prices)}; {volume}. Intervals are 95 %; p after Holm."]
    return "\n".join(lines) + "\n"


def _strategies(decision: Decision) -> list[str]:
    lines = [
        "| strategy | score | difference | 95 % interval | p | retention | 1,000 answers | 1,000 right "
        "| paid back |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for each in decision.candidates:
        old, bounds = each.strategy == decision.incumbent, cost_bounds(each)
        right = "" if each.per_1000_correct is None else money(each.per_1000_correct)
        cells = (
            f"**{plain(each.strategy)}**" if each.strategy == decision.winner else plain(each.strategy),
            points(each.mean, sign=False),
            "incumbent" if old else points(each.difference),
            "" if old else f"{points(each.ci_low)} to {points(each.ci_high)}",
            plain(p_value(each.p_holm)),
            kept(each.retained),
            f"{money(each.per_1000)} {plain(decision.currency)}" + (f" ({bounds})" if bounds else ""),
            right,
            "" if old else break_even(each),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _scores(summary: Summary) -> list[str]:
    cells = {(cell.task, cell.strategy): cell for cell in summary.cells if cell.primary}
    lines = ["| task | metric | n | " + " | ".join(plain(name) for name in summary.strategies) + " |"]
    lines.append("|" + "---|" * (3 + len(summary.strategies)))
    for info in sorted(summary.tasks, key=lambda task: task.role == "retention"):
        found = [cells.get((info.name, strategy)) for strategy in summary.strategies]
        shown = [_figure(cell) if cell else "" for cell in found]
        lines.append(
            f"| {plain(info.name)} | {info.primary_metric} | {info.n_test} | " + " | ".join(shown) + " |"
        )
    return lines


def _figure(cell: Cell) -> str:
    mean, low, high = (points(value, sign=False) for value in (cell.mean, cell.ci_low, cell.ci_high))
    return f"{mean} ({low} to {high})" + ("" if cell.complete else f", n = {cell.n:,}: not finished")


def _flips(summary: Summary) -> list[str]:
    lines = ["| strategy | task | lost | gained | p (McNemar) |", "|---|---|---|---|---|"]
    for flip in (each for each in summary.flips if each.role == "retention"):
        lost = f"{len(flip.lost)} of {flip.base_right}"
        cells = (
            plain(flip.strategy),
            plain(flip.task),
            lost,
            str(len(flip.gained)),
            plain(p_value(flip.p_value)),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines

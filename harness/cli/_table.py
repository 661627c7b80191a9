"""The closing table of a run, for a terminal or a log."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from harness.findings import Cell, StrategyCost, Summary


def print_summary(summary: Summary) -> None:
    """Print scores of every strategy on every task, its cost, and the verdict."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    console.print(_scores(summary))
    console.print(_costs(summary))
    for failure in summary.failures:
        console.print(
            f"{failure.strategy} (seed {failure.seed}) failed: {failure.error.message}", markup=False
        )
    if summary.errors:
        console.print(f"{summary.errors} of {summary.items} items failed; they count as wrong.", markup=False)
    console.print(f"Verdict: {summary.verdict.line}", markup=False, soft_wrap=True)


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
            best = max((cell.mean for cell in row if cell), default=0.0)
            texts = [_cell(cell, best) for cell in row]
            table.add_row(info.name, info.primary_metric, str(info.n_test), *texts)
        table.add_section()
    return table


def _cell(cell: Cell | None, best: float) -> str:
    if cell is None:
        return "-"
    half = (cell.ci_high - cell.ci_low) / 2
    text = f"{100 * cell.mean:.1f} ±{100 * half:.1f}"
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
    return [
        cost.strategy,
        f"{cost.prepare.wall_s:.1f}",
        f"{cost.prepare.trained_tokens:,}",
        f"{cost.prompt_tokens:.0f}",
        f"{cost.completion_tokens:.1f}",
        f"{1000 * cost.latency_p50_s:.1f}",
    ]

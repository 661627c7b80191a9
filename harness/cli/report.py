"""``trilemma report``: a run folder as one page."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="File to write; by default RUN/report.html.")
@click.option("--prices", metavar="FILE", help="Price sheet, or builtin:NAME [default: as the machine was].")
@click.option(
    "--queries-per-month", type=click.FloatRange(min=0), default=10_000, show_default=True, metavar="N",
    help="Expected volume.",
)  # fmt: skip
def report(run: Path, out: Path | None, prices: str | None, queries_per_month: float) -> None:
    """Write the report of the run folder RUN: one HTML file that holds everything it shows."""
    from harness.deciding.cost import Use
    from harness.deciding.prices import load_prices
    from reports.html import write_report

    sheet = load_prices(prices) if prices else None
    path = write_report(run, out, sheet, Use(queries_per_month))
    click.echo(path)

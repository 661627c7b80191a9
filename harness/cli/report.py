"""``trilemma report``: a run folder as one page."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="File to write; by default RUN/report.FORMAT.")
@click.option(
    "--format", "kind", type=click.Choice(["html", "pdf", "md", "json", "csv", "parquet"]), default="html",
    show_default=True,
    help="html: the page. pdf: the page, printed. md: the same in short. json: summary and decision. "
    "csv, parquet: every answer.",
)  # fmt: skip
@click.option("--prices", metavar="FILE", help="Price sheet, or builtin:NAME [default: as the machine was].")
@click.option(
    "--queries-per-month", type=click.FloatRange(min=0), default=10_000, show_default=True, metavar="N",
    help="Expected volume.",
)  # fmt: skip
@click.option(
    "--charts", type=click.Path(path_type=Path), metavar="DIR",
    help="Also write the first page's charts there, as SVG, PNG and PDF.",
)  # fmt: skip
def report(
    run: Path, out: Path | None, kind: str, prices: str | None, queries_per_month: float, charts: Path | None
) -> None:
    """Write the report of the run folder RUN, from what is stored: no model is needed."""
    from harness.deciding.cost import Use
    from harness.deciding.prices import load_prices
    from reports.writing import write_charts, write_report

    sheet = load_prices(prices) if prices else None
    use = Use(queries_per_month)
    click.echo(write_report(run, out, kind, sheet, use))
    if charts is not None:
        for path in write_charts(run, charts, sheet, use):
            click.echo(path)

"""``trilemma report``: a run folder as one page, or several as one history."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from harness.errors import InputError
from reports.formats import FORMATS


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path),
    help="File to write; by default RUN/report.FORMAT, or history.FORMAT here for several runs.",
)  # fmt: skip
@click.option(
    "--format", "kind", type=click.Choice([*FORMATS]), default="html",
    show_default=True,
    help="html: the page. pdf: the page, printed. md: the same in short. json: summary and decision, or the "
    "history. csv, parquet: every answer of one run.",
)  # fmt: skip
@click.option("--prices", metavar="FILE", help="Price sheet, or builtin:NAME [default: as the machine was].")
@click.option(
    "--queries-per-month", type=click.FloatRange(min=0), metavar="N",
    help="Expected volume [default: 10000].",
)  # fmt: skip
@click.option(
    "--charts", type=click.Path(path_type=Path), metavar="DIR",
    help="Also write the first page's charts of one run there, as SVG, PNG and PDF.",
)  # fmt: skip
def report(
    runs: tuple[Path, ...],
    out: Path | None,
    kind: str,
    prices: str | None,
    queries_per_month: float | None,
    charts: Path | None,
) -> None:
    """Write the report of the run folder RUN, from what is stored: no model is needed.

    With two or more run folders it is their history: every score over the runs, oldest first, with the
    difference from the run before on the same items, and what regressed.
    """
    if len(runs) > 1:
        only = {"--prices": prices, "--queries-per-month": queries_per_month, "--charts": charts}
        _history(runs, out, kind, only)
        return
    from harness.deciding.cost import Use
    from harness.deciding.prices import load_prices
    from reports.writing import write_charts, write_report

    sheet = load_prices(prices) if prices else None
    use = Use() if queries_per_month is None else Use(queries_per_month)
    click.echo(write_report(runs[0], out, kind, sheet, use))
    if charts is not None:
        for path in write_charts(runs[0], charts, sheet, use):
            click.echo(path)


def _history(runs: tuple[Path, ...], out: Path | None, kind: str, of_one_run: Mapping[str, Any]) -> None:
    from reports.writing import write_history

    for option, value in of_one_run.items():
        if value is not None:
            raise InputError(option, "", "is for one run", "leave it out", value)
    click.echo(write_history(runs, out, kind))

"""``trilemma report``: a run folder as one page."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="File to write; by default RUN/report.html.")
@click.option("--format", "kind", type=click.Choice(["html"]), default="html", show_default=True)
def report(run: Path, out: Path | None, kind: str) -> None:  # noqa: ARG001 - one kind so far
    """Write the report of the run folder RUN: one HTML file that holds everything it shows."""
    from reports.html import write_report

    path = write_report(run, out)
    click.echo(path)

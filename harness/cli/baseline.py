"""``trilemma baseline``: what candidates are compared with."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import InputError, nearest, one_of


@click.group()
def baseline() -> None:
    """Promote a strategy of a run to be the baseline, or show one."""


@baseline.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept in the file.")
@click.option("--strategy", metavar="NAME", help="Which strategy [default: the only one that is not plain].")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="File [default: baselines/RUN.json]."
)
@click.option(
    "--error-rate", type=click.FloatRange(0.0, 1.0), default=0.0, metavar="SHARE",
    help="Largest share of its answers that may have failed [default: 0].",
)  # fmt: skip
def promote(run: Path, reason: str, strategy: str | None, out: Path | None, error_rate: float) -> None:
    """Write a baseline to commit, from a finished run.

    The file holds the per-item scores of a strategy of RUN and no times: the same scores give the same bytes.
    The strategy must have answered all that the run asks, and no more of its answers may have failed than
    --error-rate says.
    """
    from harness.analysis.rows import load_rows
    from harness.gate.baseline import baseline_of, replaced_by, write_baseline

    if not reason.strip():
        raise InputError("--reason", "", "is empty", "say why this strategy is the new baseline")
    rows = load_rows(run, unchanged=True)
    manifest = rows.manifest
    others = [name for name, traits in rows.traits.items() if not traits.plain]
    chosen = strategy or (others[0] if len(others) == 1 else None)
    if chosen is None:
        problem = f"is needed: {len(others)} strategies could be meant"
        raise InputError("--strategy", "", problem, nearest("", manifest.recipes))
    chosen = one_of(chosen, manifest.recipes, "--strategy", "is no strategy of the run")
    path = out or Path("baselines") / f"{manifest.name}.json"
    before = replaced_by(path)
    made = baseline_of(rows, chosen, reason.strip(), error_rate)
    write_baseline(made, path)
    n = sum(len(task.items) for task in made.tasks.values())
    replaced = f", in place of {before}" if before else ""
    click.echo(f"{path}: {chosen} of {manifest.name}, {len(made.tasks)} tasks, {n} items{replaced}")


@baseline.command()
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Print what a baseline FILE holds."""
    from harness.gate.baseline import load_baseline
    from reports.tables.gate import baseline_table
    from reports.tables.terminal import print_table, say, table_console

    found = load_baseline(file)
    console = table_console()
    print_table(baseline_table(found), console)
    conditions, failed = found.conditions, sum(task.failed for task in found.tasks.values())
    say(f"{found.strategy} ({found.use}) of {found.run}", console)
    say(f"Base model: {conditions.name}, {conditions.weights[:12]}", console)
    say(f"Asked with: {conditions.told}", console)
    say(f"Failed: {failed} of {found.n_answers} answers", console)
    say(f"Reason: {found.reason}", console)

"""``trilemma compare``: strategies of several runs, on the items that they share."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import EXIT_DONE, EXIT_NOT_COMPARABLE, InputError


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", type=click.Path(path_type=Path))
def compare(runs: tuple[Path, ...]) -> int:
    """Compare each strategy of the later runs with the one of the same name in the first run.

    Tasks are compared where all their settings and items are the same. Ends with 4 where nothing is.
    """
    from harness.analysis.rows import load_rows
    from harness.cli._table import comparison_table, wide_console
    from harness.gate.comparing import compared

    if len(runs) < 2:
        raise InputError("RUN", "", "at least two run folders are needed", "name another one")
    loaded = [(str(run), load_rows(run)) for run in runs]
    console = wide_console()
    any_found = False
    for name, rows in loaded[1:]:
        found, left_out = compared(loaded[0][1], rows)
        any_found = any_found or bool(found)
        console.print(comparison_table(loaded[0][0], name, found))
        for line in left_out:
            console.print(f"not compared: {line}", markup=False)
    return EXIT_DONE if any_found else EXIT_NOT_COMPARABLE

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
    from harness.analysis.across_runs import compared
    from harness.analysis.rows import load_rows
    from reports.tables.comparison import comparison_table
    from reports.tables.terminal import print_table, say, table_console

    if len(runs) < 2:
        raise InputError("RUN", "", "at least two run folders are needed", "name another one")
    loaded = [(str(run), load_rows(run)) for run in runs]
    console = table_console()
    any_found = False
    for name, rows in loaded[1:]:
        found, left_out = compared(loaded[0][1], rows)
        any_found = any_found or bool(found)
        print_table(comparison_table(loaded[0][0], name, found), console)
        for line in left_out:
            say(f"not compared: {line}", console)
    return EXIT_DONE if any_found else EXIT_NOT_COMPARABLE

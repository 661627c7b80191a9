"""What a run ends with: the table, the verdict line, ``summary.json``, ``report.html`` and an exit code."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import EXIT_DONE, EXIT_HAD_ERRORS
from harness.files import write_whole


def conclude_run(run_dir: Path) -> int:
    """Draw a run's conclusions from its stored rows, write and print them; return the exit code.

    That one says errors where items or strategies failed, and where no strategy's answers to a task ever have
    what its ``answer`` rule wants: then the rule is wrong.

    Raises:
        InputError: The run holds no results yet.
    """
    from harness.analysis.rows import read_rows, require_results
    from reports.remarks import tasks_all_malformed
    from reports.run_data import run_of
    from reports.terminal import print_summary
    from reports.writing import write_page

    rows = read_rows(run_dir)
    run = run_of(rows)
    write_whole(run_dir / "summary.json", run.summary.model_dump_json(indent=1) + "\n")
    require_results(rows)
    report = write_page(run, run_dir / "report.html")
    print_summary(run.summary)
    click.echo(f"Report: {report}")
    wrong = run.summary.errors or run.summary.failures or tasks_all_malformed(run.summary)
    return EXIT_HAD_ERRORS if wrong else EXIT_DONE

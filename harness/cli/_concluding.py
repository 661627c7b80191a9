"""What a run ends with: the table, the verdict line, ``summary.json``, ``report.html`` and an exit code."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import EXIT_DONE, EXIT_HAD_ERRORS
from harness.files import write_whole


def conclude_run(run_dir: Path) -> int:
    """Compute a run's results from its stored rows, write and print them; return the exit code.

    The code means errors if items or strategies failed, or if no strategy's answer to a task ever matched the
    task's ``answer`` rule: then the rule is wrong.

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

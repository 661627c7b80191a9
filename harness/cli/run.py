"""``trilemma run``: check everything that can be checked, then run what is not finished, then report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli._concluding import conclude_run
from harness.cli._plugins import allow_plugin
from harness.cli._running import complete, resumable
from harness.errors import one_of
from harness.runs.lock import locked

if TYPE_CHECKING:
    from harness.config import Experiment
    from harness.progress import Progress


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--only", multiple=True, metavar="STRATEGY", help="Run only this strategy; may be repeated.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Ask at most N test items of every task."
)
@click.option(
    "--seed",
    "seeds",
    type=click.IntRange(0, 2**32 - 1),
    multiple=True,
    metavar="S",
    help="Use this seed; may be repeated.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Run folder [default: runs/NAME]."
)
@allow_plugin
def run(
    config: Path, only: tuple[str, ...], limit: int | None, seeds: tuple[int, ...], out: Path | None
) -> int:
    """Run the experiment of a YAML file: every strategy on every item.

    What is finished is kept: after a stop or a kill the same command goes on where it was. Ends with a table,
    a verdict line, summary.json and report.html in the run folder.
    """
    from harness.config import load_experiment
    from harness.progress import progress_for

    experiment = load_experiment(config)
    experiment = experiment.model_copy(
        update={"limit": limit or experiment.limit, "seeds": seeds or experiment.seeds}
    )
    problem = "is not a strategy of this experiment"
    only = tuple(one_of(name, experiment.strategies, "--only", problem) for name in only)
    run_dir = out or Path("runs") / experiment.name
    progress = progress_for(sys.stderr)
    with resumable(), locked(run_dir):
        return _run(experiment, config, only, run_dir, progress)


def _run(experiment: Experiment, config: Path, only: Sequence[str], run_dir: Path, progress: Progress) -> int:
    complete(experiment, config, run_dir, progress, only)
    return conclude_run(run_dir)

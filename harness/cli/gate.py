"""``trilemma gate``: is a candidate adapter no worse than what is in use?"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli._candidates import Candidates, gated, named, refuse_run, strategy_of
from harness.cli._plugins import allow_plugin
from harness.cli._running import chains_of, checked, complete, locked, resumable
from harness.errors import (
    EXIT_BAD_INPUT,
    EXIT_DONE,
    EXIT_HAD_ERRORS,
    EXIT_INCONCLUSIVE,
    EXIT_NOT_COMPARABLE,
    EXIT_REGRESSION,
)
from harness.files import write_whole

if TYPE_CHECKING:
    from harness.config import Experiment
    from harness.gate.baseline import Baseline
    from harness.gate.evaluate import GateResult
    from harness.gate.spec import GateFile
    from harness.types import LoadedTask, Task

EXITS = {
    "PASS": EXIT_DONE,
    "FAIL": EXIT_REGRESSION,
    "INCONCLUSIVE": EXIT_INCONCLUSIVE,
    "NOT COMPARABLE": EXIT_NOT_COMPARABLE,
    "ERROR": EXIT_HAD_ERRORS,
    "REFUSED": EXIT_BAD_INPUT,
}


@click.command()
@click.argument("gate_file", metavar="GATE.yaml", type=click.Path(path_type=Path))
@click.option(
    "--candidate", "adapters", multiple=True, metavar="ADAPTER", type=click.Path(path_type=Path),
    help="An adapter's folder; may be repeated.",
)  # fmt: skip
@click.option(
    "--candidate-run", "finished", metavar="RUN", type=click.Path(path_type=Path),
    help="A run folder of which one strategy is the candidate, judged by the rows that it holds.",
)  # fmt: skip
@click.option("--strategy", metavar="NAME", help="Which strategy of RUN is the candidate.")
@click.option("--plan", "only_plan", is_flag=True, help="Print what the gate can see, and run nothing.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder [default: runs/gate-NAME]."
)
@allow_plugin
def gate(
    gate_file: Path,
    adapters: tuple[Path, ...],
    finished: Path | None,
    strategy: str | None,
    only_plan: bool,
    out: Path | None,
) -> int:
    """Judge candidate adapters by the gate file: PASS, FAIL or INCONCLUSIVE.

    Runs what is missing, and writes gate.json, gate.md and gate.xml (JUnit). Exit codes: 0 pass, 1 fail,
    2 wrong input or a refused adapter, 3 inconclusive, 4 not comparable, 5 errors. With several candidates
    the best one decides, and one that is refused ends with 2.
    """
    from harness.config import load_experiment
    from harness.gate.baseline import load_baseline
    from harness.gate.spec import check_tasks, load_gate

    wanted = load_gate(gate_file)
    config = _beside(gate_file, wanted.experiment)
    experiment = load_experiment(config)
    baseline = load_baseline(_beside(gate_file, wanted.baseline)) if wanted.baseline else None
    _, loaded = checked(experiment, config)
    by_name = {task.task.name: task.task for task in loaded}
    check_tasks(wanted, by_name, gate_file)
    sizes = {task.task.name: min(len(task.test), experiment.limit or len(task.test)) for task in loaded}
    _plan(wanted, gate_file, by_name, sizes, only_plan)
    if only_plan:
        return EXIT_DONE
    Candidates(adapters, finished, strategy).check()
    run_dir = out or Path("runs") / f"gate-{wanted.name}"
    with resumable(), locked(run_dir):
        if finished is not None:
            result = _judged(wanted, finished, (strategy_of(finished, strategy),), baseline, by_name)
        else:
            result = _asked(wanted, experiment, config, adapters, run_dir, baseline, loaded)
        _write(result, run_dir)
    return EXITS[result.verdict]


def _asked(
    wanted: GateFile,
    experiment: Experiment,
    config: Path,
    adapters: tuple[Path, ...],
    run_dir: Path,
    baseline: Baseline | None,
    tasks: Sequence[LoadedTask],
) -> GateResult:
    """Ask adapters what is missing and judge them; those that are refused are told and cost no other."""
    from harness.composition import Apart
    from harness.gate.refused import with_refused
    from harness.progress import progress_for

    by_name = named(adapters)
    apart = Apart(frozenset(by_name))
    for chain in chains_of(gated(wanted, experiment, by_name), str(config)):
        with apart.each(chain.name):
            if chain.name in by_name:
                refuse_run(by_name[chain.name])
            chain.check([task.data for task in tasks], str(config))
    if not apart.empty:
        left = gated(wanted, experiment, apart.left(by_name))
        complete(left, config, run_dir, progress_for(sys.stderr), apart=apart)
    names = tuple(apart.left(by_name))
    by_task = {task.task.name: task.task for task in tasks}
    judged = _judged(wanted, run_dir, names, baseline, by_task) if names else None
    for line in apart.refused.values():
        click.echo(f"refused: {line}", err=True)
    return with_refused(wanted, judged, apart.refused)


def _judged(
    wanted: GateFile, run: Path, names: tuple[str, ...], baseline: Baseline | None, tasks: dict[str, Task]
) -> GateResult:
    from harness.gate.evaluate import evaluate
    from reports._data import load_rows

    return evaluate(wanted, load_rows(run), names, baseline, tasks)


def _beside(gate_file: Path, name: str) -> Path:
    """Return a file that the gate names: beside the gate file, or from the current folder."""
    beside = gate_file.parent / name
    return beside if beside.exists() or not Path(name).exists() else Path(name)


def _plan(wanted: GateFile, place: Path, tasks: dict[str, Task], sizes: dict[str, int], show: bool) -> None:
    from harness.gate.planning import plan

    found = plan(wanted, tasks, sizes, place)
    if show:
        from harness.cli._table import plan_table, wide_console

        console = wide_console()
        console.print(plan_table(found, wanted.expected_flips))
        return
    for check in found:
        if not check.enough:
            click.echo(
                f"note: {check.name}: {check.n} items are few for a margin of {check.margin:g}; with "
                f"{check.needed} it would be held four times in five, with fewer it often ends inconclusive",
                err=True,
            )


# --- Output ---


def _write(result: GateResult, run_dir: Path) -> None:
    from harness.cli._table import gate_table, wide_console
    from reports.gate_markdown import markdown
    from reports.junit import junit

    write_whole(run_dir / "gate.json", result.model_dump_json(indent=1) + "\n")
    text = markdown(result)
    write_whole(run_dir / "gate.md", text)
    write_whole(run_dir / "gate.xml", junit(result))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as handle:
            handle.write(text)
    console = wide_console()
    for candidate in result.candidates:
        console.print(gate_table(candidate))
    named = result.candidates[0].candidate if result.verdict == result.candidates[0].verdict else result.gate
    console.print(f"{result.verdict}: {named}", markup=False)
    click.echo(f"Written: {run_dir}/gate.json, gate.md, gate.xml")

"""``trilemma gate``: is a candidate adapter no worse than what is in use?"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli._candidates import Candidates, gated, named, refuse_run, strategy_of
from harness.cli._plugins import allow_plugin
from harness.cli._running import chains_of, checked, complete, resumable
from harness.errors import (
    EXIT_BAD_INPUT,
    EXIT_DONE,
    EXIT_HAD_ERRORS,
    EXIT_INCONCLUSIVE,
    EXIT_NOT_COMPARABLE,
    EXIT_REGRESSION,
)
from harness.files import write_whole
from harness.runs.lock import locked

if TYPE_CHECKING:
    from harness.config import Experiment
    from harness.gate.baseline import Baseline
    from harness.gate.evaluate import GateResult
    from harness.gate.spec import GateFile
    from harness.types import LoadedTask

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
@click.option("--best", is_flag=True, help="Of several candidates one that passes is enough.")
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
    best: bool,
    only_plan: bool,
    out: Path | None,
) -> int:
    """Judge candidate adapters by the gate file: PASS, FAIL or INCONCLUSIVE.

    Runs what is missing, and writes gate.json, gate.md and gate.xml (JUnit). Exit codes: 0 pass, 1 fail,
    2 wrong input or a refused adapter, 3 inconclusive, 4 not comparable, 5 errors. Every candidate has its
    own verdict, and the worst is the gate's. With --best one that passes is enough, and passing is corrected
    for their number.
    """
    from harness.config import load_experiment
    from harness.gate.baseline import load_baseline
    from harness.gate.spec import check_tasks, load_gate

    wanted = load_gate(gate_file)
    config = _beside(gate_file, wanted.experiment)
    experiment = load_experiment(config)
    baseline = load_baseline(_beside(gate_file, wanted.baseline)) if wanted.baseline else None
    _, loaded = checked(experiment, config)
    model = wanted.model_of(experiment.models, gate_file)
    check_tasks(wanted, {task.task.name: task.task for task in loaded}, gate_file)
    _plan(wanted, gate_file, loaded, experiment.limit, only_plan)
    if only_plan:
        return EXIT_DONE
    run_dir = out or Path("runs") / f"gate-{wanted.name}"
    Candidates(adapters, finished, strategy).check(run_dir)
    read = _Gate(wanted, experiment, model, config, baseline, loaded, best)
    with resumable(), locked(run_dir):
        if finished is not None:
            result = read.judged(finished, (strategy_of(finished, strategy),))
        else:
            result = read.asked(adapters, run_dir)
        _write(result, run_dir)
    return EXITS[result.verdict]


@dataclass(frozen=True)
class _Gate:
    """The command's parsed input.

    ``model`` names the model that candidates adapt; ``best`` is whether one passing candidate is enough.
    """

    wanted: GateFile
    experiment: Experiment
    model: str
    config: Path
    baseline: Baseline | None
    tasks: tuple[LoadedTask, ...]
    best: bool

    def asked(self, adapters: tuple[Path, ...], run_dir: Path) -> GateResult:
        """Ask adapters what is missing and judge them; report refused ones without stopping the others."""
        from harness.execution.composition import Apart
        from harness.gate.refused import with_refused
        from harness.progress import progress_for

        by_name = named(adapters)
        apart = Apart(frozenset(by_name))
        for chain in chains_of(gated(self.wanted, self.experiment, self.model, by_name), str(self.config)):
            with apart.each(chain.name):
                if chain.name in by_name:
                    refuse_run(by_name[chain.name])
                chain.check([task.data for task in self.tasks], str(self.config))
        if not apart.empty:
            left = gated(self.wanted, self.experiment, self.model, apart.left(by_name))
            progress = progress_for(sys.stderr)
            complete(left, self.config, run_dir, progress, apart=apart, loaded=self.tasks)
        names = tuple(apart.left(by_name))
        judged = self.judged(run_dir, names) if names else None
        for line in apart.refused.values():
            click.echo(f"refused: {line}", err=True)
        return with_refused(self.wanted, judged, apart.refused, best=self.best)

    def judged(self, run: Path, names: tuple[str, ...]) -> GateResult:
        """Judge strategies of a run."""
        from harness.analysis.rows import load_rows
        from harness.cli._known import known_of
        from harness.gate.asked import Asked
        from harness.gate.evaluate import evaluate

        experiment = self.experiment.model_dump(mode="json")
        known = known_of(self.experiment, self.model, self.config)
        asked = Asked.by_experiment(experiment, self.tasks, known)
        return evaluate(
            self.wanted, load_rows(run, unchanged=True), names, self.baseline, asked, best=self.best
        )


def _beside(gate_file: Path, name: str) -> Path:
    """Return the path of a file named in the gate: relative to the gate file, or to the current folder."""
    beside = gate_file.parent / name
    return beside if beside.exists() or not Path(name).exists() else Path(name)


def _plan(wanted: GateFile, place: Path, tasks: Sequence[LoadedTask], limit: int | None, show: bool) -> None:
    from harness.analysis.scores import cluster_sizes
    from harness.gate.planning import plan, planned_checks
    from harness.progress import progress_for
    from harness.tasks.selection import chosen
    from reports.terminal import few_items_text, print_plan

    sizes = {task.task.name: cluster_sizes(task.task, chosen(task.test, limit)) for task in tasks}
    by_name = {task.task.name: task.task for task in tasks}
    progress = progress_for(sys.stderr)
    if show:
        print_plan(plan(wanted, by_name, sizes, place, progress), wanted.expected_flips)
        return
    for check in planned_checks(wanted, by_name, sizes, place, progress):
        if not check.enough:
            click.echo(few_items_text(check), err=True)


# --- Output ---


def _write(result: GateResult, run_dir: Path) -> None:
    from reports.gate_markdown import markdown
    from reports.junit import junit
    from reports.terminal import print_gate

    write_whole(run_dir / "gate.json", result.model_dump_json(indent=1) + "\n")
    text = markdown(result)
    write_whole(run_dir / "gate.md", text)
    write_whole(run_dir / "gate.xml", junit(result))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as handle:
            handle.write(text)
    print_gate(result)
    click.echo(f"Written: {run_dir}/gate.json, gate.md, gate.xml")

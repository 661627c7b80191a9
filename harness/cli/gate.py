"""``trilemma gate``: is a candidate adapter no worse than what is in use?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli._running import checked, complete, locked, resumable
from harness.errors import (
    EXIT_DONE,
    EXIT_HAD_ERRORS,
    EXIT_INCONCLUSIVE,
    EXIT_NOT_COMPARABLE,
    EXIT_REGRESSION,
    InputError,
    nearest,
    one_of,
)
from harness.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.config import Experiment, ForgettingOptions
    from harness.gate.evaluate import GateResult
    from harness.gate.spec import GateFile
    from harness.types import LoadedTask

EXITS = {
    "PASS": EXIT_DONE,
    "FAIL": EXIT_REGRESSION,
    "INCONCLUSIVE": EXIT_INCONCLUSIVE,
    "NOT COMPARABLE": EXIT_NOT_COMPARABLE,
    "ERROR": EXIT_HAD_ERRORS,
}


@click.command()
@click.argument("gate_file", metavar="GATE.yaml", type=click.Path(path_type=Path))
@click.option(
    "--candidate", "candidates", multiple=True, metavar="ADAPTER_OR_RUN", type=click.Path(path_type=Path),
    help="An adapter's folder, or a run folder; may be repeated.",
)  # fmt: skip
@click.option("--strategy", metavar="NAME", help="Which strategy of a run folder is the candidate.")
@click.option("--best", is_flag=True, help="Of several candidates the best one decides, not the worst.")
@click.option("--plan", "only_plan", is_flag=True, help="Print what the gate can see, and run nothing.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder [default: runs/gate-NAME]."
)
def gate(
    gate_file: Path,
    candidates: tuple[Path, ...],
    strategy: str | None,
    best: bool,
    only_plan: bool,
    out: Path | None,
) -> int:
    """Judge candidate adapters by the gate file: PASS, FAIL or INCONCLUSIVE.

    Runs what is missing, and writes gate.json, gate.md and gate.xml (JUnit). Exit codes: 0 pass, 1 fail,
    2 wrong input, 3 inconclusive, 4 not comparable, 5 errors. Every candidate has its own verdict, and the
    worst is the gate's. With --best one that passes is enough, and passing is corrected for their number.
    """
    from harness.config import load_experiment
    from harness.gate.baseline import load_baseline
    from harness.gate.spec import check_tasks, load_gate
    from harness.progress import progress_for

    wanted = load_gate(gate_file)
    config = _beside(gate_file, wanted.experiment)
    experiment = load_experiment(config)
    baseline = load_baseline(_beside(gate_file, wanted.baseline)) if wanted.baseline else None
    _, tasks = checked(experiment, config)
    by_name = {task.task.name: task.task for task in tasks}
    check_tasks(wanted, by_name, gate_file)
    _plan(wanted, gate_file, tasks, experiment.limit, only_plan)
    if only_plan:
        return EXIT_DONE
    if not candidates:
        remedy = "name an adapter's folder or a run folder"
        raise InputError("--candidate", "", "is missing", remedy)
    run_dir = out or Path("runs") / f"gate-{wanted.name}"
    progress = progress_for(sys.stderr)
    with resumable(), locked(run_dir):
        if _is_run(candidates[0]):
            folder, names = candidates[0], _from_run(candidates, strategy)
        else:
            gated = _gated(wanted, experiment, candidates)
            names = tuple(name for name in gated.strategies if name != "base")
            complete(gated, config, run_dir, progress)
            folder = run_dir
        from harness.gate.evaluate import evaluate
        from reports._data import load_rows

        result = evaluate(wanted, load_rows(folder), names, baseline, by_name, best=best)
        _write(result, run_dir)
    return EXITS[result.verdict]


def _beside(gate_file: Path, name: str) -> Path:
    """Return a file that the gate names: beside the gate file, or from the current folder."""
    beside = gate_file.parent / name
    return beside if beside.exists() or not Path(name).exists() else Path(name)


def _plan(wanted: GateFile, place: Path, tasks: Sequence[LoadedTask], limit: int | None, show: bool) -> None:
    from harness.analysis.scores import cluster_sizes
    from harness.gate.planning import plan
    from harness.tasks.selection import chosen

    sizes = {task.task.name: cluster_sizes(task.task, chosen(task.test, limit)) for task in tasks}
    found = plan(wanted, {task.task.name: task.task for task in tasks}, sizes, place)
    if show:
        from harness.cli._table import plan_table, wide_console

        wide_console().print(plan_table(found, wanted.expected_flips))
        together = "" if len(found.checks) == 1 else f" all {len(found.checks)} checks"
        click.echo(
            f"An equally good adapter passes{together} in about {found.passes:.0%} of runs and fails in "
            f"{found.fails:.0%}; otherwise it ends inconclusive."
        )
        return
    for check in found.checks:
        if not check.enough:
            needed = "thousands of times as many" if check.needed is None else f"{check.needed:,}"
            click.echo(
                f"note: {check.name}: {check.n:,} items are few for a margin of {check.margin:g}: an equally "
                f"good adapter passes in about {check.passes:.0%} of runs; for 80 % it takes {needed}",
                err=True,
            )


# --- Candidates ---


def _is_run(path: Path) -> bool:
    return (path / "manifest.json").is_file()


def _from_run(candidates: tuple[Path, ...], strategy: str | None) -> tuple[str, ...]:
    from harness.analysis.rows import base_of
    from reports._data import load_manifest

    if len(candidates) > 1:
        remedy = "name one run, or several adapters"
        raise InputError("--candidate", "", "a run folder stands alone", remedy, str(candidates[1]))
    manifest = load_manifest(candidates[0])
    others = [name for name in manifest.recipes if name != base_of(manifest.experiment)]
    if strategy is not None:
        others = [one_of(strategy, manifest.recipes, "--strategy", "is no strategy of the run")]
    if len(others) != 1:
        remedy = f"choose one with --strategy; {nearest('', manifest.recipes)}"
        problem = f"has {len(others)} strategies that could be the candidate"
        raise InputError(candidates[0], "", problem, remedy)
    return tuple(others)


def _gated(wanted: GateFile, experiment: Experiment, candidates: tuple[Path, ...]) -> Experiment:
    """Return the experiment with the base and one strategy for each candidate."""
    from harness.config import StrategyOptions

    strategies = {"base": StrategyOptions(use="zero_shot")}
    for name, path in _names(candidates).items():
        parts = {
            part.strip(): dict(wanted.options.get(part.strip(), {})) for part in wanted.candidate.split("+")
        }
        if "adapter" not in parts:
            remedy = "write `candidate: adapter`, or a composition that begins with it"
            raise InputError(wanted.name, "candidate", "does not ask the adapter", remedy, wanted.candidate)
        parts["adapter"] = {"path": str(path.resolve())} | parts["adapter"]
        options = parts if len(parts) > 1 else parts["adapter"]
        strategies[name] = StrategyOptions(use=wanted.candidate, options=options)
    return experiment.model_copy(
        update={
            "name": f"gate-{wanted.name}",
            "strategies": strategies,
            "incumbent": "base",
            "forgetting": _measured(wanted, experiment),
        }
    )


def _measured(wanted: GateFile, experiment: Experiment) -> ForgettingOptions | None:
    """Return what is measured of candidates beside their answers: what a check of forgetting goes by.

    It needs the base's weights once more for each candidate, so no other gate asks for it.
    """
    from harness.config import ForgettingOptions

    if wanted.forgetting is None:
        return None
    given = experiment.forgetting or ForgettingOptions()
    return given.model_copy(update={"prompts": 0, "noise_items": 0, "timed_items": 0})


def _names(candidates: tuple[Path, ...]) -> dict[str, Path]:
    """Return the candidates by short names that differ."""
    named: dict[str, Path] = {}
    for path in candidates:
        name = path.resolve().name
        while name in named or name == "base":
            name += "+"
        named[name] = path
    return named


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
    for candidate in result.candidates:
        console.print(f"{candidate.verdict}: {candidate.candidate}", markup=False)
    if len(result.candidates) > 1:
        which = "best" if result.best else "worst"
        console.print(f"{result.verdict}: the {which} of them decides", markup=False)
    click.echo(f"Written: {run_dir}/gate.json, gate.md, gate.xml")

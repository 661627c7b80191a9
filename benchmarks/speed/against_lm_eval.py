"""Trilemma and lm_eval on the same model, items and machine: `python -m benchmarks.speed.against_lm_eval`.

Both run in turn, each time in a new process with one thread, and must give the same answers. Prints a table
with medians and spread, last the ratios, and ends with 1 where a goal is missed or an answer differs. Ratios
are of CPU seconds, on a GPU of elapsed time. Goals are set for the default model on a CPU. In bfloat16, where
batches of another shape round otherwise, answers that differ are counted but no fault. `--dtype bfloat16
--peer-dtype float32` compares `dtype: fast` with what lm_eval takes when nothing is said.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.speed.contenders import TASKS, Outcome, Trilemma
from benchmarks.speed.environments import add_peer, peer_python
from benchmarks.speed.measuring import positive, say, spread
from benchmarks.speed.models import Setup, add_model, add_setup, setup_of
from benchmarks.speed.peer import PEER, PEER_BATCH, LmEval
from benchmarks.speed.real import make_real
from benchmarks.speed.workload import make

_LIMITS = "[500, of a real model 100]"


@dataclass(frozen=True)
class Part:
    """A part of the work.

    Attributes:
        name: What it is called in the table.
        tasks: The tasks that one process does.
        goal: How many times fewer CPU seconds than lm_eval it should take, with the random model and the
            same examples in all prompts.
        real_goals: The same for a real model, with the same examples in all prompts and with drawn ones.
        limit: Items of each task; None for all.
    """

    name: str
    tasks: tuple[str, ...]
    goal: float | None = None
    real_goals: tuple[float | None, float | None] = (None, None)
    limit: int | None = None


PARTS = (
    Part("generation", ("generation",), goal=2.5, real_goals=(5.0, 1.8)),
    Part("choice", ("choice",), goal=8.0, real_goals=(12.0, 4.0)),
    Part("whole run", TASKS, goal=4.0),
    Part("fixed cost", TASKS, limit=1),
)


def main() -> int:
    """Measure, compare, print; return the exit code."""
    options = _options()
    setup = setup_of(options)
    say("Making model and data ...")
    with tempfile.TemporaryDirectory(prefix="trilemma-speed-") as work:
        folder = Path(work)
        make_work = make if setup.model == "random" else make_real
        workload = make_work(folder / "work", options.shots, options.limit, setup)
        ours = Trilemma(workload, folder)
        say(f"lm_eval comes from {options.cache}; it is installed there once ...")
        python = options.peer or peer_python(options.cache, PEER)
        ours.run(TASKS, 1)
        theirs = LmEval(workload, folder, python, ours.examples(), options.peer_batch, options.peer_dtype)
        theirs.run(TASKS, 1)  # its data sets are read and cached before anything is measured
        outcomes = dict(_measured(ours, theirs, options))
    different = _different(outcomes, options.parts)
    sys.stdout.write("\n".join(_table(outcomes, options)) + "\n")
    for line in different[:5]:
        sys.stdout.write(f"  differs: {line}\n")
    ratios = {part: _ratio(outcomes, part, setup) for part in options.parts}
    goals = {part: _goal(part, setup, options.shots) for part in options.parts}
    missed = [part.name for part, ratio in ratios.items() if ratio < (goals[part] or 0)]
    sys.stdout.write(
        "ratios: " + ", ".join(f"{part.name} {ratio:.1f}x" for part, ratio in ratios.items()) + "\n"
    )
    if missed:
        sys.stdout.write(f"goals missed: {', '.join(missed)}\n")
    return 1 if missed or (different and setup.dtype == "float32") else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=positive, metavar="N", help=f"items of each task {_LIMITS}")
    parser.add_argument("--repeats", type=positive, default=3, metavar="N", help="pairs of runs [3]")
    parser.add_argument("--shots", choices=("fixed", "drawn"), default="fixed", help="examples of a prompt")
    add_peer(parser, "lm_eval")
    batch = f"items of a batch of lm_eval [{PEER_BATCH}]"
    parser.add_argument("--peer-batch", type=positive, default=PEER_BATCH, metavar="N", help=batch)
    formats = "lm_eval's number format, where it is another [that of --dtype]"
    parser.add_argument("--peer-dtype", choices=("float32", "bfloat16"), default="", help=formats)
    names = [part.name for part in PARTS]
    parts = f"those of {', '.join(map(repr, names))} that are measured [all]"
    parser.add_argument("--parts", nargs="+", choices=names, default=names, metavar="PART", help=parts)
    add_setup(parser)
    add_model(parser)
    options = parser.parse_args()
    options.parts = [part for part in PARTS if part.name in options.parts]
    options.limit = options.limit or (500 if options.model == "random" else 100)
    return options


Key = tuple[str, str]
"""A part of the work and who did it."""


def _measured(
    ours: Trilemma, theirs: LmEval, options: argparse.Namespace
) -> Iterator[tuple[Key, list[Outcome]]]:
    found: dict[Key, list[Outcome]] = {}
    for repeat in range(options.repeats):
        for part in options.parts:
            for contender in (ours, theirs):
                outcome = contender.run(part.tasks, part.limit or options.limit)
                spent = f"{outcome.cost.cpu_s:.1f} s CPU, {outcome.cost.wall_s:.1f} s wall"
                say(f"{repeat + 1}/{options.repeats} {part.name}: {contender.name} {spent}")
                found.setdefault((part.name, contender.name), []).append(outcome)
    yield from found.items()


def _different(outcomes: dict[Key, list[Outcome]], parts: Sequence[Part]) -> list[str]:
    """Return what does not agree between any of ours and the first of theirs, item by item.

    A part with a limit is left out: of a task's items each harness takes others.
    """
    lines = []
    for part in (part for part in parts if part.limit is None):
        expected = outcomes[part.name, "lm_eval"][0].answers
        for outcome in outcomes[part.name, "trilemma"]:
            if outcome.answers.keys() != expected.keys():
                lines.append(f"{part.name}: other items were asked")
                continue
            lines += [
                f"{key}: {outcome.answers[key].answer!r} / {expected[key].answer!r}"
                for key in expected
                if outcome.answers[key] != expected[key]
            ]
    return lines


def _table(outcomes: dict[Key, list[Outcome]], options: argparse.Namespace) -> list[str]:
    lines = [
        f"{options.limit} items of each task, examples {options.shots}, {options.repeats} pairs; "
        "median (lowest to highest)",
        f"{'':12} {'':9} {'CPU s':>24} {'wall s':>24} {'peak MiB':>9}",
    ]
    for part in options.parts:
        for who in ("trilemma", "lm_eval"):
            runs = outcomes[part.name, who]
            cpu, wall = (spread([getattr(run.cost, key) for run in runs]) for key in ("cpu_s", "wall_s"))
            peak = median(run.cost.peak_mib for run in runs)
            lines.append(f"{part.name:12} {who:9} {cpu:>24} {wall:>24} {peak:>9.0f}")
    different = _different(outcomes, options.parts)
    lines.append(f"answers: {'all equal, item by item' if not different else f'{len(different)} differ'}")
    return lines


def _goal(part: Part, setup: Setup, shots: str) -> float | None:
    """Return the goal of a part; None where none is set."""
    if setup == Setup():
        return part.goal if shots == "fixed" else None
    real = part.real_goals[shots == "drawn"]
    return real if setup == Setup(model=setup.model) else None


def _ratio(outcomes: dict[Key, list[Outcome]], part: Part, setup: Setup) -> float:
    what = "wall_s" if setup.device == "cuda" else "cpu_s"
    theirs, ours = (
        median(getattr(outcome.cost, what) for outcome in outcomes[part.name, who])
        for who in ("lm_eval", "trilemma")
    )
    return float(theirs / ours)


if __name__ == "__main__":
    sys.exit(main())

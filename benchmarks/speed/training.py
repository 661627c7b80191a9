"""Training with Trilemma, a bare loop and trl's SFTTrainer: `python -m benchmarks.speed.training`.

All train the same LoRA adapter on the same examples, in turn, each time in a new process with one thread.
Trilemma and the bare loop see the same batches and must report the same losses. Prints Markdown tables: speed
with medians and spread, then padding with and without length buckets; last the ratios. Ends with 1 where
Trilemma trains fewer than 0.85 tokens while the bare loop trains one, or where a loss differs.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.speed.environments import add_peer, peer_python
from benchmarks.speed.measuring import markdown, say, spread
from benchmarks.speed.models import add_model, add_setup, setup_of
from benchmarks.speed.real import MERIDIAN, real_folder
from benchmarks.speed.training_contenders import (
    BARE,
    LAST,
    OURS,
    PEER_PACKAGES,
    PEERS,
    Contender,
    Outcome,
    peers,
)
from benchmarks.speed.training_job import (
    TokenRow,
    job_for,
    positions,
    token_rows,
    write_batches,
    write_task,
)
from benchmarks.speed.workload import make
from strategies.tuning.data import batches

GOAL = 0.85
TOLERANCE = {"float32": 1e-3, "bfloat16": 5e-2}
"""How far a loss may be from the bare loop's, as a share of it: sums come in another order."""

Outcomes = dict[Contender, list[Outcome]]


def main() -> int:
    """Measure, compare, print; return the exit code."""
    options = _options()
    contenders = [OURS, BARE]
    if options.quantization == "none":
        others = peers(options.peer or peer_python(options.cache, *PEER_PACKAGES))
        contenders += [who for who in others if who.name in options.peers]
    with tempfile.TemporaryDirectory(prefix="trilemma-training-") as work:
        folder = Path(work)
        say("Making model, examples and batches ...")
        model, task = _model_and_task(options, folder)
        rows = token_rows(str(model), [task], folder)
        meridian = token_rows(
            str(model), sorted(path.parent for path in MERIDIAN.glob("*/task.yaml")), folder
        )
        job = job_for(options, model, task, folder)
        write_batches(job, rows)
        outcomes: Outcomes = {contender: [] for contender in contenders}
        for repeat in range(options.repeats):
            for contender in contenders:
                outcome = contender.run(job, folder)
                outcomes[contender].append(outcome)
                say(f"{repeat + 1}/{options.repeats} {contender.name}: {outcome.training.cpu_s:.1f} s CPU")
    difference = _difference(outcomes)
    ratios = {
        who.name: _speed(outcomes, who, options) / _speed(outcomes, BARE, options) for who in contenders
    }
    lines = [
        *_table(outcomes, options),
        "",
        *_padding({"this workload": rows, "meridian, all tasks": meridian}, options.batch),
        "",
        f"losses: Trilemma and the bare loop differ by {difference:.1e} of a loss at most, over all steps",
        "tokens a second over those of the bare loop: "
        + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items() if name != BARE.name),
    ]
    missed = ratios[OURS.name] < GOAL
    tolerance = TOLERANCE["bfloat16" if "bfloat16" in (options.dtype, options.precision) else "float32"]
    differs = not difference <= tolerance
    lines += [f"goal missed: {GOAL}"] if missed else []
    lines += [f"losses differ by more than {tolerance:g}"] if differs else []
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if missed or differs else 0


def _model_and_task(options: argparse.Namespace, folder: Path) -> tuple[Path, Path]:
    """Return a model's folder and the task whose train items are learned: made up, or replies of Meridian."""
    if options.model != "random":
        return Path(real_folder(options.model)), MERIDIAN / "replies"
    workload = make(folder / "work", options.shots, options.items, setup_of(options))
    return workload.model, write_task(workload)


def _name(options: argparse.Namespace) -> str:
    return str(options.size if options.model == "random" else options.model)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=60, metavar="N", help="of the optimiser, below 200 [60]")
    parser.add_argument("--batch", type=int, default=16, metavar="N", help="examples in a batch [16]")
    parser.add_argument("--items", type=int, default=512, metavar="N", help="different examples [512]")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="trainings of each [3]")
    parser.add_argument(
        "--shots",
        choices=("fixed", "drawn"),
        default="fixed",
        help="drawn: prompts show five examples of their own, and are six times as long [fixed]",
    )
    add_setup(parser)
    add_model(parser)
    parser.add_argument(
        "--precision", choices=("float32", "bfloat16"), default="float32", help="of products [float32]"
    )
    parser.add_argument(
        "--quantization", choices=("none", "nf4"), default="none", help="nf4: QLoRA, without trl [none]"
    )
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, default=PEERS, metavar="PEER", help=f"those of {PEERS} [all]"
    )
    add_peer(parser, "trl and peft")
    options = parser.parse_args()
    if not LAST <= options.steps < 200:  # from 200 on, losses are logged as means of several steps
        parser.error(f"--steps: {options.steps} is not from {LAST} to 199; choose one that is")
    return options


def _seconds(outcome: Outcome, options: argparse.Namespace) -> float:
    """Return what training took: of the processor, or elapsed where a device does the work."""
    return outcome.training.cpu_s if options.device == "cpu" else outcome.training.wall_s


def _speed(outcomes: Outcomes, who: Contender, options: argparse.Namespace) -> float:
    """Return the median of real tokens a second."""
    return median(outcome.tokens / _seconds(outcome, options) for outcome in outcomes[who])


def _difference(outcomes: Outcomes) -> float:
    """Return the largest relative difference between a loss of ours and the bare loop's at the same step."""
    expected = outcomes[BARE][0].losses
    differences = [
        abs(ours - bare) / abs(bare)
        for outcome in outcomes[OURS]
        for ours, bare in zip(outcome.losses, expected, strict=True)
    ]
    return max(differences) if all(value == value for value in differences) else float("nan")


# --- Tables ---


def _table(outcomes: Outcomes, options: argparse.Namespace) -> list[str]:
    clock = "CPU" if options.device == "cpu" else "wall"
    lines = [
        f"{options.steps} steps of {options.batch} examples, model {_name(options)}, {options.device}, "
        f"weights {options.quantization}, products {options.precision}, "
        f"examples {options.shots}, {options.repeats} repeats; median (lowest to highest)",
        "",
    ]
    header = ("", f"tokens/s, {clock}", "with padding", "padding", f"training, {clock} s", "process, CPU s")
    rows = []
    for who, runs in outcomes.items():
        seconds = [_seconds(run, options) for run in runs]
        cells = [
            who.name,
            spread([run.tokens / s for run, s in zip(runs, seconds, strict=True)], 0),
            f"{median(run.positions / s for run, s in zip(runs, seconds, strict=True)):.0f}",
            f"{runs[0].padding:.1%}",
            spread(seconds, 1),
            spread([run.process.cpu_s for run in runs], 1),
            f"{who.last_loss(runs[0]):.4f}",
            f"{median(run.peak_mib for run in runs):.0f}",
        ]
        rows.append(cells)
    whole = [run.prepare for run in outcomes[OURS] if run.prepare]
    training = median(run.training.cpu_s for run in outcomes[OURS])
    prepared = median(spent.cpu_s for spent in whole)
    note = "prompts, tokens, loading, publishing"
    return [
        *lines,
        *markdown((*header, f"loss, last {LAST}", "peak MiB"), rows).splitlines(),
        f"The whole of Trilemma's prepare: {spread([spent.cpu_s for spent in whole], 1)} s of CPU, of which "
        f"{prepared - training:.1f} is not training ({note}); training includes its checkpoints.",
    ]


def _padding(sets: dict[str, Sequence[TokenRow]], size: int) -> list[str]:
    """Return the share of padding in one epoch, in our batches and in batches at random."""
    lines = []
    for name, rows in sets.items():
        lengths = [len(row["input_ids"]) for row in rows]
        shuffled = random.Random(0).sample(range(len(lengths)), len(lengths))
        by_chance = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
        shares = [
            1 - sum(lengths) / positions(lengths, order)
            for order in (batches(lengths, size, 1, 0), by_chance)
        ]
        each = f"{min(lengths)} to {max(lengths)}, median {median(lengths):.0f}"
        lines.append((f"{len(rows)}, {name}", each, f"{shares[0]:.1%}", f"{shares[1]:.1%}"))
    header = ("examples", "tokens each", "padding, length buckets", "padding, at random")
    return markdown(header, lines).strip().splitlines()


if __name__ == "__main__":
    sys.exit(main())

"""How the cost of a run grows: `python -m benchmarks.speed.growth [--curve CURVE]`.

Every point is `trilemma run` in a new process with one thread. From the CPU seconds and the peak memory of
each point those of the curve's fixed run are taken off: one item, at the curve's smallest size. What is left
is fitted: the least-squares slope of log(cost) on log(size), where 1 is linear and 2 quadratic growth.

The curve of items takes the model "tiny" (one layer of 64), so that what grows is the harness itself; the
others take "6m". `--size` gives all of them one model.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.speed.contenders import TASKS, Trilemma, few_shot
from benchmarks.speed.measuring import Cost, markdown, or_dash, positive, say, slope, spread
from benchmarks.speed.models import Setup, add_setup, make_adapters, setup_of
from benchmarks.speed.workload import make

ITEMS = (100, 1_000, 10_000, 100_000)
OPTIONS = (2, 4, 8, 16)
SHOTS = (0, 2, 8, 32)
ADAPTERS = (1, 2, 4, 8, 16)
PASSAGES = (1, 2, 5, 10)
N_DOCUMENTS = 300


@dataclass(frozen=True)
class Point:
    """One size of a curve: who is asked, and which tasks."""

    size: int
    contender: Trilemma
    tasks: Sequence[str] = TASKS


@dataclass(frozen=True)
class Bounds:
    """How much work a curve may make: the most items of the curve of items, and the items of the others."""

    largest: int
    items: int


Points = Iterator[Point]


def items(folder: Path, setup: Setup, bounds: Bounds) -> Points:
    """Questions and choices, without examples: first one of each, then more and more."""
    sizes = [size for size in ITEMS if size <= bounds.largest] or [bounds.largest]
    whole = make(folder / "whole", "fixed", max(sizes), setup)
    for size in (1, *sizes):
        work = whole.first(size, folder / str(size))
        yield Point(size, Trilemma(work, folder, few_shot(0)))


def options(folder: Path, setup: Setup, bounds: Bounds) -> Points:
    """Choices behind five examples; the options of an item are more and more."""
    for size in OPTIONS:
        work = make(folder / str(size), "fixed", bounds.items, setup, n_options=size)
        if size == OPTIONS[0]:
            yield Point(size, Trilemma(work.first(1, folder / "one"), folder), ("choice",))
        yield Point(size, Trilemma(work, folder), ("choice",))


def shots(folder: Path, setup: Setup, bounds: Bounds) -> Points:
    """Questions and choices behind more and more examples, the same for all items."""
    work = make(folder / "work", "fixed", bounds.items, setup)
    yield Point(SHOTS[0], Trilemma(work.first(1, folder / "one"), folder, few_shot(SHOTS[0])))
    for size in SHOTS:
        yield Point(size, Trilemma(work, folder, few_shot(size)))


def adapters(folder: Path, setup: Setup, bounds: Bounds) -> Points:
    """Questions and choices without examples, to more and more adapters over one base in one run."""
    work = make(folder / "work", "fixed", bounds.items, setup)
    paths = make_adapters(work.model, folder, max(ADAPTERS))
    strategies = {path.name: {"use": "adapter", "path": str(path)} for path in paths}
    some = {size: dict(list(strategies.items())[:size]) for size in ADAPTERS}
    yield Point(ADAPTERS[0], Trilemma(work.first(1, folder / "one"), folder, some[ADAPTERS[0]]))
    for size in ADAPTERS:
        yield Point(size, Trilemma(work, folder, some[size]))


def passages(folder: Path, setup: Setup, bounds: Bounds) -> Points:
    """Questions and choices behind more and more passages, which are others for every item."""
    work = make(folder / "work", "fixed", bounds.items, setup, n_documents=N_DOCUMENTS)
    rag: dict[int, Mapping[str, object]] = {size: {"rag": {"top_k": size}} for size in PASSAGES}
    yield Point(PASSAGES[0], Trilemma(work.first(1, folder / "one"), folder, rag[PASSAGES[0]]))
    for size in PASSAGES:
        yield Point(size, Trilemma(work, folder, rag[size]))


@dataclass(frozen=True)
class Curve:
    """What grows, the model that is asked unless another is wanted, and the share of the items it gets."""

    points: Callable[[Path, Setup, Bounds], Points]
    size: str = "6m"
    share: float = 1.0


CURVES = {
    "items": Curve(items, "tiny"),
    "options": Curve(options),
    "shots": Curve(shots),
    "adapters": Curve(adapters),
    "passages": Curve(passages, share=0.25),
}


def main() -> int:
    """Measure the curves that were asked for, print them; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--curve", choices=("all", *CURVES), default="all", help="which one [all]")
    parser.add_argument(
        "--largest", type=positive, default=max(ITEMS), metavar="N", help="bound on the curve of items"
    )
    parser.add_argument(
        "--items", type=positive, default=200, metavar="N", help="items of a task, other curves [200]"
    )
    parser.add_argument("--repeats", type=positive, default=3, metavar="N", help="runs of every point [3]")
    add_setup(parser, size=None)
    asked = parser.parse_args()
    setup = setup_of(asked)
    for name in CURVES if asked.curve == "all" else (asked.curve,):
        curve = CURVES[name]
        own = replace(setup, size=asked.size or curve.size)
        bounds = Bounds(asked.largest, max(2, round(curve.share * asked.items)))
        say(f"{name}: making models and data ...")
        with tempfile.TemporaryDirectory(prefix="trilemma-growth-") as work:
            fixed, measured = _measured(name, curve, Path(work), own, bounds, asked.repeats)
        sys.stdout.write(_told(name, curve, own, bounds, fixed, measured))
        sys.stdout.flush()
    return 0


Measured = dict[int, list[Cost]]
"""By size, the costs of all repeats."""


def _measured(
    name: str, curve: Curve, folder: Path, setup: Setup, bounds: Bounds, repeats: int
) -> tuple[list[Cost], Measured]:
    """Return the costs of the curve's fixed run, and of every point; repeats go round all of them."""
    first, *points = curve.points(folder, setup, bounds)
    fixed: list[Cost] = []
    found: Measured = {}
    for repeat in range(repeats):
        for point in (first, *points):
            into = fixed if point is first else found.setdefault(point.size, [])
            into.append(point.contender.measure(point.tasks))
            label = "one item" if point is first else f"{point.size:,} {name}"
            cost = into[-1]
            say(f"{repeat + 1}/{repeats} {label}: {cost.cpu_s:.1f} s CPU, {cost.peak_mib:,.0f} MiB")
    return fixed, found


def _told(
    name: str, curve: Curve, setup: Setup, bounds: Bounds, fixed: list[Cost], measured: Measured
) -> str:
    what = (curve.points.__doc__ or "").partition("\n")[0]
    asked = "" if name == "items" else f" {bounds.items} items of each task."
    intro = f"### {name}\n\n{what}{asked} Model {setup.size}, {setup.device}, {setup.dtype}; "
    intro += f"{len(fixed)} runs of every point, median (lowest to highest).\n\n"
    sizes = list(measured)
    cpu, peak = (
        [median(getattr(cost, key) for cost in costs) for costs in (fixed, *measured.values())]
        for key in ("cpu_s", "peak_mib")
    )
    more_cpu, more_peak = ([value - values[0] for value in values[1:]] for values in (cpu, peak))
    rows = [_row("one item", fixed, "", "", "", "")]
    for i, (size, costs) in enumerate(measured.items()):
        steps = ["", ""]
        if i:
            near = slice(i - 1, i + 1)
            steps = [or_dash(slope(sizes[near], values[near])) for values in (more_cpu, more_peak)]
        rows.append(_row(f"{size:,}", costs, f"{more_cpu[i]:.1f}", steps[0], f"{more_peak[i]:.0f}", steps[1]))
    header = (name, "CPU s", "beyond one item", "slope", "wall s", "peak MiB", "beyond one item", "slope")
    last = f"Slope over all points of the {name} curve: CPU {or_dash(slope(sizes, more_cpu))}, "
    return intro + markdown(header, rows) + last + f"memory {or_dash(slope(sizes, more_peak))}.\n\n"


def _row(label: str, costs: list[Cost], *beyond: str) -> tuple[str, ...]:
    cpu, cpu_step, peak, peak_step = beyond
    walls, peaks = spread([cost.wall_s for cost in costs]), spread([cost.peak_mib for cost in costs], 0)
    return label, spread([cost.cpu_s for cost in costs]), cpu, cpu_step, walls, peaks, peak, peak_step


if __name__ == "__main__":
    sys.exit(main())

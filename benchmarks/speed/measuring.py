"""What a command costs, what many measurements say together, and tables of it."""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Cost:
    """One process from its start to its end.

    Attributes:
        cpu_s: User and system time of the process and its children.
        wall_s: Elapsed time.
        peak_mib: Peak resident memory.
    """

    cpu_s: float
    wall_s: float
    peak_mib: float


def environment(work: Path) -> dict[str, str]:
    """Return one thread that sleeps while it waits, no hub, and a cache of its own."""
    return os.environ | {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_CACHE": str(work / "datasets"),
        "TRILEMMA_CACHE": str(work / "cache"),
        "TOKENIZERS_PARALLELISM": "false",
    }


def timed(command: Sequence[str], work: Path) -> Cost:
    """Run a command to its end and return what it took.

    Raises:
        RuntimeError: It failed; the message ends with what it said last.
    """
    log, report = work / "log.txt", work / "cost.json"
    launched = [sys.executable, "-I", "-S", str(LAUNCHER), str(report), *command]
    with log.open("w") as out:
        subprocess.run(launched, env=environment(work), stdout=out, stderr=subprocess.STDOUT, check=True)
    found = json.loads(report.read_text())
    if found["exit_code"]:
        raise RuntimeError(f"{' '.join(command[:4])} ...: {log.read_text()[-2000:]}")
    return Cost(**found["cost"])


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float | None:
    """Return the least-squares slope of log(cost) on log(size): 1 is linear growth, 2 quadratic.

    Points where either is not above zero are left out; None where fewer than two sizes are left.
    """
    logs = [(math.log(x), math.log(y)) for x, y in zip(sizes, costs, strict=True) if x > 0 and y > 0]
    mean_x, mean_y = (
        sum(values) / max(1, len(logs)) for values in (list(zip(*logs, strict=True)) or [(), ()])
    )
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / spread if spread else None


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Return the median with the lowest and the highest value."""
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def or_dash(value: float | None, digits: int = 2) -> str:
    """Return a number, or a dash for None."""
    return "–" if value is None else f"{value:,.{digits}f}"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, its numbers on the right, with an empty line after it."""
    lines = [list(header), ["---", *["---:"] * (len(header) - 1)], *map(list, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def positive(text: str) -> int:
    """Return a whole number of at least 1, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {text}")
    return value


def say(line: str) -> None:
    """Tell of progress on standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()

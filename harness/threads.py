"""How many processors this process may use, told to the numerical libraries before they are loaded."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

SPINS = 2000
"""Turns, some ten microseconds, that a thread of GNU OpenMP waits for more work before it sleeps.

Waking a thread takes longer than many of a small model's operations, so without any, training takes half as
long again on idle processors; with many, programs that share processors take each other's time.
"""


def share_processors() -> None:
    """Keep OpenMP to the processors that this process may use, and its idle threads from spinning for long.

    OpenMP reads its settings once, when the first library that needs it is loaded, so a command line calls
    this before anything else. What the user has set stays. OpenMP sees an affinity mask by itself, but no
    quota of CPU time.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
    if usable_cores() < _cores_of_mask():
        os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))


def usable_cores(root: Path = Path("/")) -> int:
    """Return the processors that this process may use, at least 1.

    Those of its affinity mask, or fewer where a control group limits its CPU time (a container): a quota of
    1.5 processors gives 2, which together get more done in that time than one.

    Args:
        root: The folder that holds ``proc`` and ``sys``.
    """
    quota = cpu_quota(root)
    return _cores_of_mask() if quota is None else max(1, min(_cores_of_mask(), math.ceil(quota)))


def cpu_quota(root: Path = Path("/")) -> float | None:
    """Return the CPU time that control groups allow, in seconds a second; None where they set no bound.

    Args:
        root: The folder that holds ``proc`` and ``sys``.
    """
    return min((quota for group in _groups(root) for quota in _quotas(group)), default=None)


def _cores_of_mask() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _groups(root: Path) -> Iterator[Path]:
    """Yield the folders of this process's control groups and of all above them, of both versions."""
    mounts = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        for base in (mounts / controllers, mounts / "cpu") if controllers else (mounts, mounts / "unified"):
            group = base / path.lstrip("/")  # inside a container a folder of the host, which is not there
            yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(base))


def _quotas(group: Path) -> Iterator[float]:
    """Yield what one group allows: ``cpu.max`` of version 2, or the two files of version 1."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            words = " ".join((group / name).read_text(encoding="ascii") for name in names).split()
            quota_us, period_us = int(words[0]), int(words[1])
        except (OSError, ValueError, IndexError):  # no such file, or the quota is the word "max"
            continue
        if quota_us > 0 and period_us > 0:  # -1 is no bound
            yield quota_us / period_us

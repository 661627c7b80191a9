"""The processors that a process may use, and that OpenMP is told of them in time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import threads
from harness.threads import cpu_quota, share_processors, usable_cores


def machine(root: Path, groups: str, **files: str) -> Path:
    """Write ``/proc/self/cgroup`` and files below ``/sys/fs/cgroup``, named with ``__`` for ``/``."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("cpu_", "cpu.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_cores_of_mask", lambda: 8)


@pytest.mark.parametrize(
    ("quota", "cores"), [("max", 8), ("150000", 2), ("200000", 2), ("1000", 1), ("9900000", 8)]
)
def test_a_quota_of_a_container(tmp_path: Path, quota: str, cores: int) -> None:
    root = machine(tmp_path, "0::/\n", cpu_max=f"{quota} 100000\n")
    assert usable_cores(root) == cores


def test_the_narrowest_group_on_the_way_up_counts(tmp_path: Path) -> None:
    files = {"a__cpu_max": "300000 100000\n", "a__b__cpu_max": "max 100000\n", "cpu_max": "700000 100000\n"}
    root = machine(tmp_path, "0::/a/b\n", **files)
    assert cpu_quota(root) == 3.0


@pytest.mark.parametrize(("quota", "expected"), [("50000", 0.5), ("-1", None)])
def test_version_1_inside_a_container_whose_own_folder_is_not_there(
    tmp_path: Path, quota: str, expected: float | None
) -> None:
    files = {"cpu__cpu_cfs_quota_us": f"{quota}\n", "cpu__cpu_cfs_period_us": "100000\n"}
    root = machine(tmp_path, "5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n", **files)
    assert cpu_quota(root) == expected


def test_without_control_groups_the_mask_counts(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) is None
    assert usable_cores(tmp_path) == 8


def test_the_mask_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no affinity masks")
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_openmp_is_told_only_of_a_quota_and_only_where_the_user_said_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(threads, "cpu_quota", lambda root: None)
    share_processors()
    assert (os.environ["OMP_WAIT_POLICY"], os.environ["GOMP_SPINCOUNT"]) == ("PASSIVE", str(threads.SPINS))
    assert "OMP_NUM_THREADS" not in os.environ
    monkeypatch.setattr(threads, "cpu_quota", lambda root: 2.5)
    share_processors()
    assert os.environ["OMP_NUM_THREADS"] == "3"
    monkeypatch.setattr(threads, "cpu_quota", lambda root: 1.0)
    share_processors()
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_who_has_set_how_threads_wait_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    share_processors()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert "GOMP_SPINCOUNT" not in os.environ


def test_the_command_line_speaks_before_openmp_is_loaded() -> None:
    """OpenMP itself says what it has read; without a command line it would have read nothing."""
    program = (
        "import sys; from harness.cli import main\n"
        "sys.argv = ['trilemma', '--version']\n"
        "try: main()\n"
        "except SystemExit: import torch"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment | {"OMP_DISPLAY_ENV": "TRUE"},
        capture_output=True,
        text=True,
        check=True,
    )
    if "OMP_WAIT_POLICY" not in done.stderr:
        pytest.skip("this build of torch comes without an OpenMP that tells its settings")
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in done.stderr

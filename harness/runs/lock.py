"""``run.lock``: a run folder is written by one process at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from harness.errors import InputError
from harness.files import LARGEST_RECORD, check_input, open_input

LOCK = "run.lock"


@contextmanager
def locked(run_dir: Path) -> Iterator[None]:
    """Hold the run folder exclusively for this process; create it if it is missing.

    If nothing is written into the folder, the lock and the folders created for it are removed again.

    Raises:
        InputError: It cannot be a run folder, or another process holds it.
    """
    made = [folder for folder in (run_dir, *run_dir.parents) if not folder.exists()]
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise InputError(run_dir, "", f"cannot be a run folder: {error.strerror}", "use --out DIR") from None
    lock = run_dir / LOCK
    if os.path.lexists(lock):
        check_input(lock, LARGEST_RECORD, within=run_dir)
    with lock.open("w") as handle:
        try:
            _take(handle, lock)
        except BlockingIOError:
            remedy = "wait for it, or use --out DIR"
            raise InputError(run_dir, "", "another trilemma run is running in this folder", remedy) from None
        try:
            yield
        finally:
            with suppress(OSError):
                if [*run_dir.iterdir()] == [lock]:
                    lock.unlink()
                    for folder in made:
                        folder.rmdir()


def _take(handle: TextIO, lock: Path, tries: int = 5) -> None:
    """Lock a file; `trilemma view` holds it briefly when it checks whether a run is running.

    Raises:
        BlockingIOError: Another process holds it, or has just removed it.
    """
    for left in reversed(range(tries)):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not left:
                raise
            time.sleep(0.02)
    if not lock.exists() or not os.path.samestat(lock.stat(), os.fstat(handle.fileno())):
        raise BlockingIOError


def is_locked(run_dir: Path) -> bool:
    """Whether a run is running in a folder; holds a shared lock briefly, for which a new run waits."""
    try:
        with open_input(run_dir / LOCK, LARGEST_RECORD) as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (OSError, InputError):
        return False
    return False

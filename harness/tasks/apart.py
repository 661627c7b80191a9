"""Reads files that may expand without bounds, in a process of its own that is stopped when it takes too much.

A page, a Word document, a PDF, a Parquet or an Arrow file can hold far more than its size says, or keep the
library that reads it busy forever. So it is read in another process, with a limit on memory and, for every
part that it returns, a limit on computing time. How much it may return is limited by the size of the file.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from harness.errors import InputError, shorten
from harness.files import LARGEST_DATA, check_input
from harness.tasks.readers import most_unpacked

MEMORY_BYTES = 2 << 30
"""What reading may take beside the program itself."""
SECONDS = 5
"""Computing time for one part."""
_WAIT_S = 300
_IDLE_S = 10
_FRAME_BYTES, _FRAME_PARTS = 1 << 20, 64
_LARGEST_FRAME = 256 << 20
_PROGRAM = "import sys; sys.path[:] = {!r}; from harness.tasks.apart import serve; serve({})"

Reading = Callable[..., Iterator[Any]]
"""A function at the top of a module; the path comes first, and what it yields can be pickled."""


def read_apart(reading: Reading, path: Path, largest: int = LARGEST_DATA) -> Iterator[Any]:
    """Yield what ``reading(path)`` yields in another process.

    Raises:
        InputError: What ``reading`` raises; or the file is not a regular file or larger than ``largest``
            bytes, takes too much time or memory, or holds more than ``most_unpacked`` of its size.
    """
    most = left = most_unpacked(check_input(path, largest))
    worker = _Worker.taken((reading.__module__, reading.__name__, path))
    found: list[bytes] | InputError | None = []
    try:
        while isinstance(found := worker.frame(path), list):
            left -= sum(map(len, found))
            if left < 0:
                problem = f"holds more than {most:,} bytes when it is unpacked"
                raise InputError(path, "", problem, "give the file unpacked, or in parts")
            yield from map(pickle.loads, found)
    finally:
        if isinstance(found, list):  # more parts follow
            worker.stop()
        else:
            _idle.append(worker)
    if found:
        raise found


class _Worker:
    """The reading process, as this process sees it."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            descriptor = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM.format(sys.path, descriptor)],
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | _FRUGAL,
            )

    @classmethod
    def taken(cls, request: tuple[str, str, Path]) -> _Worker:
        """Return a process that is reading a request."""
        while _idle:
            worker = _idle.pop()
            with suppress(OSError, EOFError):
                worker._connection.send(request)
                if worker._connection.recv():  # it has not ended by itself meanwhile
                    return worker
            worker.stop()
        worker = cls()
        with suppress(OSError, EOFError):
            worker._connection.send(request)
            worker._connection.recv()
        return worker

    def frame(self, path: Path) -> list[bytes] | InputError | None:
        """Return the next parts, each pickled; at the end None, or why the file cannot be read."""
        try:
            if not self._connection.poll(_WAIT_S):
                problem = f"takes more than {_WAIT_S} seconds to read"
                raise InputError(path, "", problem, "save it in another form, or leave it out")
            return pickle.loads(self._connection.recv_bytes(_LARGEST_FRAME))  # type: ignore[no-any-return]
        except (EOFError, OSError):
            raise self._why(path) from None

    def _why(self, path: Path) -> InputError:
        """Return why the process returned no more parts."""
        try:
            ended = self._process.wait(1)
        except subprocess.TimeoutExpired:
            ended = 0
        problem = f"cannot be read: what reads it broke down ({ended})"
        if ended == -signal.SIGXCPU:
            problem = f"takes more than {SECONDS} seconds for one part of it"
        return InputError(path, "", problem, "save it in another form, or leave it out")

    def stop(self) -> None:
        """End the process at once."""
        self._connection.close()
        self._process.kill()
        self._process.wait()


_idle: list[_Worker] = []
_FRUGAL = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # others reserve more than they use
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


@atexit.register
def stop_idle() -> None:
    """End the processes that wait for a next file; they end by themselves after some seconds too."""
    while _idle:
        _idle.pop().stop()


# --- The other process ---


def serve(descriptor: int) -> None:
    """Read one file after another for the process that started this one, until it ends or stops asking."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _bound()
    with Connection(descriptor) as connection:
        while connection.poll(_IDLE_S):
            try:
                module, name, path = connection.recv()
            except EOFError:
                return
            connection.send(True)
            connection.send_bytes(pickle.dumps(_read(connection, module, name, path)))


def _bound() -> None:
    """Limit what this process may use, where the system can do that."""
    with suppress(OSError, ValueError):
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, resource.RLIM_INFINITY))
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (0, 0))


def _more_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    with suppress(OSError, ValueError):
        soft = int(used.ru_utime + used.ru_stime) + SECONDS + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _read(connection: Connection, module: str, name: str, path: Path) -> InputError | None:
    """Send the parts of one file; return why it cannot be read to its end, if so."""
    parts: list[bytes] = []
    refusal = None
    try:
        _more_time()
        for part in getattr(importlib.import_module(module), name)(path):
            parts.append(pickle.dumps(part))
            if len(parts) == _FRAME_PARTS or sum(map(len, parts)) > _FRAME_BYTES:
                connection.send_bytes(pickle.dumps(parts))
                parts.clear()
            _more_time()
    except InputError as error:
        refusal = error
    except MemoryError:
        problem = f"takes more than {MEMORY_BYTES / 2**30:.0f} GiB of memory to read"
        refusal = InputError(path, "", problem, "save it in another form or in parts, or leave it out")
    except Exception as error:  # noqa: BLE001 - a damaged file makes a library raise anything
        problem = f"cannot be read: {type(error).__name__}: {shorten(str(error), 200)}"
        refusal = InputError(path, "", problem, "save it in another form, or leave it out")
    connection.send_bytes(pickle.dumps(parts))
    return refusal

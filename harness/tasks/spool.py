"""Items in a temporary file, so that memory does not grow with their number."""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import overload

from harness.types import TaskItem

_WRITE_BYTES = 1 << 20
_READ_ITEMS = 256


class Spooled(Sequence[TaskItem]):
    """A sequence of items whose memory is 8 bytes an item; each is read from its file when it is asked for.

    The file has no name and is deleted with the sequence. Reading is safe from several threads.

    Args:
        items: What to keep, in this order.

    Raises:
        OSError: The folder of temporary files (``TMPDIR``) is full.
    """

    def __init__(self, items: Iterable[TaskItem]) -> None:
        self._file, name = tempfile.mkstemp(prefix="trilemma-items-")
        weakref.finalize(self, os.close, self._file)
        Path(name).unlink()
        self._starts = array("q", [0])
        waiting = bytearray()
        for item in items:
            line = item.model_dump_json().encode()
            waiting += line
            self._starts.append(self._starts[-1] + len(line))
            if len(waiting) >= _WRITE_BYTES:
                self._write(waiting)
        self._write(waiting)

    def _write(self, waiting: bytearray) -> None:
        while waiting:
            del waiting[: os.write(self._file, waiting)]

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> TaskItem: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[TaskItem, ...]: ...
    def __getitem__(self, index: int | slice) -> TaskItem | tuple[TaskItem, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        place = range(len(self))[index]
        return self._read(place, place + 1)[0]

    def __iter__(self) -> Iterator[TaskItem]:
        for first in range(0, len(self), _READ_ITEMS):
            yield from self._read(first, min(first + _READ_ITEMS, len(self)))

    def _read(self, first: int, end: int) -> list[TaskItem]:
        start = self._starts[first]
        data = memoryview(os.pread(self._file, self._starts[end] - start, start))
        bounds = [self._starts[i] - start for i in range(first, end + 1)]
        return [TaskItem.model_validate_json(bytes(data[a:b])) for a, b in pairwise(bounds)]

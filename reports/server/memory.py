"""What the server remembers between requests: pages that took long to make, and how fast runs are."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from harness.runs.manifest import MANIFEST
from harness.runs.schema import FILE_NAME
from reports.server.folders import SUMMARY

_PAGES = 16
_WINDOW_S = 120.0
Stamp = tuple[tuple[int, int], ...]


def stamp_of(folder: Path) -> Stamp:
    """Return a stamp that changes whenever a run folder's results do: times and sizes of its files."""
    found = []
    for name in (MANIFEST, FILE_NAME, f"{FILE_NAME}-wal", SUMMARY):
        try:
            stat = (folder / name).stat()
            found.append((stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append((0, 0))
    return tuple(found)


class Pages:
    """The last pages made, each kept until its folder changes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Stamp, str]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, stamp: Stamp, make: Callable[[], str]) -> str:
        """Return the page of a key, made anew where there is none of this stamp; one is made at a time."""
        with self._lock:
            kept = self._kept.get(key)
            page = kept[1] if kept and kept[0] == stamp else make()
            self._kept[key] = stamp, page
            self._kept.move_to_end(key)
            if len(self._kept) > _PAGES:
                self._kept.popitem(last=False)
            return page


class Rates:
    """Answers per second of each run, over the last two minutes of looking at it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._seen: dict[str, deque[tuple[float, int]]] = {}
        self._clock = clock
        self._lock = Lock()

    def note(self, key: str, done: int) -> float | None:
        """Note how many answers a run has, and return its rate; None while that is not known."""
        now = self._clock()
        with self._lock:
            seen = self._seen.setdefault(key, deque())
            if seen and done < seen[-1][1]:
                seen.clear()
            seen.append((now, done))
            while now - seen[0][0] > _WINDOW_S:
                seen.popleft()
            began, had = seen[0]
        return (done - had) / (now - began) if done > had and now > began else None

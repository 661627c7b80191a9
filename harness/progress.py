"""Progress of anything that takes longer than two seconds: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO


class Step(Protocol):
    """One thing in progress."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """Record that ``count`` more units are done; ``note`` is a short figure to show (a loss, say)."""
        ...


class Progress(Protocol):
    """Where work reports how far it is."""

    def step(self, label: str, total: int, done: int = 0) -> AbstractContextManager[Step]:
        """Open a step of ``total`` units, ``done`` of which were finished in an earlier run."""
        ...

    def say(self, line: str) -> None:
        """Show one line that stays."""
        ...


class SilentProgress:
    """Shows nothing; for tests and for use as a library."""

    @contextmanager
    def step(self, label: str, total: int, done: int = 0) -> Iterator[Step]:  # noqa: ARG002
        """Open a step that nobody watches."""
        yield _SilentStep()

    def say(self, line: str) -> None:
        """Drop the line."""


class _SilentStep:
    def advance(self, count: int = 1, note: str = "") -> None:
        """Do nothing."""


class PlainProgress:
    """Plain lines, for logs and CI: one every ``every_s`` seconds at most, and one at each step's end."""

    def __init__(self, stream: TextIO | None = None, every_s: float = 5.0) -> None:
        self._stream = stream or sys.stderr
        self._every_s = every_s

    @contextmanager
    def step(self, label: str, total: int, done: int = 0) -> Iterator[Step]:
        """Open a step; its lines carry count, rate and time left."""
        step = _PlainStep(self, label, total, done, self._every_s)
        try:
            yield step
        finally:
            step.close()

    def say(self, line: str) -> None:
        """Write the line."""
        self._stream.write(line + "\n")
        self._stream.flush()


class _PlainStep:
    def __init__(self, parent: PlainProgress, label: str, total: int, done: int, every_s: float) -> None:
        self._parent, self._label, self._total, self._every_s = parent, label, total, every_s
        self._done = self._start_done = done
        self._told, self._note = -1, ""
        self._started = self._last = time.monotonic()

    def advance(self, count: int = 1, note: str = "") -> None:
        self._done += count
        self._note = note or self._note
        if time.monotonic() - self._last >= self._every_s:
            self._tell()

    def close(self) -> None:
        if self._told != self._done or self._done < self._total:
            self._tell()

    def _tell(self) -> None:
        self._told, self._last = self._done, time.monotonic()
        self._parent.say(self._line())

    def _line(self) -> str:
        elapsed = max(time.monotonic() - self._started, 1e-9)
        rate = (self._done - self._start_done) / elapsed
        left = (self._total - self._done) / rate if rate > 0 else 0.0
        tail = f"{left:.0f} s left" if self._done < self._total else f"{elapsed:.1f} s"
        note = f", {self._note}" if self._note else ""
        return f"{self._label}: {self._done}/{self._total}, {rate:.1f}/s, {tail}{note}"


class TerminalProgress:
    """Live bars with rate and time left, drawn by rich on standard error."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True)

    @contextmanager
    def step(self, label: str, total: int, done: int = 0) -> Iterator[Step]:
        """Open a step drawn as a bar."""
        from rich import progress as bars

        columns = (
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            bars.MofNCompleteColumn(),
            bars.TextColumn("{task.fields[rate]}"),
            bars.TimeRemainingColumn(),
            bars.TextColumn("{task.fields[note]}"),
        )
        with bars.Progress(*columns, console=self._console) as live:
            task_id = live.add_task(label, total=total, completed=done, rate="", note="")
            yield _TerminalStep(live, task_id)

    def say(self, line: str) -> None:
        """Print the line above any bar."""
        self._console.print(line, markup=False, highlight=False)


class _TerminalStep:
    def __init__(self, live: object, task_id: int) -> None:
        self._live, self._task_id = live, task_id
        self._started, self._count = time.monotonic(), 0

    def advance(self, count: int = 1, note: str = "") -> None:
        self._count += count
        rate = self._count / max(time.monotonic() - self._started, 1e-9)
        fields = {"rate": f"{rate:.1f}/s"} | ({"note": note} if note else {})
        self._live.update(self._task_id, advance=count, **fields)  # type: ignore[attr-defined]


def progress_for(stream: TextIO) -> Progress:
    """Return live bars when ``stream`` is a terminal, plain lines otherwise."""
    return TerminalProgress() if stream.isatty() else PlainProgress(stream)

"""What loading a task has changed or skipped; every command that loads it prints these remarks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path


class Remarks:
    """Collects remarks; those in the same words about the same file are counted."""

    def __init__(self) -> None:
        self._rows = Counter[tuple[str, str]]()
        self._lines: dict[str, None] = {}

    def of_rows(self, file: str, texts: tuple[str, ...]) -> None:
        """Count the remarks on one row of a file."""
        for text in texts:
            self._rows[file, text] += 1

    def add(self, text: str) -> None:
        """Take a remark that is not about a row."""
        self._lines[text] = None

    def lines(self) -> tuple[str, ...]:
        """Return the remarks, one a line; those on rows name their file and how many rows they concern."""
        rows = [
            f"{Path(file).name}: {text} ({n} {'row' if n == 1 else 'rows'})"
            for (file, text), n in self._rows.items()
        ]
        return (*rows, *self._lines)

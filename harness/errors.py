"""What can go wrong, and the exit code it ends with."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

EXIT_DONE = 0
EXIT_REGRESSION = 1
EXIT_BAD_INPUT = 2
EXIT_INCONCLUSIVE = 3
EXIT_NOT_COMPARABLE = 4
EXIT_HAD_ERRORS = 5
EXIT_FAULT = 70
"""Something that was not foreseen: a fault of Trilemma, never a verdict."""
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141
"""Who read the output stopped before its end."""


class TrilemmaError(Exception):
    """Base of every error that Trilemma raises on purpose."""

    exit_code = EXIT_HAD_ERRORS


class InputError(TrilemmaError):
    """Input that is refused: one line with place, key, problem, value and remedy.

    Args:
        place: The file, folder or option that holds the fault.
        key: The dotted path inside ``place``; empty when the whole of it is meant.
        problem: What is wrong with it, as a clause ("must be >= 1").
        remedy: What to do, as an imperative clause ("use 3 to 5").
        value: The value found there; left out of the line when None.
    """

    exit_code = EXIT_BAD_INPUT

    def __init__(self, place: object, key: str, problem: str, remedy: str, value: Any = None) -> None:
        self.place, self.key, self.problem, self.remedy, self.value = str(place), key, problem, remedy, value
        where = f"{place}: {key}" if key else str(place)
        found = "" if value is None else f" (got {shorten(value)})"
        line = " ".join(f"{where}: {problem}{found}; {remedy}".split())
        # names and values are others' words: none may move the cursor or clear a terminal
        super().__init__("".join(each if each.isprintable() else "\ufffd" for each in line))

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it be told to another process."""
        return type(self), (self.place, self.key, self.problem, self.remedy, self.value)


class UnrenderedError(TrilemmaError):
    """A conversation that the chat template refuses or loses text of: its item fails, not the run."""


class MissingDependencyError(InputError):
    """An optional library is needed and is not installed."""

    def __init__(self, what: str, module: str, extra: str) -> None:
        super().__init__(
            what,
            "",
            f"needs the package {module}, which is not installed",
            f'pip install "trilemma[{extra}]"',
        )
        self._missing = (what, module, extra)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it be told to another process."""
        return type(self), self._missing


def plain(text: str) -> str:
    """Return a text without halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def shorten(value: Any, limit: int = 80) -> str:
    """Return ``value`` as one line of at most ``limit`` characters."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_of(name: str, known: Iterable[str], place: str, problem: str) -> str:
    """Return which of the ``known`` strategies a user named; blanks around the ``+`` of ``a + b`` are free.

    Raises:
        InputError: None has that name; the line names the nearest.
    """
    names = list(known)
    bare = {"".join(each.split()): each for each in names}
    if name in names:
        return name
    if (found := bare.get("".join(name.split()))) is not None:
        return found
    raise InputError(place, "", problem, nearest(name, names), name)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a remedy that names the known name nearest to ``name``, and the others.

    Examples:
        >>> nearest("zeroshot", ["zero_shot", "rag"])
        "did you mean 'zero_shot'? known: rag, zero_shot"
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known: {', '.join(names) if names else 'none'}"

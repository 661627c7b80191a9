"""How a command ends: always with a documented exit code, and a failure with one line.

Continuous integration reads 1 as *a regression is proven*, but Python also exits with 1 on an exception. So
1 only ever comes from a command's verdict, and every other end has its own code.
"""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import click

from harness.errors import (
    EXIT_BAD_INPUT,
    EXIT_DONE,
    EXIT_FAULT,
    EXIT_HAD_ERRORS,
    EXIT_INTERRUPTED,
    EXIT_REGRESSION,
    EXIT_UNREAD,
    TrilemmaError,
    shorten,
)

SHOW_ALL = "TRILEMMA_TRACEBACK"
"""With this environment variable set, an internal error shows its full traceback."""
_KEPT = "all finished items are kept"


class ReaderGone(Exception):  # noqa: N818 - it is not an error
    """The reader of the output has stopped reading, as ``head`` does."""


def ended(command: Callable[[], Any]) -> int:
    """Run a command; return the exit code, after writing one line if it failed."""
    _prepare_streams()
    try:
        code = command()
        _flush()
        return code if isinstance(code, int) else EXIT_DONE
    except SystemExit as error:
        return _of_exit(error)
    except BaseException as error:  # noqa: BLE001 - any end has a code
        line, code = end_of(error)
        if line:
            _say(line)
        with suppress(Exception):
            _flush()
        return code


def end_of(error: BaseException) -> tuple[str, int]:
    """Return the line and the exit code for what ended a command; no line if none is wanted."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _write(error.format_message() + "\n")
        return "", EXIT_BAD_INPUT
    if isinstance(error, click.ClickException):
        return _usage(error), EXIT_BAD_INPUT
    if isinstance(error, TrilemmaError):
        return str(error), error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return "stopped", EXIT_INTERRUPTED
    if isinstance(error, ReaderGone | BrokenPipeError):
        return "", EXIT_UNREAD
    if isinstance(error, MemoryError):
        remedy = f"close other programs, or use a smaller model; {_KEPT}"
        return f"memory: there is not enough{_told(error)}; {remedy}", EXIT_HAD_ERRORS
    if isinstance(error, OSError):
        return _of_machine(error)
    if isinstance(error, sqlite3.OperationalError):
        if "full" in str(error):
            return _of_machine(OSError(errno.ENOSPC, str(error)))
        remedy = f"see that nothing else uses the run folder and that it may be written; {_KEPT}"
        return f"results.sqlite: cannot be used: {shorten(str(error))}; {remedy}", EXIT_BAD_INPUT
    return _fault(error), EXIT_FAULT


def stop_at_term() -> None:
    """Let SIGTERM end a command as Ctrl-C does: finished items are kept, and a line says how to resume."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, stop)


# --- Lines ---


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    hint = f"; see `{context.command_path} --help`" if context else ""
    return " ".join(error.format_message().rstrip(".").split()) + hint


def _of_machine(error: OSError) -> tuple[str, int]:
    """Return the end for an error of the operating system: input for a file or a full disk, else an error."""
    name = error.filename if isinstance(error.filename, str | os.PathLike) else ""
    if error.errno == errno.ENOSPC:
        remedy = f"free some space and run the same command again: {_KEPT}"
        return f"{name or 'disk'}: is full; {remedy}", EXIT_BAD_INPUT
    problem = shorten(error.strerror or str(error) or type(error).__name__, 300)
    if name:
        remedy = "name another one, or see that it is there and that you may use it"
        return f"{name}: cannot be used: {problem}; {remedy}", EXIT_BAD_INPUT
    return f"this machine: {problem}; fix it and run the same command again: {_KEPT}", EXIT_HAD_ERRORS


def _fault(error: BaseException) -> str:
    """Return a traceback as one line: the error and where it was raised."""
    if os.environ.get(SHOW_ALL):
        _write("".join(traceback.format_exception(error)))
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    where = f" in {Path(last.filename).name}:{last.lineno}, {last.name}" if last else ""
    remedy = f"please report it, with what {SHOW_ALL}=1 shows"
    return f"{type(error).__name__}{_told(error)}{where}: this is a fault of Trilemma; {remedy}"


def _told(error: BaseException) -> str:
    text = shorten(str(error), 300)
    return f" ({text})" if text else ""


# --- Ends ---


def _of_exit(error: SystemExit) -> int:
    """Return the code of a requested exit; only a command's verdict may mean a regression."""
    if error.code is None:
        return EXIT_DONE
    if isinstance(error.code, int) and error.code != EXIT_REGRESSION:
        return error.code
    line, code = end_of(RuntimeError(f"something ended the program with {shorten(error.code)}"))
    _say(line)
    return code


def _prepare_streams() -> None:
    """Show a character that the terminal lacks as its number, where Python would raise."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _flush() -> None:
    """Flush buffered output; a failure at Python's exit would print a message of its own."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _say(line: str) -> None:
    _write(f"trilemma: {line}\n")


def _write(text: str) -> None:
    with suppress(OSError, ValueError):
        click.echo(text, err=True, nl=False)

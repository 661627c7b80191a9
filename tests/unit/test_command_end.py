"""How the command line ends: without a last look for garbage among all that libraries left."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from harness.cli._ending import ReaderGone, ended
from harness.errors import InputError, TrilemmaError
from tests.unit._odd_runs import whole

PROGRAM = """
import atexit, gc, sys
atexit.register(lambda: print("frozen:", gc.get_freeze_count() > 0))
sys.argv = ["trilemma", "--help"]
from harness.cli import main
main()
"""


def test_at_the_end_nothing_is_looked_through() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("frozen: True\n")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (InputError("a.yaml", "b", "is wrong", "mend it"), 2, "a.yaml: b: is wrong; mend it"),
        (click.UsageError("No such option"), 2, "No such option"),
        (TrilemmaError("it had errors"), 5, "it had errors"),
        (KeyboardInterrupt(), 130, "stopped"),
        (MemoryError("8 GiB"), 5, "memory: there is not enough (8 GiB)"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/x"),
            2,
            "/x: cannot be used: Permission denied",
        ),
        (OSError(errno.ENOSPC, "No space", "/x"), 2, "/x: is full"),
        (ConnectionError("no route"), 5, "this machine: no route"),
        (
            sqlite3.OperationalError("database is locked"),
            2,
            "results.sqlite: cannot be used: database is locked",
        ),
        (RecursionError("too deep"), 70, "RecursionError (too deep)"),
        (ZeroDivisionError("x / 0"), 70, "this is a fault of Trilemma"),
        (AssertionError(), 70, "AssertionError in "),
        (SystemExit(1), 70, "this is a fault of Trilemma"),
        (SystemExit("a library's last words"), 70, "a library's last words"),
    ],
)
def test_no_end_but_a_verdict_is_one(
    error: BaseException, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> Any:
        raise error

    assert ended(command) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_a_verdict_and_a_code_that_was_asked_for_stay() -> None:
    assert ended(lambda: 1) == 1
    assert ended(lambda: None) == 0
    assert ended(lambda: sys.exit(130)) == 130


def test_a_reader_that_has_gone_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> Any:
        raise ReaderGone

    assert ended(command) == 141
    assert not capsys.readouterr().err


SHELL = [sys.executable, "-c", "from harness.cli import main; main()"]


def test_a_pipe_that_is_closed_and_a_full_disk_end_as_documented() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*SHELL, "tasks", "schema"], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run([*SHELL, "tasks", "schema"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_tables_that_nobody_reads_to_their_end_are_no_fault(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [*SHELL, "decide", str(whole(tmp_path))]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_terminal_without_a_character_shows_its_number(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    command = [*SHELL, "decide", str(whole(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u2212" in done.stdout  # a minus sign
    assert done.stdout.isascii()

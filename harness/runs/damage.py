"""Turns the errors of reading a damaged run folder into one line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jinja2 import TemplateError
from pydantic import ValidationError

from harness.errors import InputError

_DAMAGES = (
    sqlite3.Error, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
    TemplateError,
)  # fmt: skip
"""What reading raises if a file is not as a run writes it."""


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn an exception that a damaged file causes in the block into one line.

    Raises:
        InputError: The block raised what reading raises if a file is not as a run writes it.
    """
    try:
        yield
    except _DAMAGES as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> InputError:
    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False)[0]
        problem = f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}"
    else:
        problem = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
    problem = " ".join(problem.split())[:200]
    remedy = "use the version of trilemma that wrote it, or run the experiment again"
    return InputError(path, "", f"cannot be read ({problem})", remedy)

"""Contracts by group: functions that raise AssertionError where what they are given breaks its promise."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel

from harness.errors import TrilemmaError

Contract = Callable[[Any], None]
T = TypeVar("T", bound=Contract)

CONTRACTS: dict[str, dict[str, Contract]] = defaultdict(dict)


def contract(group: str) -> Callable[[T], T]:
    """Register a function as a contract of a group, under its own name."""

    def register(function: T) -> T:
        CONTRACTS[group][function.__name__] = function
        return function

    return register


@contextmanager
def refused(what: str, *said: str) -> Iterator[None]:
    """Expect one line, of ours, that says all of ``said``."""
    line = ""
    try:
        yield
    except TrilemmaError as error:
        line = str(error)
    assert line, f"{what}: is not refused"
    assert "\n" not in line, f"{what}: told in several lines: {line}"
    assert all(each in line for each in said), f"{what}: {line!r} does not name {said}"


def stored(value: Any) -> Any:
    """Return a value as it comes back from JSON, where NaN is none."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise AssertionError(f"cannot be stored as JSON: {error}") from None


def required(kind: Any) -> set[str]:
    """Return the options that a class cannot be built without."""
    fields = getattr(getattr(kind, "options_type", None), "model_fields", {}).items()
    return {name for name, field in fields if field.is_required()}

"""Rows from JSON, told apart by content: an object a line, objects one after another, a list, a wrapper."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.strict_json import read_json, read_json_at
from harness.tasks.readers import Row, read_lines, read_text
from harness.types import Split

_WRAPPERS = ("data", "rows", "examples", "items", "instances", "records", "questions")
"""Keys under which a file that is one object holds its rows, where it has no key of the split's name."""
_BETWEEN = re.compile(r"[\s,]*")
_WRITE = 'write {"input": ..., "target": ...}'


def read_jsonl(path: Path, split: Split | None = None) -> Iterator[Row]:
    """Yield the objects of a JSON file of any layout and suffix, packed with gzip or not.

    Objects may stand one a line (blank lines are skipped), one after another over several lines, in a list,
    or in a list under a key of a single object: the split's name, or ``data``, ``rows`` and the like. An
    object a line is read line by line; anything else is read whole.

    Args:
        path: The file.
        split: Which split to read from a file that holds several; None for a file without splits.

    Raises:
        InputError: Something is not JSON, or is not an object.
    """
    lines = enumerate(read_lines(path, "\n"), start=1)
    first = next(((number, line) for number, line in lines if line.strip()), None)
    if first is None:
        return
    number, line = first
    if line.lstrip().startswith("["):
        yield from _list(path, _json(path, "", read_text(path)))
        return
    second = next(((n, text) for n, text in lines if text.strip()), None)
    if second is None or not _is_json(line):
        try:
            values = _values(path, read_text(path))
        except InputError:
            if second is None or second[1].lstrip().startswith("{"):
                _json(path, f"line {number}", line)  # an object a line, and this one is not right
            raise
        yield from _unwrapped(path, values, split)
        return
    yield _object(path, f"line {number}", _json(path, f"line {number}", line))
    yield _line(path, *second)
    yield from (_line(path, n, text) for n, text in lines if text.strip())


def _line(path: Path, number: int, line: str) -> Row:
    where = f"line {number}"
    return _object(path, where, _json(path, where, line))


def _is_json(line: str) -> bool:
    try:
        read_json(line)
    except ValueError:
        return False
    return True


def _values(path: Path, text: str) -> list[tuple[str, Any]]:
    """Return the values of a text that stand one after another, with the line that each begins at."""
    place, line, values = 0, 1, list[tuple[str, Any]]()
    while (gap := _BETWEEN.match(text, place)) and gap.end() < len(text):
        line += text.count("\n", place, gap.end())
        where = f"line {line}"
        try:
            value, place = read_json_at(text, gap.end())
        except json.JSONDecodeError as error:
            raise _malformed(path, f"line {error.lineno}", error) from None
        except ValueError as error:
            raise InputError(path, where, f"is not usable JSON: {error}", "fix that value") from None
        line += text.count("\n", gap.end(), place)
        values.append((where, value))
    return values


def _unwrapped(path: Path, values: list[tuple[str, Any]], split: Split | None) -> Iterator[Row]:
    """Yield objects as rows; a single one may wrap a list of rows."""
    only = values[0][1] if len(values) == 1 else None
    key = _wrapper(path, only, split) if isinstance(only, dict) else None
    if isinstance(only, dict) and key is not None:
        for row in _list(path, only[key]):
            yield row.having(row.values, f"rows are those under the key {key!r}")
    else:
        yield from (_object(path, where, value) for where, value in values)


def _wrapper(path: Path, value: dict[str, Any], split: Split | None) -> str | None:
    """Return the key of a file's single object that holds its rows; None where the object is a row itself."""
    lists = [key for key, rows in value.items() if _are_objects(rows)]
    if split in lists:
        return split
    splits = [key for key in lists if key in ("train", "validation", "test", "dev")]
    if split is not None and splits:
        remedy = f"it has {', '.join(splits)}: name a file with this split"
        raise InputError(path, "", "holds no such split", remedy, split)
    if len(value) == 1 and not lists and (key := next(iter(value))) in _WRAPPERS:
        raise InputError(path, "", "must be a list of objects", _WRITE, value[key])
    return next((key for key in _WRAPPERS if key in lists), None)


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)


def _list(path: Path, values: Any) -> Iterator[Row]:
    if not isinstance(values, list):
        raise InputError(path, "", "must be a list of objects", "write [...], or one object a line", values)
    for number, value in enumerate(values, start=1):
        yield _object(path, f"entry {number}", value)


def _json(path: Path, where: str, text: str) -> Any:
    try:
        return read_json(text)
    except json.JSONDecodeError as error:
        raise _malformed(path, where or f"line {error.lineno}", error) from None
    except ValueError as error:
        raise InputError(path, where, f"is not usable JSON: {error}", "fix that value") from None


def _malformed(path: Path, where: str, error: json.JSONDecodeError) -> InputError:
    problem = f"is not JSON: {error.msg} at column {error.colno}"
    return InputError(path, where, problem, "fix the syntax at that place")


def _object(path: Path, where: str, value: Any) -> Row:
    if not isinstance(value, dict):
        raise InputError(path, where, "must be a JSON object", _WRITE, value)
    return Row(str(path), where, value)

"""A format of rows as somebody else would write one, and one that breaks each contract."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from harness.tasks.readers import Row

_calls = itertools.count()
_seen: list[str] = []

ROWS: list[dict[str, Any]] = [
    {"pairs": [["What is 1?", "one"], ["What is 2?", "two"]]},
    {"pairs": [["3?", "three"]]},
]


def good(row: Row) -> Iterator[Row]:
    """Make an item of each question with its answer in ``pairs``."""
    pairs = row.column("pairs")
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise row.fault(
            "pairs", "must be a list of questions with answers", "write [question, answer]", pairs
        )
    rest = {key: value for key, value in row.values.items() if key != "pairs"}
    for question, answer in pairs:
        yield row.having({**rest, "input": question, "target": answer})


def remembers(row: Row) -> Iterator[Row]:
    for each in good(row):
        yield each.having({**each.values, "input": f"{each.values['input']} ({next(_calls)})"})


def carries(row: Row) -> Iterator[Row]:
    for each in good(row):
        before = _seen[-1] if _seen else ""
        _seen.append(str(each.values["input"]))
        yield each.having({**each.values, "input": f"{before} {each.values['input']}"})


def loses(row: Row) -> Iterator[Row]:
    for each in good(row):
        yield each.having({key: each.values[key] for key in ("input", "target")})


def leaks(row: Row) -> Iterator[Row]:
    for each in good(row):
        yield each.having({**each.values, "solution": each.values["target"]})


def stumbles(row: Row) -> Iterator[Row]:
    for question, answer in row.values["pairs"]:
        yield row.having({**row.values, "input": question, "target": answer})


BREAKS: dict[str, list[Callable[[Row], Iterator[Row]]]] = {
    "rows_become_items_in_their_order": [carries],
    "the_same_rows_are_the_same_items": [remembers],
    "other_columns_are_for_the_prompt": [loses],
    "the_answer_is_no_column_of_the_prompt": [leaks],
    "damaged_rows_and_files_are_told_in_one_line": [stumbles],
}

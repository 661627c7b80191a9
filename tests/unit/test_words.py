"""The texts of the pages stand in one file: none is missing, none is left over, and values are filled in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from harness.types import Role
from reports._language import Words, texts
from reports._pages import WORDS

REPORTS = Path(__file__).parents[2] / "reports"
CALL = re.compile(r"""(?:\bt|WORDS)\(\s*["'](\w+)["']""")
NAMED_BY_VALUE = {
    *("finished", "running", "stopped", "unreadable"),
    *(f"{role}_heading" for role in get_args(Role)),
    *("nothing_regressed", "nothing_regressed_why", "nothing_compared", "nothing_compared_why"),
    *("better", "worse"),
}


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    files = [*REPORTS.rglob("*.py"), *REPORTS.rglob("*.jinja")]
    files = [file for file in files if file.parent.name != "tables"]
    used = {key for file in files for key in CALL.findall(file.read_text())} | NAMED_BY_VALUE
    assert used == set(texts("history"))


def test_every_word_of_a_table_is_named_by_a_builder() -> None:
    source = "".join(file.read_text() for file in (REPORTS / "tables").glob("*.py"))
    for key, table in texts("tables").items():
        named = [*table, *table.get("columns", ())]
        assert not [name for name in named if f'"{name}"' not in source and name != "columns"], key


def test_a_text_has_a_form_for_one() -> None:
    assert WORDS("regressed", n=1) == "1 regression"
    assert WORDS("regressed", n=3) == "3 regressions"


def test_values_are_not_taken_for_texts() -> None:
    assert WORDS("runs_in", folder="{n} {0.__class__}") == "in {n} {0.__class__}"


def test_a_missing_text_or_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing_like_it"):
        WORDS("nothing_like_it")
    with pytest.raises(KeyError, match="name"):
        Words({"hello": "hello {name}"})("hello")

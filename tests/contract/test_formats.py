"""Every format of items that is found keeps its contracts, and so does one that is added."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.tasks.formats import EXPANDERS
from tests.contract import _task_formats
from tests.contract._contracts import CONTRACTS, Contract
from tests.contract.own import task_formats

ITEMS = CONTRACTS["task formats"]
FAULTS = (AssertionError, LookupError, ValueError, TypeError)


@pytest.mark.parametrize("kept", ITEMS.values(), ids=ITEMS.keys())
@pytest.mark.parametrize("name", _task_formats.found())
def test_task_format(name: str, kept: Contract, tmp_path: Path) -> None:
    assert name in _task_formats.SAMPLES, f"give a row of {name} in tests/contract/_task_formats.py"
    kept(_task_formats.Tried(name, tmp_path, _task_formats.SAMPLES[name]))


def own(tmp_path: Path) -> _task_formats.Tried:
    return _task_formats.Tried("own", tmp_path, task_formats.ROWS)


@pytest.mark.parametrize("kept", ITEMS.values(), ids=ITEMS.keys())
def test_a_format_of_ones_own_joins_the_others(
    kept: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXPANDERS, "own", task_formats.good)
    assert "own" in _task_formats.found()
    kept(own(tmp_path))


@pytest.mark.parametrize(
    ("name", "expand"), [(name, each) for name, those in task_formats.BREAKS.items() for each in those]
)
def test_what_breaks_a_contract_is_caught_by_it(
    name: str, expand: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXPANDERS, "own", expand)
    with pytest.raises(FAULTS):
        ITEMS[name](own(tmp_path))


def test_every_contract_can_be_broken() -> None:
    assert task_formats.BREAKS.keys() == ITEMS.keys()

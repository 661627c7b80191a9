"""Every format of items and of reports that is found keeps its contracts, and so does one that is added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.files import write_whole
from harness.tasks.formats import EXPANDERS
from reports.formats import FORMATS
from tests.contract import _report_formats, _task_formats
from tests.contract._contracts import CONTRACTS, Contract
from tests.contract.own import report_formats, task_formats

ITEMS, REPORTS = CONTRACTS["task formats"], CONTRACTS["report formats"]
FAULTS = (AssertionError, ImportError, LookupError, ValueError, TypeError)
Broken = Callable[..., Any]


def each(contracts: dict[str, Contract]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kept", contracts.values(), ids=contracts.keys())


def broken(breaks: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("name", "broken"), [(name, one) for name, those in breaks.items() for one in those]
    )


# --- Of items ---


@each(ITEMS)
@pytest.mark.parametrize("name", _task_formats.found())
def test_task_format(name: str, kept: Contract, tmp_path: Path) -> None:
    assert name in _task_formats.SAMPLES, f"give a row of {name} in tests/contract/_task_formats.py"
    kept(_task_formats.Tried(name, tmp_path, _task_formats.SAMPLES[name]))


@each(ITEMS)
def test_a_task_format_of_ones_own_joins_the_others(
    kept: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXPANDERS, "own", task_formats.good)
    assert "own" in _task_formats.found()
    kept(_task_formats.Tried("own", tmp_path, task_formats.ROWS))


@broken(task_formats.BREAKS)
def test_a_task_format_that_breaks_a_contract_is_caught(
    name: str, broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXPANDERS, "own", broken)
    with pytest.raises(FAULTS):
        ITEMS[name](_task_formats.Tried("own", tmp_path, task_formats.ROWS))


# --- Of reports ---


@pytest.fixture(scope="module")
def a_report_format(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_report_formats.Tried]:
    """Return a format; of PDF the page that a browser would print, as tests/browser tries what it does."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("reports.pdf.write_pdf", lambda page, path: write_whole(path, page))
        folder = tmp_path_factory.mktemp("reports")
        yield _report_formats.Tried(_report_formats.found()[request.param], folder)


@each(REPORTS)
@pytest.mark.parametrize("a_report_format", _report_formats.found(), indirect=True)
def test_report_format(a_report_format: _report_formats.Tried, kept: Contract) -> None:
    kept(a_report_format)


@each(REPORTS)
def test_a_report_format_of_ones_own_joins_the_others(
    kept: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "own", report_formats.good)
    kept(_report_formats.Tried(_report_formats.found()["own"], tmp_path))


@broken(report_formats.BREAKS)
def test_a_report_format_that_breaks_a_contract_is_caught(
    name: str, broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "own", broken)
    with pytest.raises(FAULTS):
        REPORTS[name](_report_formats.Tried(_report_formats.found()["own"], tmp_path))


def test_every_contract_can_be_broken() -> None:
    assert task_formats.BREAKS.keys() == ITEMS.keys()
    assert report_formats.BREAKS.keys() == REPORTS.keys()

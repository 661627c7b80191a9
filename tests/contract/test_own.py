"""A plug-in from outside the repository joins its group, and one that breaks a contract is caught."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import plugins
from tests.contract._contracts import CONTRACTS
from tests.contract.conftest import GROUPS, Maker

PACKAGE, ID = "somebodys_plugins", "somebodys"
SOURCES = Path(__file__).parent / "own"
ROOT = Path(__file__).parents[2]
FAULTS = (ArithmeticError, LookupError, ValueError, TypeError)
"""What a plug-in may raise where it should not."""


@pytest.fixture(scope="module", autouse=True)
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install the plug-ins as pip would: a package on the path, and beside it what it declares."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(SOURCES, site / PACKAGE)
    told = site / f"{PACKAGE}-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n")
    groups = [f"[trilemma.{group}]\n{ID} = {PACKAGE}.{group}:Good\n" for group in GROUPS.values()]
    (told / "entry_points.txt").write_text("\n".join(groups))
    sys.path.insert(0, str(site))
    importlib.invalidate_caches()
    yield
    sys.path.remove(str(site))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture(params=GROUPS.values())
def group(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("name", [ID, f"{PACKAGE}.GROUP:Good"], ids=["entry point", "module:Class"])
def test_it_joins_its_group_and_keeps_the_contracts(group: Any, name: str, make: Maker) -> None:
    assert ID in plugins.known(group)
    name = name.replace("GROUP", group)
    tried = make(group, name, *others(group))
    for contract in CONTRACTS[group].values():
        contract(tried)


def others(group: str) -> list[dict[str, Any]]:
    """Return options under which what is tried answers otherwise."""
    return getattr(importlib.import_module(f"tests.contract.own.{group}"), "OTHERS", [])


def broken() -> Iterator[tuple[str, str, str]]:
    for group in GROUPS.values():
        breaks = importlib.import_module(f"tests.contract.own.{group}").BREAKS
        yield from ((group, name, kind.__name__) for name, kinds in breaks.items() for kind in kinds)


@pytest.mark.parametrize(("group", "name", "kind"), [*broken()])
def test_what_breaks_a_contract_is_caught_by_it(group: Any, name: str, kind: str, make: Maker) -> None:
    named = f"{PACKAGE}.{group}:{kind}"
    with plugins.allowing(named), pytest.raises((AssertionError, *FAULTS)):
        CONTRACTS[group][name](make(group, named, *others(group)))


def test_every_contract_can_be_broken(group: Any) -> None:
    assert importlib.import_module(f"tests.contract.own.{group}").BREAKS.keys() == CONTRACTS[group].keys()


def test_every_group_of_plug_ins_has_contracts() -> None:
    assert {*GROUPS.values()} == {*plugins.GROUPS}
    assert all(CONTRACTS[group] for group in GROUPS.values())


def pytest_of(*arguments: str) -> str:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/contract/test_found.py",
        "-q",
        "--no-header",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout


def test_one_command_holds_a_plug_in_to_the_contracts() -> None:
    said = pytest_of("--plugin", "metrics=tests.contract.own.metrics:Percent")
    assert "FAILED" in said
    assert "Percent-scores_have_the_names_and_the_range_that_are_promised]" in said

"""Everything that is found, one test for each contract of its group; ``--plugin`` tries one thing alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import plugins
from harness.plugins import Group
from tests.contract import _metrics, _models, _retrievers, _strategies
from tests.contract._contracts import CONTRACTS, required
from tests.contract._needed import NEEDED

GROUPS: dict[str, Group] = {
    "a_strategy": "strategies",
    "a_retriever": "retrievers",
    "a_metric": "metrics",
    "a_model": "models",
}
"""The fixture that stands for anything found of a group."""
Maker = Callable[..., Any]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--plugin", metavar="GROUP=ID", help="try this alone: strategies=my_module:Mine, or an installed id"
    )
    parser.addoption(
        "--plugin-options",
        metavar="JSON",
        default="{}",
        help="the options it needs, or a list of those and others",
    )


def _given(config: pytest.Config) -> tuple[str, str]:
    group, _, name = (config.getoption("--plugin", None) or "").partition("=")
    if group and group not in GROUPS.values():
        raise pytest.UsageError(f"--plugin: {group} is no group; known: {', '.join(GROUPS.values())}")
    return group, name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    given, name = _given(metafunc.config)
    for fixture, group in GROUPS.items():
        if fixture in metafunc.fixturenames:
            found = [name] if given == group else [] if given else plugins.known(group)
            metafunc.parametrize(fixture, found, indirect=True, scope="session")
            contracts = CONTRACTS[group]
            metafunc.parametrize("the_contract", contracts.values(), ids=contracts.keys())


@pytest.fixture(scope="session")
def trainable(tiny_model: Path) -> Any:
    """Return what opens the tiny model, which can be trained."""
    from tests.unit._training import load

    return lambda: load(tiny_model)


@pytest.fixture(scope="session")
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """Return what makes anything of a group ready to be tried."""
    _, named = _given(request.config)

    def options_of(group: Group, name: str, kind: Any, folder: Path) -> list[dict[str, Any]]:
        if name == named:
            given = json.loads(request.config.getoption("--plugin-options"))
            return given if isinstance(given, list) else [given]
        if (group, name) in NEEDED:
            return NEEDED[group, name](request, folder)
        where = "tests/contract/_needed.py"
        assert not required(kind), f"{name} needs {required(kind)}: say how to make them in {where}"
        return [{}]

    def made(group: Group, name: str, *others: dict[str, Any]) -> Any:
        with plugins.allowing(name):
            kind = plugins.load(group, name, "contract", name)
        folder = tmp_path_factory.mktemp(group)
        options, *varied = [*options_of(group, name, kind, folder), *others]
        if group == "strategies":
            return _strategies.Tried(kind, folder, request.getfixturevalue("trainable"), options)
        if group == "retrievers":
            return _retrievers.Tried(kind, folder, options)
        if group == "models":
            return _models.Tried(kind, options, varied)
        return _metrics.Tried(name, options)

    with plugins.allowing(named):
        yield made


@pytest.fixture(scope="session")
def a_strategy(request: pytest.FixtureRequest, make: Maker) -> Any:
    """Return a strategy that was found."""
    return make("strategies", request.param)


@pytest.fixture(scope="session")
def a_retriever(request: pytest.FixtureRequest, make: Maker) -> Any:
    """Return a retriever that was found."""
    return make("retrievers", request.param)


@pytest.fixture(scope="session")
def a_metric(request: pytest.FixtureRequest, make: Maker) -> Any:
    """Return a metric that was found."""
    return make("metrics", request.param)


@pytest.fixture(scope="session")
def a_model(request: pytest.FixtureRequest, make: Maker) -> Any:
    """Return a model backend that was found."""
    return make("models", request.param)

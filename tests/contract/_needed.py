"""Options that a plug-in of the package is tried with, where it cannot or should not be tried without."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract._chat_server import serving
from tests.contract._strategies import TARGET

Options = list[dict[str, Any]]
"""Those it needs, and behind them others, under which its answers may be others."""


def _saved_adapter(request: pytest.FixtureRequest, folder: Path) -> Options:
    """Train an adapter for the tiny model and return where it lies."""
    from strategies.lora import Lora
    from tests.unit._training import context

    trainable = request.getfixturevalue("trainable")
    Lora(Lora.options_type(rank=2, epochs=1)).prepare(context(trainable(), folder / "trained", TARGET))
    (config,) = (folder / "trained").rglob("adapter_config.json")
    return [{"path": str(config.parent)}]


def _tiny_models(request: pytest.FixtureRequest, folder: Path) -> Options:
    """Take the tiny model, and beside it one of other weights."""
    from safetensors.torch import load_file, save_file

    tiny, other = request.getfixturevalue("tiny_model"), folder / "other"
    shutil.copytree(tiny, other)
    weights = load_file(other / "model.safetensors")
    save_file(
        {name: -each for name, each in weights.items()},
        other / "model.safetensors",
        metadata={"format": "pt"},
    )
    tried = {"path": str(tiny), "device": "cpu", "dtype": "float32"}
    return [tried, {"path": str(other)}, {"dtype": "bfloat16"}]


def _a_server(request: pytest.FixtureRequest, folder: Path) -> Options:
    """Start a server for as long as anything is tried."""
    served = serving()
    address = served.__enter__()
    request.addfinalizer(lambda: served.__exit__(None, None, None))
    return [{"base_url": address, "model": "tiny"}, {"model": "other"}]


NEEDED: dict[tuple[str, str], Callable[[pytest.FixtureRequest, Path], Options]] = {
    ("strategies", "adapter"): _saved_adapter,
    ("models", "transformers"): _tiny_models,
    ("models", "openai"): _a_server,
}

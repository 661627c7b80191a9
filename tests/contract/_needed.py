"""Options that a plug-in cannot be built without, made here: by what is in the package itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract._strategies import TARGET


def _saved_adapter(request: pytest.FixtureRequest, folder: Path) -> dict[str, Any]:
    """Train an adapter for the tiny model and return where it lies."""
    from strategies.lora import Lora
    from tests.unit._training import context

    trainable = request.getfixturevalue("trainable")
    Lora(Lora.options_type(rank=2, epochs=1)).prepare(context(trainable(), folder / "trained", TARGET))
    (config,) = (folder / "trained").rglob("adapter_config.json")
    return {"path": str(config.parent)}


NEEDED: dict[str, Callable[[pytest.FixtureRequest, Path], dict[str, Any]]] = {"adapter": _saved_adapter}

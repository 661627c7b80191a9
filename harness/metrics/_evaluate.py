"""``evaluate`` without what no metric uses and what takes a second to load."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_UNUSED = ("transformers.pipelines", "scipy.stats")
"""Its evaluators need them, and do without where they cannot be imported."""


@contextmanager
def _absent(names: tuple[str, ...]) -> Iterator[None]:
    """Make modules that are not loaded yet impossible to import."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules |= dict.fromkeys(hidden)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _imported() -> Any:
    with _absent(_UNUSED):
        import evaluate
    return evaluate


evaluate = _imported()

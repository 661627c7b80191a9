"""``evaluate`` without the pipelines of transformers: no metric uses them, and they take a second to load."""

from __future__ import annotations

import sys
from typing import Any

_PIPELINES = "transformers.pipelines"


def _imported() -> Any:
    """Import ``evaluate``, which does without pipelines where they cannot be imported."""
    absent = _PIPELINES not in sys.modules
    if absent:
        sys.modules[_PIPELINES] = None  # type: ignore[assignment]
    try:
        import evaluate
    finally:
        if absent:
            del sys.modules[_PIPELINES]
    return evaluate


evaluate = _imported()

"""The words of a page, from one file a page; another language is another file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

LANGUAGE = "en"


@cache
def words(page: str) -> SimpleNamespace:
    """Return the words of a page, nested as in its file: ``words("report").costs.title``."""
    path = Path(__file__).parent / "text" / f"{page}.{LANGUAGE}.yaml"
    found: SimpleNamespace = _nested(yaml.safe_load(path.read_text(encoding="utf-8")))
    return found


def _nested(value: Any) -> Any:
    return (
        SimpleNamespace(**{key: _nested(v) for key, v in value.items()}) if isinstance(value, dict) else value
    )

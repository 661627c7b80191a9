"""The words of all pages: one file a page and language, `text/PAGE.LANGUAGE.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

LANGUAGE = "en"


@cache
def texts(page: str) -> dict[str, Any]:
    """Return the words of a page as its file holds them."""
    path = Path(__file__).parent / "text" / f"{page}.{LANGUAGE}.yaml"
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


@cache
def words(page: str) -> SimpleNamespace:
    """Return the words of a page as names within names: ``words("report").cost.title``."""
    found: SimpleNamespace = _nested(texts(page))
    return found


def _nested(value: Any) -> Any:
    return (
        SimpleNamespace(**{key: _nested(v) for key, v in value.items()}) if isinstance(value, dict) else value
    )


class Words:
    """Finds a text by its key and fills in its values; a text with ``n`` may have a form for one.

    Args:
        texts: Key to a text, or to its forms ``one`` and ``other``.
    """

    def __init__(self, texts: Mapping[str, str | Mapping[str, str]]) -> None:
        self._texts = texts

    def __call__(self, key: str, **values: Any) -> str:
        """Return a text.

        Raises:
            KeyError: There is no such text, or a value that it names is not given.
        """
        text = self._texts[key]
        if not isinstance(text, str):
            text = text["one" if values["n"] == 1 else "other"]
        return text.format_map(values).strip()

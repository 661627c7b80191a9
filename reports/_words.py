"""The words of the pages over several runs, kept in one file that can be translated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parent / "text" / "history.en.yaml"


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


@cache
def words() -> Words:
    """Return the English texts, read once."""
    return Words(yaml.safe_load(FILE.read_text(encoding="utf-8")))

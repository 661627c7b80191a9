"""How data travel in the page: JSON, gzip, base64. None of the characters can end or begin an element."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from reports.page_text import excerpt, harmless

TEXT_CHARS = 20_000
"""A single text longer than this is shown with its beginning and end."""


def packed(value: Any) -> str:
    """Return a value as base64 of gzip of JSON; equal values give equal text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode("utf-8"), compresslevel=6, mtime=0)).decode("ascii")


def unpacked(text: str) -> Any:
    """Return what ``packed`` packed."""
    return json.loads(gzip.decompress(base64.b64decode(text)))


def clean(text: str) -> str:
    """Return a text as the page shows it: of bounded length, with misleading characters made visible."""
    return str(harmless(excerpt(text, TEXT_CHARS)))


class Strings:
    """A table of distinct texts, referred to by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []

    def __call__(self, text: str) -> int:
        """Return the number of a text, which is cleaned and added where it is new."""
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._texts)
            self._texts.append(clean(text))
        return number

    def __contains__(self, text: str) -> bool:
        return text in self._numbers

    @property
    def texts(self) -> list[str]:
        """The texts by number."""
        return self._texts

"""Pages over several runs: one look with the report, one file of words, everything escaped."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from reports import theme
from reports._environment import environment
from reports._language import Words, texts

WORDS = Words(texts("history"))
_TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, **values: Any) -> str:
    """Return a page; names and answers are escaped, and the page can be encoded as UTF-8."""
    return _environment().get_template(template).render(style=Markup(style()), **values)


@cache
def style() -> str:
    """Return the style of the report and of these pages."""
    files = ("report.css", "history.css")
    return "\n" + theme.css() + "".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in files)


@cache
def style_source() -> str:
    """Return the source that a Content-Security-Policy names to allow the style and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    return environment(t=WORDS)

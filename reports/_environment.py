"""The environment of all templates: everything is escaped, misleading characters are made visible."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.deciding.wording import money, p_value, points
from reports import numbers, page_text
from reports._language import LANGUAGE
from reports.tables.page import FILTERS


def environment(**names: Any) -> Environment:
    """Return the environment of the templates, with names that all of them may use."""
    made = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=page_text.harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        score=numbers.score,
        points=points,
        count=numbers.count,
        duration=numbers.duration,
        size=numbers.size,
        exact=numbers.exact,
        excerpt=page_text.excerpt,
        fill=page_text.fill,
        money=money,
        p_value=p_value,
        **FILTERS,
    )
    made.globals.update(language=LANGUAGE, **names)
    return made

"""Addresses within the report that open the explorer; their grammar is at the top of ``explorer.js``."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from reports.explorer.index import brief
from reports.explorer.packing import clean


def item_link(task: str, item_id: str) -> str:
    """Return the address that opens an item."""
    return f"#item={_quoted(task)}/{quote(clean(brief(item_id)), safe='')}"


def items_link(**filters: str) -> str:
    """Return the address that lists the items under filters, such as ``task="a", strategy="rag"``."""
    return "#items?" + urlencode({name: clean(value) for name, value in filters.items()}, quote_via=quote)


def _quoted(text: str) -> str:
    return quote(clean(text), safe="")

"""A report in Debian's Chromium: how it is opened, and what it must not do there."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
NEEDS_CHROMIUM = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None,
        reason="needs playwright: pip install playwright",
    ),
    pytest.mark.skipif(
        not CHROMIUM.exists(),
        reason="needs chromium: apt-get install --no-install-recommends chromium",
    ),
]


def opened(browser: Any, file: Path, width: int = 1100, address: str = "") -> tuple[Any, list[str]]:
    """Open a file at an address within it; return the page and all it did that a report must not do."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on("request", lambda request: _unless_own(complaints, request.url, file))
    page.on("console", lambda message: complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(file.as_uri() + address)
    page.wait_for_selector("#items-form:not([hidden])")
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    return page, complaints


def _unless_own(complaints: list[str], url: str, file: Path) -> None:
    if url.partition("#")[0] not in (file.as_uri(), "data:,"):
        complaints.append(f"request: {url}")


def grave_violations(page: Any) -> list[tuple[str, list[str]]]:
    """What axe-core finds that is serious or critical: the rule, and the elements that break it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response
    assert found["testEngine"]["name"] == "axe-core"
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]

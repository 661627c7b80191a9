"""Take a picture of a report: ``python docs/make_screenshot.py RUN/report.html docs/report.png``.

Needs ``pip install playwright`` and Debian's chromium (``apt-get install --no-install-recommends chromium``).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def take(page_file: Path, picture: Path, width: int, height: int | None, scheme: str, open_all: bool) -> None:
    """Open ``page_file`` at ``width`` CSS pixels and save the first ``height`` of it, or all when None."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=str(CHROMIUM),
            headless=True,
            args=list(ARGUMENTS),
            viewport={"width": width, "height": height or 900},
            color_scheme=scheme,
        )
        page = browser.new_page()
        page.goto(page_file.resolve().as_uri())
        if open_all:
            for summary in page.locator("summary").all():
                summary.evaluate("element => element.parentElement.setAttribute('open', '')")
        page.screenshot(path=str(picture), full_page=height is None)
        browser.close()


def main() -> None:
    """Read the command line and take the picture."""
    parser = argparse.ArgumentParser(description="Take a picture of a report.")
    parser.add_argument("page", type=Path, help="the report, as HTML")
    parser.add_argument("picture", type=Path, help="the PNG file to write")
    parser.add_argument("--width", type=int, default=1100, help="in CSS pixels (default: 1100)")
    parser.add_argument("--height", type=int, help="cut off below this (default: the whole page)")
    parser.add_argument("--scheme", choices=["light", "dark"], default="light")
    parser.add_argument("--open", action="store_true", help="open everything that is folded")
    options = parser.parse_args()
    take(options.page, options.picture, options.width, options.height, options.scheme, options.open)


if __name__ == "__main__":
    main()

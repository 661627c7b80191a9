"""How long the report of a large run takes to make and to open: `python -m benchmarks.report.explorer`.

Needs ``pip install playwright`` and Debian's chromium (``apt-get install --no-install-recommends chromium``).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.report.made import STRATEGIES, made_run
from reports.html import render
from reports.run_data import load_run

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FIRST_LIST = """
addEventListener("DOMContentLoaded", () => new MutationObserver((_, observer) => {
  if (!document.querySelector("[role=option]")) return;
  observer.disconnect();
  requestAnimationFrame(() => { window.firstListMs = performance.now(); });
}).observe(document, { childList: true, subtree: true }));
"""
KEYSTROKE = """
word => {
  const search = document.querySelector("#items-form").q, times = [];
  for (let n = 1; n <= word.length; n++) {
    const start = performance.now();
    search.value = word.slice(0, n);
    search.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.offsetHeight;
    times.push(performance.now() - start);
  }
  search.form.reset();
  return times;
}
"""
SCROLL = """
async () => {
  const list = document.querySelector("#items-list"), times = [];
  let last = await new Promise(requestAnimationFrame);
  for (let n = 0; n < 120; n++) {
    list.scrollTop += 700;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  return times;
}
"""
OPEN = """
async () => {
  const start = performance.now();
  document.querySelector("[role=option]").click();
  while (!document.querySelector("dialog[open]")) await new Promise(requestAnimationFrame);
  return performance.now() - start;
}
"""


def measure(n_items: int) -> Iterator[tuple[str, str]]:
    """Yield figures by name: of making the report, then of opening it."""
    with tempfile.TemporaryDirectory() as scratch:
        run_dir, file = made_run(Path(scratch) / "run", n_items), Path(scratch) / "report.html"
        start = time.perf_counter()
        run = load_run(run_dir)
        yield "read the run", f"{time.perf_counter() - start:.1f} s"
        yield "peak memory after reading", _peak()
        start = time.perf_counter()
        file.write_text(render(run), encoding="utf-8")
        yield "make the page", f"{time.perf_counter() - start:.1f} s"
        yield "peak memory", _peak()
        yield "size", f"{file.stat().st_size / 1e6:.1f} MB"
        yield from _opened(file, Path(scratch) / "profile")


def _peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"


def _opened(file: Path, profile: Path) -> Iterator[tuple[str, str]]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            str(profile), executable_path=CHROMIUM, headless=True, args=ARGUMENTS
        )
        page: Any = browser.new_page()
        page.add_init_script(FIRST_LIST)
        first = []
        for _ in range(5):
            page.goto(file.as_uri())
            page.wait_for_function("() => window.firstListMs")
            first.append(page.evaluate("() => window.firstListMs"))
        yield "navigation to first list, 5 times", _milliseconds(first)
        yield (
            "keystrokes of a search, the first one builds its index",
            _milliseconds(page.evaluate(KEYSTROKE, "karmer")),
        )
        yield "rows in the page", str(page.locator("[role=option]").count())
        yield "frames of a scroll, longest", _milliseconds([max(page.evaluate(SCROLL))])
        yield "open the first item", _milliseconds([page.evaluate(OPEN)])
        browser.close()


def _milliseconds(times: list[float]) -> str:
    return ", ".join(f"{each:.0f}" for each in times) + " ms"


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description="Measure the report's item explorer on a made run.")
    parser.add_argument("--items", type=int, default=10_000, help="items to ask (default: 10000)")
    options = parser.parse_args()
    print(f"{options.items} items, {len(STRATEGIES)} strategies")  # noqa: T201
    for name, value in measure(options.items):
        print(f"{name}: {value}")  # noqa: T201


if __name__ == "__main__":
    main()

"""The report in a real browser: it opens from a file, asks for nothing, says nothing, and fits a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.writing import write_report
from tests.browser._browser import NEEDS_CHROMIUM, opened
from tests.unit._report import made_run

pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(made_run(tmp_path_factory.mktemp("report") / "run"))


def test_the_page_opens_without_request_error_or_message(browser: Any, report: Path) -> None:
    page, complaints = opened(browser, report)
    assert page.title() == "made · Trilemma report"
    assert page.locator("#verdict").inner_text().startswith("Verdict")
    assert complaints == []
    page.close()


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_only_tables_scroll_sideways(browser: Any, report: Path, width: int) -> None:
    page, _ = opened(browser, report, width)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Any, report: Path, scheme: str) -> None:
    page, _ = opened(browser, report)
    page.emulate_media(color_scheme=scheme)
    worst = page.evaluate(CONTRAST)
    assert worst["ratio"] >= 4.5, worst
    page.close()


CONTRAST = """
() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const linear = v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map(v => linear(v / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: 21, text: "" };
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest("svg")) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: element.textContent.trim().slice(0, 80) };
  }
  return worst;
}
"""

"""The report in a real browser: it opens from a file, asks for nothing, says nothing, and fits a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from harness.deciding.wording import points
from reports.run_data import load_run
from reports.writing import write_report
from tests.browser._browser import NEEDS_CHROMIUM, grave_violations, opened
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


def test_every_chart_is_drawn_named_and_has_its_table(browser: Any, report: Path) -> None:
    page, complaints = opened(browser, report)
    plots = page.locator("#overview .plot")
    assert plots.count() == 4
    for plot in plots.all():
        drawing = plot.locator("svg").bounding_box()
        assert drawing["width"] > 200
        assert drawing["height"] > 40
        labels = plot.locator("svg").get_attribute("aria-labelledby").split()
        assert all(page.locator(f"[id='{label}']").inner_text() for label in labels)
        assert plot.locator("tbody tr").count() >= 3
    assert complaints == []
    page.close()


def test_the_figures_on_the_page_are_those_of_the_summary(browser: Any, report: Path) -> None:
    run = load_run(report.parent)
    page, _ = opened(browser, report)
    shown = page.locator("#target td data").evaluate_all("all => all.map(e => Number(e.value))")
    roles = {task.name: task.role for task in run.summary.tasks}
    means = {round(c.mean, 6) for c in run.summary.cells if c.primary and roles[c.task] == "target"}
    assert means <= set(shown)
    first = page.locator("#differences tbody tr").first.inner_text().split()
    best = next(c for c in run.decision.candidates if c.strategy != run.decision.incumbent)
    assert first[:2] == [best.strategy, points(best.difference)]
    page.close()


def test_a_number_of_changed_items_opens_just_these(browser: Any, report: Path) -> None:
    page, complaints = opened(browser, report)
    link = page.locator("#overview a[href*='b=lora'][href*='role=target'][href*='flip=gained']")
    wanted = link.inner_text()
    link.click()
    page.wait_for_function("() => document.querySelector('#items-form').elements.flip.value === 'gained'")
    assert page.locator("#items-form [name=role]").input_value() == "target"
    assert page.locator("#items-status").inner_text().split()[0] == wanted
    assert complaints == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, report: Path, scheme: str) -> None:
    page, _ = opened(browser, report)
    page.emulate_media(color_scheme=scheme)
    assert grave_violations(page) == []
    page.close()


def test_the_first_page_prints_on_one_sheet(browser: Any, report: Path, tmp_path: Path) -> None:
    page, _ = opened(browser, report)
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = false })")
    page.pdf(path=str(tmp_path / "report.pdf"), prefer_css_page_size=True)
    first, second = (each.extract_text() for each in PdfReader(tmp_path / "report.pdf").pages[:2])
    for words in (
        "Verdict",
        "Retention",
        "item by item",
        "Made from",
        "Digests",
    ):
        assert words in first
    assert second.lstrip().startswith("Decision")
    page.close()


def test_the_report_as_pdf_is_the_printed_page(report: Path, tmp_path: Path) -> None:
    path = write_report(report.parent, tmp_path / "report.pdf", kind="pdf")
    pages = [page.extract_text() for page in PdfReader(path).pages]
    assert "item by item" in pages[0]
    assert pages[1].lstrip().startswith("Decision")
    assert "The item explorer is not printed" in " ".join(" ".join(pages).split())


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

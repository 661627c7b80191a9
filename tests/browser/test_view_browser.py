"""`trilemma view` in a real browser: from the list to a report, to a comparison, to a run in progress."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser._browser import NEEDS_CHROMIUM
from tests.browser.test_report_browser import CONTRAST
from tests.unit._gate import first, made
from tests.unit._report import made_run
from tests.unit.test_history import run_on

pytestmark = NEEDS_CHROMIUM
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two runs to compare, one with a report of many parts, one at work, one damaged."""
    folder = tmp_path_factory.mktemp("runs")
    run_on(1, folder / "october", 160)
    run_on(2, folder / "november", 90)
    made_run(folder / "made")
    made(folder / "live", {"plain": {"a": first(2)}}, {"a": 8}, missing={("plain", "a"): range(6)})
    (folder / "broken").mkdir()
    (folder / "broken" / "manifest.json").write_text("{")
    with (folder / "live" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="module")
def address(runs: Path) -> Iterator[str]:
    """Serve the runs as the command does."""
    start = "from harness.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", start, "view", str(runs), "--port", "0"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        yield server.stdout.readline().split()[1].rstrip("/")
        server.send_signal(signal.SIGINT)


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page that fails the test when it complains or asks anybody else."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on("request", lambda request: _unless_own(complaints, request.url, address))
    page.on("console", lambda message: complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.set_viewport_size({"width": 1100, "height": 900})
    page.goto(f"{address}/")
    yield page
    page.close()
    assert complaints == []


def _unless_own(complaints: list[str], url: str, address: str) -> None:
    if not url.startswith(f"{address}/") and url != "data:,":
        complaints.append(f"request: {url}")


def test_from_the_list_to_a_report_and_to_a_comparison(page: Any) -> None:
    assert page.title() == "Runs · Trilemma"
    page.get_by_role("link", name="made", exact=True).click()
    assert page.title() == "made · Trilemma report"
    assert page.locator("#verdict").count() == 1
    page.go_back()
    page.get_by_label("Compare october").check()
    page.get_by_label("Compare november").check()
    page.get_by_role("button", name="Compare").click()
    assert page.title() == "History of 2 runs · Trilemma"
    assert "1 regression" in page.locator("#regressions").inner_text()
    assert page.get_by_role("img", name="tuned on a, oldest first: 80.0, 45.0 %").count() == 1
    page.get_by_role("link", name="All runs").click()
    assert page.title() == "Runs · Trilemma"


def test_a_run_at_work_is_asked_again_until_that_is_stopped(page: Any, address: str) -> None:
    page.get_by_role("link", name="Follow").click()
    assert page.get_by_role("progressbar", name="plain on a: 2 of 8 answers").count() == 1
    with page.expect_navigation(timeout=10_000):
        pass  # by itself
    page.get_by_role("link", name="Stop that").click()
    assert page.url == f"{address}/runs/live/follow?still"
    assert page.locator("meta[http-equiv=refresh]").count() == 0


PAGES = ["/", "/runs/live/follow?still", "/compare?run=october&run=november"]


@pytest.mark.parametrize("where", PAGES)
@pytest.mark.parametrize("width", [320, 390, 1100])
def test_only_tables_scroll_sideways(page: Any, address: str, where: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address + where)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("where", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(page: Any, address: str, where: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(address + where)
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    worst = page.evaluate(CONTRAST)
    assert worst["ratio"] >= 4.5, worst

"""The page of a made run, byte for byte; `python -m tests.golden.test_report_golden` writes it anew."""

from __future__ import annotations

import difflib
import tempfile
from pathlib import Path

from reports.html import load_run, render
from tests.unit._report import made_run

GOLDEN = Path(__file__).parent / "report.html"


def made_page(folder: Path) -> str:
    return render(load_run(made_run(folder)))


def test_the_page_is_the_golden_one(tmp_path: Path) -> None:
    page, golden = made_page(tmp_path / "run"), GOLDEN.read_text(encoding="utf-8")
    changes = difflib.unified_diff(golden.splitlines(), page.splitlines(), "golden", "now", lineterm="", n=1)
    assert page == golden, "\n".join(list(changes)[:60])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        GOLDEN.write_text(made_page(Path(scratch) / "run"), encoding="utf-8")

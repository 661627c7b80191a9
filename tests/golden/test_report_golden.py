"""The page of a made run, byte for byte; `python -m tests.golden.test_report_golden` writes it anew.

The item explorer's data stand in it unpacked, since a compressor's bytes are not the same everywhere, and its
script by name, since that is a file of its own.
"""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from pathlib import Path

from reports.explorer.packing import unpacked
from reports.html import load_run, render
from tests.unit._explorer import PACKED
from tests.unit._report import made_run

GOLDEN = Path(__file__).parent / "report.html"


def made_page(folder: Path) -> str:
    page = PACKED.sub(_readable, render(load_run(made_run(folder))))
    page = re.sub(r"sha256-[\w+/=]+", "sha256-(of explorer.js)", page)
    return re.sub(r"<script>.*?</script>", "<script>(explorer.js)</script>", page, flags=re.DOTALL)


def _readable(packed: re.Match[str]) -> str:
    value = unpacked(packed[2])
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    lines = [f"{name}: {json.dumps(part, ensure_ascii=False)}" for name, part in parts]
    return "\n".join([f"<script (items-{packed[1]}, unpacked)>", *lines, "</script>"])


def test_the_page_is_the_golden_one(tmp_path: Path) -> None:
    page, golden = made_page(tmp_path / "run"), GOLDEN.read_text(encoding="utf-8")
    changes = difflib.unified_diff(golden.splitlines(), page.splitlines(), "golden", "now", lineterm="", n=1)
    assert page == golden, "\n".join(list(changes)[:60])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        GOLDEN.write_text(made_page(Path(scratch) / "run"), encoding="utf-8")

"""The history of three made runs, byte for byte; `python -m tests.golden.test_history_golden` writes it anew.

The style stands in files of its own and is left out here.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from pathlib import Path

import pytest

from reports._pages import style
from reports.history.changes import load_history
from reports.history.markdown import history_markdown
from reports.history.page import render_history
from tests.unit._gate import first, made

GOLDEN = Path(__file__).parent


def made_history(folder: Path) -> dict[str, str]:
    """Return the page and the Markdown of a gain, a loss and a task that has changed; the folder is left."""
    os.chdir(folder)
    other = {"routing": {"digest": "other", "prompt": "Which one? {{ input }}"}}
    runs = [
        made(
            Path(name),
            {"zero_shot": {"handbook": first(12), "routing": first(20)}, "lora": {"handbook": first(right)}},
            {"handbook": 40, "routing": 40},
            {"routing": "retention"},
            name="nightly" if day < 3 else "release",
            created=f"2026-03-0{day}T04:05:06+00:00",
            tasks=other if day == 3 else {},
            failed={("lora", "handbook"): (39,)} if day == 2 else {},
        )
        for day, name, right in ((1, "first", 14), (2, "second", 32), (3, "third", 10))
    ]
    history = load_history(runs)
    return {
        "history.html": render_history(history).replace(style(), ""),
        "history.md": history_markdown(history),
    }


@pytest.mark.parametrize("name", ["history.html", "history.md"])
def test_the_history_is_the_golden_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)  # and back again afterwards
    page, golden = made_history(tmp_path)[name], (GOLDEN / name).read_text(encoding="utf-8")
    changes = difflib.unified_diff(golden.splitlines(), page.splitlines(), "golden", "now", lineterm="", n=1)
    assert page == golden, "\n".join(list(changes)[:60])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for file, text in made_history(Path(scratch)).items():
            (GOLDEN.absolute() / file).write_text(text, encoding="utf-8")

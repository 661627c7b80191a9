"""Markdown and JUnit, byte for byte; `python -m tests.golden.test_text_golden` writes them anew."""

from __future__ import annotations

import difflib
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from reports.gate_markdown import markdown as gate_markdown
from reports.junit import junit
from reports.markdown import markdown
from reports.run_data import load_run
from tests.unit._report import made_run
from tests.unit.test_gate import gate_of, judge, worse_by

GOLDEN = Path(__file__).parent


def made_texts(folder: Path) -> dict[str, str]:
    """A report, and a gate with one check that fails and one that holds."""
    checks = [{"tasks": "a", "margin": 0.01}, {"tasks": "kept", "margin": 0.02, "against": "base"}]
    result = judge(folder / "gate", worse_by(12), gate_of(checks=checks))
    assert result.verdict == "FAIL"
    return {
        "report.md": markdown(load_run(made_run(folder / "run"))),
        "gate.md": gate_markdown(result),
        "gate.xml": junit(result),
    }


@pytest.mark.parametrize("name", ["report.md", "gate.md", "gate.xml"])
def test_the_text_is_the_golden_one(tmp_path: Path, name: str) -> None:
    text, golden = made_texts(tmp_path)[name], (GOLDEN / name).read_text(encoding="utf-8")
    changes = difflib.unified_diff(golden.splitlines(), text.splitlines(), "golden", "now", lineterm="", n=1)
    assert text == golden, "\n".join(list(changes)[:60])


def test_the_golden_junit_is_what_a_build_server_reads() -> None:
    (suite,) = ET.fromstring((GOLDEN / "gate.xml").read_text(encoding="utf-8").partition("\n")[2])
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "0")
    assert len(suite.findall("testcase/failure")) == 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for file, text in made_texts(Path(scratch)).items():
            (GOLDEN / file).write_text(text, encoding="utf-8")

"""A gate's result as JUnit XML: one suite a candidate, one case a check."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from harness.gate.evaluate import GateResult
from harness.gate.judge import CheckResult

_UNPRINTABLE = {i: " " for i in range(32) if i not in (9, 10, 13)} | {0xFFFE: " ", 0xFFFF: " "}


def junit(result: GateResult) -> str:
    """Return the XML. FAIL is a failure, anything else but PASS is an error of its own type."""
    root = ET.Element("testsuites", name=_text(f"trilemma gate {result.gate}"))
    for candidate in result.candidates:
        failures = sum(check.verdict == "FAIL" for check in candidate.checks)
        errors = sum(check.verdict not in ("PASS", "FAIL") for check in candidate.checks)
        suite = ET.SubElement(
            root, "testsuite", name=_text(candidate.candidate), tests=str(len(candidate.checks)),
            failures=str(failures), errors=str(errors),
        )  # fmt: skip
        for check in candidate.checks:
            _case(suite, result.gate, check)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, gate: str, check: CheckResult) -> None:
    case = ET.SubElement(suite, "testcase", classname=_text(gate), name=_text(check.name))
    if check.verdict != "PASS":
        kind = "failure" if check.verdict == "FAIL" else "error"
        told = ET.SubElement(case, kind, type=check.verdict, message=_text(check.text))
        told.text = _text(", ".join(check.lost[:50]))
    else:
        ET.SubElement(case, "system-out").text = _text(check.text)


def _text(text: str) -> str:
    """Return text without the characters that XML 1.0 does not allow."""
    return text.translate(_UNPRINTABLE).encode("utf-8", "replace").decode("utf-8")

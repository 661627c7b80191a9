"""Candidates that were refused: each has its own verdict and does not affect the others."""

from __future__ import annotations

from collections.abc import Mapping

from harness.gate.evaluate import CandidateResult, GateResult
from harness.gate.judge import CheckResult, worst
from harness.gate.spec import GateFile


def with_refused(
    gate: GateFile, judged: GateResult | None, refused: Mapping[str, str], *, best: bool
) -> GateResult:
    """Return a gate's result with the refused candidates listed after the judged ones.

    Args:
        gate: The gate.
        judged: The result of the others; None if there are none.
        refused: Name of a refused candidate to the line that says why.
        best: Whether one passing candidate is enough.
    """
    results = tuple(_result(name, line) for name, line in refused.items())
    if judged is None:
        return GateResult(
            gate=gate.name,
            verdict="REFUSED",
            alpha=gate.alpha,
            level=gate.alpha,
            best=best,
            baseline=gate.baseline or "",
            candidates=results,
        )
    enough = best and judged.verdict == "PASS"
    verdict = worst([judged.verdict, *(each.verdict for each in results if not enough)])
    return judged.model_copy(
        update={"verdict": verdict, "candidates": (*judged.candidates, *results)},
    )


def _result(name: str, line: str) -> CandidateResult:
    check = CheckResult(name="accepted", verdict="REFUSED", text=line)
    return CandidateResult(
        candidate=name, verdict="REFUSED", gain=None, p_better=None, checks=(check,), flips=()
    )

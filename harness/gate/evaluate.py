"""Candidates through a gate: each judged by its checks, then ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from harness.analysis.rows import RunRows
from harness.config import SOLE_MODEL, model_told
from harness.gate.asked import Asked
from harness.gate.baseline import Baseline
from harness.gate.ceiling import refuse_ceiling
from harness.gate.checks import checks_of
from harness.gate.flips import Flip, flips_of
from harness.gate.judge import CheckResult, GateVerdict, settled, worst
from harness.gate.sides import Candidate, Comparisons, Sides, checked_tasks, compare_all
from harness.gate.spec import GateFile
from harness.stats import Macro, holm
from harness.types import Frozen


class CandidateResult(Frozen):
    """All checks of one candidate.

    ``model`` names the model that it adapts, "" if it was refused. ``gain`` is its mean difference over the
    checked tasks. ``notes`` are what else a reader must know, such as what is only stated by the adapter.
    """

    candidate: str
    model: str = ""
    verdict: GateVerdict
    gain: float | None
    p_better: float | None
    checks: tuple[CheckResult, ...]
    flips: tuple[Flip, ...]
    notes: tuple[str, ...] = ()


class GateResult(Frozen):
    """The gate's result; candidates are ranked, the best first.

    Its verdict is the worst candidate's, or with ``best`` PASS if one of them passes. ``level`` is the
    one-sided level of passing, used for the checks' lower bounds: ``alpha``, or with ``best`` alpha divided
    by the number of candidates; upper bounds use ``alpha``.
    """

    schema_version: Literal[2] = 2
    gate: str
    verdict: GateVerdict
    alpha: float
    level: float
    best: bool
    baseline: str
    candidates: tuple[CandidateResult, ...]


def evaluate(
    gate: GateFile,
    run: RunRows,
    candidates: Sequence[str],
    baseline: Baseline | None,
    asked: Asked | None = None,
    *,
    best: bool = False,
) -> GateResult:
    """Judge candidates, which are strategies of the run, against the baseline and the base.

    ``asked`` is what the gate's experiment asks, by default what the run's own experiment asks: anything that
    the run has not answered exactly as asked cannot be compared, and never passes.

    Every candidate is judged independently: drops are corrected over its own checks (Holm), and passing needs
    no correction, as all checks must pass. With ``best`` one passing candidate is enough: then each is tested
    at ``alpha`` divided by their number (Bonferroni, which is Holm's first step). Gains are corrected over
    the candidates (Holm).

    Raises:
        InputError: A candidate is shown information that no user's question contains (``oracle``).
    """
    level = gate.alpha / len(candidates) if best else gate.alpha
    asked = asked or Asked.by_run(run)
    for name in candidates:
        refuse_ceiling(run.traits[name], name, run.run_dir, "a candidate")
    results = [_result(Candidate(name, gate, asked, run, baseline, level)) for name in candidates]
    known = [i for i, result in enumerate(results) if result.p_better is not None]
    corrected = dict(zip(known, holm([results[i].p_better or 0.0 for i in known]), strict=True))
    results = [r.model_copy(update={"p_better": corrected.get(i)}) for i, r in enumerate(results)]
    ranked = sorted(
        results, key=lambda r: (r.verdict != "PASS", -(r.gain or 0.0) if r.gain is not None else 1.0)
    )
    verdicts = [result.verdict for result in ranked]
    return GateResult(
        gate=gate.name,
        verdict="PASS" if best and "PASS" in verdicts else worst(verdicts),
        alpha=gate.alpha,
        level=level,
        best=best,
        baseline=gate.baseline or "",
        candidates=tuple(ranked),
    )


def _result(candidate: Candidate) -> CandidateResult:
    compared = compare_all(candidate)
    checks = settled([*checks_of(candidate, compared)], candidate.gate.alpha)
    gain = _gain(candidate, compared)
    return CandidateResult(
        candidate=candidate.name,
        model=candidate.run.manifest.answered_by[candidate.name],
        verdict=worst([check.verdict for check in checks]),
        gain=gain.estimate if gain else None,
        p_better=gain.p_value if gain else None,
        checks=tuple(checks),
        flips=tuple(flips_of(candidate, compared)),
        notes=tuple(dict.fromkeys(_notes(candidate.run, candidate.name))),
    )


def _notes(run: RunRows, name: str) -> Iterable[str]:
    if (model := run.manifest.answered_by[name]) != SOLE_MODEL:
        yield f"answered by {model_told(model)} ({run.manifest.model_of(name).identity.name})"
    yield from (text for prepared in run.prepared if prepared.strategy == name for _, text in prepared.notes)


def _gain(candidate: Candidate, compared: Comparisons) -> Macro | None:
    """Return the mean difference over the target tasks that are checked and can be compared."""
    tasks = candidate.asked.tasks
    found = [
        compared[name, check.against]
        for name, check in checked_tasks(candidate.gate, candidate.asked).items()
        if tasks[name].task.role == "target"
    ]
    pairs = tuple(sides.found for sides in found if isinstance(sides, Sides))
    return Macro(pairs) if pairs else None

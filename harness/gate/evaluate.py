"""Candidates through a gate: each judged by its checks, then ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from harness.analysis.rows import RunRows
from harness.gate.baseline import Baseline
from harness.gate.checks import checks_of
from harness.gate.flips import Flip, flips_of
from harness.gate.judge import CheckResult, Verdict, settled, worst
from harness.gate.sides import Compared, Sides, Tasks, checked_tasks, compare_all
from harness.gate.spec import GateFile
from harness.stats import Macro, holm
from harness.types import Frozen


class CandidateResult(Frozen):
    """All checks of one candidate.

    ``gain`` is its mean difference over the tasks that are checked. ``notes`` are what a reader must know of
    it beside, such as what rests on the adapter's own word.
    """

    candidate: str
    verdict: Verdict
    gain: float | None
    p_better: float | None
    checks: tuple[CheckResult, ...]
    flips: tuple[Flip, ...]
    notes: tuple[str, ...] = ()


class GateResult(Frozen):
    """The gate's answer; candidates are ranked, the best first.

    Its verdict is the worst candidate's, or with ``best`` PASS where one of them passes.
    """

    schema_version: Literal[2] = 2
    gate: str
    verdict: Verdict
    alpha: float
    best: bool
    baseline: str
    candidates: tuple[CandidateResult, ...]


def evaluate(
    gate: GateFile,
    run: RunRows,
    candidates: Sequence[str],
    baseline: Baseline | None,
    tasks: Tasks | None = None,
    *,
    best: bool = False,
) -> GateResult:
    """Judge candidates, which are strategies of the run, against the baseline and the base.

    ``tasks`` are those of the gate's experiment, by default the run's own: what the run has not answered of
    them cannot be compared, and never passes.

    Every candidate is judged as if it were alone: drops are corrected over its own checks (Holm), and passing
    needs no correction, as all checks must pass. With ``best`` one that passes is enough: then each passes at
    ``alpha`` over their number (Bonferroni, which is Holm's first step). Gains are corrected over the
    candidates (Holm).
    """
    level = gate.alpha / len(candidates) if best else gate.alpha
    tasks = run.manifest.tasks if tasks is None else tasks
    compared = [compare_all(gate, run, name, baseline, tasks) for name in candidates]
    results = []
    for name, sides in zip(candidates, compared, strict=True):
        mine = settled([*checks_of(gate, run, name, baseline, sides, tasks, level)], gate.alpha)
        gain = _gain(gate, tasks, sides)
        results.append(
            CandidateResult(
                candidate=name,
                verdict=worst([check.verdict for check in mine]),
                gain=gain.estimate if gain else None,
                p_better=gain.p_value if gain else None,
                checks=tuple(mine),
                flips=tuple(flips_of(checked_tasks(gate, tasks), run, name, sides)),
                notes=tuple(dict.fromkeys(_notes(run, name))),
            )
        )
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
        best=best,
        baseline=gate.baseline or "",
        candidates=tuple(ranked),
    )


def _notes(run: RunRows, name: str) -> Iterable[str]:
    return (text for prepared in run.prepared if prepared.strategy == name for _, text in prepared.notes)


def _gain(gate: GateFile, tasks: Tasks, compared: Compared) -> Macro | None:
    """Return the mean difference over the target tasks that are checked and can be compared."""
    found = [
        compared[name, check.against]
        for name, check in checked_tasks(gate, tasks).items()
        if tasks[name].role == "target"
    ]
    pairs = tuple(sides.found for sides in found if isinstance(sides, Sides))
    return Macro(pairs) if pairs else None

"""Every check of a gate on a run's rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from harness.analysis.answers import latencies_of
from harness.analysis.forgetting import RightItems, mean_drift, refusals
from harness.analysis.retention import information_changes
from harness.analysis.rows import RunRows
from harness.analysis.scores import Clusters, mean_with_interval
from harness.deciding import retention
from harness.deciding.records import Limits
from harness.gate.baseline import Baseline, tokens_per_item
from harness.gate.judge import CheckResult, Verdict, judged, settled, worst
from harness.gate.sides import Compared, Sides, Tasks, checked_tasks, compare_all, retained
from harness.gate.spec import GateFile, TaskCheck
from harness.stats import Macro, holm
from harness.tasks.questions import question_for_people
from harness.types import Frozen

WORST_FLIPS = 10


class Flip(Frozen):
    """An item that was right and is wrong now."""

    task: str
    item_id: str
    question: str
    target: str
    answer: str
    drop: float


class CandidateResult(Frozen):
    """All checks of one candidate. ``gain`` is its mean difference over the tasks that are checked."""

    candidate: str
    verdict: Verdict
    gain: float | None
    p_better: float | None
    checks: tuple[CheckResult, ...]
    flips: tuple[Flip, ...]


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
        mine = settled([*_checks(gate, run, name, baseline, sides, tasks, level)], gate.alpha)
        gain = _gain(gate, tasks, sides)
        results.append(
            CandidateResult(
                candidate=name,
                verdict=worst([check.verdict for check in mine]),
                gain=gain.estimate if gain else None,
                p_better=gain.p_value if gain else None,
                checks=tuple(mine),
                flips=tuple(_flips(checked_tasks(gate, tasks), run, name, sides)),
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


# --- Checks ---


def _checks(
    gate: GateFile,
    run: RunRows,
    name: str,
    baseline: Baseline | None,
    compared: Compared,
    tasks: Tasks,
    level: float,
) -> Iterable[CheckResult]:
    yield from _unprepared(run, name)
    for check in gate.checks:
        yield from _task_checks(gate, check, gate.matched(check, tasks), compared, level)
    if gate.forgetting is not None:
        yield _forgetting(gate, gate.forgetting, run, name, compared, retained(tasks), level)
    if gate.refusals is not None:
        yield from _refusals(gate, run, name, gate.refusals, level)
    yield from _must_pass(gate, run, name)
    yield from _budgets(gate, run, name, baseline)


def _unprepared(run: RunRows, name: str) -> Iterable[CheckResult]:
    for prepared in run.prepared:
        if prepared.strategy == name and prepared.error is not None:
            text = f"could not be prepared: {prepared.error.message}"
            yield CheckResult(name="prepared", verdict="ERROR", text=text)


def _task_checks(
    gate: GateFile, check: TaskCheck, tasks: Sequence[str], compared: Compared, level: float
) -> Iterable[CheckResult]:
    if check.together or not tasks:
        yield _together(check.tasks, gate, check, tasks, compared, level)
        return
    for task in tasks:
        result, sides = _open_check(task, check, [task]), compared[task, check.against]
        if isinstance(sides, Sides):
            right = RightItems.of(sides.new, sides.old, sides.metric, sides.right_from)
            result = result.model_copy(update={"lost": right.lost, "gained": len(right.gained)})
            yield judged(result, sides.found, check.margin, gate.alpha, level)
        else:
            yield _not_comparable(result, sides)


def _together(
    label: str, gate: GateFile, check: TaskCheck, tasks: Sequence[str], compared: Compared, level: float
) -> CheckResult:
    result = _open_check(label, check, tasks)
    found = [compared[task, check.against] for task in tasks]
    reasons = [reason for sides in found if not isinstance(sides, Sides) for reason in sides]
    if reasons or not found:
        return _not_comparable(result, dict.fromkeys(reasons) or ["the run has none of its tasks"])
    pairs = tuple(sides.found for sides in found if isinstance(sides, Sides))
    return judged(result, Macro(pairs), check.margin, gate.alpha, level)


def _forgetting(
    gate: GateFile,
    margin: float,
    run: RunRows,
    name: str,
    compared: Compared,
    tasks: Sequence[str],
    level: float,
) -> CheckResult:
    """Hold the tasks that can show a loss to the margin; it passes only where forgetting is ruled out."""
    check = TaskCheck(tasks="*", margin=margin, against="base", together=True)
    sides = {task: side for task in tasks if isinstance(side := compared[task, "base"], Sides)}
    if not sides or len(sides) < len(tasks):
        return _together("forgetting", gate, check, tasks, compared, level)
    guesses = {info.name: info.random_baseline for info in run.infos}
    limits = Limits(alpha=level, max_forgetting=margin)
    kept = [_kept(task, sides[task], run.clusters[task], guesses[task], limits) for task in tasks]
    probes = run.probes.get(name, ())
    evidence = retention.Evidence(
        tasks=kept,
        information=[*information_changes(name, [probe.information for probe in probes], run.clusters)],
        drift=mean_drift(name, [probe.drift for probe in probes if probe.drift]),
    )
    found = retention.judged(evidence, limits)
    result = judged(_open_check("forgetting", check, tasks), evidence.mean, margin, gate.alpha, level)
    if result.verdict == "PASS" and found.state != "ruled out" and not all(task.found.same for task in kept):
        result = result.model_copy(update={"verdict": "INCONCLUSIVE"})
    return result.model_copy(update={"grounds": found.grounds})


def _kept(task: str, sides: Sides, clusters: Clusters, guess: float, limits: Limits) -> retention.KeptTask:
    base_mean, base_low, _, _ = mean_with_interval(sides.old, sides.metric, clusters)
    now_mean, _, _, _ = mean_with_interval(sides.new, sides.metric, clusters)
    return retention.KeptTask.of(task, sides.found, (base_mean, base_low), now_mean, guess, limits)


def _open_check(label: str, check: TaskCheck, tasks: Sequence[str]) -> CheckResult:
    return CheckResult(
        name=f"{label} against {check.against}",
        verdict="INCONCLUSIVE",
        text="",
        tasks=tuple(tasks),
        against=check.against,
        margin=check.margin,
    )


def _not_comparable(result: CheckResult, reasons: Iterable[str]) -> CheckResult:
    text = f"cannot be compared: {'; '.join(reasons)}"
    return result.model_copy(update={"verdict": "NOT COMPARABLE", "text": text, "margin": None})


def _refusals(gate: GateFile, run: RunRows, name: str, margin: float, level: float) -> Iterable[CheckResult]:
    """Whether questions without an answer are still refused, task by task, against the base."""
    any_asked = False
    for task_name, task in run.manifest.tasks.items():
        new, base = (run.answers.get(strategy, {}).get(task_name) for strategy in (name, run.base))
        if not task.refusal or new is None or base is None:
            continue
        rates, _ = refusals(new, base, run.unanswerable[task_name], run.clusters[task_name])
        if rates is not None:
            any_asked = True
            check = TaskCheck(tasks=task_name, margin=margin, against="base")
            result = _open_check(f"refusals in {task_name}", check, [task_name])
            yield judged(result, rates.found, margin, gate.alpha, level)
    if not any_asked:
        text = "no question without an answer was asked of both sides"
        yield CheckResult(name="refusals", verdict="NOT COMPARABLE", text=text)


def _must_pass(gate: GateFile, run: RunRows, name: str) -> Iterable[CheckResult]:
    found = run.scores.get(name, {})
    scores = {task: mine.of(run.manifest.metrics[task][0]) for task, mine in found.items()}
    for tag in gate.must_pass:
        asked = [
            (task, item.id)
            for task, by_item in scores.items()
            for item in run.items[task]
            if tag in item.tags and item.id in by_item
        ]
        wrong = [(task, item) for task, item in asked if scores[task][item].min() < 1.0]
        label = f"items tagged {tag}"
        if not asked:
            yield CheckResult(
                name=label, verdict="NOT COMPARABLE", text="no item that was asked has this tag"
            )
            continue
        verdict: Verdict = "FAIL" if wrong else "PASS"
        named = ", ".join(f"{task}: {item}" for task, item in wrong[:3]) + (" ..." if len(wrong) > 3 else "")
        text = (
            f"{len(wrong)} of {len(asked)} are not right ({named})"
            if wrong
            else f"all {len(asked)} are right"
        )
        lost = tuple(item for _, item in wrong)
        yield CheckResult(name=label, verdict=verdict, text=text, n=len(asked), lost=lost)


def _budgets(gate: GateFile, run: RunRows, name: str, baseline: Baseline | None) -> Iterable[CheckResult]:
    budgets = gate.budgets
    answers = run.answers.get(name, {}).values()
    n, failed = sum(found.n for found in answers), sum(found.n_failed for found in answers)
    share = failed / n if n else 1.0
    text = f"{failed} of {n} answers failed (budget {budgets.error_rate:.1%})"
    verdict: Verdict = "PASS" if share <= budgets.error_rate else "ERROR"
    yield CheckResult(name="errors", verdict=verdict, text=text, n=n)
    if budgets.tokens_per_item is not None:
        yield _ratio("tokens an item", *_tokens(run, name, baseline), budgets.tokens_per_item)
    if budgets.latency is not None:
        new, old = (_median_latency(run, strategy) for strategy in (name, run.base))
        yield _ratio("latency", new, old, budgets.latency)


def _ratio(name: str, new: float, old: float, budget: float) -> CheckResult:
    if not new or not old:
        return CheckResult(name=name, verdict="NOT COMPARABLE", text="one side has no answers")
    ratio = new / old
    verdict: Verdict = "PASS" if ratio <= budget else "FAIL"
    return CheckResult(
        name=name, verdict=verdict, text=f"{ratio:.2f} times the reference (budget {budget:g})"
    )


def _tokens(run: RunRows, name: str, baseline: Baseline | None) -> tuple[float, float]:
    """Tokens of a mean item, each task weighing the same, on the tasks that both sides have."""
    common = [
        task
        for task in run.traffic
        if (baseline is None or task in baseline.tasks) and task in run.answers[name]
    ]
    new = [tokens_per_item(run, name, task) for task in common]
    old = [
        baseline.tasks[t].tokens_per_item if baseline else tokens_per_item(run, run.base, t) for t in common
    ]
    return float(np.mean(new)) if new else 0.0, float(np.mean(old)) if old else 0.0


def _median_latency(run: RunRows, strategy: str) -> float:
    by_task = run.answers.get(strategy, {})
    latencies = latencies_of(by_task[task] for task in run.traffic if task in by_task)
    return float(np.median(latencies)) if len(latencies) else 0.0


# --- Ranking and flips ---


def _gain(gate: GateFile, tasks: Tasks, compared: Compared) -> Macro | None:
    """Return the mean difference over the target tasks that are checked and can be compared."""
    found = [
        compared[name, check.against]
        for name, check in checked_tasks(gate, tasks).items()
        if tasks[name].role == "target"
    ]
    pairs = tuple(sides.found for sides in found if isinstance(sides, Sides))
    return Macro(pairs) if pairs else None


def _flips(checks: Mapping[str, TaskCheck], run: RunRows, name: str, compared: Compared) -> list[Flip]:
    """Return the items that were right and are wrong now, the largest drops first."""
    flips = []
    for task, check in checks.items():
        sides = compared[task, check.against]
        if not isinstance(sides, Sides):
            continue
        after, before = sides.new.of(sides.metric), sides.old.of(sides.metric)
        lost = RightItems.of(sides.new, sides.old, sides.metric, sides.right_from).lost
        drops = {item_id: float(before[item_id].mean() - after[item_id].mean()) for item_id in lost}
        largest = sorted(lost, key=lambda item_id: (-drops[item_id], item_id))[:WORST_FLIPS]
        items, answers = run.items[task].some(largest), run.first_results(name, task, largest)
        for item_id in largest:
            item, answer = items[item_id], answers[item_id].generation
            flips.append(
                Flip(
                    task=task,
                    item_id=item_id,
                    question=question_for_people(run.manifest.tasks[task], item),
                    target=item.targets[0],
                    answer=answer.text if answer else "(no answer)",
                    drop=drops[item_id],
                )
            )
    return sorted(flips, key=lambda flip: (-flip.drop, flip.task, flip.item_id))[:WORST_FLIPS]

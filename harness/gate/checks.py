"""The checks of one candidate of a gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.analysis.forgetting import RightItems, mean_drift, refusals
from harness.analysis.retention import information_changes
from harness.analysis.rows import RunRows
from harness.analysis.scores import Clusters, mean_with_interval
from harness.deciding import retention
from harness.deciding.records import Limits
from harness.gate.baseline import Baseline
from harness.gate.budgets import budgets_of
from harness.gate.judge import CheckResult, Verdict, judged
from harness.gate.sides import Compared, Sides, Tasks, retained
from harness.gate.spec import GateFile, TaskCheck
from harness.stats import Macro


def checks_of(
    gate: GateFile,
    run: RunRows,
    name: str,
    baseline: Baseline | None,
    compared: Compared,
    tasks: Tasks,
    level: float,
) -> Iterable[CheckResult]:
    """Yield the checks of a candidate; those of differences are open until all are known."""
    yield from _unprepared(run, name)
    for check in gate.checks:
        yield from _task_checks(gate, check, gate.matched(check, tasks), compared, level)
    if gate.forgetting is not None:
        yield _forgetting(gate, gate.forgetting, run, name, compared, retained(tasks), level)
    if gate.refusals is not None:
        yield from _refusals(gate, run, name, gate.refusals, level)
    yield from _must_pass(gate, run, name)
    yield from budgets_of(gate, run, name, baseline)


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

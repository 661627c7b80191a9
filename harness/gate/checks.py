"""The checks of one candidate of a gate: each requested one is judged, or says why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.analysis.forgetting import RightItems, mean_drift, refusals
from harness.analysis.retention import information_changes
from harness.analysis.scores import is_right
from harness.deciding import retention
from harness.deciding.records import Limits
from harness.gate.budgets import budgets_of
from harness.gate.judge import CheckResult, GateVerdict, judged
from harness.gate.sides import Candidate, Comparisons, Sides, retained, unlike
from harness.gate.spec import TaskCheck
from harness.stats import Macro, Paired


def checks_of(candidate: Candidate, compared: Comparisons) -> Iterable[CheckResult]:
    """Yield the checks of a candidate; the verdicts of differences stay open until all are known."""
    gate = candidate.gate
    yield from _unprepared(candidate)
    for check in gate.checks:
        yield from _task_checks(candidate, check, compared)
    if gate.forgetting is not None:
        yield _forgetting(candidate, gate.forgetting, compared)
    if gate.refusals is not None:
        yield from _refusals(candidate, gate.refusals)
    for tag in gate.must_pass:
        yield _must_pass(candidate, tag)
    yield from budgets_of(candidate)


def _unprepared(candidate: Candidate) -> Iterable[CheckResult]:
    for prepared in candidate.run.prepared:
        if prepared.strategy == candidate.name and prepared.error is not None:
            text = f"could not be prepared: {prepared.error.message}"
            yield CheckResult(name="prepared", verdict="ERROR", text=text)


# --- Differences ---


def _task_checks(candidate: Candidate, check: TaskCheck, compared: Comparisons) -> Iterable[CheckResult]:
    tasks = candidate.gate.matched(check, candidate.asked.tasks)
    if check.together or not tasks:
        yield _together(check.tasks, candidate, check, tasks, compared)
        return
    for task in tasks:
        result, sides = _open_check(task, check, [task]), compared[task, check.against]
        if isinstance(sides, Sides):
            right = RightItems.of(sides.new, sides.old, sides.metric, sides.right_from)
            result = result.model_copy(update={"lost": right.lost, "gained": len(right.gained)})
            yield _judged(candidate, result, sides.found)
        else:
            yield _not_comparable(result, sides)


def _together(
    label: str, candidate: Candidate, check: TaskCheck, tasks: Sequence[str], compared: Comparisons
) -> CheckResult:
    result = _open_check(label, check, tasks)
    found = [compared[task, check.against] for task in tasks]
    reasons = [reason for sides in found if not isinstance(sides, Sides) for reason in sides]
    if reasons or not found:
        return _not_comparable(result, reasons or ["the gate's experiment has no such task"])
    return _judged(candidate, result, Macro(tuple(s.found for s in found if isinstance(s, Sides))))


def _forgetting(candidate: Candidate, margin: float, compared: Comparisons) -> CheckResult:
    """Check the tasks that can show a loss against the margin; passes only if forgetting is ruled out."""
    run, name, tasks = candidate.run, candidate.name, retained(candidate.asked)
    check = TaskCheck(tasks="*", margin=margin, against="base", together=True)
    sides = {task: side for task in tasks if isinstance(side := compared[task, "base"], Sides)}
    if not sides or len(sides) < len(tasks):
        return _together("forgetting", candidate, check, tasks, compared)
    infos = {info.name: info for info in run.infos}
    limits = Limits(alpha=candidate.level, max_forgetting=margin)
    kept = [
        retention.KeptTask.of(infos[task], side.found, side.new, side.old, run.clusters[task], limits)
        for task, side in sides.items()
    ]
    probes = run.probes.get(name, ())
    evidence = retention.Evidence(
        tasks=kept,
        information=[*information_changes(name, [probe.information for probe in probes], run.clusters)],
        drift=mean_drift(name, [probe.drift for probe in probes if probe.drift]),
    )
    found = retention.judged(evidence, limits)
    result = _judged(candidate, _open_check("forgetting", check, tasks), evidence.mean)
    if result.verdict == "PASS" and found.state != "ruled out" and not all(task.found.same for task in kept):
        result = result.model_copy(update={"verdict": "INCONCLUSIVE"})
    return result.model_copy(update={"grounds": found.grounds})


def _refusals(candidate: Candidate, margin: float) -> Iterable[CheckResult]:
    """Check, by task and against the base, that questions without an answer are still refused."""
    tasks = [name for name, found in candidate.asked.tasks.items() if found.task.refusal]
    for task in tasks:
        check = TaskCheck(tasks=task, margin=margin, against="base")
        yield _refused(candidate, task, _open_check(f"refusals in {task}", check, [task]))
    if not tasks:
        text = "cannot be compared: no task of the gate's experiment has a `refusal`"
        yield CheckResult(name="refusals", verdict="NOT COMPARABLE", text=text)


def _refused(candidate: Candidate, task: str, result: CheckResult) -> CheckResult:
    run, asked = candidate.run, candidate.asked.tasks[task]
    if not asked.unanswerable & asked.items:
        cut = f": the limit leaves out all {len(asked.unanswerable)}" if asked.unanswerable else ""
        return _not_comparable(result, [f"no question without an answer is asked in {task}{cut}"])
    if reasons := unlike(candidate, task, "base"):
        return _not_comparable(result, reasons)
    new, base = (run.answers[strategy][task] for strategy in (candidate.name, candidate.base))
    rates, _ = refusals(new, base, run.unanswerable[task], run.clusters[task])
    if rates is None:
        return _not_comparable(result, [f"no question without an answer was asked in {task}"])
    return _judged(candidate, result, rates.found)


def _open_check(label: str, check: TaskCheck, tasks: Sequence[str]) -> CheckResult:
    return CheckResult(
        name=f"{label} against {check.against}",
        verdict="INCONCLUSIVE",
        text="",
        tasks=tuple(tasks),
        against=check.against,
        margin=check.margin,
    )


def _judged(candidate: Candidate, result: CheckResult, found: Paired | Macro) -> CheckResult:
    assert result.margin is not None
    return judged(result, found, result.margin, candidate.gate.alpha, candidate.level)


def _not_comparable(result: CheckResult, reasons: Iterable[str]) -> CheckResult:
    text = f"cannot be compared: {'; '.join(dict.fromkeys(reasons))}"
    return result.model_copy(update={"verdict": "NOT COMPARABLE", "text": text, "margin": None})


# --- Items that must be right ---


def _must_pass(candidate: Candidate, tag: str) -> CheckResult:
    """Check that all items with a tag are right with every seed, by each task's own rule."""
    asked = candidate.asked
    tasks = {name: ids for name, found in asked.tasks.items() if (ids := found.tagged.get(tag))}
    result = CheckResult(name=f"items tagged {tag}", verdict="PASS", text="", tasks=tuple(tasks))
    reasons = [reason for task in tasks for reason in unlike(candidate, task, None)]
    n_all = sum(map(len, tasks.values()))
    if cut := sum(len(ids & asked.tasks[task].left_out) for task, ids in tasks.items()):
        reasons.insert(0, f"the limit leaves out {cut} of {n_all} items with this tag")
    if reasons or not tasks:
        return _not_comparable(result, reasons or ["no item that is asked has this tag"])
    wrong = [(task, item) for task, ids in tasks.items() for item in sorted(_wrong(candidate, task, ids))]
    named = ", ".join(f"{task}: {item}" for task, item in wrong[:3]) + (" ..." if len(wrong) > 3 else "")
    verdict: GateVerdict = "FAIL" if wrong else "PASS"
    text = f"{len(wrong)} of {n_all} are not right ({named})" if wrong else f"all {n_all} are right"
    lost = tuple(item for _, item in wrong)
    return result.model_copy(update={"verdict": verdict, "text": text, "n": n_all, "lost": lost})


def _wrong(candidate: Candidate, task: str, items: Iterable[str]) -> list[str]:
    run = candidate.run
    scores = run.scores[candidate.name][task].of(run.manifest.metrics[task][0])
    right_from = run.manifest.tasks[task].right_from
    return [item for item in items if not is_right(float(scores[item].min()), right_from)]

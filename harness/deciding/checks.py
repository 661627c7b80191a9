"""The checks before a decision: missing answers, failures, leaks, a solved base, poor retrieval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.analysis.findings import Cell
from harness.deciding.measured import Measured
from harness.deciding.records import Candidate, Check
from harness.deciding.wording import percent
from harness.types import STATED


def checks_of(measured: Measured, candidates: Sequence[Candidate]) -> Iterable[Check]:
    """Yield the checks, including those that can end a decision."""
    yield _finished(measured)
    summary, limits = measured.summary, measured.limits
    share = summary.errors / max(1, summary.items)
    text = f"{summary.errors} of {summary.items} answers failed ({percent(share, 1)})"
    if summary.failures:
        text += f"; could not be prepared: {', '.join(sorted(measured.failed))}"
    yield Check(
        name="errors",
        good=not summary.errors and not summary.failures,
        ends=share > limits.max_errors,
        text=text,
    )
    yield _leakage(measured)
    yield from _same_prompts(measured)
    yield _ceiling(measured)
    yield from _recall(measured)
    yield from _parity(measured, candidates)
    yield from _stated(measured)


def _finished(measured: Measured) -> Check:
    lacking = {name: text for name in measured.traits if (text := measured.lacking(name))}
    told = "; ".join(f"{name} lacks {text}" for name, text in lacking.items())
    return Check(
        name="completeness",
        good=not lacking,
        ends=any(map(measured.decisive, lacking)),
        text=f"the run is not finished: {told}; run `trilemma run` again"
        if lacking
        else "every answer is there",
    )


def _leakage(measured: Measured) -> Check:
    infos = [info for info in measured.run.infos if info.role == "target"]
    leaks = {info.name: measured.run.manifest.leaks.get(info.name, 0) for info in infos}
    ends = any(leaks[info.name] > measured.limits.max_leaks * info.n_test for info in infos)
    named = [f"{count} of {name}" for name, count in leaks.items() if count]
    text = "no test item stands in the training data, nor nearly so"
    if named:
        text = (
            f"test items that stand in the training data, or nearly so: {', '.join(named)} "
            "(`trilemma tasks validate` names them)"
        )
    return Check(name="leakage", good=not named, ends=ends, text=text)


def _same_prompts(measured: Measured) -> Iterable[Check]:
    """Name the strategies whose prompts were identical to their base's on all target tasks."""
    n_targets = sum(info.role == "target" for info in measured.run.infos)
    same: dict[str, list[str]] = {}
    for name in measured.means:
        if len(measured.run.same_as_base(name)) == n_targets:
            same.setdefault(measured.run.bases[name], []).append(name)
    if same:
        found = (
            f"asks exactly what {base} asks on every target task: {', '.join(names)}"
            for base, names in same.items()
        )
        yield Check(name="prompts", good=False, ends=False, text="; ".join(found))


def _ceiling(measured: Measured) -> Check:
    """Whether an unchanged model already solves target tasks."""
    solved = {base: tasks for base in measured.bases if (tasks := measured.solved_by(base))}
    text = "no target task is answered by the base alone"
    if not measured.bases:
        text = "not known: no strategy asks a model as it came"
    if solved:
        text = "; ".join(
            f"{'the base' if len(measured.bases) == 1 else base} answers without any help: {', '.join(tasks)}"
            for base, tasks in solved.items()
        )
    return Check(name="closed book", good=not solved, ends=bool(measured.solving), text=text)


def _recall(measured: Measured) -> Iterable[Check]:
    """Whether retrieval finds enough to be judged, and what perfect retrieval would score."""
    shown = measured.run.manifest.shown
    cells = [
        cell
        for cell in measured.summary.cells
        if cell.metric in shown.get(cell.task, ())[:1]
        and cell.complete
        and not measured.traits[cell.strategy].ceiling
    ]
    targets = {info.name for info in measured.run.infos if info.role == "target"}
    for task in sorted({cell.task for cell in cells} & targets):
        found = {cell.strategy: _recall_of(measured, cell) for cell in cells if cell.task == task}
        best, (recall, failed) = max(found.items(), key=lambda each: each[1][0])
        good = recall >= measured.limits.min_recall
        text = f"{task}: {best} is shown a right document for {percent(recall)} of the questions"
        if failed:
            text += f" ({failed} that failed count as without)"
        ceiling = [
            cell
            for cell in measured.summary.cells
            if cell.task == task and cell.primary and cell.complete and measured.traits[cell.strategy].ceiling
        ]
        if ceiling:
            top = max(ceiling, key=lambda cell: cell.mean)
            text += f"; with the right passages {top.strategy} scores {100 * top.mean:.1f}"
        yield Check(name="retrieval recall", good=good, ends=False, text=text)


def _recall_of(measured: Measured, cell: Cell) -> tuple[float, int]:
    """Return recall over all questions, and how many failed (they were shown nothing)."""
    scores = measured.run.scores[cell.strategy][cell.task]
    failed = len(scores.failed - scores.of(cell.metric).keys())
    return cell.mean * cell.n / (cell.n + failed), failed


def _parity(measured: Measured, candidates: Sequence[Candidate]) -> Iterable[Check]:
    """Whether retrieval was given the examples that fine-tuning learned from."""
    if not any(candidate.adapted for candidate in candidates):
        return
    arms = [name for name, traits in measured.traits.items() if "index" in traits.sees]
    text = f"what fine-tuning learned from is also shown in prompts, by {', '.join(arms)}"
    if not arms:
        text = (
            "only fine-tuning has seen the training examples, so part of its lead may be theirs; to compare, "
            "add a strategy that retrieves them: `rag_train: {use: rag, source: train}`"
        )
    yield Check(name="information parity", good=bool(arms), ends=False, text=text)


def _stated(measured: Measured) -> Iterable[Check]:
    """Name the strategies whose training cost is only stated by an adapter, not measured."""
    if named := [cost.strategy for cost in measured.summary.costs if cost.prepare.stated]:
        text = f"what training took is {STATED}, not measured here: {', '.join(named)}"
        yield Check(name="training cost", good=False, ends=False, text=text)

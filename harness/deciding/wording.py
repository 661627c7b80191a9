"""A decision in words: one self-contained paragraph."""

from __future__ import annotations

from collections.abc import Sequence

from harness.deciding.records import Candidate, Decision, Retained, TaskLead
from harness.types import STATED

VERBS = {
    "prompt": "Prompt",
    "retrieve": "Retrieve",
    "fine-tune": "Fine-tune",
    "combine": "Combine",
    "other": "Take",
    "not yet proven": "Not yet proven",
    "stopped": "No decision",
}


def points(share: float, sign: bool = True) -> str:
    """Return a share as percentage points, `+3.1` or `−0.4` with a true minus sign; `0.0` has no sign."""
    rounded = round(100 * share, 1) + 0.0
    return (f"{rounded:+.1f}" if sign and rounded else f"{rounded:.1f}").replace("-", "−")


def percent(share: float, decimals: int = 0) -> str:
    """Return a share in percent, `40 %`."""
    return f"{100 * share:.{decimals}f} %"


def paragraph(decision: Decision) -> str:
    """Return the verdict with its grounds."""
    by_name = {candidate.strategy: candidate for candidate in decision.candidates}
    if decision.outcome == "stopped":
        ended = [check.text for check in decision.checks if check.ends]
        return f"No decision: {'; '.join(ended) or 'the incumbent has not answered every target task'}."
    if decision.winner is None:
        return _unproven(decision) + _unjudged(decision)
    mine = by_name[decision.winner]
    if decision.winner == decision.incumbent or (mine.difference == 0 and not mine.differs(1.0)):
        text = next((check.text for check in decision.checks if check.ends), "nothing is proven better")
        line = f"{VERBS[decision.outcome]}: keep {decision.named(decision.winner)}; {text}."
        return line + _leaders(decision) + _unjudged(decision)
    sentences = [
        f"{VERBS[decision.outcome]}: {decision.named(mine.strategy)}.",
        f"It is {points(mine.difference)} points better than {decision.named(decision.incumbent)} "
        f"({points(mine.ci_low)} to {points(mine.ci_high)}, 95 %; {_p(mine.p_holm or 0.0)} after Holm; "
        f"n = {_items(mine)}, {_seeds(mine)}).",
        _by_task(decision, mine),
        _cost(decision, mine, by_name.get(decision.incumbent)),
        _forgetting(mine.retained),
    ]
    return " ".join(sentence for sentence in sentences if sentence) + _unjudged(decision)


def _unjudged(decision: Decision) -> str:
    return f" Not judged: {'; '.join(decision.unjudged)}." if decision.unjudged else ""


def _by_task(decision: Decision, mine: Candidate) -> str:
    """Say on which tasks the winner is not better: a lead in the mean may come from one task."""
    alpha, old = decision.limits.alpha, decision.incumbent
    better = [task for task in mine.tasks if task.difference > 0 and task.p_holm < alpha]
    worse = [task for task in mine.tasks if task.difference < 0 and task.p_holm < alpha]
    open_ones = [task for task in mine.tasks if task not in better and task not in worse]
    if len(mine.tasks) < 2 or not (worse or open_ones):
        return ""
    parts = [f"better than {old} on {_names(better)}"] if better else []
    parts += [f"not proven better on {_names(open_ones, scores=True)}"] if open_ones else []
    parts += [f"worse on {_names(worse, scores=True)}"] if worse else []
    return f"By task it is {', '.join(parts)}.{_nothing([mine])}"


def _leaders(decision: Decision) -> str:
    """Name the strategy with the highest score on each task, and say where strategies score 0."""
    able = [each for each in decision.candidates if not each.excluded and each.tasks]
    first = able[0].tasks if able else ()
    if len(first) < 2:
        return ""
    led: dict[str, list[str]] = {}
    for at, task in enumerate(first):
        scores = {each.strategy: each.tasks[at].mean for each in able}
        scores[decision.incumbent] = task.incumbent_mean
        best = max(scores.values())
        ahead = [name for name, score in scores.items() if score == best]
        if best > 0 and len(ahead) < len(scores):
            led.setdefault(_listed(ahead), []).append(f"{task.task} ({points(best, sign=False)})")
    text = "; ".join(f"{names} on {_listed(tasks)}" for names, tasks in led.items())
    return (f" Highest by task: {text}." if text else "") + _nothing(able)


def _nothing(candidates: Sequence[Candidate]) -> str:
    """Name the tasks on which strategies score 0."""
    found: dict[str, list[str]] = {}
    for each in candidates:
        if empty := [task.task for task in each.tasks if task.mean == 0]:
            found.setdefault(_listed(empty), []).append(each.strategy)
    said = [f"{_listed(who)} score{'s' * (len(who) == 1)} nothing on {tasks}" for tasks, who in found.items()]
    return f" {'; '.join(said)}." if said else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


def _names(tasks: Sequence[TaskLead], scores: bool = False) -> str:
    """Return the names of tasks, with both scores if asked for."""
    shown = [
        f"{task.task} ({points(task.mean, sign=False)} against {points(task.incumbent_mean, sign=False)})"
        if scores
        else task.task
        for task in tasks
    ]
    return _listed(shown)


def p_value(value: float | None) -> str:
    """Return a p-value as `0.012` or `< .001`; "" if nothing is tested."""
    if value is None:
        return ""
    return f"{value:.3f}" if value >= 0.001 else "< .001"


def _p(value: float) -> str:
    return f"p {p_value(value)}" if value < 0.001 else f"p = {p_value(value)}"


def _items(mine: Candidate) -> str:
    """Say how many items were asked, and how many groups they form if alike ones count as one."""
    alone = mine.n_groups == mine.n_items
    return f"{mine.n_items:,} items" + ("" if alone else f" in {mine.n_groups:,} groups")


def _seeds(mine: Candidate) -> str:
    if mine.n_seeds > 1:
        return f"{mine.n_seeds} seeds"
    return "one seed: this adapter, not the recipe" if mine.adapted else "one seed"


def _unproven(decision: Decision) -> str:
    challengers = [c for c in decision.candidates if c.strategy != decision.incumbent and not c.excluded] or [
        c for c in decision.candidates if c.strategy != decision.incumbent
    ]
    if not challengers:
        return "Not yet proven: no strategy but the incumbent has answered every target task."
    best = max(challengers, key=lambda candidate: candidate.difference)
    blind = [c.text for c in decision.checks if c.name == "retrieval recall" and not c.good]
    if blind:
        return f"Not yet proven: fix retrieval first ({'; '.join(blind)}).{_leaders(decision)}"
    barred = [c for c in decision.candidates if c.excluded and c.difference > 0 and c.ci_low > 0]
    text = (
        f"Not yet proven: {decision.named(best.strategy)} has {points(best.difference)} points against "
        f"{decision.named(decision.incumbent)} "
        f"({points(best.ci_low)} to {points(best.ci_high)}, 95 %; n = {_items(best)}). "
        f"With {_items(best)}, only differences above {points(best.detectable, sign=False)} points are "
        "reliably detected (80 % power)."
    )
    if barred:
        named = "; ".join(f"{c.strategy} {' and '.join(c.excluded)}" for c in barred)
        text += f" Better but not taken: {named}."
    return text + _leaders(decision)


def _cost(decision: Decision, mine: Candidate, old: Candidate | None) -> str:
    if old is None:
        return ""
    if old.per_1000 > 0:
        compared = f"{mine.per_1000 / old.per_1000:.2f} times as much as with {decision.incumbent}"
    else:
        compared = f"{'more than' if mine.per_1000 > 0 else 'nothing, as'} with {decision.incumbent}"
    text = f"Each query costs {compared}: {money(mine.per_1000)} {decision.currency} per 1,000 answers"
    if bounds := cost_bounds(mine):
        text += f" ({bounds}, 95 %)"
    if mine.per_1000_correct is not None and old.per_1000_correct is not None:
        new, before = money(mine.per_1000_correct), money(old.per_1000_correct)
        text += f", and {new} per 1,000 right answers (against {before})"
    if mine.once > 0 or mine.break_even_queries is None or not mine.break_even_known:
        text += f"; {break_even(mine)}"
    return text + "."


def break_even(mine: Candidate) -> str:
    """Return when a strategy breaks even."""
    if not mine.break_even_known:
        return "when it is paid back is not known, as preparing it was not measured"
    queries = mine.break_even_queries
    if queries is None:
        text = "it never becomes cheaper"
    elif queries < 1:
        text = "it is cheaper from the first query on"
    else:
        text = f"paid back after {queries:,.0f} queries"
    return f"{text}, by a training cost {STATED}" if mine.once_stated else text


def cost_bounds(mine: Candidate) -> str:
    """Return the interval of the cost of 1,000 answers, `0.0011 to 0.0013`.

    It is "" if the interval is not known, or so narrow that both ends round to the same text.
    """
    if mine.per_1000_low is None or mine.per_1000_high is None:
        return ""
    low, high = money(mine.per_1000_low), money(mine.per_1000_high)
    return f"{low} to {high}" if low != high else ""


def once(mine: Candidate) -> str:
    """Return what preparing costs, or that it was not measured."""
    if not mine.once_known:
        return "not measured"
    return f"{money(mine.once)} ({STATED})" if mine.once_stated else money(mine.once)


def money(amount: float) -> str:
    """Return an amount with three significant digits below 1, and two decimals above."""
    if amount == 0:
        return "0"
    if 0 < amount < 1e-6:
        return "< 0.000001"
    if amount < 1:
        return f"{amount:.3g}"
    return f"{amount:,.2f}"


def _forgetting(retained: Retained) -> str:
    if retained.state == "none possible":
        return "The model is unchanged, so nothing is forgotten."
    grounds = "; ".join(retained.grounds)
    if retained.state == "not known":
        return f"Whether it forgets is not known: {grounds}."
    if retained.difference is None or retained.ci_low is None or retained.ci_high is None:
        if retained.state == "found":
            return f"Forgetting is found: {grounds}."
        return "What it forgets was not measured: add retention tasks."
    figures = (
        f"{points(retained.difference)} points on general tasks ({points(retained.ci_low)} to "
        f"{points(retained.ci_high)}, 90 %), worst in {retained.worst_task} "
        f"({points(retained.worst_difference or 0.0)}); {retained.lost} of {retained.base_right} right "
        "answers lost"
    )
    said = {"ruled out": "Forgetting beyond the limit is ruled out", "found": "Forgetting is found"}
    text = f"{said.get(retained.state, 'Forgetting beyond the limit is not ruled out')}: {figures}"
    return f"{text}; {grounds}." if grounds else f"{text}."

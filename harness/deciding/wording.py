"""A decision in words: one paragraph that stands alone."""

from __future__ import annotations

from collections.abc import Sequence

from harness.deciding.records import Candidate, Decision, Retained, TaskStanding

VERBS = {
    "prompt": "Prompt",
    "retrieve": "Retrieve",
    "fine-tune": "Fine-tune",
    "combine": "Combine",
    "not yet proven": "Not yet proven",
    "stopped": "No decision",
}


def points(share: float, sign: bool = True) -> str:
    """Return a share as percentage points, `+3.1` or `−0.4` with a true minus sign; `0.0` has no sign."""
    rounded = round(100 * share, 1) + 0.0
    return (f"{rounded:+.1f}" if sign and rounded else f"{rounded:.1f}").replace("-", "−")


def paragraph(decision: Decision) -> str:
    """Return the verdict with its grounds."""
    by_name = {candidate.strategy: candidate for candidate in decision.candidates}
    if decision.outcome == "stopped":
        ended = [check.text for check in decision.checks if check.ends]
        return f"No decision: {'; '.join(ended) or 'the incumbent has not answered every target task'}."
    if decision.winner is None:
        return _unproven(decision)
    mine = by_name[decision.winner]
    if decision.winner == decision.incumbent or (mine.difference == 0 and mine.p_holm == 1.0):
        text = next((check.text for check in decision.checks if check.ends), "nothing is proven better")
        return f"{VERBS[decision.outcome]}: keep {decision.winner}; {text}."
    sentences = [
        f"{VERBS[decision.outcome]}: {mine.strategy}.",
        f"It is {points(mine.difference)} points better than {decision.incumbent} "
        f"({points(mine.ci_low)} to {points(mine.ci_high)}, 95 %; {_p(mine.p_holm)} after Holm; "
        f"n = {mine.n_items:,} items, {_seeds(mine)}).",
        by_task(mine, decision.limits.alpha),
        _cost(decision, mine, by_name.get(decision.incumbent)),
        _forgetting(mine.retained),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def by_task(mine: Candidate, alpha: float) -> str:
    """Return on which target tasks the lead stands and on which it does not; "" where there is only one."""
    if len(mine.by_task) < 2:
        return ""
    leads = [each for each in mine.by_task if each.difference > 0 and each.p_holm < alpha and each.mean > 0]
    behind = [each for each in mine.by_task if each.difference < 0 or each.mean == 0]
    open_ = [each for each in mine.by_task if each not in leads and each not in behind]
    if len(leads) == len(mine.by_task):
        return f"{mine.strategy} leads in all {len(leads)} target tasks."
    parts = [f"{mine.strategy} leads in {listed([each.task for each in leads])}" if leads else ""]
    parts += [
        f"on {each.task} it scores {points(each.mean, sign=False)} against "
        f"{points(each.best_mean, sign=False)} for {each.best}"
        for each in behind
    ]
    if open_:
        named = [f"{each.task} ({points(each.difference)})" for each in open_]
        parts.append(f"in {listed(named)} no lead is proven")
    text = "; ".join(part for part in parts if part)
    return text[:1].upper() + text[1:] + "." if not leads else text + "."


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return names as `a, b and c`; of many, the first ones and how many more there are."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def standing(each: TaskStanding, alpha: float) -> str:
    """Return what is shown on a task: `better`, `worse` or `open`."""
    if each.p_holm >= alpha:
        return "open"
    return "better" if each.difference > 0 else "worse"


def detectable(mine: Candidate) -> str:
    """Return what a comparison could have shown: its power, by the test that was used."""
    items = f"With {mine.n_items:,} items"
    if mine.detectable >= 1:
        return f"{items}, no difference can be detected reliably (80 % power, after Holm)."
    least = points(mine.detectable, sign=False)
    return f"{items}, only differences above {least} points are reliably detected (80 % power, after Holm)."


def p_value(value: float) -> str:
    """Return a p-value as `0.012` or `< .001`."""
    return f"{value:.3f}" if value >= 0.001 else "< .001"


def _p(value: float) -> str:
    return f"p {p_value(value)}" if value < 0.001 else f"p = {p_value(value)}"


def _seeds(mine: Candidate) -> str:
    if mine.n_seeds > 1:
        return f"{mine.n_seeds} seeds"
    trained = mine.kind in ("fine-tune", "combine")
    return "one seed: this adapter, not the recipe" if trained else "one seed"


def _unproven(decision: Decision) -> str:
    challengers = [c for c in decision.candidates if c.strategy != decision.incumbent and not c.excluded] or [
        c for c in decision.candidates if c.strategy != decision.incumbent
    ]
    if not challengers:
        return "Not yet proven: no strategy but the incumbent has answered every target task."
    best = max(challengers, key=lambda candidate: candidate.difference)
    blind = [c.text for c in decision.checks if c.name == "retrieval recall" and not c.good]
    if blind:
        return f"Not yet proven: fix retrieval first ({'; '.join(blind)})."
    barred = [c for c in decision.candidates if c.excluded and c.difference > 0 and c.ci_low > 0]
    text = (
        f"Not yet proven: {best.strategy} has {points(best.difference)} points against {decision.incumbent} "
        f"({points(best.ci_low)} to {points(best.ci_high)}, 95 %; n = {best.n_items:,} items). "
        f"{detectable(best)}"
    )
    if barred:
        named = "; ".join(f"{c.strategy} {' and '.join(c.excluded)}" for c in barred)
        text += f" Better but not taken: {named}."
    return text


def _cost(decision: Decision, mine: Candidate, old: Candidate | None) -> str:
    if old is None:
        return ""
    ratio = (
        f"{mine.per_1000 / old.per_1000:.2f} times" if old.per_1000 > 0 else "as compared with nothing for"
    )
    text = (
        f"A query costs {ratio} that of {decision.incumbent}: {money(mine.per_1000)} {decision.currency} "
        f"per 1,000 answers"
    )
    if mine.per_1000_correct is not None and old.per_1000_correct is not None:
        new, before = money(mine.per_1000_correct), money(old.per_1000_correct)
        text += f", and {new} per 1,000 right ones (against {before})"
    if mine.once > 0 or mine.break_even_queries is None:
        text += f"; {break_even(mine.break_even_queries)}"
    return text + "."


def break_even(queries: float | None) -> str:
    """Return when a strategy has paid for itself."""
    if queries is None:
        return "it never becomes the cheaper one"
    return (
        "it is cheaper from the first query on" if queries == 0 else f"paid back after {queries:,.0f} queries"
    )


def money(amount: float) -> str:
    """Return an amount with as many digits as tell something."""
    if amount == 0:
        return "0"
    if amount < 1:
        return f"{amount:.3g}"
    return f"{amount:,.2f}"


def _forgetting(retained: Retained) -> str:
    if retained.state == "none possible":
        return "Its weights are the base's, so it can forget nothing."
    if retained.state == "not measured" or retained.difference is None:
        return "What it forgets was not measured: add retention tasks."
    assert retained.ci_low is not None
    assert retained.ci_high is not None
    figures = (
        f"{points(retained.difference)} points on what is to be kept ({points(retained.ci_low)} to "
        f"{points(retained.ci_high)}, 90 %), worst in {retained.worst_task} "
        f"({points(retained.worst_difference or 0.0)}); {retained.lost} of {retained.base_right} right "
        "answers lost"
    )
    if retained.state == "ruled out":
        return f"Forgetting beyond the limit is ruled out: {figures}."
    return f"Forgetting beyond the limit is {retained.state}: {figures}."

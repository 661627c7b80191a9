"""The closing line of a run: which strategy leads on the target tasks, by how much, and how sure that is."""

from __future__ import annotations

from harness.analysis.findings import MacroContrast, StrategyCost, Summary, Verdict

ALPHA = 0.05


def closing_line(summary: Summary) -> Verdict:
    """Compare every strategy with the incumbent by the macro mean of the target tasks' primary metrics."""
    contenders = [macro for macro in summary.macro if macro.role == "target"]
    challengers = [macro for macro in contenders if macro.strategy != summary.incumbent]
    if not challengers:
        return Verdict(line="Nothing to compare yet: no strategy but the incumbent has answers.", winner=None)
    best = max(challengers, key=lambda macro: macro.difference)
    figures = (
        f"{_points(best.difference)} points ({_points(best.ci_low)} to {_points(best.ci_high)}, 95 %) "
        f"against {summary.incumbent} over {best.n_tasks} target task{'s' if best.n_tasks != 1 else ''}, "
        f"n = {best.n_items}"
    )
    clauses = [
        clause
        for clause in (_forgetting(summary, best), _cost(summary, best), _scope(summary, best))
        if clause
    ]
    tail = "".join(f" {clause}" for clause in clauses)
    if best.ci_low > 0 and best.p_holm < ALPHA:
        return Verdict(line=f"{best.strategy} leads: {figures}.{tail}", winner=best.strategy)
    if best.ci_high < 0:
        worst = f"the best challenger, {best.strategy}, has {figures}"
        return Verdict(line=f"Keep {summary.incumbent}: {worst}.{tail}", winner=summary.incumbent)
    return Verdict(line=f"Not yet proven: {best.strategy} has {figures}.{tail}", winner=None)


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def _forgetting(summary: Summary, best: MacroContrast) -> str:
    mine = [contrast for contrast in summary.forgetting if contrast.strategy == best.strategy]
    if not mine:
        return ""
    worst = min(mine, key=lambda contrast: contrast.difference)
    figures = f"{_points(worst.difference)} ({_points(worst.ci_low)} to {_points(worst.ci_high)})"
    found = "It forgets" if worst.ci_high < 0 else "Its largest drop on a retention task is not proven"
    if worst.difference >= 0:
        found = "No retention task dropped; the least gain"
    return f"{found}: {worst.task} {figures}."


def _cost(summary: Summary, best: MacroContrast) -> str:
    by_name = {cost.strategy: cost for cost in summary.costs}
    mine, reference = by_name.get(best.strategy), by_name.get(summary.incumbent)
    if mine is None or reference is None:
        return ""
    ratio = _tokens(mine) / max(_tokens(reference), 1e-9)
    training = f" after {mine.prepare.wall_s:.0f} s of preparation" if mine.prepare.wall_s >= 1 else ""
    return f"It takes {ratio:.1f}x the tokens an item{training}."


def _tokens(cost: StrategyCost) -> float:
    return cost.prompt_tokens + cost.completion_tokens


def _scope(summary: Summary, best: MacroContrast) -> str:
    trained = any(cost.strategy == best.strategy and cost.prepare.trained_tokens for cost in summary.costs)
    return (
        "One seed: this holds for this adapter, not for the recipe."
        if trained and len(summary.seeds) == 1
        else ""
    )

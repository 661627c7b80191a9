"""PASS, FAIL or INCONCLUSIVE from a difference and a margin: pure functions.

With L and U the one-sided bounds of new - old and m the margin:

- PASS: L > -m.
- FAIL: U < 0 with L <= -m: a real drop, and the margin is not met. Judged over all checks by Holm.
- INCONCLUSIVE otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from harness.deciding.wording import points
from harness.stats import Macro, Paired, holm, items_for_margin
from harness.types import Frozen

Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE", "NOT COMPARABLE", "ERROR", "REFUSED"]
ORDER: tuple[Verdict, ...] = ("REFUSED", "ERROR", "NOT COMPARABLE", "FAIL", "INCONCLUSIVE", "PASS")
_BISECTIONS = 40


class CheckResult(Frozen):
    """One check of one candidate.

    ``difference`` is new - old with its one-sided bounds ``low`` and ``high``; ``p_drop`` the p-value that
    there is no drop, corrected for all checks. ``needed`` is how many items would be enough. Checks that are
    no differences of scores have only a verdict and a text. ``grounds`` say what else the verdict rests on.
    """

    name: str
    verdict: Verdict
    text: str
    tasks: tuple[str, ...] = ()
    against: str = ""
    margin: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_drop: float | None = None
    n: int = 0
    needed: int | None = None
    lost: tuple[str, ...] = ()
    gained: int = 0
    grounds: tuple[str, ...] = ()


def drop_p(found: Paired | Macro) -> float:
    """Return the one-sided p-value that the true difference is not below 0; 1.0 where the estimate is not."""
    if found.estimate >= 0:
        return 1.0
    low, high = 1e-9, 0.5
    if found.interval(2 * low)[1] < 0:
        return low
    for _ in range(_BISECTIONS):
        middle = (low * high) ** 0.5
        if found.interval(2 * middle)[1] < 0:
            high = middle
        else:
            low = middle
    return high


def judged(check: CheckResult, found: Paired | Macro, margin: float, alpha: float) -> CheckResult:
    """Fill in a check's figures; its verdict is PASS or, until all checks are known, INCONCLUSIVE."""
    low, high = found.interval(2 * alpha)
    passes = low > -margin
    return check.model_copy(
        update={
            "verdict": "PASS" if passes else "INCONCLUSIVE",
            "margin": margin,
            "difference": found.estimate,
            "low": low,
            "high": high,
            "p_drop": drop_p(found),
            "n": found.n,
            "needed": None if passes else _needed(found, margin, alpha),
        }
    )


def _needed(found: Paired | Macro, margin: float, alpha: float) -> int | None:
    """Return how many items would show that the margin is held, were the estimate the truth."""
    tasks = found.tasks if isinstance(found, Macro) else (found,)
    flips = sum(float((task.differences**2).mean()) for task in tasks) / len(tasks)
    effect = max(task.design_effect for task in tasks)
    needed = items_for_margin(margin, flips, min(found.estimate, 0.0), alpha, design_effect=effect)
    return None if needed is None else max(needed, found.n + 1)


def settled(checks: Sequence[CheckResult], alpha: float) -> list[CheckResult]:
    """Give every check its last verdict: a drop that is proven over all checks together is a FAIL."""
    open_ones = [i for i, check in enumerate(checks) if check.p_drop is not None]
    corrected = dict(zip(open_ones, holm([checks[i].p_drop or 0.0 for i in open_ones]), strict=True))
    return [_settled(check, corrected.get(i), alpha) for i, check in enumerate(checks)]


def _settled(check: CheckResult, p_holm: float | None, alpha: float) -> CheckResult:
    if p_holm is None or check.margin is None or check.difference is None or check.low is None:
        return check
    verdict: Verdict = check.verdict
    if check.low <= -check.margin and p_holm < alpha:
        verdict = "FAIL"
    figures = (
        f"{points(check.difference)} points (one-sided bounds {points(check.low)} and "
        f"{points(check.high or 0.0)}; margin {points(check.margin, sign=False)}; n = {check.n:,})"
    )
    if verdict == "PASS":
        text = f"no loss beyond the margin: {figures}"
    elif verdict == "FAIL":
        text = f"a real drop, and the margin is not held: {figures}"
    elif check.low > -check.margin:
        text = f"not known, though the margin is held: {figures}"
    elif check.needed is None:
        text = (
            f"not proven; more items are unlikely to help, for the estimate is beyond the margin: {figures}"
        )
    else:
        text = f"not proven; needs about {check.needed:,} items: {figures}"
    text = "; ".join([text, *check.grounds])
    return check.model_copy(update={"verdict": verdict, "text": text, "p_drop": p_holm})


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict of all checks together: PASS only where every one passes."""
    return min(verdicts, key=ORDER.index, default="PASS")

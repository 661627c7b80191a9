"""PASS, FAIL or INCONCLUSIVE from a difference and a margin: pure functions.

With L the one-sided lower bound of new - old, which assumes only the range of the scores, and m the margin:

- PASS: L > -m.
- FAIL: L <= -m and a drop that an equally good candidate would show in less than 5 % of runs, by the paired
  test used everywhere else. Corrected over all checks of the candidate by Holm.
- INCONCLUSIVE otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from harness.deciding.wording import points
from harness.stats import POWER, Macro, Paired, holm, least_times, normal_quantile
from harness.types import Frozen

GateVerdict = Literal["PASS", "FAIL", "INCONCLUSIVE", "NOT COMPARABLE", "ERROR", "REFUSED"]
ORDER: tuple[GateVerdict, ...] = ("REFUSED", "ERROR", "NOT COMPARABLE", "FAIL", "INCONCLUSIVE", "PASS")


class CheckResult(Frozen):
    """One check of one candidate.

    ``difference`` is new - old with its one-sided bounds ``low`` (see `Paired.lower`) and ``high``;
    ``p_drop`` is the p-value for no loss, corrected for all checks of the candidate. ``n`` items form
    ``n_clusters`` independent groups; ``needed`` is how many items would be enough, ``least_margin`` the
    smallest margin that could pass, if no item changed. Checks that are not score differences have only a
    verdict and a text. ``grounds`` say what else the verdict is based on.
    """

    name: str
    verdict: GateVerdict
    text: str
    tasks: tuple[str, ...] = ()
    against: str = ""
    margin: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_drop: float | None = None
    n: int = 0
    n_clusters: int = 0
    needed: int | None = None
    least_margin: float | None = None
    lost: tuple[str, ...] = ()
    gained: int = 0
    grounds: tuple[str, ...] = ()


def judged(
    check: CheckResult, found: Paired | Macro, margin: float, alpha: float, level: float
) -> CheckResult:
    """Fill in a check's figures; its verdict is PASS or, until all checks are known, INCONCLUSIVE.

    Args:
        check: The check.
        found: The difference.
        margin: Largest accepted loss.
        alpha: One-sided level of the bounds that are shown.
        level: One-sided level of passing: alpha, or less where several candidates may pass.
    """
    low, high = found.lower(level), found.interval(2 * alpha)[1]
    passes = found.holds(margin, level)
    return check.model_copy(
        update={
            "verdict": "PASS" if passes else "INCONCLUSIVE",
            "margin": margin,
            "difference": found.estimate,
            "low": low,
            "high": high,
            "p_drop": found.drop_p,
            "n": found.n,
            "n_clusters": found.n_clusters,
            "needed": None if passes else _needed(found, margin, level),
            "least_margin": found.least_margin(level),
        }
    )


def _needed(found: Paired | Macro, margin: float, level: float) -> int | None:
    """Return how many such items would pass the margin with 80 % power, given the estimate.

    None if the estimate is beyond the margin, or if even thousands of times as many would not be enough.
    """
    wander = normal_quantile(POWER) * found.standard_error

    def enough(times: float) -> bool:
        return found.lower_if(times, level) - wander / math.sqrt(times) > -margin

    if found.estimate <= -margin:
        return None
    times = least_times(enough, least=1.0)
    return None if times is None else math.ceil(times * found.n)


def settled(checks: Sequence[CheckResult], alpha: float) -> list[CheckResult]:
    """Give every check its final verdict: a drop that is significant over all checks is a FAIL."""
    open_ones = [i for i, check in enumerate(checks) if check.p_drop is not None]
    corrected = dict(zip(open_ones, holm([checks[i].p_drop or 0.0 for i in open_ones]), strict=True))
    return [_settled(check, corrected.get(i), alpha) for i, check in enumerate(checks)]


def _settled(check: CheckResult, p_holm: float | None, alpha: float) -> CheckResult:
    if p_holm is None or check.margin is None or check.difference is None or check.low is None:
        return check
    verdict: GateVerdict = check.verdict
    if check.low <= -check.margin and p_holm < alpha:
        verdict = "FAIL"
    figures = _figures(check)
    if verdict == "PASS":
        text = f"no loss beyond the margin: {figures}"
    elif verdict == "FAIL":
        text = f"a real drop (p = {p_holm:.2g}), and the margin is not held: {figures}"
    elif check.low > -check.margin:
        text = f"not known, though the margin is held: {figures}"
    elif check.difference <= -check.margin:
        text = f"not proven; the estimate is beyond the margin, so more items are unlikely to help: {figures}"
    elif check.needed is None:
        text = f"not proven; it would take thousands of times the items: {figures}"
    else:
        text = f"not proven; needs about {check.needed:,} items: {figures}"
    if verdict == "INCONCLUSIVE" and (check.least_margin or 0.0) >= check.margin:
        best = points(check.least_margin or 0.0, sign=False)
        text += f"; so few hold a margin of {best} points at best, if none of them changes"
    text = "; ".join([text, *check.grounds])
    return check.model_copy(update={"verdict": verdict, "text": text, "p_drop": p_holm})


def _figures(check: CheckResult) -> str:
    """Return a check's difference, bounds, margin and size in words."""
    groups = "" if check.n_clusters == check.n else f" in {check.n_clusters:,} groups"
    return (
        f"{points(check.difference or 0.0)} points (one-sided bounds {points(check.low or 0.0)} and "
        f"{points(check.high or 0.0)}; margin {points(check.margin or 0.0, sign=False)}; "
        f"n = {check.n:,}{groups})"
    )


def worst(verdicts: Sequence[GateVerdict]) -> GateVerdict:
    """Return the verdict of all checks together: PASS only where every one passes."""
    return min(verdicts, key=ORDER.index, default="PASS")

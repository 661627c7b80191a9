"""What would change a decision: the nearest margin, price or volume at which it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from harness.deciding.cost import Priced, break_even_volume
from harness.deciding.records import Candidate, Limits
from harness.deciding.wording import percent, points


@dataclass(frozen=True)
class Ground:
    """What a decision is based on, as far as its turning points need it.

    Attributes:
        candidates: Every strategy, best first.
        proven: Those that are significantly better than the incumbent and within the limits.
        incumbent: The strategy in use.
        limits: The limits for a strategy to be chosen.
        priced: Gives what a strategy costs.
    """

    candidates: Sequence[Candidate]
    proven: Sequence[Candidate]
    incumbent: str
    limits: Limits
    priced: Callable[[str], Priced]


def changes(ground: Ground, winner: str | None) -> Iterable[str]:
    """Yield sentences that say what would change the decision."""
    mine = next((candidate for candidate in ground.candidates if candidate.strategy == winner), None)
    if mine is None or mine.strategy == ground.incumbent:
        yield from _missing_proof(ground)
        return
    yield (
        f"The lead of {mine.strategy} is at least {points(mine.ci_low, sign=False)} points (95 %); it stands "
        "as long as a change takes less than that from it."
    )
    best = max(ground.proven, key=lambda candidate: candidate.mean, default=mine)
    if best.mean > mine.mean:
        more = points(best.mean - mine.mean, sign=False)
        yield f"{best.strategy} scores {more} points more, which is not proven; {mine.strategy} costs less."
    yield from _forgetting_limit(ground, mine)
    for other in sorted(ground.proven, key=lambda candidate: candidate.month):
        if other.strategy != mine.strategy:
            yield from _turning_volume(ground, mine, other)
    yield from _turning_price(ground, mine)


def _forgetting_limit(ground: Ground, mine: Candidate) -> Iterable[str]:
    retained = mine.retained
    if retained.ci_low is not None and retained.state in ("ruled out", "not ruled out"):
        worst = points(max(0.0, -retained.ci_low), sign=False)
        limit = f"(the limit is {points(ground.limits.max_forgetting, sign=False)})"
        if retained.state == "ruled out":
            yield f"It holds while a loss of {worst} points on general tasks is accepted {limit}."
        else:
            more = "asking more of their items would tell"
            yield f"A loss of {worst} points on general tasks is not ruled out {limit}; {more}."
    for other in ground.candidates:
        kept = other.retained
        by_score = kept.state == "found" and not kept.lost_information
        if other.mean > mine.mean and by_score and kept.ci_low is not None:
            loss = max(-kept.ci_low, -(kept.worst_difference or 0.0))
            yield (
                f"{other.strategy} scores {points(other.mean - mine.mean, sign=False)} points more; it would "
                f"be taken if a loss of {points(loss, sign=False)} points on general tasks were "
                "accepted."
            )


def _turning_volume(ground: Ground, mine: Candidate, other: Candidate) -> Iterable[str]:
    """Whether another proven strategy becomes cheaper at another volume."""
    new, old = ground.priced(other.strategy), ground.priced(mine.strategy)
    if at := break_even_volume(new, old):
        yield f"{other.strategy} costs less than {mine.strategy} from {at:,.0f} queries a month on."
    if at := break_even_volume(old, new):
        yield f"{other.strategy} costs less than {mine.strategy} below {at:,.0f} queries a month."


def _turning_price(ground: Ground, mine: Candidate) -> Iterable[str]:
    new, old = ground.priced(mine.strategy).per_query, ground.priced(ground.incumbent).per_query
    if not new or not old:
        return
    ratio = f"Each query costs {new / old:.2f} times as much as with {ground.incumbent}"
    if new > old:
        yield f"{ratio}: at {percent(old / new)} of its price it would cost the same."
    elif new < old:
        yield f"{ratio}: it stays cheaper until its price is {old / new:.1f} times as high."


def _missing_proof(ground: Ground) -> Iterable[str]:
    """What the challenger nearest to being chosen still lacks."""
    challengers = [c for c in ground.candidates if c.strategy != ground.incumbent and not c.excluded]
    if not challengers:
        return
    best = max(challengers, key=lambda candidate: candidate.difference)
    yield (
        f"Only leads above {points(best.detectable, sign=False)} points are reliably detected (80 % power); "
        f"{best.strategy} has {points(best.difference)}."
    )
    if best.difference > 0 and best.needed and best.needed > best.n_items:
        yield f"To prove that lead takes about {best.needed:,} items ({best.n_items:,} were asked)."

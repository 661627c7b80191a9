"""What a model lost by being adapted: pure functions over stored rows and probes.

The reference is always the unchanged base, loaded without any adapter.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from harness.analysis.answers import Answers
from harness.analysis.findings import TaskInfo
from harness.analysis.losses import Behaviour, BehaviourChange, Continual, StrategyDrift, TaskFlips, Tradeoff
from harness.analysis.scores import Clusters, Scores, is_right, names_of, share_interval
from harness.execution.drift import Drift
from harness.stats import Paired, paired
from harness.traits import Traits
from harness.types import Task


@dataclass(frozen=True)
class RightItems:
    """Whether each item that two strategies share is right, under the new one and under the old one."""

    now: Mapping[str, bool]
    before: Mapping[str, bool]

    @classmethod
    def of(cls, new: Scores, old: Scores, metric: str, right_from: float | None) -> Self:
        """Judge the items that both have, by their task's rule."""
        left, right = new.of(metric), old.of(metric)
        now = {item: is_right(left[item].mean(), right_from) for item in left if item in right}
        return cls(now, {item: is_right(right[item].mean(), right_from) for item in now})

    @property
    def lost(self) -> tuple[str, ...]:
        """Right before, wrong now."""
        return tuple(item for item in self.now if self.before[item] and not self.now[item])

    @property
    def gained(self) -> tuple[str, ...]:
        """Wrong before, right now."""
        return tuple(item for item in self.now if self.now[item] and not self.before[item])


def flips_of(
    strategy: str, reference: str, info: TaskInfo, new: Scores, old: Scores, clusters: Clusters
) -> TaskFlips:
    """Return the items that a strategy lost and gained against a reference on one task."""
    found = RightItems.of(new, old, info.primary_metric, info.right_from)
    lost, gained, base_right = found.lost, found.gained, sum(found.before.values())
    right_before = [item for item in found.now if found.before[item]]
    low, high = 0.0, 1.0
    if right_before:
        losses = np.array([[not found.now[item] for item in right_before]], dtype=np.float64)
        _, low, high = share_interval(losses, names_of(right_before, clusters))
    both = list(found.now)
    now, before = ([float(side[item]) for item in both] for side in (found.now, found.before))
    return TaskFlips(
        strategy=strategy,
        reference=reference,
        task=info.name,
        role=info.role,
        n=len(found.now),
        base_right=base_right,
        lost=lost,
        gained=gained,
        lost_rate=len(lost) / base_right if base_right else 0.0,
        lost_rate_low=low,
        lost_rate_high=high,
        p_value=paired(now, before, names_of(both, clusters)).p_value if both else 1.0,
    )


def tradeoffs_of(gains: Mapping[str, float], flips: Sequence[TaskFlips]) -> Iterable[Tradeoff]:
    """Yield what strategies gained and lost, and which of them are on the Pareto frontier of both.

    Args:
        gains: Mean difference from the incumbent on the target tasks by strategy.
        flips: Flips on the retention tasks; a strategy without any has lost nothing.
    """
    lost: dict[str, float] = {}
    for strategy in gains:
        mine = [flip for flip in flips if flip.strategy == strategy]
        right = sum(flip.base_right for flip in mine)
        lost[strategy] = sum(len(flip.lost) for flip in mine) / right if right else 0.0
    for strategy, gain in gains.items():
        beaten = any(
            gains[other] >= gain
            and lost[other] <= lost[strategy]
            and (gains[other], -lost[other]) != (gain, -lost[strategy])
            for other in gains
        )
        yield Tradeoff(strategy=strategy, gain=gain, lost_rate=lost[strategy], efficient=not beaten)


def mean_drift(strategy: str, by_seed: Sequence[Sequence[Drift]]) -> StrategyDrift | None:
    """Average the measured drift over seeds; None if nothing was measured."""
    by_text: dict[str, list[Drift]] = defaultdict(list)
    for drifts in by_seed:
        for drift in drifts:
            by_text[drift.text].append(drift)
    if not by_text:
        return None
    texts = tuple(
        Drift(
            text=name,
            n_tokens=found[0].n_tokens,
            nll=float(np.mean([drift.nll for drift in found])),
            base_nll=float(np.mean([drift.base_nll for drift in found])),
            n_kl=found[0].n_kl,
            kl=float(np.mean([drift.kl for drift in found])),
        )
        for name, found in by_text.items()
    )
    return StrategyDrift(strategy=strategy, n_seeds=len(by_seed), texts=texts)


# --- Behaviour other than correctness ---


def behaviour_changes(
    strategy: str, task: Task, unanswerable: Collection[str], new: Answers, base: Answers, clusters: Clusters
) -> Iterable[BehaviourChange]:
    """Yield how often answers break their form, and how often questions are refused, against the base.

    Args:
        strategy: The strategy that gave the new answers.
        task: The task.
        unanswerable: Items whose accepted answer is the task's refusal.
        new: The strategy's answers.
        base: The base's answers.
        clusters: The cluster of each item.
    """
    kinds: list[tuple[Behaviour, Rates | None]] = []
    if not task.scores_choices:
        both = sorted(new.rows.keys() & base.rows.keys())
        sides = _Side(new.rows, new.broken), _Side(base.rows, base.broken)
        kinds.append(("format failure", _paired(both, *sides, clusters)))
    if task.refusal:
        without, with_one = refusals(new, base, unanswerable, clusters)
        kinds.append(("refusal of an unanswerable question", without))
        kinds.append(("refusal of an answerable one", with_one))
    yield from (_changed(strategy, task, name, rates) for name, rates in kinds if rates)


@dataclass(frozen=True)
class Rates:
    """How often a behaviour occurs now and in the base, on the same items.

    Attributes:
        now: Mean share of answers, in [0, 1].
        base: The base's.
        found: The difference.
    """

    now: float
    base: float
    found: Paired


def refusals(
    new: Answers, base: Answers, unanswerable: Collection[str], clusters: Clusters
) -> tuple[Rates | None, Rates | None]:
    """Pair the refusal rates of questions without an answer, and of those with one.

    Either is None where there are no such questions.
    """
    both = sorted(new.rows.keys() & base.rows.keys())
    sides = _Side(new.rows, new.refused), _Side(base.rows, base.refused)
    without = [item for item in both if item in unanswerable]
    with_one = [item for item in both if item not in unanswerable]
    return _paired(without, *sides, clusters), _paired(with_one, *sides, clusters)


@dataclass(frozen=True)
class _Side:
    """Item to the number of its rows, and to how many of them show the behaviour."""

    rows: Mapping[str, int]
    held: Mapping[str, int]

    def shares(self, items: Sequence[str]) -> list[float]:
        return [self.held.get(item, 0) / self.rows[item] for item in items]


def _paired(items: Sequence[str], new: _Side, base: _Side, clusters: Clusters) -> Rates | None:
    """Pair the share of each item's answers that show the behaviour."""
    if not items:
        return None
    now, before = new.shares(items), base.shares(items)
    found = paired(now, before, names_of(items, clusters))
    return Rates(float(np.mean(now)), float(np.mean(before)), found)


def _changed(strategy: str, task: Task, name: Behaviour, rates: Rates) -> BehaviourChange:
    low, high = rates.found.interval()
    return BehaviourChange(
        strategy=strategy,
        task=task.name,
        behaviour=name,
        n=rates.found.n,
        rate=rates.now,
        base_rate=rates.base,
        difference=rates.found.estimate,
        ci_low=low,
        ci_high=high,
    )


# --- Several training stages ---

Stages = tuple[tuple[str, ...], ...]


def continual_of(
    strategies: Mapping[str, Mapping[str, Any]],
    traits: Mapping[str, Traits],
    means: Mapping[str, Mapping[str, float]],
) -> Iterable[Continual]:
    """Yield what each training in stages forgot of its earlier stages.

    A strategy with stages is judged if, for each number of first stages, there is a strategy with only those
    stages that is otherwise the same.

    Backward transfer is the mean over the earlier stages of (score at the end - score right after the stage),
    and average forgetting the mean over them of (best score before the end - score at the end). Sources:
    Lopez-Paz & Ranzato, Gradient Episodic Memory for Continual Learning, 2017; Chaudhry et al., Riemannian
    Walk for Incremental Learning, 2018.

    Args:
        strategies: Name to ``use`` and ``options``, as the experiment has them.
        traits: Name to its declared traits, including its stages.
        means: Strategy, then task, to the mean primary score.
    """
    staged = {name: each.stages for name, each in traits.items()}
    for name, stages in staged.items():
        if len(stages) < 2:
            continue
        row = [_prefix(name, count, staged, strategies) for count in range(1, len(stages))]
        ladder = [*(each for each in row if each is not None), name]
        if len(ladder) != len(stages) or any(not means.get(each) for each in ladder):
            continue
        table = [[_mean(means[each], tasks) for tasks in stages] for each in ladder]
        if any(math.isnan(value) for scores in table for value in scores):
            continue
        last = len(stages) - 1
        yield Continual(
            strategy=name,
            after=tuple(ladder),
            stages=stages,
            scores=tuple(tuple(scores) for scores in table),
            backward_transfer=float(np.mean([table[last][i] - table[i][i] for i in range(last)])),
            average_forgetting=float(
                np.mean([max(table[k][i] for k in range(last)) - table[last][i] for i in range(last)])
            ),
        )


def _prefix(
    name: str,
    count: int,
    staged: Mapping[str, Stages],
    strategies: Mapping[str, Mapping[str, Any]],
) -> str | None:
    """Return the strategy that is ``name`` with only its first ``count`` stages."""
    wanted = staged[name][:count], _without(staged[name], strategies[name])
    return next((s for s in staged if (staged[s], _without(staged[s], strategies[s])) == wanted), None)


def _without(stages: Stages, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options without the one that lists the stages, under any name and in any part."""
    listed = [list(tasks) for tasks in stages]
    return {
        key: _without(stages, value) if isinstance(value, Mapping) else value
        for key, value in options.items()
        if value != listed
    }


def _mean(scores: Mapping[str, float], tasks: Sequence[str]) -> float:
    return float(np.mean([scores.get(task, math.nan) for task in tasks]))

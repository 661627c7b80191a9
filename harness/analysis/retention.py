"""Whether retention tasks can show a loss, and what adapted weights still know: pure functions over rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from harness.analysis.losses import InformationChange
from harness.analysis.scores import Clusters, names_of
from harness.execution.drift import AnswerInformation
from harness.stats import paired_differences

Blindness = Literal["floor", "ceiling"]

CEILING = 0.97
"""Mean score from which a task is too easy to show a loss."""


def blindness_of(
    base_mean: float, base_low: float, now_mean: float, guess: float, margin: float, ceiling: float = CEILING
) -> Blindness | None:
    """Return why a retention task cannot show a loss beyond the margin; None if it can.

    At the floor there is nothing to lose: the base is no better than guessing, or by no more than the margin.
    At the ceiling, if the adapted model is still there too, all items were too easy to show a loss.

    Args:
        base_mean: The base's mean score, 0.0 to 1.0, like all that follow.
        base_low: Lower bound of its 95 % interval.
        now_mean: The adapted model's mean score.
        guess: Score of guessing.
        margin: Largest loss that is accepted.
        ceiling: Mean score from which a task is too easy.
    """
    if base_low <= guess + margin:
        return "floor"
    return "ceiling" if min(base_mean, now_mean) >= ceiling else None


def blind_text(task: str, why: Blindness, base_mean: float) -> str:
    """Return why a task cannot show a loss, as a clause."""
    if why == "ceiling":
        return f"{task} is too easy to show a loss: base and adapted model answer nearly all of it"
    return f"{task} cannot show a loss: the base scores {100 * base_mean:.1f}, not clearly above a guess"


def information_changes(
    strategy: str, by_seed: Sequence[Sequence[AnswerInformation]], clusters: Mapping[str, Clusters]
) -> Iterable[InformationChange]:
    """Yield by task how much less information questions give about their answers than they give the base.

    Args:
        strategy: Whose adapted weights were measured.
        by_seed: The measurements of each seed; items that not every seed has are left out.
        clusters: Task to the cluster of each item.
    """
    by_task: dict[str, list[AnswerInformation]] = defaultdict(list)
    for seed in by_seed:
        for found in seed:
            by_task[found.task].append(found)
    for task, seeds in by_task.items():
        items = sorted(set.intersection(*(set(found.items) for found in seeds)))
        if not items:
            continue
        now = np.array([_values(found.items, found.now, items) for found in seeds])
        base = np.array([_values(found.items, found.base, items) for found in seeds])
        pairs, unit = paired_differences(now - base, names_of(items, clusters.get(task, {})))
        low, high = pairs.interval()
        yield InformationChange(
            strategy=strategy,
            task=task,
            n=len(items),
            base=float(base.mean()),
            now=float(now.mean()),
            difference=unit * pairs.estimate,
            ci_low=unit * low,
            ci_high=unit * high,
            p_value=pairs.p_value,
            base_log_likelihood=float(np.mean([found.base_log_likelihood for found in seeds])),
            log_likelihood=float(np.mean([found.log_likelihood for found in seeds])),
        )


def _values(known: Sequence[str], values: Sequence[float], items: Sequence[str]) -> list[float]:
    by_item = dict(zip(known, values, strict=True))
    return [by_item[item] for item in items]

"""Whether a strategy forgets, from all its measurements.

Scores alone mislead: a base that answers in sentences fails an exact match, and tuning that teaches the short
form raises that score even while knowledge is lost. So forgetting is

- *found* if the loss in the mean of the retention tasks, or in one of them, is significant and larger than
  accepted, or if the same holds for a task's answer information;
- *ruled out* only if some task can show a loss, the mean of those that can is shown to be within the margin
  with gains counted as 0, no loss as above is found, and the perplexity of general text stays within its
  limit;
- *not known* if no task can show a loss and none is found;
- *not ruled out* otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from harness.analysis.findings import Contrast, TaskInfo
from harness.analysis.losses import InformationChange, StrategyDrift, TaskFlips
from harness.analysis.retention import Blindness, blind_text, blindness_of
from harness.analysis.scores import Clusters, Scores, mean_with_interval
from harness.deciding.records import ForgettingState, Limits, Retained
from harness.deciding.wording import percent
from harness.execution.drift import GENERAL_TEXT
from harness.stats import Macro, Paired, drop_p, holm


@dataclass(frozen=True)
class KeptTask:
    """One retention task under adapted weights.

    Attributes:
        name: Its name.
        found: Its paired difference from the base.
        base_mean: The base's mean score, 0.0 to 1.0.
        blind: Why it cannot show a loss; None if it can.
    """

    name: str
    found: Paired
    base_mean: float
    blind: Blindness | None

    @classmethod
    def of(
        cls, info: TaskInfo, found: Paired, now: Scores, base: Scores, clusters: Clusters, limits: Limits
    ) -> Self:
        """Tell whether a task can show a loss beyond the limits.

        Args:
            info: The task.
            found: Its paired difference from the base.
            now: The adapted model's scores.
            base: The base's scores.
            clusters: The cluster of each item.
            limits: The accepted loss, and the score from which a task is too easy.
        """
        base_mean, base_low, _, _ = mean_with_interval(base, info.primary_metric, clusters)
        now_mean, _, _, _ = mean_with_interval(now, info.primary_metric, clusters)
        guess, margin = info.random_baseline, limits.max_forgetting
        return cls(
            info.name,
            found,
            base_mean,
            blindness_of(base_mean, base_low, now_mean, guess, margin, limits.ceiling),
        )


@dataclass(frozen=True)
class Evidence:
    """All measurements of one strategy with adapted weights.

    Attributes:
        tasks: The retention tasks that it and the base have answered.
        information: Answer information (see `InformationChange`), by retention task.
        drift: Likelihood of texts; None if not measured.
        contrasts: The differences by task as they are shown.
        flips: Items lost and gained on retention tasks.
        missing: Wanted measurements that are missing, as clauses.
    """

    tasks: Sequence[KeptTask]
    information: Sequence[InformationChange]
    drift: StrategyDrift | None
    contrasts: Sequence[Contrast] = ()
    flips: Sequence[TaskFlips] = ()
    missing: Sequence[str] = ()

    @property
    def seeing(self) -> list[KeptTask]:
        """The tasks that can show a loss."""
        return [task for task in self.tasks if task.blind is None]

    @property
    def mean(self) -> Macro:
        """The mean difference over the tasks that can show a loss, or over all if none can."""
        return Macro(tuple(task.found for task in self.seeing or self.tasks))


def judged(evidence: Evidence, limits: Limits) -> Retained:
    """Return whether forgetting is found, ruled out, or neither, and why."""
    untold = dict(_lost_information(evidence, limits))
    lost = [*_lost_scores(evidence, limits), *untold.values()]
    absent = [f"not measured: {text}" for text in evidence.missing]
    if not evidence.tasks:
        state: ForgettingState = "found" if lost else "not known" if absent else "not measured"
        return Retained(state=state, grounds=(*lost, *absent), lost_information=tuple(untold))
    seeing, mean = evidence.seeing, evidence.mean
    low, high = mean.lower(limits.alpha), mean.interval(2 * limits.alpha)[1]
    within = low > -limits.max_forgetting
    apart = [*_hidden(seeing, within, limits), *_perplexity(evidence, limits), *absent]
    state = "not ruled out"
    if lost or (seeing and mean.drop_p < limits.alpha and not within):
        state = "found"
    elif not seeing:
        state = "not known"
    elif within and not apart:
        state = "ruled out"
    worst = min(evidence.contrasts, key=lambda each: each.difference, default=None)
    blind = [blind_text(task.name, task.blind, task.base_mean) for task in evidence.tasks if task.blind]
    if state == "not known":
        return Retained(state=state, grounds=(*lost, *apart, *blind), lost_information=tuple(untold))
    return Retained(
        state=state,
        difference=mean.estimate,
        ci_low=low,
        ci_high=high,
        worst_task=worst.task if worst else "",
        worst_difference=worst.difference if worst else None,
        lost=sum(len(flip.lost) for flip in evidence.flips),
        base_right=sum(flip.base_right for flip in evidence.flips),
        grounds=(*lost, *apart, *blind),
        lost_information=tuple(untold),
    )


def _lost_scores(evidence: Evidence, limits: Limits) -> Iterable[str]:
    """Name the tasks whose own loss is significant (Holm): a gain elsewhere does not offset it."""
    tasks = [task for task in evidence.tasks if task.blind != "floor"]
    corrected = holm([task.found.drop_p for task in tasks])
    for task, p in zip(tasks, corrected, strict=True):
        if p < limits.alpha and task.found.estimate <= -limits.max_forgetting:
            yield f"{task.name} has lost {-100 * task.found.estimate:.1f} points"


def _lost_information(evidence: Evidence, limits: Limits) -> Iterable[tuple[str, str]]:
    corrected = holm([drop_p(each.difference, each.p_value) for each in evidence.information])
    for each, p in zip(evidence.information, corrected, strict=True):
        share = -each.difference / each.base if each.base > 0 else 0.0
        if p < limits.alpha and share >= limits.max_information_loss:
            nats = f"{each.base:.1f} to {each.now:.1f} nats"
            yield (
                each.task,
                f"the questions of {each.task} tell it {percent(share)} less of their answers ({nats})",
            )


def _hidden(seeing: Sequence[KeptTask], within: bool, limits: Limits) -> Iterable[str]:
    """Say if only gains on some tasks keep the mean within the limit: the others may have lost more."""
    if not seeing or not within:
        return
    if Macro(tuple(task.found for task in seeing)).lower_of_losses(limits.alpha) <= -limits.max_forgetting:
        gained = max(seeing, key=lambda task: task.found.estimate)
        yield f"the gain in {gained.name} makes up for what the other tasks may have lost"


def _perplexity(evidence: Evidence, limits: Limits) -> Iterable[str]:
    for text in evidence.drift.texts if evidence.drift else ():
        if text.text == GENERAL_TEXT and text.perplexity_ratio > limits.max_perplexity_ratio:
            yield f"the perplexity of general text is {text.perplexity_ratio:.2f} times the base's"

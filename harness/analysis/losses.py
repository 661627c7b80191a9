"""Records of what strategies lost against their reference; part of ``summary.json``."""

from __future__ import annotations

from typing import Literal

from harness.execution.drift import Drift
from harness.types import Frozen, Role


class TaskFlips(Frozen):
    """Items of a task that a strategy lost (right before, wrong now) and gained against a reference.

    The reference is the base for a retention task and the incumbent for a target task; ``base_right`` counts
    the items that it had right. ``lost_rate`` is lost / ``base_right``, with Wilson's 95 % interval;
    ``p_value`` is McNemar's.
    """

    strategy: str
    reference: str
    task: str
    role: Role
    n: int
    base_right: int
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    lost_rate: float
    lost_rate_low: float
    lost_rate_high: float
    p_value: float


Behaviour = Literal["format failure", "refusal of an unanswerable question", "refusal of an answerable one"]


class BehaviourChange(Frozen):
    """How often a strategy's answers show a behaviour, against the base on the same items."""

    strategy: str
    task: str
    behaviour: Behaviour
    n: int
    rate: float
    base_rate: float
    difference: float
    ci_low: float
    ci_high: float


class Tradeoff(Frozen):
    """What a strategy gained on the target tasks against what it lost on the retention tasks.

    ``gain`` is the mean difference from the incumbent, ``lost_rate`` the share of the base's right answers
    that are wrong now. ``efficient`` means that no other strategy gains more without losing more.
    """

    strategy: str
    gain: float
    lost_rate: float
    efficient: bool


class StrategyDrift(Frozen):
    """How far a strategy's weights have moved from the base, the mean over seeds, by text."""

    strategy: str
    n_seeds: int
    texts: tuple[Drift, ...]


class InformationChange(Frozen):
    """How much less information a task's questions give adapted weights about their answers than the base.

    All figures except ``n`` and ``p_value`` are in nats: means of the answer information over the ``n`` items
    and the seeds (`harness.execution.answer_information`), their difference with its 95 % interval, and the
    mean log-likelihood of the accepted answer, form included, under both.
    """

    strategy: str
    task: str
    n: int
    base: float
    now: float
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    base_log_likelihood: float
    log_likelihood: float


class Continual(Frozen):
    """What training in stages forgot of the earlier stages.

    ``scores[t][i]`` is the mean primary score on the tasks of stage i after stage t, which the strategy
    ``after[t]`` shows. Both figures are in [-1, 1]; a loss is a negative transfer and a positive forgetting.
    """

    strategy: str
    after: tuple[str, ...]
    stages: tuple[tuple[str, ...], ...]
    scores: tuple[tuple[float, ...], ...]
    backward_transfer: float
    average_forgetting: float

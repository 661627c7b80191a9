"""Records of a decision: what to do, why, and what would change it."""

from __future__ import annotations

from typing import Literal

from harness.analysis.retention import CEILING
from harness.traits import StrategyKind
from harness.types import Frozen

Outcome = StrategyKind | Literal["not yet proven", "stopped"]
ForgettingState = Literal["none possible", "ruled out", "found", "not ruled out", "not known", "not measured"]


class Limits(Frozen):
    """The limits for a strategy to be chosen, and those at which the first checks end the decision.

    ``alpha`` is the level of every test. ``max_forgetting`` is the largest accepted loss in the mean of the
    retention tasks, ``max_information_loss`` the largest accepted loss of answer information, as a share of
    the base's on a retention task, and ``max_perplexity_ratio`` the highest perplexity of general text,
    relative to the base's, at which forgetting can be ruled out. ``max_cost_per_1000`` is the largest cost of
    1,000 answers in the sheet's currency.
    ``min_recall`` is the least recall at which retrieval is judged, ``ceiling`` the score above which a
    task cannot tell strategies apart, ``max_errors`` and ``max_leaks`` the largest shares of failed items
    and of test items that are in the training data.
    """

    alpha: float = 0.05
    max_forgetting: float = 0.02
    max_information_loss: float = 0.1
    max_perplexity_ratio: float = 1.1
    max_cost_per_1000: float | None = None
    min_recall: float = 0.7
    ceiling: float = CEILING
    max_errors: float = 0.01
    max_leaks: float = 0.01


class Check(Frozen):
    """A check made before the comparison. One with ``ends`` True ends the decision."""

    name: str
    good: bool
    ends: bool
    text: str


class Retained(Frozen):
    """The mean over the retention tasks that can show a loss against the base, and the task that lost most.

    ``grounds`` are clauses that say what else the state is based on: tasks that cannot show a loss, tasks
    with a significant loss, answer information, perplexity. If no task can show a loss and the state is
    "not known", there are no figures. ``lost_information`` are the tasks whose questions give less
    information about their answers.
    """

    state: ForgettingState
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    worst_task: str = ""
    worst_difference: float | None = None
    lost: int = 0
    base_right: int = 0
    grounds: tuple[str, ...] = ()
    lost_information: tuple[str, ...] = ()


class TaskLead(Frozen):
    """A strategy on one target task against the incumbent; ``p_holm`` is corrected over the strategies."""

    task: str
    mean: float
    incumbent_mean: float
    difference: float
    ci_low: float
    ci_high: float
    p_holm: float


class Candidate(Frozen):
    """One strategy in the table: quality against the incumbent, cost, forgetting.

    ``p_holm`` is None for the incumbent and for a ceiling (not a deployable system): neither is tested.
    ``mean_low`` and ``mean_high`` are the 95 % interval of the score itself. ``excluded`` says why it cannot
    be chosen. ``break_even_queries`` is the number of queries after which it has cost less than the
    incumbent, ``break_even_volume`` the queries a month above which it costs less; None means never.
    ``model`` names the model that answers, and ``adapted`` says that its weights are adapted.
    ``n_groups`` counts the independent groups among the ``n_items``: alike items, or those of one cluster,
    are one group. ``per_1000_correct`` is None if no answer is right. ``detectable`` is the smallest
    detectable true difference, and ``needed`` the number of items that would detect the observed one, with
    power 0.8 and alpha divided by the number of challengers; None for a difference of 0. ``per_1000_low``
    and ``per_1000_high`` are the 95 % interval of the mean cost over items, or clusters of them; None if not
    known. ``once_known`` False means that part of the cost of preparing was not measured: ``once`` is a lower
    bound. ``break_even_known`` is False if the break-even depends on that part. ``once_stated`` means that an
    adapter trained elsewhere states what its training took, unmeasured. ``tasks`` has the target tasks one by
    one; the incumbent's is empty.
    """

    strategy: str
    kind: StrategyKind
    model: str
    adapted: bool = False
    mean: float
    mean_low: float
    mean_high: float
    difference: float
    ci_low: float
    ci_high: float
    p_holm: float | None
    detectable: float
    needed: int | None = None
    n_items: int
    n_groups: int
    n_seeds: int
    per_1000: float
    per_1000_low: float | None = None
    per_1000_high: float | None = None
    per_1000_correct: float | None
    once: float
    once_known: bool = True
    once_stated: bool = False
    month: float
    break_even_queries: float | None
    break_even_volume: float | None
    break_even_known: bool = True
    retained: Retained
    excluded: tuple[str, ...]
    tasks: tuple[TaskLead, ...] = ()

    def differs(self, alpha: float) -> bool:
        """Whether it is significantly better or worse than the incumbent."""
        return self.p_holm is not None and self.p_holm < alpha


class CostUnder(Frozen):
    """A month's cost of every strategy under one changed assumption."""

    assumption: str
    months: dict[str, float]


class Decision(Frozen):
    """The decision, its grounds and its limits. ``winner`` is None if nothing is significant.

    ``unjudged`` says why the choice leaves out some strategies: not finished, or could not be prepared.
    ``frontier`` are the strategies, cheapest first, that are significantly better than every cheaper one
    (Holm over all pairs). ``judging`` is the cost of metrics that asked a model, in the sheet's currency: an
    expense of the run, not part of any strategy's cost.
    """

    schema_version: Literal[2] = 2
    run: str
    outcome: Outcome
    winner: str | None
    incumbent: str
    paragraph: str
    checks: tuple[Check, ...]
    candidates: tuple[Candidate, ...]
    unjudged: tuple[str, ...] = ()
    frontier: tuple[str, ...]
    changes: tuple[str, ...]
    scenarios: tuple[CostUnder, ...]
    prices: str
    currency: str
    judging: float = 0.0
    queries_per_month: float
    limits: Limits

    @property
    def several_models(self) -> bool:
        """Whether strategies use different models, so that each must be named with its model."""
        return len({candidate.model for candidate in self.candidates}) > 1

    def named(self, strategy: str) -> str:
        """Return a strategy's name for a sentence, with its model if there are several."""
        model = next((c.model for c in self.candidates if c.strategy == strategy), "")
        return f"{strategy} on {model}" if model and self.several_models else strategy

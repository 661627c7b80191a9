"""What strategies cost by the prices of their models: pure functions over measured tokens and times.

A strategy has a one-time cost (training, indexing), a monthly cost (hosting) and a cost per query, over the
target tasks with the decision's weights:

    c = p_in * (t_prefix * ((1 - h) * w + h * r) + t_var) + p_out * t_out + p_embed * t_embed

where t_prefix are the prompt tokens of the common prefix of a task's requests, h is the share of requests
that find it cached, and w and r are the prices of writing and reading a cached token as shares of p_in. On a
machine paid by the hour, c is the time of an answer divided by the machine's utilisation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.costs import AMOUNTS, AnswerCost, Judging, StrategyCost
from harness.analysis.summary import mean_task_cost
from harness.deciding.prices import Hosting, Prices
from harness.deciding.records import CostUnder
from harness.deciding.wording import percent
from harness.stats import amount_interval, mean_bounds
from harness.types import PrepareCost

MILLION = 1e6
VOLUMES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
"""Queries a month in the sensitivity table."""


@dataclass(frozen=True)
class Use:
    """How the answer will be used.

    Attributes:
        queries_per_month: Expected queries.
        cache_hits: Share of requests that find the common prefix of their prompt cached, 0.0 to 1.0.
        retrains_per_month: How often training and indexing are repeated.
    """

    queries_per_month: float = 10_000.0
    cache_hits: float = 0.0
    retrains_per_month: float = 0.0


@dataclass(frozen=True)
class Priced:
    """A strategy's cost in the sheet's currency.

    Attributes:
        strategy: Its name.
        once: Training and indexing, once.
        per_query: One answer.
        per_month: Fixed cost of a month: hosting, and training again.
        per_1000: 1,000 answers.
        per_1000_bounds: Its 95 % interval over items, or clusters of them; None if not known.
        per_1000_correct: 1,000 right answers; infinite if none is right.
        month: Total of a month at the expected volume.
        once_known: Whether all of ``once`` was measured; else it is a lower bound.
        once_stated: Whether part of it is only stated by an adapter trained elsewhere, not measured.
    """

    strategy: str
    once: float
    per_query: float
    per_month: float
    per_1000: float
    per_1000_bounds: tuple[float, float] | None
    per_1000_correct: float
    month: float
    once_known: bool = True
    once_stated: bool = False


def priced(cost: StrategyCost, right: float, sheet: Prices, use: Use) -> Priced:
    """Price a strategy.

    Args:
        cost: What was measured.
        right: Share of its answers to the target tasks that are right, 0.0 to 1.0.
        sheet: The prices of its model.
        use: Volume, caching, retraining.
    """
    once = _once(cost, sheet)
    per_query = _per_query(cost, cost.prepare, sheet, use.cache_hits)
    bounds = _bounds(cost, sheet, use.cache_hits)
    trained = cost.prepare.adapted
    per_month = (sheet.hosting.monthly if trained else 0.0) + once * use.retrains_per_month
    return Priced(
        strategy=cost.strategy,
        once=once,
        per_query=per_query,
        per_month=per_month,
        per_1000=1000 * per_query,
        per_1000_bounds=bounds and (1000 * bounds[0], 1000 * bounds[1]),
        per_1000_correct=1000 * per_query / right if right > 0 else math.inf,
        month=per_month + per_query * use.queries_per_month,
        once_known=_once_known(cost.prepare, sheet),
        once_stated=cost.prepare.stated,
    )


def weighed(cost: StrategyCost, shares: Mapping[str, float]) -> StrategyCost:
    """Return the cost of a mean answer if the tasks have these shares of the traffic."""
    total = sum(shares.get(task.task, 0.0) for task in cost.tasks)
    if total <= 0:
        return cost
    tasks = [task.model_copy(update={"share": shares.get(task.task, 0.0) / total}) for task in cost.tasks]
    return cost.model_copy(update={**mean_task_cost(tasks), "tasks": tuple(tasks)})


def _per_query(cost: AnswerCost, made: PrepareCost, sheet: Prices, cache_hits: float) -> float:
    serving = sheet.serving
    if serving.per_hour is not None:
        return cost.device_s * serving.per_hour / 3600 / serving.utilisation
    tuned = sheet.tuned if made.adapted else None
    p_in = tuned.input_per_million if tuned else serving.input_per_million or 0.0
    p_out = tuned.output_per_million if tuned else serving.output_per_million or 0.0
    prefix = min(cost.shared_prompt_tokens, cost.prompt_tokens)
    cached = (1 - cache_hits) * (serving.cache_write if cache_hits else 1.0) + cache_hits * serving.cache_read
    prompt = prefix * cached + cost.prompt_tokens - prefix
    return (
        p_in * prompt + p_out * cost.completion_tokens + serving.embedding_per_million * cost.embedding_tokens
    ) / MILLION


def _bounds(cost: StrategyCost, sheet: Prices, cache_hits: float) -> tuple[float, float] | None:
    """Return the 95 % interval of a query's cost, from its tasks' intervals; None if one is not known."""
    parts = []
    for task in cost.tasks if all(task.covariance for task in cost.tasks) else ():
        # A price is linear in the amounts: what one more of each costs, given the task's common prefix.
        prefix = task.shared_prompt_tokens / task.prompt_tokens if task.prompt_tokens else 0.0
        nothing = dict.fromkeys(AnswerCost.model_fields, 0.0)
        units = [AnswerCost.model_validate(nothing | {name: 1.0}) for name in AMOUNTS]
        units[0] = units[0].model_copy(update={"shared_prompt_tokens": prefix})
        prices = np.array([_per_query(unit, cost.prepare, sheet, cache_hits) for unit in units])
        mean = _per_query(task, cost.prepare, sheet, cache_hits)
        found = amount_interval(mean, float(prices @ np.array(task.covariance) @ prices), task.n_clusters)
        if found is None and task.share > 0:
            return None
        parts.append((task.share, mean, *(found or (mean, mean))))
    if not parts:
        return None
    low, high = mean_bounds(parts)
    return max(low, 0.0), high


def _once_known(made: PrepareCost, sheet: Prices) -> bool:
    """Whether everything that the sheet prices was measured."""
    trained_elsewhere = made.adapted and made.trained_tokens == 0
    if sheet.training.per_hour > 0:
        return not trained_elsewhere and (made.device_s > 0 or made.wall_s == 0)
    return not (trained_elsewhere and sheet.training.per_million_tokens > 0)


def _once(cost: StrategyCost, sheet: Prices) -> float:
    made = cost.prepare
    training = sheet.training
    return (
        made.trained_tokens * training.per_million_tokens / MILLION
        + made.device_s * training.per_hour / 3600
        + made.embedding_tokens * sheet.serving.embedding_per_million / MILLION
    )


def judging_cost(judging: Iterable[Judging], prices: Callable[[str], Prices]) -> float:
    """Return the total cost of the judgements for which metrics asked a model.

    Args:
        judging: Their tokens and times.
        prices: Gives the prices of a model by its name.
    """
    nothing = dict.fromkeys(AnswerCost.model_fields, 0.0)
    total = 0.0
    for each in judging:
        taken = {
            "prompt_tokens": each.prompt_tokens,
            "completion_tokens": each.completion_tokens,
            "device_s": each.latency_s,
        }
        total += _per_query(
            AnswerCost.model_validate(nothing | taken), PrepareCost(), prices(each.model), 0.0
        )
    return total


# --- Two strategies ---


def break_even_queries(new: Priced, old: Priced) -> float | None:
    """Return after how many queries ``new`` has cost less: N* = (F_new - F_old) / (c_old - c_new).

    0.0 if it costs no more from the first query on; None if never.
    """
    return _break_even(new.once - old.once, old.per_query - new.per_query, old.per_query)


def break_even_volume(new: Priced, old: Priced) -> float | None:
    """Return the queries a month above which ``new`` costs less: q* = fixed a month / (c_old - c_new).

    0.0 if it costs no more at any volume; None if it never costs less.
    """
    return _break_even(new.per_month - old.per_month, old.per_query - new.per_query, old.per_query)


def _break_even(extra: float, saved: float, per_query: float) -> float | None:
    if abs(saved) <= 1e-9 * per_query:
        saved = 0.0
    if extra <= 0 and saved >= 0:
        return 0.0
    return extra / saved if saved > 0 else None


# --- What if ---


def scenarios(
    costs: Sequence[StrategyCost],
    prices: Mapping[str, Prices],
    use: Use,
    volumes: Iterable[int] = VOLUMES,
) -> list[CostUnder]:
    """Return a month's cost under other volumes, caching, retraining and hosting, one at a time.

    Args:
        costs: The strategies' measured costs.
        prices: Strategy to the prices of its model.
        use: Expected volume, caching and retraining.
        volumes: Queries a month.
    """
    free = {name: each.model_copy(update={"hosting": Hosting()}) for name, each in prices.items()}
    changed: list[tuple[str, Mapping[str, Prices], Use]] = [
        (f"{volume:,} queries a month", prices, replace(use, queries_per_month=volume)) for volume in volumes
    ]
    changed += [
        (f"cache hit rate {percent(rate)}", prices, replace(use, cache_hits=rate)) for rate in (0.0, 0.5, 0.9)
    ]
    changed += [
        (name, prices, replace(use, retrains_per_month=times))
        for name, times in (("trained once", 0.0), ("trained every month", 1.0), ("trained every week", 4.35))
    ]
    if any(each.hosting.monthly for each in prices.values()):
        changed.append(("no fee for hosting", free, use))
    return [_scenario(name, costs, under, assumed) for name, under, assumed in changed]


def _scenario(name: str, costs: Sequence[StrategyCost], prices: Mapping[str, Prices], use: Use) -> CostUnder:
    months = {cost.strategy: priced(cost, 1.0, prices[cost.strategy], use).month for cost in costs}
    return CostUnder(assumption=name, months=months)

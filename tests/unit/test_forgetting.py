"""Forgetting from made scores, rows and log-probabilities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, rel_entr

from harness.analysis.answers import answers_of
from harness.analysis.findings import TaskInfo
from harness.analysis.forgetting import (
    behaviour_changes,
    continual_of,
    flips_of,
    mean_drift,
    refusals,
    tradeoffs_of,
)
from harness.analysis.scores import Scores, share_right
from harness.execution.drift import Drift, drift_of, mean_kl, noise_of
from harness.protocols import TokenLogProbs
from harness.traits import Traits
from harness.types import Answer, Failure, ItemResult, Message, MetricSpec, Request, Task
from tests.unit._fakes import RuleModel

KEPT = TaskInfo(
    name="kept",
    kind="generate",
    role="retention",
    description="",
    primary_metric="m",
    n_test=10,
    random_baseline=0.0,
)


def scores(*rows: list[float]) -> Scores:
    items = tuple(f"i{k}" for k in range(len(rows[0])))
    return Scores(items, tuple(range(len(rows))), {"m": np.array(rows)}, frozenset())


def test_flips_name_the_items_that_were_lost_and_gained() -> None:
    found = flips_of("lora", "zero_shot", KEPT, scores([1, 0, 0, 1, 1]), scores([1, 1, 1, 0, 1]), {})
    assert (found.lost, found.gained) == (("i1", "i2"), ("i3",))
    assert (found.n, found.base_right, found.lost_rate) == (5, 4, 0.5)
    assert found.lost_rate_low < 0.5 < found.lost_rate_high
    assert found.p_value == 1.0


def test_items_that_are_one_question_are_lost_once() -> None:
    new, old = scores([0.0] * 8 + [1.0] * 8), scores([1.0] * 16)
    alone = flips_of("lora", "zero_shot", KEPT, new, old, {})
    alike = {f"i{k}": "lost" if k < 8 else "kept" for k in range(16)}
    joined = flips_of("lora", "zero_shot", KEPT, new, old, alike)
    assert alone.p_value < 0.01
    assert (joined.p_value, joined.lost_rate) == (1.0, alone.lost_rate)
    assert joined.lost_rate_high - joined.lost_rate_low > alone.lost_rate_high - alone.lost_rate_low


def test_an_item_counts_as_right_when_most_seeds_have_it_right() -> None:
    found = flips_of("lora", "zero_shot", KEPT, scores([1, 0], [0, 0], [1, 1]), scores([1, 1]), {})
    assert found.lost == ("i1",)


def test_what_is_right_is_what_the_task_says() -> None:
    strict = KEPT.model_copy(update={"right_from": 0.8})
    new, old = scores([0.54, 0.8, 0.9]), scores([0.9, 0.9, 0.6])
    assert flips_of("lora", "zero_shot", KEPT, new, old, {}).lost == ()
    found = flips_of("lora", "zero_shot", strict, new, old, {})
    assert (found.lost, found.gained, found.base_right) == (("i0",), ("i2",), 2)
    assert share_right(new, "m", 0.8) == pytest.approx(2 / 3)
    assert share_right(new, "m", None) == 1.0


def test_a_base_that_has_nothing_right_can_lose_nothing() -> None:
    found = flips_of("lora", "zero_shot", KEPT, scores([1, 0]), scores([0, 0]), {})
    assert (found.lost_rate, found.lost_rate_low, found.lost_rate_high) == (0.0, 0.0, 1.0)


def test_the_frontier_holds_what_gains_more_or_loses_less() -> None:
    def flip(strategy: str, lost: int):
        ids = [float(k >= lost) for k in range(10)]
        return flips_of(strategy, "zero_shot", KEPT, scores(ids), scores([1.0] * 10), {})

    gains = {"zero_shot": 0.0, "rag": 0.2, "lora": 0.4, "qlora": 0.3, "twin": 0.4}
    flips = [flip("lora", 3), flip("qlora", 4), flip("twin", 3)]
    found = {each.strategy: each for each in tradeoffs_of(gains, flips)}
    assert found["lora"].lost_rate == 0.3
    assert [name for name, each in found.items() if each.efficient] == ["rag", "lora", "twin"]


# --- behaviour ---

ASK = Task(name="ask", kind="generate", metrics=(MetricSpec(use="m"),), refusal="not found")


def row(item: str, text: str | None, stop: str = "stop", **given: float) -> ItemResult:
    answer = Answer(text=text, stop_reason=stop) if text is not None else None
    error = Failure(kind="broken", message="") if answer is None else None
    return ItemResult(
        strategy="s", seed=0, task="ask", item_id=item, key="k", request=None,
        answer=answer, scores=given, error=error,
    )  # fmt: skip


def test_refusals_and_broken_forms_are_compared_with_the_base() -> None:
    base = [row("a", "Not found."), row("b", "Rome"), row("c", "not found")]
    new = [row("a", "Rome"), row("b", "Rome and Rome and", "length"), row("c", None)]
    found = {
        c.behaviour: c
        for c in behaviour_changes("lora", ASK, {"a"}, answers_of(new, ASK), answers_of(base, ASK), {})
    }
    assert found["format failure"].rate == pytest.approx(2 / 3)
    assert found["format failure"].base_rate == 0.0
    unanswerable = found["refusal of an unanswerable question"]
    assert (unanswerable.n, unanswerable.rate, unanswerable.base_rate) == (1, 0.0, 1.0)
    answerable = found["refusal of an answerable one"]
    assert (answerable.n, answerable.rate, answerable.base_rate) == (2, 0.0, 0.5)
    assert answerable.ci_low <= answerable.difference <= answerable.ci_high


def test_refusals_of_items_that_belong_together_are_not_independent() -> None:
    items = [f"q{n}" for n in range(12)]
    base = answers_of([row(name, "not found") for name in items], ASK)
    new = answers_of([row(name, "Rome" if n < 6 else "not found") for n, name in enumerate(items)], ASK)
    apart, none = refusals(new, base, items, {})
    together, _ = refusals(new, base, items, {f"q{n}": f"page {n // 3}" for n in range(12)})
    assert apart is not None
    assert together is not None
    assert (together.now, together.base, together.found.n_clusters) == (0.5, 1.0, 4)
    assert together.found.method == "t over clusters"
    assert together.found.interval()[0] < apart.found.interval()[0]
    assert none is None


def test_json_that_is_none_breaks_the_form() -> None:
    base, new = [row("b", "{}", valid_json=1.0)], [row("b", "{", valid_json=0.0)]
    (found, *_) = behaviour_changes("lora", ASK, {"a"}, answers_of(new, ASK), answers_of(base, ASK), {})
    assert found.difference == 1.0


def test_a_task_without_a_refusal_has_none_to_count() -> None:
    task = ASK.model_copy(update={"refusal": None})
    answers = answers_of([row("b", "Rome")], task)
    found = list(behaviour_changes("lora", task, set(), answers, answers, {}))
    assert [change.behaviour for change in found] == ["format failure"]


# --- drift ---


def test_kl_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    base, new = (log_softmax(rng.normal(size=(100, 7)), axis=1) for _ in range(2))
    assert mean_kl(base, new) == pytest.approx(rel_entr(np.exp(base), np.exp(new)).sum(1).mean())
    assert mean_kl(base, base) == 0.0


def test_kl_of_an_impossible_token_is_left_out() -> None:
    base = np.array([[0.0, -math.inf]])
    assert mean_kl(base, np.log(np.array([[0.5, 0.5]]))) == pytest.approx(math.log(2))


class Sayer:
    """Gives one log-probability to everything."""

    def __init__(self, value: float) -> None:
        self.value = value

    def token_log_probs(self, texts, keep):
        n = sum(len(text.split()) for text in texts)
        return TokenLogProbs(n, -self.value * n, np.full((min(n, keep), 2), self.value) if n else None)


def test_the_meter_compares_texts_one_by_one() -> None:
    base, model = (Sayer(math.log(value)) for value in (0.5, 0.25))
    steps: list[int] = []
    texts = {"general text": ["a b c"], "nothing": []}
    (found,) = drift_of(base, model, texts, steps.append)  # type: ignore[arg-type]
    assert (found.text, found.n_tokens, found.n_kl) == ("general text", 3, 3)
    assert found.perplexity_ratio == pytest.approx(2.0)
    assert found.kl == pytest.approx(math.log(2))
    assert sum(steps) == 2


def test_drift_is_averaged_over_seeds() -> None:
    drifts = [
        [Drift(text="t", n_tokens=5, nll=nll, base_nll=1.0, n_kl=5, kl=kl)]
        for nll, kl in ((1, 0.1), (3, 0.3))
    ]
    found = mean_drift("lora", drifts)
    assert found is not None
    assert (found.n_seeds, found.texts[0].nll) == (2, 2.0)
    assert found.texts[0].kl == pytest.approx(0.2)
    assert mean_drift("rag", []) is None


def test_noise_counts_the_answers_that_change_when_asked_alone() -> None:
    model = RuleModel()
    pairs = []
    for index, text in enumerate(("w0", "other")):
        request = Request(
            task="kept", item_id=f"i{index}", messages=(Message(role="user", content=f"say w{index}"),)
        )
        pairs.append((request, Answer(text=text)))
    (noise,) = noise_of(model, {"kept": pairs}, lambda _: None)
    assert (noise.task, noise.n, noise.changed) == ("kept", 2, 1)


# --- stages ---


def staged(stages: list[list[str]], **options: object) -> dict[str, object]:
    return {"use": "lora", "options": {"stages": stages} | options}


def traits_of(strategies: dict[str, Any]) -> dict[str, Traits]:
    lists = {name: entry["options"]["stages"] for name, entry in strategies.items()}
    return {
        name: Traits.model_validate({"kind": "fine-tune", "stages": each}) for name, each in lists.items()
    }


def test_backward_transfer_and_average_forgetting() -> None:
    strategies = {
        "first": staged([["a"]]),
        "second": staged([["a"], ["b"]]),
        "third": staged([["a"], ["b"], ["c", "d"]]),
        "other rank": staged([["a"]], rank=4),
    }
    means = {
        "first": {"a": 0.9, "b": 0.1, "c": 0.0, "d": 0.0},
        "second": {"a": 0.5, "b": 0.8, "c": 0.0, "d": 0.0},
        "third": {"a": 0.6, "b": 0.4, "c": 0.7, "d": 0.9},
        "other rank": {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0},
    }
    second, third = continual_of(strategies, traits_of(strategies), means)
    assert second.backward_transfer == pytest.approx(-0.4)
    assert third.after == ("first", "second", "third")
    assert third.scores[2] == pytest.approx((0.6, 0.4, 0.8))
    assert third.backward_transfer == pytest.approx(((0.6 - 0.9) + (0.4 - 0.8)) / 2)
    assert third.average_forgetting == pytest.approx(((0.9 - 0.6) + (0.8 - 0.4)) / 2)


def test_stages_without_their_earlier_strategies_are_not_judged() -> None:
    strategies = {"second": staged([["a"], ["b"]])}
    assert list(continual_of(strategies, traits_of(strategies), {"second": {"a": 1.0, "b": 1.0}})) == []

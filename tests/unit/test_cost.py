"""Prices and costs: by hand-worked figures, and sheets that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.costs import StrategyCost
from harness.deciding.cost import Use, break_even_queries, break_even_volume, priced, scenarios
from harness.deciding.prices import HOURS_A_MONTH, Prices, PriceSheet, builtin_sheets, load_prices
from harness.errors import InputError
from harness.types import PrepareCost


def cost_of(name: str = "rag", trained: int = 0, **keys: float) -> StrategyCost:
    made = PrepareCost(trained_tokens=trained, adapted=trained > 0, device_s=keys.pop("trained_s", 0.0))
    given: dict[str, float] = {
        "prompt_tokens": 1000, "cached_prompt_tokens": 0, "completion_tokens": 100, "embedding_tokens": 20,
        "shared_prompt_tokens": 400, "device_s": 0.5, "flops": 0, "latency_p50_s": 0.5, "latency_p95_s": 0.9,
    }  # fmt: skip
    return StrategyCost(strategy=name, prepare=made, n_answers=10, cut=0, **(given | keys))


def sheet(**keys: object) -> Prices:
    given: dict[str, object] = {
        "name": "made", "dated": "2026-01-01", "source": "here",
        "serving": {
            "input_per_million": 2.0, "output_per_million": 10.0, "cache_read": 0.1, "cache_write": 1.25,
            "embedding_per_million": 0.5,
        },
    }  # fmt: skip
    return PriceSheet.model_validate(given | keys).of("model", "made")


def test_a_query_costs_its_tokens() -> None:
    found = priced(cost_of(), 0.8, sheet(), Use())
    assert found.per_query == pytest.approx((1000 * 2 + 100 * 10 + 20 * 0.5) / 1e6)
    assert found.per_1000 == pytest.approx(3.01)
    assert found.per_1000_correct == pytest.approx(3.01 / 0.8)
    assert found.month == pytest.approx(10_000 * found.per_query)


def test_an_adapter_that_was_trained_elsewhere_is_priced_as_tuned() -> None:
    prices = sheet(tuned={"input_per_million": 4.0, "output_per_million": 20.0}, hosting={"per_month": 50.0})
    mine = cost_of("adapter")
    there = mine.model_copy(update={"prepare": mine.prepare.model_copy(update={"adapted": True})})
    assert priced(mine, 1.0, prices, Use()).per_month == 0
    assert priced(there, 1.0, prices, Use()).per_month == 50
    assert priced(there, 1.0, prices, Use()).per_query == pytest.approx((1000 * 4 + 100 * 20 + 10) / 1e6)


def test_building_an_index_is_paid_for_by_the_hour() -> None:
    prices = load_prices("builtin:own-cpu").of("model", "made")
    made = cost_of(trained_s=3600.0)
    assert priced(made, 1.0, prices, Use()).once == pytest.approx(prices.training.per_hour)


def test_the_common_beginning_is_written_and_read_at_its_own_prices() -> None:
    found = priced(cost_of(), 1.0, sheet(), Use(cache_hits=0.75))
    prefix = 400 * (0.25 * 1.25 + 0.75 * 0.1)
    assert found.per_query == pytest.approx(((prefix + 600) * 2 + 100 * 10 + 20 * 0.5) / 1e6)


def test_a_tuned_model_has_prices_of_its_own_and_is_paid_for_while_idle() -> None:
    prices = sheet(
        tuned={"input_per_million": 4.0, "output_per_million": 20.0},
        training={"per_million_tokens": 3.0},
        hosting={"per_hour": 2.0},
    )
    found = priced(cost_of("lora", trained=500_000), 1.0, prices, Use(retrains_per_month=2))
    assert found.once == pytest.approx(1.5)
    assert found.per_query == pytest.approx((1000 * 4 + 100 * 20 + 20 * 0.5) / 1e6)
    assert found.per_month == pytest.approx(2.0 * HOURS_A_MONTH + 2 * 1.5)
    assert priced(cost_of(), 1.0, prices, Use()).per_month == 0.0


def test_a_machine_is_paid_by_the_hour() -> None:
    prices = sheet(serving={"per_hour": 3.6, "utilisation": 0.5}, training={"per_hour": 7.2})
    found = priced(cost_of("lora", trained=10, trained_s=100.0), 0.5, prices, Use())
    assert found.per_query == pytest.approx(0.5 * 0.001 / 0.5)
    assert found.once == pytest.approx(0.2)
    assert found.per_1000_correct == pytest.approx(2 * found.per_1000)


def test_no_right_answer_has_no_price() -> None:
    assert priced(cost_of(), 0.0, sheet(), Use()).per_1000_correct == float("inf")


def test_break_even_by_hand() -> None:
    prices = sheet(training={"per_million_tokens": 3.0})
    new = priced(
        cost_of("lora", trained=1_000_000, prompt_tokens=100, shared_prompt_tokens=0), 1.0, prices, Use()
    )
    old = priced(cost_of(), 1.0, prices, Use())
    assert break_even_queries(new, old) == pytest.approx(3.0 / (900 * 2 / 1e6))
    assert break_even_queries(old, new) is None
    assert break_even_queries(old, old) == 0.0


def test_hosting_breaks_even_at_a_volume() -> None:
    prices = sheet(hosting={"per_month": 90.0})
    use = Use(retrains_per_month=0)
    new = priced(cost_of("lora", trained=1, prompt_tokens=100, shared_prompt_tokens=0), 1.0, prices, use)
    old = priced(cost_of(), 1.0, prices, use)
    assert break_even_volume(new, old) == pytest.approx(90.0 / (900 * 2 / 1e6), rel=1e-6)
    assert break_even_volume(old, new) is None


@given(st.floats(0, 100), st.floats(0, 100), st.floats(1, 5000), st.floats(1, 5000))
def test_before_break_even_it_costs_more_and_after_it_less(
    f1: float, f2: float, p1: float, p2: float
) -> None:
    prices = sheet(training={"per_hour": 3600.0})
    one, two = (
        priced(cost_of(prompt_tokens=p, shared_prompt_tokens=0, trained=1, trained_s=f), 1.0, prices, Use())
        for f, p in ((f1, p1), (f2, p2))
    )
    at = break_even_queries(one, two)

    def spent(side: object, queries: float) -> float:
        return side.once + queries * side.per_query  # type: ignore[attr-defined, no-any-return]

    if at is None:
        assert spent(one, 1e12) >= spent(two, 1e12) - 1e-3
    else:
        assert spent(one, 2 * at + 1) <= spent(two, 2 * at + 1) + 1e-6


def test_scenarios_change_one_thing_at_a_time() -> None:
    costs = [cost_of(), cost_of("lora", trained=1_000_000, prompt_tokens=100, shared_prompt_tokens=0)]
    prices = sheet(training={"per_million_tokens": 3.0}, hosting={"per_month": 90.0})
    found = {each.assumption: each for each in scenarios(costs, {"rag": prices, "lora": prices}, Use())}
    assert found["1,000,000 queries a month"].months["rag"] == pytest.approx(3010.0)
    assert found["trained every month"].months["lora"] - found["trained once"].months[
        "lora"
    ] == pytest.approx(3.0)
    assert found["no fee for hosting"].months["lora"] == pytest.approx(
        found["trained once"].months["lora"] - 90
    )
    assert found["cache hit rate 90 %"].months["rag"] < found["cache hit rate 0 %"].months["rag"]


@pytest.mark.parametrize("name", sorted(builtin_sheets()))
def test_the_sheets_that_come_along_can_be_read_and_name_their_source(name: str) -> None:
    found = load_prices(f"builtin:{name}")
    assert found.source
    assert found.dated.year >= 2025


WHOLE = {"name": "x", "dated": "2026-01-01", "source": "y", "serving": {"per_hour": 1}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"serving": {}}, "serving: needs per_hour, or input_per_million"),
        ({"serving": {"per_hour": -1}}, "serving.per_hour"),
        ({"dated": "soon"}, "dated"),
        ({"source": ""}, "source"),
        ({"serving": {"per_hour": 1, "input_per_million": 1, "output_per_million": 1}}, "use one of them"),
        ({"serving": {"per_hour": float("inf")}}, "finite"),
        ({"serving": {"per_hour": 1, "utilization": 1}}, "did you mean 'utilisation'"),
        ({"models": {"large": {"serving": {"per_hour": 1}}}}, "has both serving for all models and `models`"),
        ({"tuned": {"input_per_million": 1}}, "tuned.output_per_million: is missing"),
    ],
)
def test_a_faulty_sheet_is_one_clear_line(tmp_path: Path, change: dict[str, object], told: str) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(yaml.safe_dump(WHOLE | change))
    with pytest.raises(InputError, match=r"prices\.yaml") as caught:
        load_prices(str(path))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_model_has_prices_of_its_own_or_is_refused() -> None:
    both = {"small": {"serving": {"per_hour": 1}}, "org/large": {"serving": {"per_hour": 9}}}
    given = {name: value for name, value in WHOLE.items() if name != "serving"}
    found = PriceSheet.model_validate(given | {"models": both})
    assert found.of("small", "builtin:smollm2").serving.per_hour == 1
    assert found.of("large", "org/large").serving.per_hour == 9
    with pytest.raises(InputError, match=r"has no prices of the model tiny \(org/tiny\)"):
        found.of("tiny", "org/tiny")

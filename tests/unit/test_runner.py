import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.config import StrategyOptions
from harness.errors import InputError
from harness.execution.composition import chain_of as composed
from harness.execution.runner import execute
from harness.metrics import load_metric
from harness.progress import SilentProgress
from harness.protocols import Capabilities, PrepareContext, Prepared
from harness.runs.store import Store
from harness.tasks.selection import chosen
from harness.types import (
    Failure,
    Generation,
    ItemResult,
    MetricSpec,
    ModelIdentity,
    Request,
    Task,
    TaskItem,
)
from tests.unit._fakes import RuleModel, echo
from tests.unit._runs import Plain, chain_of, plan_of, task_of


def rows_of(run_dir: Path, *recipes: str) -> list[ItemResult]:
    with Store.open(run_dir, read_only=True) as store:
        return list(store.results(recipes or ["plain/words"]))


def stable(row: ItemResult) -> str:
    return row.model_dump_json(exclude={"answer": {"latency_s"}})


def run(plan) -> None:
    plan.run_dir.mkdir(exist_ok=True)
    with Store.open(plan.run_dir) as store:
        execute(plan, store, SilentProgress())


def test_every_item_is_asked_once_and_scored(tmp_path: Path) -> None:
    model = RuleModel()
    run(plan_of(tmp_path, model, [task_of(10)]))
    rows = rows_of(tmp_path)
    assert sorted(model.asked) == [row.item_id for row in rows] == [f"i{i:03}" for i in range(10)]
    assert all(row.scores == {"exact_match": 1.0} and row.error is None for row in rows)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    breaks_after=st.integers(0, 22),
    batch_size=st.integers(1, 7),
    window=st.sampled_from([2, 5, 99]),
    ahead=st.booleans(),
)
def test_a_broken_run_goes_on_to_the_rows_of_an_unbroken_one(
    tmp_path_factory: pytest.TempPathFactory, breaks_after: int, batch_size: int, window: int, ahead: bool
) -> None:
    device: Literal["cpu", "cuda"] = "cuda" if ahead else "cpu"
    with (
        patch("harness.execution.asking.WINDOW", window),
        patch.object(RuleModel, "capabilities", Capabilities(device=device)),
    ):
        _broken_and_whole(tmp_path_factory, breaks_after, batch_size)


def _broken_and_whole(tmp_path_factory: pytest.TempPathFactory, breaks_after: int, batch_size: int) -> None:
    whole, broken = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("broken")
    tasks = [task_of(11), task_of(11, "others")]
    run(plan_of(whole, RuleModel(batch_size=batch_size), tasks))
    first = RuleModel(batch_size=batch_size, breaks_after=breaks_after)
    with contextlib.suppress(KeyboardInterrupt):
        run(plan_of(broken, first, tasks))
    second = RuleModel(batch_size=batch_size)
    run(plan_of(broken, second, tasks))
    recipes = ("plain/words", "plain/others")
    assert [stable(r) for r in rows_of(broken, *recipes)] == [stable(r) for r in rows_of(whole, *recipes)]
    # Both tasks ask the same prompts, so the second is answered from the store: 11 generations, never 22.
    assert len(first.asked) + len(second.asked) == 11


def test_a_finished_run_prepares_and_asks_nothing(tmp_path: Path) -> None:
    strategy, model = Plain(), RuleModel()
    run(plan_of(tmp_path, model, [task_of()], [chain_of("plain", strategy)]))
    run(plan_of(tmp_path, model, [task_of()], [chain_of("plain", strategy)]))
    assert strategy.prepared == 1
    assert len(model.asked) == 10


def test_a_failed_item_is_data_and_is_tried_again_the_next_time(tmp_path: Path) -> None:
    class Sometimes(RuleModel):
        def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
            answers = super().generate(requests)
            failure = Failure(kind="out_of_memory", message="no room")
            return [failure if r.item_id == "i003" else a for r, a in zip(requests, answers, strict=True)]

    run(plan_of(tmp_path, Sometimes(), [task_of()]))
    failed = [row for row in rows_of(tmp_path) if row.error]
    assert [row.item_id for row in failed] == ["i003"]
    assert failed[0].scores == {}
    assert failed[0].request is not None
    run(plan_of(tmp_path, RuleModel(), [task_of()]))
    assert [row for row in rows_of(tmp_path) if row.error] == []


def test_a_model_that_raises_fails_its_batch_and_no_other(tmp_path: Path) -> None:
    def rule(request: Request) -> str:
        if request.item_id == "i000":
            raise RuntimeError("CUDA error: device-side assert triggered")
        return echo(request)

    run(plan_of(tmp_path, RuleModel(rule, batch_size=3), [task_of()]))
    errors = [row.error for row in rows_of(tmp_path) if row.error]
    assert len(errors) == 3
    assert errors[0].kind == "RuntimeError"
    assert "device-side" in errors[0].message


def test_a_strategy_that_breaks_costs_no_other_its_answers(tmp_path: Path) -> None:
    chains = [chain_of("broken", Plain(RuntimeError("no such kernel"))), chain_of("plain", Plain())]
    run(plan_of(tmp_path, RuleModel(), [task_of()], chains))
    assert len(rows_of(tmp_path)) == 10
    with Store.open(tmp_path, read_only=True) as store:
        (failed,) = store.preparations(["broken"])
    assert failed.error == Failure(kind="RuntimeError", message="no such kernel")


def test_refused_input_stops_the_run_and_keeps_what_was_finished(tmp_path: Path) -> None:
    refused = InputError("a.yaml", "strategies.x", "is wrong", "mend it")
    chains = [chain_of("plain", Plain()), chain_of("refused", Plain(refused))]
    with pytest.raises(InputError, match="is wrong"):
        run(plan_of(tmp_path, RuleModel(), [task_of()], chains))
    assert len(rows_of(tmp_path)) == 10


def test_a_prompt_longer_than_the_context_is_recorded_or_refused(tmp_path: Path) -> None:
    task = task_of(10, max_new_tokens=4)
    model = RuleModel(context_length=9)
    run(plan_of(tmp_path, model, [task]))
    errors = {row.item_id: row.error for row in rows_of(tmp_path) if row.error}
    assert set(errors) == {"i003", "i004", "i008", "i009"}
    assert errors["i003"].kind == "prompt_too_long"
    assert errors["i003"].message == "the prompt has 6 tokens, and 5 fit the model's context"
    with pytest.raises(InputError, match="words: item i003: the prompt has 6 tokens"):
        run(plan_of(tmp_path / "refuse", model, [task], on_long_prompt="refuse"))


def test_the_longest_choice_counts_among_what_must_fit(tmp_path: Path) -> None:
    model = RuleModel(lambda request: "w1", context_length=9)
    task = task_of(10, kind="choice", choices=("w1", "a choice of no fewer than seven words"))
    run(plan_of(tmp_path, model, [task]))
    errors = [row.error for row in rows_of(tmp_path)]
    assert all(error and error.kind == "prompt_too_long" for error in errors)
    assert not model.asked


def test_a_choice_task_is_scored_by_its_choices(tmp_path: Path) -> None:
    model = RuleModel(lambda request: "w3")
    run(plan_of(tmp_path, model, [task_of(5, kind="choice", choices=("w1", "w3"))]))
    rows = rows_of(tmp_path)
    assert all(row.answer is not None and len(row.answer.choices) == 2 for row in rows)
    assert [row.scores["exact_match"] for row in rows] == [0.0, 0.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("names", "wanted"), [(["choice_accuracy"], False), (["choice_accuracy", "choice_accuracy_norm"], True)]
)
def test_every_choice_is_asked_for_where_a_metric_needs_it(
    tmp_path: Path, names: list[str], wanted: bool
) -> None:
    task = task_of(2, kind="choice", choices=("w1", "w3"))
    metrics = tuple(load_metric(MetricSpec(use=name), task.task, "here", "metrics") for name in names)
    plan = plan_of(tmp_path, RuleModel(lambda request: "w3"), [task])
    run(dataclasses.replace(plan, metrics={task.task.name: metrics}))
    assert {row.request.every_choice for row in rows_of(tmp_path) if row.request} == {wanted}


def test_seeds_and_repeats_are_rows_and_greedy_ones_are_generated_once(tmp_path: Path) -> None:
    greedy, sampled = RuleModel(), RuleModel()
    run(plan_of(tmp_path / "a", greedy, [task_of(4)], seeds=(0, 1), repeats=3))
    run(plan_of(tmp_path / "b", sampled, [task_of(4)], seeds=(0, 1), repeats=3, temperature=0.8))
    assert len(rows_of(tmp_path / "a")) == len(rows_of(tmp_path / "b")) == 4 * 2 * 3
    assert len(greedy.asked) == 4
    assert len(sampled.asked) == 4 * 2 * 3


def test_no_answer_reaches_a_strategy_at_test_time(tmp_path: Path) -> None:
    seen = []

    class Spy(Plain):
        def prepare(self, context):
            prepared = super().prepare(context)

            def build(task, items):
                seen.extend(items)
                return prepared.build(task, items)

            return type(prepared)(prepared.model, build, prepared.cost, prepared.record)

    run(plan_of(tmp_path, RuleModel(), [task_of()], [chain_of("plain", Spy())]))
    assert len(seen) == 10
    assert all(item.targets == () for item in seen)


def test_a_smaller_limit_takes_a_subset_in_the_given_order() -> None:
    items = task_of(50).test
    few, more = chosen(items, 10), chosen(items, 20)
    assert len(few) == 10
    assert {item.id for item in few} <= {item.id for item in more}
    assert list(few) == [item for item in items if item in few]
    assert chosen(items, None) == chosen(items, 99) == items
    assert few != items[:10]


# --- Windows ---


class Counting(Plain):
    """Notes how many items it has built requests for."""

    def __init__(self, model: RuleModel) -> None:
        super().__init__()
        self.model = model
        self.ahead: list[int] = []

    def prepare(self, context: PrepareContext) -> Prepared:
        prepared = super().prepare(context)
        n_built = 0

        def build(task: Task, items: Sequence[TaskItem]) -> list[Request | Failure]:
            nonlocal n_built
            n_built += len(items)
            self.ahead.append(n_built - len(self.model.asked))
            return list(prepared.build(task, items))

        return dataclasses.replace(prepared, build=build)


@pytest.mark.parametrize(("device", "most"), [("cpu", 5), ("cuda", 15)])
def test_few_windows_of_requests_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: Literal["cpu", "cuda"], most: int
) -> None:
    monkeypatch.setattr("harness.execution.asking.WINDOW", 5)
    model = RuleModel()
    model.capabilities = Capabilities(device=device)
    counting = Counting(model)
    run(plan_of(tmp_path, model, [task_of(32)], [chain_of("plain", counting)]))
    assert len(counting.ahead) == 7
    assert max(counting.ahead) <= most  # beside a device two wait while one is answered
    assert len(rows_of(tmp_path)) == 32


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_fault_in_a_later_window_costs_no_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: Literal["cpu", "cuda"]
) -> None:
    monkeypatch.setattr("harness.execution.asking.WINDOW", 5)
    task = task_of(12)
    long = task.test[11].model_copy(update={"input": "word " * 1400})
    task = dataclasses.replace(task, test=(*task.test[:11], long))
    model = RuleModel()
    model.capabilities = Capabilities(device=device)
    with pytest.raises(InputError, match="item i011"):
        run(plan_of(tmp_path, model, [task], on_long_prompt="refuse"))
    assert [row.item_id for row in rows_of(tmp_path)] == [f"i{i:03}" for i in range(10)]


@dataclasses.dataclass
class Writes:
    """Writes answers and can do nothing else; notes how many requests it gets at once."""

    identity = ModelIdentity(name="writes", origin="endpoint", weights_digest="e" * 64)
    capabilities = Capabilities()
    batches_seen: list[int] = dataclasses.field(default_factory=list)

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        self.batches_seen.append(len(requests))
        return [(Generation(text=echo(request)),) for request in requests]


def test_a_model_that_only_writes_answers_a_whole_run(tmp_path: Path) -> None:
    model = Writes()
    run(plan_of(tmp_path, model, [task_of(40)]))
    assert [len(row.answer.text) > 0 for row in rows_of(tmp_path) if row.answer] == [True] * 40
    assert model.batches_seen == [32, 8]


def test_what_needs_weights_refuses_a_model_without_before_anything_is_asked() -> None:
    lora = composed("lora", {"lora": StrategyOptions(use="lora")}, "a.yaml")
    with pytest.raises(InputError, match=r"strategies\.lora: this model cannot be trained"):
        lora.check_model(Writes(), [], "a.yaml")

import dataclasses
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.analysis import summary as summary_module
from harness.analysis.findings import Summary
from harness.analysis.rows import RunRows
from harness.analysis.scores import scores_of
from harness.analysis.summary import summary_of
from harness.deciding.cost import weighed
from harness.execution.plan import Plan
from harness.execution.runner import execute
from harness.progress import SilentProgress
from harness.runs.manifest import ModelRecord, RunManifest
from harness.runs.reading import Preparation
from harness.runs.store import Store
from harness.traits import Traits
from harness.types import Answer, Failure, ItemResult, Message, PrepareCost, Request
from tests.unit._fakes import RuleModel, echo
from tests.unit._runs import Plain, chain_of, plan_of, task_of


def manifest_of(plan: Plan, **experiment: Any) -> RunManifest:
    return RunManifest(
        trilemma_version="0",
        name="made",
        experiment={
            "incumbent": "plain",
            "seeds": list(plan.seeds),
            "limit": None,
            "strategies": {chain.name: {"use": chain.name} for chain in plan.chains},
        }
        | experiment,
        experiment_digest="",
        place="made.yaml",
        tasks={task.task.name: task.task for task in plan.tasks},
        metrics={task.task.name: ("exact_match",) for task in plan.tasks},
        recipes={name: dict(found) for name, found in plan.recipes.items()},
        preparations=dict(plan.preparations),
        traits={chain.name: chain.traits for chain in plan.chains},
        asked={
            name: min(len(items), experiment.get("limit") or len(items)) for name, items in plan.tests.items()
        },
        models={name: ModelRecord(identity=model.identity) for name, model in plan.models.items()},
        answered_by={chain.name: chain.model for chain in plan.chains},
        embedder="builtin:minilm",
        packages={},
        git_revision="",
        hardware={},
        created=dt.datetime.now(dt.UTC).isoformat(),
    )


class Shown(Plain):
    """States that it is not what adapting is compared with."""

    traits = Traits(kind="prompt")


class Better(Plain):
    """Gets every item right; the plain one is given a model that gets only some."""

    traits = Traits(kind="other")

    def prepare(self, context):
        prepared = super().prepare(context)
        return type(prepared)(RuleModel(), prepared.build, prepared.cost, prepared.record)


def every_third_wrong(request: Request) -> str:
    return "wrong" if int(request.item_id[1:]) % 3 == 0 else echo(request)


def run(
    tmp_path: Path, model: RuleModel, tasks: Sequence[Any], chains: Sequence[Any], **keys: Any
) -> Summary:
    limit = keys.pop("limit", None)
    plan = plan_of(tmp_path, model, tasks, chains, **keys)
    with Store.open(tmp_path) as store:
        execute(plan, store, SilentProgress())
        return summary_of(RunRows.load(manifest_of(plan, limit=limit), store))


@pytest.fixture
def summary(tmp_path: Path) -> Summary:
    tasks = [task_of(60), task_of(30, "kept", role="retention")]
    chains = [chain_of("plain", Plain()), chain_of("better", Better())]
    model = RuleModel(every_third_wrong)
    model.identity = model.identity.model_copy(update={"weights_digest": "other"})
    return run(tmp_path, model, tasks, chains)


def test_cells_hold_means_with_intervals(summary: Summary) -> None:
    cells = {(cell.strategy, cell.task): cell for cell in summary.cells}
    plain = cells["plain", "words"]
    assert plain.mean == pytest.approx(2 / 3)
    assert plain.ci_low < plain.mean < plain.ci_high
    assert (plain.n, plain.errors, plain.primary) == (60, 0, True)
    assert cells["better", "words"].mean == 1.0


def test_contrasts_are_paired_and_targets_stand_apart_from_retention(summary: Summary) -> None:
    (target,), (kept,) = summary.contrasts, summary.forgetting
    assert (target.strategy, target.reference, target.task, target.n) == ("better", "plain", "words", 60)
    assert target.difference == pytest.approx(1 / 3)
    assert target.ci_low > 0.2
    assert kept.task == "kept"


def test_macro_differences_weigh_tasks_alike_and_are_never_sure_of_nothing(tmp_path: Path) -> None:
    model = RuleModel(every_third_wrong)
    model.identity = model.identity.model_copy(update={"weights_digest": "other"})
    chains = [chain_of("plain", Plain()), chain_of("better", Better()), chain_of("same", Plain())]
    found = run(tmp_path, model, [task_of(60), task_of(15, "few")], chains)
    macros = {macro.strategy: macro for macro in found.macro}
    parts = [contrast for contrast in found.contrasts if contrast.strategy == "better"]
    assert macros["better"].difference == pytest.approx(sum(c.difference for c in parts) / 2)
    halves = [c.difference - c.ci_low for c in parts]
    expected = macros["better"].difference - (halves[0] ** 2 + halves[1] ** 2) ** 0.5 / 2
    assert macros["better"].ci_low == pytest.approx(expected)
    assert macros["same"].difference == 0.0
    assert (macros["same"].ci_low, macros["same"].ci_high) == (
        0.0,
        0.0,
    )  # the same answers, whatever is asked


def test_equal_scores_of_other_answers_are_never_sure_of_no_difference(tmp_path: Path) -> None:
    chains = [chain_of("plain", Plain()), chain_of("better", Better())]
    model = RuleModel()
    model.identity = model.identity.model_copy(update={"weights_digest": "other"})
    found = run(tmp_path, model, [task_of(60)], chains)
    (macro,) = [each for each in found.macro if each.strategy == "better"]
    assert macro.difference == 0.0
    assert macro.ci_low < -0.01 < 0.01 < macro.ci_high


def test_a_difference_that_is_not_shown_is_not_claimed(tmp_path: Path) -> None:
    class Slightly(Plain):
        def prepare(self, context):
            prepared = super().prepare(context)
            model = RuleModel(lambda r: "wrong" if r.item_id in {"i000", "i003"} else echo(r))
            return type(prepared)(model, prepared.build, prepared.cost, prepared.record)

    model = RuleModel(lambda r: "wrong" if r.item_id in {"i000", "i001", "i002"} else echo(r))
    model.identity = model.identity.model_copy(update={"weights_digest": "other"})
    chains = [chain_of("plain", Plain()), chain_of("slightly", Slightly())]
    found = run(tmp_path, model, [task_of(20)], chains)
    (macro,) = [each for each in found.macro if each.strategy == "slightly"]
    assert macro.difference == pytest.approx(0.05)
    assert macro.p_holm > 0.05


def test_failed_items_count_as_wrong_and_are_counted(tmp_path: Path) -> None:
    class Fails(RuleModel):
        def generate(self, requests):
            answers = super().generate(requests)
            failure = Failure(kind="x", message="y")
            return [failure if r.item_id == "i001" else a for r, a in zip(requests, answers, strict=True)]

    found = run(tmp_path, Fails(), [task_of(10)], [chain_of("plain", Plain())])
    (cell,) = found.cells
    assert cell.mean == pytest.approx(0.9)
    assert (cell.n, cell.errors) == (10, 1)
    assert found.errors == 1


def test_the_summary_counts_only_what_the_limit_asks(tmp_path: Path) -> None:
    chains = [chain_of("plain", Plain())]
    run(tmp_path, RuleModel(), [task_of(40)], chains)
    found = run(tmp_path, RuleModel(), [task_of(40)], chains, limit=10)
    assert found.cells[0].n == 10
    assert found.tasks[0].n_test == 10


def test_scores_are_seeds_by_items_and_an_item_that_a_seed_lacks_is_left_out() -> None:
    def row(seed: int, item_id: str, score: float) -> ItemResult:
        return ItemResult(
            strategy="s", seed=seed, task="t", item_id=item_id, key="k", request=None,
            answer=Answer(text=""), scores={"m": score},
        )  # fmt: skip

    rows = [row(0, "a", 1.0), row(1, "a", 0.0), row(0, "b", 1.0), row(1, "b", 1.0), row(1, "c", 1.0)]
    scores = scores_of(rows, ["m"])
    assert (scores.items, scores.seeds) == (("a", "b"), (0, 1))
    assert {item: list(found) for item, found in scores.of("m").items()} == {"a": [1.0, 0.0], "b": [1.0, 1.0]}


def test_costs_are_means_per_item(summary: Summary) -> None:
    cost = next(cost for cost in summary.costs if cost.strategy == "plain")
    assert cost.prepare.wall_s == 1.5
    assert cost.n_answers == 60  # those of the target task: what is to be kept is an examination, no traffic
    assert cost.prompt_tokens > 2
    assert [(task.task, task.n_answers) for task in cost.tasks] == [("words", 60)]


def test_the_cost_of_a_query_weighs_the_target_tasks_and_not_their_items(tmp_path: Path) -> None:
    many, few = task_of(60), task_of(10, "few", instruction="one two three four five six seven eight")
    found = run(
        tmp_path,
        RuleModel(),
        [many, few, task_of(30, "kept", role="retention")],
        [chain_of("plain", Plain())],
    )
    (cost,) = found.costs
    by_task = {task.task: task.prompt_tokens for task in cost.tasks}
    assert by_task["few"] > by_task["words"] + 7
    assert cost.prompt_tokens == pytest.approx((by_task["few"] + by_task["words"]) / 2)
    assert weighed(cost, {"few": 3.0, "words": 1.0}).prompt_tokens == pytest.approx(
        (3 * by_task["few"] + by_task["words"]) / 4
    )
    assert weighed(cost, {"few": 1.0, "words": 0.0}).prompt_tokens == by_task["few"]


def test_forgetting_is_measured_from_the_plain_model_whoever_the_incumbent_is(tmp_path: Path) -> None:
    chains = [chain_of("plain", Shown()), chain_of("better", Better()), chain_of("bare", Plain())]
    plan = plan_of(tmp_path, RuleModel(), [task_of(12), task_of(12, "kept", role="retention")], chains)
    strategies = {"plain": {"use": "few_shot"}, "better": {"use": "lora"}, "bare": {"use": "zero_shot"}}
    with Store.open(tmp_path) as store:
        execute(plan, store, SilentProgress())
        found = summary_of(RunRows.load(manifest_of(plan, strategies=strategies), store))
    assert set(found.bases.values()) == {"bare"}
    assert {(c.strategy, c.reference) for c in found.forgetting} == {("plain", "bare"), ("better", "bare")}
    assert {(c.strategy, c.reference) for c in found.contrasts} == {("better", "plain"), ("bare", "plain")}


def test_summary_json_reads_back(summary: Summary) -> None:
    assert Summary.model_validate_json(summary.model_dump_json()) == summary


def test_a_metric_that_judges_no_item_leaves_gaps_and_no_crash(tmp_path: Path) -> None:
    class Silent:
        names = ("exact_match",)

        def score(self, cases):
            return [{} for _ in cases]

    chains = [chain_of("plain", Plain()), chain_of("better", Better())]
    found = run(tmp_path, RuleModel(), [task_of(5)], chains, metrics={"words": (Silent(),)})
    assert {cell.mean for cell in found.cells} == {0.0}
    assert {cell.errors for cell in found.cells} == {5}


def test_a_strategy_that_asks_what_the_base_asks_is_named(tmp_path: Path) -> None:
    """By what was asked of which model: an adapter's zero-shot prompts are not the base's answers."""
    tasks = [task_of(12), task_of(6, "other"), task_of(6, "kept", role="retention")]
    adapted = RuleModel()
    adapted.identity = adapted.identity.model_copy(update={"adapter_digest": "a"})

    class Shown(Plain):
        only: tuple[str, ...] = ("words", "other")

        def prepare(self, context):
            def build(task, items):
                built = context.build(task, items)
                more = {"messages": (Message(role="user", content="?"),), "withheld": 2}
                return [r.model_copy(update=more if task.name in self.only else {}) for r in built]

            return dataclasses.replace(super().prepare(context), build=build)

    class Some(Shown):
        only = ("words",)

    class Adapted(Plain):
        traits = Traits(kind="fine-tune", adapts=True)

        def prepare(self, context):
            return dataclasses.replace(super().prepare(context), model=adapted)

    chains = [
        chain_of("plain", Plain()),
        chain_of("twin", Plain()),
        chain_of("some", Some()),
        chain_of("shown", Shown()),
        chain_of("adapted", Adapted()),
    ]
    notes = [(note.strategy, note.text) for note in run(tmp_path, RuleModel(), tasks, chains).notes]
    withheld = "for 12 of 12 answers on words, training examples that ask the same as the item were withheld"
    assert notes == [
        ("twin", "asks exactly what plain asks on every target task: its scores there are plain's"),
        ("some", "asks exactly what plain asks on other: its scores there are plain's"),
        ("some", withheld),
        ("shown", withheld),
        ("shown", withheld.replace("12", "6").replace("words", "other")),
    ]


def test_notes_of_a_part_that_strategies_share_come_once_and_those_of_others_stay() -> None:
    def prepared(strategy: str, *parts: str) -> Preparation:
        record = {part: {"notes": ["not trained to its end"]} for part in parts}
        return Preparation(strategy, 0, PrepareCost(), record)

    run = SimpleNamespace(
        prepared=[prepared("lora", "lora"), prepared("qlora", "qlora"), prepared("lora+rag", "lora", "rag")]
    )
    assert [note.strategy for note in summary_module._notes(cast(RunRows, run))] == [
        "lora",
        "qlora",
        "lora+rag",
    ]
    run.prepared[2].record.pop("rag")
    assert [note.strategy for note in summary_module._notes(cast(RunRows, run))] == ["lora", "qlora"]

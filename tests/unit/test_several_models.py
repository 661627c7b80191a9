"""Several models in one experiment: who answers, what it is compared with, and what it costs."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.across_runs import compared
from harness.config import StrategyOptions, resolve_experiment
from harness.deciding.choosing import choose
from harness.deciding.prices import PriceSheet
from harness.deciding.records import Candidate, Decision
from harness.errors import InputError
from harness.execution.composition import Chain, chain_of
from harness.execution.runner import execute
from harness.gate.asked import Asked
from harness.gate.baseline import baseline_of
from harness.gate.evaluate import evaluate
from harness.gate.spec import GateFile
from harness.progress import SilentProgress
from harness.protocols import PrepareContext, Prepared
from harness.runs.manifest import claim, read_manifest
from harness.runs.store import Store
from tests.unit._fakes import RuleModel
from tests.unit._gate import first, made, rows_of
from tests.unit._runs import Plain, plan_of, task_of
from tests.unit._runs import chain_of as chain_with

N = 200
BOTH = {"small": "builtin:smollm2", "large": {"path": "org/large", "dtype": "bfloat16"}}
RAW: dict[str, Any] = {"name": "e", "tasks": ["t"], "models": BOTH, "strategies": {"zero_shot": {}}}
OF = {"zero_shot": "small", "lora": "small", "prompt_large": "large", "tuned_large": "large"}
USES = {"prompt_large": "zero_shot", "tuned_large": "lora"}
SHEET = PriceSheet.model_validate(
    {
        "name": "two", "dated": "2026-01-01", "source": "here",
        "models": {
            "small": {"serving": {"input_per_million": 1.0, "output_per_million": 1.0}},
            "org/large": {"serving": {"input_per_million": 7.0, "output_per_million": 7.0}},
        },
    }
)  # fmt: skip


# --- The experiment file ---


def test_each_strategy_names_its_model_and_the_first_is_taken_where_it_does_not() -> None:
    strategies = {"zero_shot": {}, "big": {"use": "few_shot", "k": 2, "model": "large"}}
    found = resolve_experiment(RAW | {"strategies": strategies}, "a.yaml")
    assert {name: entry.model for name, entry in found.strategies.items()} == {
        "zero_shot": "small", "big": "large",
    }  # fmt: skip
    assert found.strategies["big"].options == {"k": 2}
    assert resolve_experiment(found.model_dump(mode="json"), "a.yaml") == found


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": "x"}, "a.yaml: model: stands beside `models` (got x); name it under `models`"),
        ({"models": ["x"]}, "a.yaml: models: must map names to models"),
        ({"models": {}}, "a.yaml: models: must map names to models"),
        ({"models": {"": "x"}}, "a.yaml: models: has a model without a name (got ''); name it by a text"),
        ({"models": {5: "x"}}, "a.yaml: models: has a model without a name (got 5); name it by a text"),
        (
            {"strategies": {"zero_shot": {"model": "lrge"}}},
            "a.yaml: strategies.zero_shot.model: is not one of the experiment's models (got lrge); "
            "did you mean 'large'?",
        ),
        (
            {"models": {"model": {}}, "strategies": {"zero_shot": {"model": "org/large"}}},
            "a.yaml: strategies.zero_shot.model: is not one of the experiment's models (got org/large); "
            "name the models under `models`",
        ),
    ],
)
def test_each_fault_of_models_is_one_line(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_experiment(RAW | change, "a.yaml")
    assert str(caught.value).startswith(told)


def test_a_composition_does_not_take_options_that_were_chosen_for_another_model() -> None:
    def chain(of_lora: dict[str, Any]) -> Chain:
        lora = StrategyOptions(use="lora", model="small", options=of_lora)
        both = StrategyOptions(use="lora+rag", model="large")
        return chain_of("lora+rag", {"lora": lora, "lora+rag": both}, "a.yaml")

    with pytest.raises(InputError, match=r"the options of its part lora are those for small"):
        chain({"rank": 4})
    assert chain({}).model == "large"


# --- Running ---


class Noting(Plain):
    """Notes which model it was prepared over, in the order of preparing."""

    order: list[str]

    def prepare(self, context: PrepareContext) -> Prepared:
        self.order.append(context.model.identity.weights_digest)
        return super().prepare(context)


def test_strategies_on_one_model_run_together_and_each_over_its_own(tmp_path: Path) -> None:
    def model(name: str) -> RuleModel:
        identity = RuleModel().identity.model_copy(update={"weights_digest": name})
        return RuleModel(rule=lambda _: name, identity=identity)

    order = Noting.order = []
    chains = [
        Chain(f"s{place}", chain_with(f"s{place}", Noting()).parts, name)
        for place, name in enumerate(["small", "large", "small", "large"])
    ]
    models = {"small": model("small"), "large": model("large")}
    plan = plan_of(tmp_path, models["small"], [task_of(4)], chains, models=models)
    with Store.open(tmp_path) as store:
        execute(plan, store, SilentProgress())
        answers = {
            chain.name: {row.answer.text for row in store.results([f"{chain.name}/words"]) if row.answer}
            for chain in chains
        }
    assert order == ["small", "small", "large", "large"]
    assert answers == {"s0": {"small"}, "s1": {"large"}, "s2": {"small"}, "s3": {"large"}}


def test_models_of_a_run_folder_come_and_go_but_not_all_at_once(tmp_path: Path) -> None:
    manifest = read_manifest(_run(tmp_path / "run"))
    large = {"large": manifest.models["large"]}
    alone = manifest.model_copy(update={"models": large, "answered_by": dict.fromkeys(OF, "large")})
    claimed = claim(tmp_path / "run", alone)
    (tmp_path / "run" / "manifest.json").write_text(claimed.model_dump_json())
    other = manifest.model_copy(update={"models": {"small": manifest.models["small"]}})
    with pytest.raises(InputError, match=r"models: the folder holds a run of another experiment"):
        claim(tmp_path / "run", other)


# --- What is made of it ---


def _run(folder: Path, **keys: Any) -> Path:
    """On each model a plain prompt and a tuned one; tuning the small one loses half of what it knew."""
    right = {"zero_shot": 40, "lora": 160, "prompt_large": 120, "tuned_large": 150}
    kept = {"zero_shot": 100, "lora": 50, "prompt_large": 180, "tuned_large": 180}
    rules = {name: {"a": first(right[name]), "kept": first(kept[name])} for name in right}
    given = {"models": OF, "uses": USES, "trained": ("lora", "tuned_large")} | keys
    chosen = {name: rule for name, rule in rules.items() if name in given["models"]}
    return made(folder, chosen, {"a": N, "kept": N}, {"kept": "retention"}, **given)


def _decided(folder: Path, sheet: PriceSheet = SHEET) -> tuple[Decision, dict[str, Candidate]]:
    found = choose(rows_of(folder), sheet)
    return found, {each.strategy: each for each in found.candidates}


def test_each_tuned_model_is_compared_with_its_own_base(tmp_path: Path) -> None:
    rows = rows_of(_run(tmp_path / "run"))
    assert rows.bases == {
        "zero_shot": "zero_shot", "lora": "zero_shot",
        "prompt_large": "prompt_large", "tuned_large": "prompt_large",
    }  # fmt: skip
    assert {(each.strategy, each.reference) for each in rows.retained.contrasts()} == {
        ("lora", "zero_shot"), ("tuned_large", "prompt_large"),
    }  # fmt: skip
    _, by_name = _decided(tmp_path / "run")
    assert by_name["lora"].retained.difference == pytest.approx(-0.25)
    assert by_name["tuned_large"].retained.difference == pytest.approx(0.0)


def test_without_a_plain_strategy_on_its_model_forgetting_is_not_known_and_why(tmp_path: Path) -> None:
    of = {name: model for name, model in OF.items() if name != "prompt_large"}
    _, by_name = _decided(_run(tmp_path / "run", models=of))
    retained = by_name["tuned_large"].retained
    assert retained.state == "not known"
    assert retained.grounds == ("not measured: retention, as no strategy asks the model large as it came",)
    assert by_name["lora"].retained.state == "found"


def test_each_strategy_costs_what_its_model_costs_and_computes_with_its_weights(tmp_path: Path) -> None:
    folder = _run(tmp_path / "run")
    found, by_name = _decided(folder)
    assert by_name["prompt_large"].per_1000 == pytest.approx(7 * by_name["zero_shot"].per_1000)
    month = next(each.months for each in found.scenarios if each.assumption == "10,000 queries a month")
    assert month["tuned_large"] == pytest.approx(7 * month["lora"])
    flops = {cost.strategy: cost.flops for cost in _summary(folder).costs}
    assert flops["prompt_large"] == pytest.approx(10 * flops["zero_shot"])
    small_alone = SHEET.model_copy(update={"models": {"small": SHEET.models["small"]}})
    with pytest.raises(InputError, match=r"has no prices of the model large \(org/large\)"):
        _decided(folder, small_alone)


def _summary(folder: Path) -> Any:
    from harness.analysis.summary import summary_of

    return summary_of(rows_of(folder))


def test_it_is_said_which_model_answers_where_there_are_several(tmp_path: Path) -> None:
    found, _ = _decided(_run(tmp_path / "run"))
    assert found.paragraph.startswith("Fine-tune: tuned_large on large. It is +55.0 points better than")
    assert "than zero_shot on small" in found.paragraph
    alone = _run(tmp_path / "alone", models={"zero_shot": "model", "lora": "model"})
    sheet = SHEET.model_copy(update={"models": {"builtin:smollm2": SHEET.models["small"]}})
    assert " on model" not in _decided(alone, sheet)[0].paragraph
    assert (
        " on model"
        not in _decided(
            alone, SHEET.model_copy(update={"models": {"builtin:smollm2": SHEET.models["small"]}})
        )[0].paragraph
    )


def test_a_base_that_solves_everything_may_be_that_of_any_model(tmp_path: Path) -> None:
    rules = {"zero_shot": {"a": first(40)}, "prompt_large": {"a": first(N)}}
    of = {"zero_shot": "small", "prompt_large": "large"}
    found, _ = _decided(made(tmp_path / "run", rules, {"a": N}, models=of, uses=USES))
    assert (found.outcome, found.winner) == ("prompt", "prompt_large")
    said = next(check for check in found.checks if check.name == "closed book")
    assert (said.ends, said.text) == (True, "prompt_large answers without any help: a")


# --- The gate, and two runs ---


GATE = GateFile.model_validate(
    {"name": "g", "experiment": "e.yaml", "checks": [{"tasks": "a", "margin": 0.1, "against": "base"}]}
)


def test_a_candidate_is_compared_with_the_base_of_its_own_model(tmp_path: Path) -> None:
    rows = rows_of(_run(tmp_path / "run"))
    found = evaluate(GATE, rows, ["tuned_large"], None, Asked.by_run(rows)).candidates[0]
    assert (found.verdict, found.model) == ("PASS", "large")
    assert next(c for c in found.checks if c.margin).difference == pytest.approx(0.15)
    assert "answered by the model large (org/large)" in found.notes


def test_a_baseline_of_another_model_cannot_be_compared(tmp_path: Path) -> None:
    rows = rows_of(_run(tmp_path / "run"))
    gate = GATE.model_copy(update={"checks": (GATE.checks[0].model_copy(update={"against": "baseline"}),)})
    verdicts = {
        name: evaluate(gate, rows, [name], baseline_of(rows, "prompt_large", "in use")).verdict
        for name in ("tuned_large", "lora")
    }
    assert verdicts == {"tuned_large": "PASS", "lora": "NOT COMPARABLE"}


def test_a_gate_names_the_model_that_its_candidates_adapt() -> None:
    assert GATE.model_of(BOTH, Path("g.yaml")) == "small"
    assert GATE.model_copy(update={"model": "large"}).model_of(BOTH, Path("g.yaml")) == "large"
    with pytest.raises(
        InputError, match=r"g\.yaml: model: is not one of the experiment's models \(got lrge\)"
    ):
        GATE.model_copy(update={"model": "lrge"}).model_of(BOTH, Path("g.yaml"))


def test_two_runs_differ_in_the_model_only_where_one_strategy_was_answered_by_others(tmp_path: Path) -> None:
    one = rows_of(_run(tmp_path / "one"))
    of = {name: model for name, model in OF.items() if model == "small"}
    fewer = rows_of(_run(tmp_path / "fewer", models=of))
    swapped = rows_of(_run(tmp_path / "swapped", models=dict.fromkeys(OF, "small")))
    assert not [line for line in compared(one, fewer)[1] if "base model" in line]
    assert [line for line in compared(one, swapped)[1] if "base model" in line]


# --- What people see ---


def test_tables_page_and_answers_name_the_model_where_there_are_several(tmp_path: Path) -> None:
    from reports.html import render
    from reports.markdown import markdown
    from reports.run_data import load_run
    from reports.tables.answers import answer_table
    from reports.tables.csv import csv_text

    folder = _run(tmp_path / "run")
    run = load_run(folder, SHEET)
    head, _, *rows = [line for line in markdown(run).splitlines() if line.startswith("|")][: 2 + len(OF)]
    assert head.split("|")[1:3] == [" Strategy ", " Model "]
    shown = [[cell.strip(" *") for cell in row.split("|")[1:3]] for row in rows]
    assert any(name.startswith("tuned\\_large") and model == "large" for name, model in shown), shown
    page = render(run)
    assert "each model’s own base (zero_shot, prompt_large)" in page
    assert "small: builtin:smollm2" in page
    lines = csv.DictReader(io.StringIO(csv_text(answer_table(folder))))
    assert {(line["strategy"], line["model"]) for line in lines} == set(OF.items())


def test_a_report_of_a_run_that_asks_no_model_as_it_came_says_so(tmp_path: Path) -> None:
    from reports.html import render
    from reports.run_data import load_run

    folder = _run(tmp_path / "run", models={"lora": "small", "tuned_large": "large"})
    assert "the model as it came, which no strategy asks" in render(load_run(folder, SHEET))

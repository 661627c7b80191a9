"""What counts as right, from a task file on: explorer, flips, gate and decision name the same items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.decide import decide
from harness.cli.gate import gate
from harness.config import load_experiment
from harness.execution.runner import execute
from harness.progress import SilentProgress
from harness.runs.store import Store
from harness.scoring import Case
from harness.tasks.loading import load_tasks
from harness.types import Failure, Generation, Kind, Request
from reports.explorer.items import AskedItems, Outcome
from tests.unit._fakes import RuleModel
from tests.unit._gate import rows_of
from tests.unit._runs import Plain, chain_of, plan_of
from tests.unit.test_summary import manifest_of

N = 40
TASK = """
name: a
kind: generate
metrics: [exact_match]
items: {test: items.jsonl}
"""
EXPERIMENT = """
name: e
model: rule
tasks: [task.yaml]
strategies: {plain: {use: zero_shot}}
seeds: [0, 1, 2]
"""


class Graded:
    """The number that the answer is."""

    names = ("exact_match",)
    kinds: tuple[Kind, ...] = ("generate", "choice")

    def score(self, cases: Sequence[Case]) -> list[dict[str, float]]:
        return [{"exact_match": float(case.extracted)} for case in cases]


class Unsteady(RuleModel):
    """Fails on an item under the first seed alone."""

    def generate(self, requests: Sequence[Request]) -> list[tuple[Generation, ...] | Failure]:
        failure = Failure(kind="broken", message="it broke")
        answers = zip(requests, super().generate(requests), strict=True)
        return [failure if r.item_id == "i04" and r.seed == 0 else answer for r, answer in answers]


class Other(Plain):
    """Asks a model that is right on more."""

    def prepare(self, context):
        prepared = super().prepare(context)
        model = Unsteady(lambda request: score_of(request.item_id, 1))
        model.identity = model.identity.model_copy(update={"weights_digest": "other"})
        return type(prepared)(model, prepared.build, prepared.cost, prepared.record)


def score_of(item: str, better: int) -> str:
    """Scores of 0, .2, ... 1.0: the other strategy has them one step higher, but for every eighth item."""
    number = int(item[1:])
    return str(min(5, number % 6 + (better if number % 8 else -better * (number % 6 > 0))) / 5)


def places(tmp_path: Path, right_from: float | None) -> Path:
    (tmp_path / "task.yaml").write_text(TASK + (f"right_from: {right_from}\n" if right_from else ""))
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    items = [{"id": f"i{n:02}", "input": f"question {n}?", "target": "1"} for n in range(N)]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, items)))
    check = {"tasks": "a", "margin": 0.5, "against": "base"}
    (tmp_path / "gate.yaml").write_text(
        json.dumps({"experiment": "e.yaml", "checks": [check], "budgets": {"error_rate": 1.0}})
    )
    (tmp_path / "prices.yaml").write_text(
        "{name: made, dated: 2026-01-01, source: here, "
        "serving: {input_per_million: 1, output_per_million: 1}}"
    )
    return tmp_path


@pytest.mark.parametrize("right_from", [None, 0.2, 0.8, 1.0])
def test_all_count_the_same_items_as_right(tmp_path: Path, right_from: float | None) -> None:
    place = places(tmp_path, right_from)
    tasks = load_tasks(load_experiment(place / "e.yaml").tasks, place / "e.yaml")
    folder = place / "run"
    folder.mkdir()
    model = RuleModel(lambda request: score_of(request.item_id, 0))
    chains = [chain_of("plain", Plain()), chain_of("other", Other())]
    plan = plan_of(folder, model, tasks, chains, metrics={"a": (Graded(),)}, seeds=(0, 1, 2))
    uses = {name: {"use": "zero_shot", "options": {}} for name in ("plain", "other")}
    models = {"model": {"path": "rule", "template_options": {}}}
    entries = {"name": "e", "strategies": uses, "models": models}
    rest = {"temperature": 0.0, "repeats": 1, "on_long_prompt": "cut"}
    manifest = manifest_of(plan, **entries, **rest)
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    with Store.open(folder) as store:
        store.write_manifest_digest((folder / "manifest.json").read_text())
        execute(plan, store, SilentProgress())

    def expected(better: int) -> set[str]:
        found = set()
        for number in range(N):
            score = float(score_of(f"i{number:02}", better))
            score *= 2 / 3 if better and number == 4 else 1  # it failed under one of three seeds
            if score > 0.5 if right_from is None else score >= right_from:
                found.add(f"i{number:02}")
        return found

    wanted = {"plain": expected(0), "other": expected(1)}
    assert wanted["plain"] != wanted["other"]
    rows = rows_of(folder)
    explored = {
        name: {each.item.id for each in AskedItems(rows) if Outcome.RIGHT in each.shown[name].outcome}
        for name in wanted
    }
    assert explored == wanted

    arguments = [str(place / "gate.yaml"), "--candidate-run", str(folder), "--strategy", "other"]
    judged = CliRunner().invoke(gate, [*arguments, "--out", str(place / "out")], catch_exceptions=False)
    found = json.loads((place / "out" / "gate.json").read_text())
    check = found["candidates"][0]["checks"][0]
    assert set(check["lost"]) == wanted["plain"] - wanted["other"], judged.output
    assert check["gained"] == len(wanted["other"] - wanted["plain"])

    options = ["--prices", str(place / "prices.yaml"), "--json"]
    decided = CliRunner().invoke(decide, [str(folder), *options], catch_exceptions=False)
    for each in json.loads(decided.output)["candidates"]:
        n_right = len(wanted[each["strategy"]])
        assert each["per_1000"] / each["per_1000_correct"] == pytest.approx(n_right / N)
